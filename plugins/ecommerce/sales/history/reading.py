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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ecommerce.core.data_warnings import DataWarning, data_warning
from ecommerce.core.email_masking import mask_e_mails, teach_addresses
from ecommerce.core.errors import ContractError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import load_settings
from ecommerce.sales.history.files import ExportFile, ReadRequest
from ecommerce.sources import delivered_files
from ecommerce.sources.delivered_files import UnusableFileError
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD, partner_layouts
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb, query
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    import duckdb


def read_file(request: ReadRequest) -> Manifest:
    """Read one file into staging; raise a ContractError where it has changed since it was listed, or is
    invalid (damaged, no header, a column missing)."""
    file = request.file
    facts = {
        "file": file.name,
        "bytes": file.bytes,
        "modified_at": file.modified_at.isoformat(),
    }
    file.check_unchanged()
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
            warnings: list[DataWarning] = []
            if file.is_parquet:
                _read_parquet(duck, local, parameters)
            else:
                warnings = _read_csv(duck, request, local, parameters)
            file.check_unchanged()
            lines = f"{draft.path}/lines.parquet"
            query(
                duck,
                "extract/history/keep_lines",
                {"lines": parameters["lines"], "target": lines},
            )
            duck.execute(
                f"COPY rejects TO '{draft.path}/rejects.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )
        counted = duck.execute(
            "SELECT count(*), count(day) FROM read_parquet(?)", [lines]
        )
        ((count, dated),) = counted.fetchall()
        rejected = dict(
            duck.sql(
                "SELECT reason, count(*) FROM rejects GROUP BY ALL ORDER BY ALL"
            ).fetchall()
        )
        counts = {"lines": count, "without_day": count - dated, "rejected": rejected}
        draft.seal(
            source=request.source,
            business_date=request.run_day,
            rows=count + sum(rejected.values()),
            columns={f"{name}.parquet": [] for name in ("lines", "rejects")},
            **dict.fromkeys(("read_at", "window_start", "window_end"), request.read_at),
            control_totals=facts | {"sha256": sha256} | counts | {"warnings": warnings},
        )
    return staging.read_manifest(request.folder)


def _prepare(duck: duckdb.DuckDBPyConnection, request: ReadRequest) -> None:
    settings = load_settings()
    duck.execute("SET preserve_insertion_order = true")
    duck.execute("SET VARIABLE read_at = ?", [request.read_at])
    duck.execute("SET VARIABLE shop_timezone = ?", [settings.shop_timezone])
    teach_addresses(duck, settings.customer_hash_key)
    query(duck, "transform/values")
    query(duck, "extract/create_rejects")


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
    duck: duckdb.DuckDBPyConnection,
    request: ReadRequest,
    local: Path,
    parameters: dict[str, Any],
) -> list[DataWarning]:
    """Write the lines to `parameters["lines"]`, malformed ones to the table `rejects`; return warnings."""
    import pyarrow as pa

    file, attributes = request.file, load_settings().order_attributes
    layout = partner_layouts().get(request.source, STANDARD)
    try:
        with pa.input_stream(
            str(local), compression=cast(Any, file.compression)
        ) as stream:
            text = io.BufferedReader(cast(io.RawIOBase, stream), 1 << 20)
            names = delivered_files.read_csv(
                duck, text, parameters, layout, attributes=attributes
            )
    except OSError as error:
        if error.errno is not None:  # of the file system, not of the data
            raise
        damage = f"its {file.compression} data is damaged or ends too early"
        raise UnusableFileError("file_unreadable", damage) from None
    extra = delivered_files.unread_columns(names, layout, attributes)
    return (
        [data_warning("columns_not_read", file=file.name, columns=", ".join(extra))]
        if extra
        else []
    )


def _read_parquet(
    duck: duckdb.DuckDBPyConnection, path: Path, parameters: dict[str, Any]
) -> None:
    """Write the lines to `parameters["lines"]`, every value as the text of exactly the same value."""
    import duckdb

    duck.execute(
        "SET binary_as_string = true"
    )  # Spark, Hive and Impala may mark no column as text
    try:
        columns = duck.execute("DESCRIBE FROM read_parquet(?)", [str(path)]).fetchall()
    except (duckdb.InvalidInputException, duckdb.IOException):
        raise UnusableFileError(
            "file_unreadable", "it is not a Parquet file, or it is damaged"
        ) from None
    types = {str(column[0]): str(column[1]) for column in columns}
    if missing := [name for name in COLUMNS if name not in types]:
        raise UnusableFileError(
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
    if kind.startswith("TIMESTAMP") and kind != "TIMESTAMPTZ_NS":
        needs = "a time needs a time zone, or has to be text with an offset"
        raise UnusableFileError(
            "missing_column", f"its column {name} is {kind}: {needs}"
        )
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        problem = f"its column {name} is {kind}, which is neither text nor number"
        raise UnusableFileError("missing_column", problem)
    if kind in ("FLOAT", "DOUBLE"):
        # pandas stores integers with missing values as floats (1.0); the shortest text of others is exact.
        whole = f"CASE WHEN {name} = trunc({name}) THEN try_cast({name} AS DECIMAL(38, 0))::VARCHAR END"
        return f"coalesce({whole}, {name}::VARCHAR)"
    return f"{name}::VARCHAR"


@contextmanager
def _contract_errors(file: ExportFile) -> Iterator[None]:
    """Turn errors of the file's contents into a `ContractError` that names it. DuckDB's are not chained:
    their texts may quote a row."""
    import duckdb

    try:
        yield
    except UnusableFileError as error:
        raise ContractError(
            f"{file.name}: {error.args[1]}; nothing of the export was loaded"
        ) from None
    except duckdb.Error as error:
        raise ContractError(f"{file.name}: {mask_e_mails(str(error))[:500]}") from None
