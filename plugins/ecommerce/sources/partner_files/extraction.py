"""CSV files `<partner>_<YYYY-MM-DD>.csv[.gz]` that partner marketplaces drop under `PARTNER_DROP_URI`.
docs/SOURCES.md describes which files are read, and the raw folder."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.email_masking import teach_addresses
from ecommerce.core.errors import TransientError
from ecommerce.core.paths import read_sql
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import load_settings
from ecommerce.sources import delivered_files
from ecommerce.sources.csv_records import Bounds
from ecommerce.sources.delivered_files import UnusableFileError
from ecommerce.sources.expected_partners import WEEKS, due_partners
from ecommerce.sources.partner_files.folder import (
    LATE_DAYS,
    NAME,
    DroppedFile,
    Folder,
    is_newer,
)
from ecommerce.sources.partner_layouts import Layout, partner_layouts
from ecommerce.storage.duckdb import connect_duckdb, query
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest, publish, read_manifest

if TYPE_CHECKING:
    import duckdb

MOST_NAMED = 10
"""Columns that are not read."""
SQL = "extract/partner_files"
AN_INSTANT = timedelta(milliseconds=1)
READ_AGAIN = "read again "
"""Precedes the stored checksum of a file that the next run reads again; see tables/loaded_files/load.sql."""
OUTPUTS = ("lines", "rejects", "files", "removed_orders", "known_orders")

log = logging.getLogger(__name__)


def extract(window: ReadWindow) -> Manifest:
    """Read the files of `window.day` and late ones into the raw folder; see docs/SOURCES.md. Raises as
    `Folder.listed` and `partner_layouts`; TransientError where a file changed while it was read."""
    from pyarrow import parquet as pq

    settings, memory, read_at = load_settings(), window.memory, datetime.now(UTC)
    layouts = partner_layouts()
    folder = Folder.listed(settings.partner_drop_uri)
    dropped, warnings = folder.of_days(window.day.date), folder.misnamed()
    loaded = (
        memory.loaded_files(window.source, [file.name for file in dropped])
        if dropped
        else {}
    )
    with (
        publish(window.folder) as draft,
        connect_duckdb(memory_limit="200MB") as duck,
        scratch_folder() as work,
    ):
        teach_addresses(duck, settings.customer_hash_key)
        query(duck, "transform/values")
        query(duck, "extract/create_rejects")
        query(duck, f"{SQL}/create_tables")
        for file in dropped:
            try:
                with delivered_files.storage_errors(file.name):
                    warnings += _read_file(
                        duck, file, layouts, loaded.get(file.name), work
                    )
            except UnusableFileError as fault:
                reason, detail = fault.args
                duck.execute(
                    "INSERT INTO rejects VALUES (0, ?, ?, ?, NULL)",
                    [reason, detail, file.name],
                )
                kind = "new_version_refused" if file.name in loaded else "file_refused"
                warnings.append(
                    data_warning(kind, file=file.name, detail=file.advice(fault))
                )
        # Files of other days, too, that hold orders of those just read, now or formerly.
        order_ids = [row["order_id"] for row in query(duck, f"{SQL}/order_ids")]
        others = memory.loaded_files(window.source, [], order_ids) if order_ids else {}
        for name, known in others.items():
            if name not in loaded and (match := NAME.fullmatch(name)):
                _remember(duck, name, match["partner"], known)
        if window.changed_until is None:
            warnings += _arrived_too_late(folder, window, layouts)
            warnings += folder.unread(window.day.date, since=window.day.start)
        missing = _missing_deliveries(duck, window, loaded)
        for name in ("removed_orders", "known_orders"):
            duck.execute(f"CREATE TABLE {name} AS {read_sql(f'{SQL}/{name}.sql')}")
        warnings += [
            json.loads(row["warning"]) for row in query(duck, f"{SQL}/shrunk_files")
        ]
        columns = {}
        for name in OUTPUTS:
            path = draft.path / f"{name}.parquet"
            lines = [*work.glob("*.parquet")] if name == "lines" else []
            if (
                len(lines) == 1
            ):  # a third of the time of a big file, were it written again
                shutil.move(lines[0], path)
            else:
                source = f"(FROM read_parquet('{work}/*.parquet'))" if lines else name
                duck.execute(
                    f"COPY {source} TO ? (FORMAT parquet, ROW_GROUP_SIZE 10240)",
                    [str(path)],
                )
            columns[path.name] = duck.from_parquet(str(path)).columns
        rows = sum(
            pq.read_metadata(draft.path / f"{name}.parquet").num_rows
            for name in ("lines", "rejects")
        )
        [totals] = query(
            duck, f"{SQL}/control_totals", {"lines": f"{draft.path}/lines.parquet"}
        )
        draft.seal(
            **window.facts(read_at),
            rows=rows,
            columns=columns,
            control_totals=totals
            | {"warnings": warnings, "missing_deliveries": missing}
            | {"known_deliveries": _known_deliveries(duck, loaded)},
        )
    return read_manifest(window.folder)


def _arrived_too_late(
    folder: Folder, window: ReadWindow, layouts: Mapping[str, Layout]
) -> list[DataWarning]:
    """Return a warning of files that arrived too late for any run and were not loaded since."""
    first = window.day.shifted(-LATE_DAYS)
    lately = [
        (file_day, file)
        for file_day, file in folder.files
        if file_day < first.date and is_newer(file.path, first.start)
    ]
    names = [file.name for _, file in lately]
    loaded = window.memory.loaded_files(window.source, names) if names else {}
    late = sorted(
        (file_day, file.name)
        for file_day, file in lately
        if file.name not in loaded
        or _is_changed(file, loaded[file.name]["sha256"], layouts)
    )
    if not late:
        return []
    days = {
        "first_day": str(late[0][0]),
        "last_day": str(late[-1][0]),
        "late_days": LATE_DAYS,
    }
    return [data_warning("late_files", files=len(late), first_file=late[0][1], **days)]


def _is_changed(file: DroppedFile, sha256: str, layouts: Mapping[str, Layout]) -> bool:
    """Return whether a file is not the one that was loaded, or cannot be read."""
    try:
        with delivered_files.storage_errors(file.name):
            file.check()
            return file.checksum(file.layout(layouts)) != sha256
    except UnusableFileError:
        return True


def _missing_deliveries(
    duck: duckdb.DuckDBPyConnection, window: ReadWindow, loaded: Mapping[str, Any]
) -> list[str]:
    """Return the partners whose file of the day is due, and neither loaded nor usable."""
    day = window.day.date
    # With files that were loaded and since taken out of the folder.
    names = window.memory.delivered_files(window.source, day - timedelta(weeks=WEEKS))
    matches = [match for match in map(NAME.fullmatch, names) if match]
    delivered = [
        (match["partner"], date.fromisoformat(match["date"])) for match in matches
    ]
    usable = {
        name for (name,) in duck.execute("SELECT file FROM files").fetchall()
    }.union(loaded, names)
    missing = []
    for partner in due_partners(day, delivered, load_settings().expected_partners):
        if usable.isdisjoint((f"{partner}_{day}.csv", f"{partner}_{day}.csv.gz")):
            missing.append(partner)
    return missing


def _known_deliveries(
    duck: duckdb.DuckDBPyConnection, loaded: Mapping[str, Any]
) -> list[str]:
    """Return the checksums that the warehouse had of the files read."""
    names = [
        name
        for (name,) in duck.execute("SELECT file FROM files ORDER BY file").fetchall()
    ]
    return [loaded[name]["sha256"] for name in names if name in loaded]


def _read_file(
    duck: duckdb.DuckDBPyConnection,
    file: DroppedFile,
    layouts: Mapping[str, Layout],
    known: Mapping[str, Any] | None,
    work: Path,
) -> list[DataWarning]:
    """Read one file, its lines into a Parquet file in `work`, unless that was done before; return warnings.
    UnusableFileError: nothing of it was read; TransientError: it changed meanwhile."""
    settings = load_settings()
    if known:
        _remember(duck, file.name, file.partner, known)
    file.check(settings.partner_file_max_bytes)
    layout = file.layout(layouts)
    sha256 = file.checksum(layout)
    if known and known["sha256"] == sha256 and not known["was_refused"]:
        return []
    received_at = file.received_at()
    if known and known["sha256"] == READ_AGAIN + sha256:
        received_at = known["received_at"]
    elif known and received_at <= known["received_at"]:
        # A copy kept an older time, and the load would ignore what is the newest delivery.
        received_at = max(datetime.now(UTC), known["received_at"] + AN_INSTANT)
    facts: dict[str, Any] = {
        "file": file.name,
        "partner": file.partner,
        "received_at": received_at,
        # The file's own name may be too long to have a suffix.
        "lines": f"{work / hashlib.sha256(file.name.encode()).hexdigest()}.parquet",
    }
    bounds = Bounds(
        lines=settings.partner_file_max_lines,
        bytes=settings.partner_file_max_bytes,
        seconds=settings.partner_file_max_seconds,
    )
    with file.text() as stream:
        names = delivered_files.read_csv(
            duck,
            stream,
            facts,
            layout,
            bounds=bounds,
            attributes=settings.order_attributes,
            former_orders=known["order_ids"] if known else (),
        )
    if file.checksum(layout) != sha256:
        raise TransientError(
            f"{file.name} changed while it was read: it is still being delivered"
        )
    extra = delivered_files.unread_columns(names, layout, settings.order_attributes)
    more = f" and {len(extra) - MOST_NAMED} more" if len(extra) > MOST_NAMED else ""
    columns = ", ".join(extra[:MOST_NAMED]) + more
    warnings = (
        [data_warning("columns_not_read", file=file.name, columns=columns)]
        if extra
        else []
    )
    facts |= {
        "sha256": sha256,
        "warnings": [json.dumps(each, ensure_ascii=False) for each in warnings],
    }
    facts |= {
        "columns": list(layout.renamed()),
        "file_columns": list(layout.renamed().values()),
    }
    query(duck, f"{SQL}/keep_file", facts)
    log.info("read %s, received %s", file.name, received_at)
    return warnings


def _remember(
    duck: duckdb.DuckDBPyConnection, file: str, partner: str, known: Mapping[str, Any]
) -> None:
    duck.execute(
        "INSERT INTO loaded_orders SELECT unnest(?::VARCHAR[]), ?, ?, ?",
        [list(known["order_ids"]), file, partner, known["received_at"]],
    )
