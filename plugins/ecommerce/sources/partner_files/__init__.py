"""CSV files that partner marketplaces drop under `PARTNER_DROP_URI`."""

from ecommerce.sources.partner_files.extraction import extract_into
from ecommerce.sources.partner_files.folder_check import check
from ecommerce.sources.source import Platform

PARTNER_FILES = Platform(
    name="partner_files",
    subject="PARTNER_DROP_URI",
    extract_into=extract_into,
    check=check,
)
