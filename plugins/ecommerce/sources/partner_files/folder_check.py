"""The check of `make check`: what is in the drop folder, and the start of each partner's newest file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.data_warnings import wording
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.core.text import counted
from ecommerce.sources.csv_records import UnusableFileError
from ecommerce.sources.delivered_files import read_csv
from ecommerce.sources.partner_files.folder import (
    DroppedFile,
    file_bounds,
    list_folder,
)
from ecommerce.storage.delivered import reading_errors
from ecommerce.storage.duckdb import connect_duckdb, define_values, run_sql_file
from ecommerce.storage.scratch import scratch_folder


def check(_subject: str) -> Lines:
    """List the folder and what in it is not read. Of each partner's newest file, show the first rows as they
    would be loaded, and what is doubtful in it."""
    newest = newest_closed_day(datetime.now(UTC), shop_timezone())
    folder = list_folder(newest, since=datetime.min.replace(tzinfo=UTC))
    count = counted(len(folder.files), "file")
    yield OK, f"{load_settings().partner_drop_uri}: {count} of the last eight days"
    for warning in folder.warnings:
        yield HINT, wording(warning).found
    for file in {file.partner: file for file in folder.files}.values():
        try:
            yield from _sample(file)
        except UnusableFileError as error:
            yield HINT, f"{file.name} cannot be read: {error.detail}"


def _sample(file: DroppedFile) -> Lines:
    """Yield the warnings of the start of a file, and how its first rows would be loaded."""
    with (
        connect_duckdb() as duck,
        scratch_folder() as work,
        reading_errors(file.name),
        file.open() as stream,
    ):
        define_values(duck)
        run_sql_file(duck, "extract/create_rejects")
        run_sql_file(duck, "transform/orders/order_status")
        sample = "extract/delivered_files/sample"
        if file.layout.kind == "settlement":
            sample = "extract/delivered_files/sample_settlement"
        warnings = read_csv(
            duck,
            file.decompressed(stream),
            work / "lines",
            file.facts(None),
            file.layout,
            bounds=replace(file_bounds(), blocks=1),
        )
        for warning in warnings:
            yield HINT, wording(warning).found
        for row in run_sql_file(duck, sample):
            yield row["state"], f"{file.name} {row['text']}"
