"""Reading one file of an export into staging, in bounded memory and without losing a line.

A CSV file is split record by record, as partner files are, so that one malformed line costs one line. Its
layout may be in `include/partners/<source>.yaml`.

The folder has `lines.parquet` (the columns of partner files' lines and `day` DATE, the shop's day of
`ordered_at` or NULL; sorted by it) and `rejects.parquet` (as every source). Control totals: file, bytes,
modified_at (of the listing), sha256, lines, without_day, rejected (counts by reason), warnings.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.email_masking import teach_addresses
from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.core.text import mask_e_mails
from ecommerce.sales.history.files import ExportFile, ReadRequest
from ecommerce.sources import delivered_files
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD, Layout, partner_layouts
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    import duckdb

_PLAIN = re.compile(r"VARCHAR|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(\d+,\d+\)|ENUM\(.*\)", re.DOTALL)
_INSTANTS = ("ordered_at", "updated_at")

log = logging.getLogger(__name__)


def read_file(request: ReadRequest) -> Manifest:
    """Read one file into staging, unless an earlier attempt did.

    Raises:
        ContractError: the file has changed since it was listed, or is invalid (damaged, no header, a column
            missing).
        CredentialsError, TransientError: it cannot be read.
        StagingError: the folder cannot be written.
    """
    file = request.file
    facts = {"file": file.name, "bytes": file.bytes, "modified_at": file.modified_at.isoformat()}
    if staging.exists(request.folder):
        manifest = staging.read_manifest(request.folder)
        if facts.items() <= manifest.control_totals.items():
            log.info("%s is in staging already", file.name)
            return manifest
    file.check_unchanged()
    began = time.monotonic()
    with (
        staging.publish(request.folder) as draft,
        connect_duckdb(memory_limit="300MB") as duck,
        scratch_folder() as work,
    ):
        _prepare(duck, request)
        with _contract_errors(file), delivered_files.storage_errors(file.name):
            local, sha256 = _local_copy(file, work)
            parameters = {  # of the statements that write lines, in the layout of partner files
                "file": file.name,
                "partner": "",  # an export is one delivery
                "received_at": file.modified_at,
                "lines": str(work / "lines.parquet"),
            }
            if file.is_parquet:
                _read_parquet(duck, local, parameters)
                warnings = []
            else:
                layout = partner_layouts().get(request.source, STANDARD)
                warnings = _read_csv(duck, file, local, parameters, layout)
            file.check_unchanged()
            duck.execute(
                read_sql("extract/history/keep_lines.sql"),
                {"lines": parameters["lines"], "target": f"{draft.path}/lines.parquet"},
            )
            duck.execute(f"COPY rejects TO '{draft.path}/rejects.parquet' (FORMAT parquet, COMPRESSION zstd)")
        totals = _totals(duck, draft.path)
        draft.seal(
            source=request.source,
            business_date=request.run_day,
            rows=totals["lines"] + sum(totals["rejected"].values()),
            columns={f"{name}.parquet": [] for name in ("lines", "rejects")},
            read_at=request.read_at,
            window_start=request.read_at,
            window_end=request.read_at,
            control_totals=facts | {"sha256": sha256} | totals | {"warnings": warnings},
        )
    manifest = staging.read_manifest(request.folder)
    seconds = time.monotonic() - began
    log.info("%s: %d records, %.0f a second", file.name, manifest.rows, manifest.rows / max(seconds, 0.001))
    return manifest


def _prepare(duck: duckdb.DuckDBPyConnection, request: ReadRequest) -> None:
    settings = load_settings()
    duck.execute("SET preserve_insertion_order = true")
    duck.execute("SET VARIABLE read_at = ?", [request.read_at])
    duck.execute("SET VARIABLE shop_timezone = ?", [settings.shop_timezone])
    teach_addresses(duck, settings.customer_hash_key)
    duck.execute(read_sql("transform/values.sql"))
    duck.execute(read_sql("extract/create_rejects.sql"))


def _local_copy(file: ExportFile, work: Path) -> tuple[Path, str]:
    """Return the file on this machine, a copy in `work` of one in an object store, and its SHA-256."""
    path = Path(file.path)
    # DuckDB would take a name with these signs for a pattern, which may match another file.
    if not staging.is_local(file.uri) or any(sign in file.path for sign in "*?[{"):
        path = work / "export_file"
        file.file_system.get_file(file.path, str(path))
    with path.open("rb") as content:
        return path, hashlib.file_digest(content, "sha256").hexdigest()


def _read_csv(
    duck: duckdb.DuckDBPyConnection, file: ExportFile, local: Path, parameters: dict[str, Any], layout: Layout
) -> list[DataWarning]:
    """Write the lines to `parameters["lines"]`, malformed ones to the table `rejects`; return warnings."""
    import pyarrow as pa

    attributes = load_settings().order_attributes
    try:
        with pa.input_stream(str(local), compression=cast(Any, file.compression)) as stream:
            text = io.BufferedReader(cast(io.RawIOBase, stream), 1 << 20)
            split = delivered_files.split_records(text, Path(parameters["lines"]).parent, layout)
    except OSError as error:
        if error.errno is not None:  # of the file system, not of the data
            raise
        raise delivered_files.UnusableFileError(
            "file_unreadable", f"its {file.compression} data is damaged or ends too early"
        ) from None
    delivered_files.read_records(duck, split, parameters, attributes)
    extra = delivered_files.unread_columns(split.names, layout, attributes)
    return [data_warning("columns_not_read", file=file.name, columns=", ".join(extra))] if extra else []


def _read_parquet(duck: duckdb.DuckDBPyConnection, path: Path, parameters: dict[str, Any]) -> None:
    """Write the lines to `parameters["lines"]`, every value as the text of exactly the same value."""
    import duckdb

    try:
        columns = duck.execute("DESCRIBE FROM read_parquet(?)", [str(path)]).fetchall()
    except (duckdb.InvalidInputException, duckdb.IOException):
        raise delivered_files.UnusableFileError(
            "file_unreadable", "it is not a Parquet file, or it is damaged"
        ) from None
    types = {str(column[0]): str(column[1]) for column in columns}
    if missing := [name for name in COLUMNS if name not in types]:
        raise delivered_files.UnusableFileError(
            "missing_column", f"it lacks the columns {', '.join(missing)}"
        )
    expressions = [f"{_as_text(name, types[name])} AS {name}" for name in COLUMNS]
    for name in delivered_files.extra_columns(load_settings().order_attributes):
        value = f'"{name}"' if name in types else "NULL"
        expressions.append(f'{value}::VARCHAR AS "{name}"')
    statement = read_sql("extract/history/read_parquet.sql")
    statement = statement.replace("{columns}", ",\n        ".join(expressions))
    duck.execute(statement, parameters | {"path": str(path)})


def _as_text(name: str, kind: str) -> str:
    """Return the expression that turns a column of the type `kind` into text."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f+00:00')"
    if kind in ("TIMESTAMPTZ_NS", '"NULL"'):  # of pandas; its text ends in +00. A column without any value.
        return f"{name}::VARCHAR"
    if name in _INSTANTS and kind != "VARCHAR":
        raise delivered_files.UnusableFileError(
            "missing_column",
            f"its column {name} is {kind}: a time needs a time zone, or has to be text with an offset",
        )
    if kind in ("FLOAT", "DOUBLE"):
        # pandas stores integers with missing values as floats (1.0); the shortest text of others is exact.
        whole = f"CASE WHEN {name} = trunc({name}) THEN try_cast({name} AS DECIMAL(38, 0))::VARCHAR END"
        return f"coalesce({whole}, {name}::VARCHAR)"
    if _PLAIN.fullmatch(kind):
        return f"{name}::VARCHAR"
    raise delivered_files.UnusableFileError(
        "missing_column", f"its column {name} is {kind}, which is neither text nor number"
    )


def _totals(duck: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    lines, without_day = duck.execute(
        "SELECT count(*), count(*) FILTER (day IS NULL) FROM read_parquet(?)", [f"{folder}/lines.parquet"]
    ).fetchall()[0]
    reasons = duck.execute("SELECT reason, count(*) FROM rejects GROUP BY reason ORDER BY reason").fetchall()
    return {"lines": lines, "without_day": without_day, "rejected": dict(reasons)}


@contextmanager
def _contract_errors(file: ExportFile) -> Iterator[None]:
    """Turn errors of the file's contents into a `ContractError` that names it. DuckDB's are not chained:
    their texts may quote a row."""
    import duckdb

    try:
        yield
    except delivered_files.UnusableFileError as error:
        raise ContractError(f"{file.name}: {error.args[1]}; nothing of the export was loaded") from None
    except duckdb.Error as error:
        raise ContractError(f"{file.name}: {mask_e_mails(str(error))[:500]}") from None
