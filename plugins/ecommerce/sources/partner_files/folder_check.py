"""The check of `make check`: what is in the drop folder, and the start of each partner's newest file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Any

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.data_warnings import DataWarning, wording
from ecommerce.core.settings import load_settings, shop_timezone
from ecommerce.core.text import counted
from ecommerce.core.values import Row
from ecommerce.sources.csv_records import UnusableFileError
from ecommerce.sources.delivered_files import (
    read_csv,
    storage_errors,
    unusable_data,
)
from ecommerce.sources.partner_files.folder import DroppedFile, list_folder
from ecommerce.sources.partner_layouts import Layout
from ecommerce.storage.duckdb import connect_duckdb, define_values, run_sql_file
from ecommerce.storage.scratch import scratch_folder

SAMPLE = 1 << 20
"""Bytes of a file that are read, in UTF-8."""


def check() -> Lines:
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
            warnings, rows = _read_sample(file)
        except UnusableFileError as error:
            yield HINT, f"{file.name} cannot be read: {error.detail}"
            continue
        for warning in warnings:
            yield HINT, wording(warning).found
        for row in rows:
            yield row["state"], f"{file.name} {row['text']}"


def _read_sample(file: DroppedFile) -> tuple[Sequence[DataWarning], Sequence[Row]]:
    """Return the warnings of the start of a file, and lines of `make check` about its rows."""
    with (
        connect_duckdb() as duck,
        scratch_folder() as work,
        storage_errors(file.name),
        unusable_data(),
        file.open_decompressed() as stream,
    ):
        define_values(duck, load_settings().customer_hash_key)
        run_sql_file(duck, "extract/create_rejects")
        run_sql_file(duck, "transform/orders/order_status")
        facts = {"file": file.name, "partner": file.partner, "received_at": None}
        sample = _start_of(stream, file.layout)
        lines = work / "lines.parquet"
        warnings = read_csv(duck, sample, lines, facts, file.layout)
        return warnings, run_sql_file(duck, "extract/delivered_files/sample")


def _start_of(stream: IO[bytes], layout: Layout) -> IO[bytes]:
    """Return the first whole lines of a file, in its encoding."""
    text: Any = layout.as_utf8(stream).read(SAMPLE)
    if len(text) >= SAMPLE:
        text = text[: text.rindex(b"\n") + 1]
    delivered = text.decode("utf-8", "surrogateescape")
    return io.BytesIO(delivered.encode(layout.encoding, "surrogateescape"))
