"""CSV files `<partner>_<YYYY-MM-DD>.csv[.gz]` that partner marketplaces drop under `PARTNER_DROP_URI`, and
their settlements, `<partner>_settlement_<YYYY-MM-DD>.csv[.gz]`. docs/SOURCES.md describes which files are
read, and the raw folder."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.errors import TransientError
from ecommerce.core.expected_partners import WEEKS, due_partners
from ecommerce.core.read_window import LoadedFile, ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources.csv_records import UnusableFileError
from ecommerce.sources.delivered_files import json_warnings, read_csv
from ecommerce.sources.partner_files.folder import (
    LATE_DAYS,
    DroppedFile,
    HashedStream,
    file_bounds,
    list_folder,
    marketplace,
    partner_and_day,
)
from ecommerce.sources.partner_layouts import is_settlement
from ecommerce.sources.source import Extracted
from ecommerce.storage.delivered import reading_errors
from ecommerce.storage.duckdb import (
    connect_duckdb,
    define_values,
    iterate_column,
    query_column,
    run_sql_file,
    set_variables,
)
from ecommerce.storage.scratch import scratch_folder

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

AN_INSTANT = timedelta(milliseconds=1)
READ_AGAIN = "read again "
"""Precedes the stored checksum of a file that the next run reads again; see tables/loaded_files/load.sql."""
STORED_ROWS = (
    ("refunds", "extract/partner_files/read_orders"),
    ("orders", "extract/partner_files/refunded_orders"),
    ("order_lines", "extract/partner_files/refunded_orders"),
)
"""Tables of the warehouse, and the statements that select the orders whose rows are looked up."""
NOT_LOADED = LoadedFile("", datetime.min.replace(tzinfo=UTC), [])
"""What the warehouse has of a file that it does not know."""

log = logging.getLogger(__name__)


def extract_into(_subject: str, window: ReadWindow, folder: Path) -> Extracted:
    """Read the files of `window.day` and late ones into the raw folder; see docs/SOURCES.md.

    Raise TransientError if a file changed while it was read, and other errors as `list_folder`.
    """
    read_at = datetime.now(UTC)
    is_newest = window.changed_until is None
    dropped = list_folder(window.day, window.day.start if is_newest else None)
    reads = window.earlier_reads
    names = [file.name for file in (*dropped.files, *dropped.late)]
    loaded = reads.loaded_files(window.source, names)
    warnings = dropped.warnings
    warnings += _late_files(dropped.late, loaded)
    with (
        connect_duckdb(memory_limit="200MB") as duck,
        scratch_folder() as work,
    ):
        define_values(duck)
        run_sql_file(
            duck, "extract/partner_files/create_tables", folder=folder, work=work
        )
        _remember(duck, loaded)
        for file in dropped.files:
            warnings += _read_or_reject(duck, file, loaded, work)
        # Files of other days that have orders of those just read, now or formerly.
        all_ids = iterate_column(duck, "extract/partner_files/order_ids")
        related = reads.loaded_files(window.source, [], all_ids)
        for name in loaded:
            related.pop(name, None)
        _remember(duck, related)
        warnings += json_warnings(duck, "extract/partner_files/removed_orders")
        warnings += json_warnings(duck, "extract/partner_files/spellings")
        names_read = query_column(duck, "extract/partner_files/files_read")
        if len(names_read) > 1:
            run_sql_file(duck, "extract/partner_files/gather_lines")
        else:
            # Writing a large file again takes a fifth of the time of the extract.
            shutil.move(work / "1.parquet", folder / "lines.parquet")
        # What the warehouse has of the orders just read that have refunds: another file may have sold them.
        refunded = reads.refunded_channels(window.source) if names_read else []
        set_variables(duck, refunded_partners=refunded)
        for table, statement in STORED_ROWS:
            order_ids = query_column(duck, statement)
            rows_of_orders = reads.stored_rows(table, window.source, order_ids)
            duck.register(f"stored_{table}", rows_of_orders)
        run_sql_file(duck, "extract/partner_files/write_tables")
        lines = {"lines": f"{folder}/lines.parquet"}
        [totals] = run_sql_file(duck, "extract/partner_files/control_totals", lines)
        rows = totals["source_lines"] + len(duck.table("rejects"))
        rows += len(duck.table("settlement_rows"))
    totals |= {
        "warnings": warnings,
        "missing_deliveries": list(_missing(window, [*names_read, *loaded])),
        "known_deliveries": [
            loaded[name].sha256 for name in names_read if name in loaded
        ],
    }
    return Extracted(read_at, rows, totals)


def _late_files(
    files: Sequence[DroppedFile],
    loaded: Mapping[str, LoadedFile],
) -> Iterator[DataWarning]:
    """Yield a warning of the `files`, of earlier days, whose present version was not `loaded`."""
    late = []
    for file in files:
        # A file that cannot be read is late too.
        with suppress(UnusableFileError), reading_errors(file.name):
            if file.name in loaded and file.checksum() == loaded[file.name].sha256:
                continue
        late.append(file)
    if late:
        yield data_warning(
            "late_files",
            files=len(late),
            first_file=late[0].name,
            first_day=str(late[0].day),
            last_day=str(late[-1].day),
            late_days=LATE_DAYS,
        )


def _missing(window: ReadWindow, usable: Sequence[str]) -> Iterator[str]:
    """Yield the deliveries that are due, and neither loaded nor among the `usable`: partner and day of each,
    such as `acme_2026-11-19`."""
    oldest = window.day.date - timedelta(weeks=WEEKS)
    # With files that were loaded and then removed from the folder.
    names = window.earlier_reads.delivered_files(window.source, oldest)
    arrived = set(filter(None, map(partner_and_day, [*names, *usable])))
    # Settlements arrive when they are made.
    usual = [delivery for delivery in arrived if not is_settlement(delivery[0])]
    settings = load_settings()
    known = (settings.expected_partners, settings.holiday_calendar)
    for day in window.day.dates:
        for partner in due_partners(day, usual, *known):
            if (partner, day) not in arrived:
                yield f"{partner}_{day}"


def _read_or_reject(
    duck: DuckDBPyConnection,
    file: DroppedFile,
    loaded: Mapping[str, LoadedFile],
    work: Path,
) -> list[DataWarning]:
    """Read one file, unless it is `loaded`; reject a file that cannot be used. Return warnings."""
    known = loaded.get(file.name, NOT_LOADED)
    try:
        with reading_errors(file.name):
            return _read_file(duck, file, known, work)
    except UnusableFileError as error:
        duck.execute(
            "INSERT INTO rejects VALUES (0, ?, ?, ?, NULL)",
            [error.reason, error.detail, file.name],
        )
        kind = "new_version_refused" if file.name in loaded else "file_refused"
        return [data_warning(kind, file=file.name, detail=error.detail)]


def _read_file(
    duck: DuckDBPyConnection,
    file: DroppedFile,
    known: LoadedFile,
    work: Path,
) -> list[DataWarning]:
    """Read the lines of one file into a Parquet file in `work`, unless it is loaded; return warnings.

    `known` is what the warehouse has of the file. Raise UnusableFileError if nothing of it can be read, and
    TransientError if it changed meanwhile.
    """
    known_sha256 = ""
    if known is not NOT_LOADED:
        known_sha256 = file.checksum()
        if known.sha256 == known_sha256 and not known.was_refused:
            return []
    lines = work / "lines.partial"
    with file.open() as delivered:
        version = file.version()
        received_at = _received_at(version.modified_at, known_sha256, known)
        # The bytes are hashed while they are read, so that a new file is read once.
        stream = HashedStream(delivered)
        warnings = read_csv(
            duck,
            file.decompressed(stream),
            lines,
            file.facts(received_at),
            file.layout,
            bounds=file_bounds(),
        )
        sha256 = file.checksum_of(stream)
        if file.version() != version or known_sha256 not in ("", sha256):
            raise TransientError(
                f"{file.name} changed while it was read: it is still being delivered"
            )
    renamed = file.layout.renamed
    kept = {
        "sha256": sha256,
        "warnings": json.dumps(warnings),
        "columns": list(renamed),
        "file_columns": list(renamed.values()),
    }
    if file.layout.kind == "settlement":
        run_sql_file(duck, "extract/partner_files/keep_settlement", kept)
    else:
        run_sql_file(duck, "extract/partner_files/keep_file", kept)
        # Only the lines of files that are read to their end are kept.
        number = len(duck.table("files"))
        lines.rename(work / f"{number}.parquet")
    log.info("read %s, received %s", file.name, received_at)
    return warnings


def _received_at(modified: datetime, sha256: str, known: LoadedFile) -> datetime:
    """Return when a file was received (UTC), later than the former delivery that the warehouse has."""
    former = known.received_at
    if known.sha256 == READ_AGAIN + sha256:
        return former
    if modified <= former:
        # A copy kept an older time, and the load would ignore what is the newest delivery.
        return max(datetime.now(UTC), former + AN_INSTANT)
    return modified


def _remember(
    duck: DuckDBPyConnection,
    loaded: Mapping[str, LoadedFile],
) -> None:
    """Keep the orders of loaded files, and the payouts of settlements, in the table `loaded_orders`."""
    for name, known in loaded.items():
        partner = marketplace(name.rpartition("_")[0])
        duck.execute(
            "INSERT INTO loaded_orders SELECT unnest(?::VARCHAR[]), ?, ?, ?",
            [known.order_ids, name, partner, known.received_at],
        )
