"""CSV files `<partner>_<YYYY-MM-DD>.csv[.gz]` that partner marketplaces drop under `PARTNER_DROP_URI`.

A run for the business day D reads the files dated from seven days before D to D that are not recorded as
loaded with the same checksum. One broken file does not keep the others out: it is rejected as a whole
(`file_unreadable`, `missing_column`), is not in `files.parquet` and so is read again by the next run. The run
of the newest day warns of older files that arrived lately and are not loaded.

Raw folder (every file is always there, possibly without rows):

`lines.parquet`: one row per record with the right number of fields. The contract's columns (`COLUMNS`) as
    VARCHAR exactly as delivered, NULL for an empty field without quotes; those of `ORDER_ATTRIBUTES`
    likewise, NULL where a file lacks one; then `file` (its name), `partner` VARCHAR, `row_number` BIGINT (the
    record's first line; the header is line 1), `received_at` TIMESTAMPTZ (the file's modification time).
`rejects.parquet` (the layout of every source): `malformed_line` and `bad_encoding` with the record's text;
    `file_unreadable` and `missing_column` with row_number 0 for a whole file.
`files.parquet`: the files read. file, partner, sha256 VARCHAR, received_at TIMESTAMPTZ, lines BIGINT
    (records, rejected ones included), order_ids VARCHAR[] (as `loaded_files.order_ids` stores
    them, by `core.email_masking.safe_id`), warnings VARCHAR[] (JSON, see `core.data_warnings`), columns
    MAP(VARCHAR, VARCHAR) (the file's name of each column of ours that it calls otherwise).
`removed_orders.parquet`: order_id, file VARCHAR, received_at TIMESTAMPTZ. Orders of a redelivered file's
    former version that are in no file of that partner, of whatever day.
`known_orders.parquet`: order_id, partner, file VARCHAR, received_at TIMESTAMPTZ. Orders of deliveries loaded
    before, however long ago, that a file of another partner names now: the other one's lines are
    `order_of_other_partner`.

Control totals: source_orders, source_lines (ints), source_amount (sum of quantity x unit_price, decimal text,
without what is no number) of `lines.parquet`; `missing_deliveries` (partners whose file of the day is due
and not there, or is there and cannot be used); and `warnings`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.data_warnings import DataWarning, data_warning, sentence
from ecommerce.core.email_masking import teach_addresses
from ecommerce.core.errors import TransientError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import LoadedFile, Memory, ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources import delivered_files
from ecommerce.sources.csv_records import Bounds
from ecommerce.sources.partner_files.expected_partners import WEEKS, due_partners
from ecommerce.sources.partner_files.folder import LATE_DAYS, NAME, DroppedFile, Folder
from ecommerce.sources.partner_layouts import STANDARD, Layout, partner_layouts
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest, publish, read_manifest

if TYPE_CHECKING:
    import duckdb

MOST_NAMED = 10
"""Columns that are not read."""
OUTPUTS = ("lines", "rejects", "files", "removed_orders", "known_orders")

log = logging.getLogger(__name__)


def extract(window: ReadWindow) -> Manifest:
    """Read the files of `window.day` and late ones into the raw folder; see the module's text.

    Raises:
        ConfigurationError: the folder `PARTNER_DROP_URI` does not exist.
        CredentialsError: this worker may not list it.
        TransientError: a file changed while it was read, or the storage fails.
        StagingError: the files could not be written.
    """
    settings, memory, read_at = load_settings(), window.remembered, datetime.now(UTC)
    layouts = partner_layouts()
    found = Folder.listed(settings.partner_drop_uri)
    dropped, warnings = found.of_days(window.day.date), found.misnamed()
    loaded = memory.loaded_files([file.name for file in dropped]) if dropped else {}
    with (
        publish(window.folder) as draft,
        connect_duckdb(memory_limit="200MB") as duck,
        scratch_folder() as work,
    ):
        teach_addresses(duck, settings.customer_hash_key)
        duck.execute(read_sql("extract/create_rejects.sql"))
        duck.execute(read_sql("extract/partner_files/create_tables.sql"))
        for file in dropped:
            try:
                with delivered_files.storage_errors(file.name):
                    layout = layouts.get(file.partner, STANDARD)
                    warnings += _read_file(duck, file, layout, loaded.get(file.name), work)
            except delivered_files.UnusableFileError as fault:
                reason, detail = fault.args
                duck.execute("INSERT INTO rejects VALUES (0, ?, ?, ?, NULL)", [reason, detail, file.name])
                kind = "new_version_refused" if file.name in loaded else "file_refused"
                warnings.append(data_warning(kind, file=file.name, detail=detail))
                log.warning("%s", sentence(warnings[-1]))
        _remember_others(duck, memory, loaded)
        if window.changed_until is None:
            warnings += _came_too_late(found, window.day, memory, layouts)
            warnings += found.unread(window.day.date, since=window.day.start)
        of_day = [file for file in dropped if f"_{window.day}." in file.name]
        missing = _missing_deliveries(duck, window.day.date, of_day, loaded, memory)
        absent = [partner for partner in missing if partner not in {file.partner for file in of_day}]
        warnings += [data_warning("no_delivery", partner=partner, day=str(window.day)) for partner in absent]
        duck.execute(f"CREATE TABLE removed_orders AS {read_sql('extract/partner_files/removed_orders.sql')}")
        shrunk = duck.execute(read_sql("extract/partner_files/shrunk_files.sql")).fetchall()
        warnings += [json.loads(warning) for (warning,) in shrunk]
        columns, rows = _write(duck, work, draft.path)
        query = read_sql("extract/partner_files/control_totals.sql")
        totals = duck.execute(query, {"lines": f"{draft.path}/lines.parquet"})
        names = [column[0] for column in totals.description or []]
        draft.seal(
            **window.facts(read_at),
            rows=rows,
            columns=columns,
            control_totals=dict(zip(names, totals.fetchall()[0], strict=True))
            | {"warnings": warnings, "missing_deliveries": missing},
        )
    return read_manifest(window.folder)


def _came_too_late(
    folder: Folder, day: BusinessDay, memory: Memory, layouts: Mapping[str, Layout]
) -> list[DataWarning]:
    """Return a warning of files that arrived too late for any run and were never loaded."""
    first = day.shifted(-LATE_DAYS)
    lately = [
        (file_day, file)
        for file_day, file in folder.files
        if file_day < first.date and _arrived_since(file, first.start)
    ]
    known = memory.loaded_files([file.name for _, file in lately]) if lately else {}
    late = sorted(
        (file_day, file.name)
        for file_day, file in lately
        if not _is_loaded(file, layouts.get(file.partner, STANDARD), known.get(file.name))
    )
    if not late:
        return []
    days = {"first_day": str(late[0][0]), "last_day": str(late[-1][0]), "late_days": LATE_DAYS}
    return [data_warning("late_files", files=len(late), first_file=late[0][1], **days)]


def _arrived_since(file: DroppedFile, instant: datetime) -> bool:
    try:
        with delivered_files.storage_errors(file.name):
            file.check()
            return file.received_at() >= instant
    except delivered_files.UnusableFileError:
        return False


def _missing_deliveries(
    duck: duckdb.DuckDBPyConnection,
    day: date,
    of_day: Sequence[DroppedFile],
    loaded: Mapping[str, LoadedFile],
    memory: Memory,
) -> list[str]:
    """Return the partners without a usable file of `day`, where it is due or among `of_day`."""
    names = memory.delivered_files(day - timedelta(weeks=WEEKS))
    found = [match for match in map(NAME.fullmatch, names) if match]
    delivered = [(match["partner"], date.fromisoformat(match["date"])) for match in found]
    due = due_partners(day, delivered, load_settings().expected_partners)
    usable = {name for (name,) in duck.execute("SELECT file FROM files").fetchall()} | loaded.keys()
    there = {file.partner for file in of_day if file.name in usable}
    # A file that was loaded stays loaded when it is taken out of the folder.
    there |= {partner for partner, of_file in delivered if of_file == day}
    return sorted({*due, *(file.partner for file in of_day)} - there)


def _is_loaded(file: DroppedFile, layout: Layout, known: LoadedFile | None) -> bool:
    try:
        with delivered_files.storage_errors(file.name):
            return known is not None and known.sha256 == file.checksum(layout)
    except delivered_files.UnusableFileError:
        return False


def _read_file(
    duck: duckdb.DuckDBPyConnection,
    file: DroppedFile,
    layout: Layout,
    known: LoadedFile | None,
    work: Path,
) -> list[DataWarning]:
    """Read one file, its lines into a Parquet file in `work`, unless that was done before; returns warnings.

    Raises:
        delivered_files.UnusableFileError: nothing of it was read.
        TransientError: it changed meanwhile.
    """
    settings = load_settings()
    if known:
        _remember(duck, file.name, file.partner, known)
    file.check(settings.partner_file_max_bytes)
    sha256 = file.checksum(layout)
    if known and known.sha256 == sha256 and not known.was_refused:
        return []
    facts: dict[str, Any] = {
        "file": file.name,
        "partner": file.partner,
        "received_at": _received_at(file, known),
        # The file's own name may be too long to have a suffix.
        "lines": f"{work / hashlib.sha256(file.name.encode()).hexdigest()}.parquet",
    }
    attributes = settings.order_attributes
    bounds = Bounds(
        lines=settings.partner_file_max_lines,
        bytes=settings.partner_file_max_bytes,
        seconds=settings.partner_file_max_seconds,
    )
    with file.text() as stream:
        split = delivered_files.split_records(stream, work, layout, bounds)
    if file.checksum(layout) != sha256:
        raise TransientError(f"{file.name} changed while it was read: it is still being delivered")
    delivered_files.read_records(duck, split, facts, attributes)
    extra = delivered_files.unread_columns(split.names, layout, attributes)
    more = f" and {len(extra) - MOST_NAMED} more" if len(extra) > MOST_NAMED else ""
    named = ", ".join(extra[:MOST_NAMED]) + more
    warnings = [data_warning("columns_not_read", file=file.name, columns=named)] if extra else []
    stored = [json.dumps(each, ensure_ascii=False) for each in warnings]
    facts |= {"sha256": sha256, "warnings": stored}
    facts |= {"place": split.order_id_place, "delimiter": layout.delimiter}
    facts |= {"columns": list(layout.renamed()), "file_columns": list(layout.renamed().values())}
    duck.execute(read_sql("extract/partner_files/keep_file.sql"), facts)
    log.info("read %s, received %s", file.name, facts["received_at"])
    return warnings


def _received_at(file: DroppedFile, known: LoadedFile | None) -> datetime:
    """Return its modification time, UTC; now, where a copy kept a time not after the loaded delivery's:
    what lies in the folder is the newest delivery, and the load would ignore it as the older one."""
    modified = file.received_at()
    if known is None or modified > known.received_at:
        return modified
    return max(datetime.now(UTC), known.received_at + timedelta(milliseconds=1))


def _remember(duck: duckdb.DuckDBPyConnection, file: str, partner: str, known: LoadedFile) -> None:
    duck.execute(
        "INSERT INTO loaded_orders SELECT unnest(?::VARCHAR[]), ?, ?, ?",
        [list(known.order_ids), file, partner, known.received_at],
    )


def _remember_others(
    duck: duckdb.DuckDBPyConnection, memory: Memory, present: Mapping[str, LoadedFile]
) -> None:
    """Remember the files of other days, too, that hold orders of those just read, now or formerly."""
    concerned = duck.execute(read_sql("extract/partner_files/order_ids.sql")).fetchall()
    order_ids = [order_id for (order_id,) in concerned]
    for name, known in (memory.loaded_files([], order_ids) if order_ids else {}).items():
        match = NAME.fullmatch(name)
        if match and name not in present:
            _remember(duck, name, match["partner"], known)


def _write(duck: duckdb.DuckDBPyConnection, work: Path, folder: Path) -> tuple[dict[str, list[str]], int]:
    """Write the raw folder's files; their columns, and the number of records."""
    duck.execute(f"CREATE TABLE known_orders AS {read_sql('extract/partner_files/known_orders.sql')}")
    columns, rows = {}, {}
    for name in OUTPUTS:
        path = folder / f"{name}.parquet"
        read = name == "lines" and any(work.glob("*.parquet"))
        source = f"(FROM read_parquet('{work}/*.parquet'))" if read else name
        written = duck.execute(f"COPY {source} TO ? (FORMAT parquet, COMPRESSION zstd)", [str(path)])
        rows[name] = written.fetchall()[0][0]
        columns[path.name] = duck.from_parquet(str(path)).columns
    return columns, rows["lines"] + rows["rejects"]
