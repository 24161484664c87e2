"""Is the partners' folder there, and what lies in it?"""

from __future__ import annotations

from datetime import UTC, datetime

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.findings import HINT, OK, Lines
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.sources.partner_files.reading import dropped_files


def check() -> Lines:
    """The folder is listed; no file is read."""
    drop = load_settings().partner_drop_uri
    files, warnings = dropped_files(drop, newest_closed_day(datetime.now(UTC), shop_timezone()).date)
    yield OK, f"{drop}: {len(files)} files of the last eight days"
    for warning in warnings:
        yield HINT, warning
