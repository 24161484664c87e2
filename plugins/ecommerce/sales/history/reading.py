"""Reading one file of an export into staging, in bounded memory and without losing a line.

A CSV file is split record by record, as partner files are, so that one malformed line costs one line. Its
layout may be in `include/partners/<source>.yaml`.

The folder has `lines.parquet` (the columns of partner files' lines and `day` DATE, the shop's day of
`ordered_at` or NULL; sorted by it) and `rejects.parquet` (as every source). Control totals: file,
without_day, rejected (a count), warnings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.errors import ContractError
from ecommerce.core.settings import load_settings
from ecommerce.core.values import Values
from ecommerce.sales.history.files import PARQUET, ExportFile, ReadRequest
from ecommerce.sources import delivered_files
from ecommerce.sources.csv_records import UnusableFileError
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD, partner_layouts
from ecommerce.storage import staging
from ecommerce.storage.delivered import reading_errors
from ecommerce.storage.duckdb import (
    connect_duckdb,
    define_values,
    problem_of,
    run_sql_file,
    set_variables,
)
from ecommerce.storage.scratch import scratch_folder
from ecommerce.storage.staging import Manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNREADABLE = re.compile(r"TIMESTAMP(_\w+)?|(STRUCT|MAP).*|.*\]")
"""DuckDB's types whose text is no value: times without a zone, and nested values."""


def read_file(request: ReadRequest) -> Manifest:
    """Read one file into staging and return the manifest.

    Raises:
        ContractError: the file has changed since it was listed, or is invalid (damaged, no header, a column
            missing).
        PipelineError: the storage fails.
    """
    file = request.file
    with (
        staging.publish(request.folder) as draft,
        connect_duckdb(memory_limit="300MB") as duck,
        scratch_folder() as work,
    ):
        lines = work / "lines.parquet"
        kept_lines = str(draft.path / "lines.parquet")
        # What the statements that write lines need to know, in the layout of partner files.
        facts = {
            "file": file.name,
            "partner": "",
            "received_at": file.modified_at,
        }
        _prepare(duck, request)
        with _contract_errors(file), reading_errors(file.name):
            path = _local_path(file, work)
            if file.ending == PARQUET:
                warnings = _read_parquet(duck, path, lines, facts)
            else:
                warnings = _read_csv(duck, request, path, lines, facts)
            file.check_unchanged()
            kept = {"lines": str(lines), "target": kept_lines}
            run_sql_file(duck, "extract/history/keep_lines", kept)
        rejects = draft.path / "rejects.parquet"
        duck.execute(f"COPY rejects TO '{rejects}' (FORMAT parquet, COMPRESSION zstd)")
        staged = {"lines": kept_lines}
        [totals] = run_sql_file(duck, "extract/history/file_totals", staged)
        draft.seal(
            source=request.source,
            business_date=request.run_day,
            rows=totals.pop("rows"),
            columns={},
            read_at=request.read_at,
            window_start=request.read_at,
            window_end=request.read_at,
            control_totals={"file": file.name, **totals, "warnings": warnings},
        )
    return staging.read_manifest(request.folder)


def _prepare(duck: DuckDBPyConnection, request: ReadRequest) -> None:
    settings = load_settings()
    duck.execute("SET preserve_insertion_order = true")
    set_variables(duck, read_at=request.read_at, shop_timezone=settings.shop_timezone)
    define_values(duck)
    run_sql_file(duck, "extract/create_rejects")


def _local_path(file: ExportFile, work: Path) -> Path:
    """Return the path of the file in the folder `work`: a copy of one in an object store, a link to one of
    this machine, whose own name may look like a pattern to DuckDB."""
    path = work / f"export{file.ending}"
    if staging.is_local(file.uri):
        path.symlink_to(file.path)
    else:
        file.file_system.get_file(file.path, str(path))
    return path


def _read_csv(
    duck: DuckDBPyConnection,
    request: ReadRequest,
    path: Path,
    lines: Path,
    facts: Values,
) -> list[DataWarning]:
    """Write the lines to the file `lines`, malformed ones to the table `rejects`; return warnings."""
    import pyarrow as pa

    layout = partner_layouts().get(request.source.lower(), STANDARD)
    if layout.kind == "settlement":
        raise UnusableFileError(
            "its layout is that of a settlement, which has no orders"
        )
    try:
        # Decompresses by the ending of the name.
        with pa.input_stream(str(path)) as stream:
            return delivered_files.read_csv(
                duck,
                cast(IO[bytes], stream),
                lines,
                facts,
                layout,
            )
    except OSError as error:
        # One with a number is of the file system, not of the data.
        if error.errno is not None:
            raise
        damage = "its compressed data is damaged or ends too early"
        raise UnusableFileError(damage) from None


def _read_parquet(
    duck: DuckDBPyConnection,
    path: Path,
    lines: Path,
    facts: Values,
) -> list[DataWarning]:
    """Write the lines to the file `lines`, every value as the text of exactly the same value; return
    warnings."""
    # Spark, Hive and Impala may mark no column as text.
    duck.execute("SET binary_as_string = true")
    description = duck.execute("DESCRIBE FROM read_parquet(?)", [str(path)])
    types = {str(column[0]): str(column[1]) for column in description.fetchall()}
    missing = [name for name in COLUMNS if name not in types]
    if missing:
        raise UnusableFileError(f"it lacks the columns {', '.join(missing)}")
    for name in COLUMNS:
        if UNREADABLE.fullmatch(types[name]):
            raise UnusableFileError(
                f"its column {name} is {types[name]}: it needs text, numbers, or times with a time zone",
            )
    run_sql_file(
        duck,
        "extract/history/read_parquet",
        facts | {"path": str(path), "lines": str(lines)},
        types=types,
        columns=COLUMNS,
        extra_columns=delivered_files.extra_columns(),
    )
    set_variables(duck, lines=str(lines), file=facts["file"])
    return delivered_files.json_warnings(duck, delivered_files.DOUBTFUL_VALUES)


@contextmanager
def _contract_errors(file: ExportFile) -> Iterator[None]:
    """Turn errors of the file's contents into a `ContractError` that names it. DuckDB's are cut and not
    chained: their texts may quote a row."""
    import duckdb

    try:
        yield
    except UnusableFileError as error:
        problem = error.detail
    except duckdb.Error as error:
        problem = problem_of(error)
    else:
        return
    # `from None`: the log must not show the error that is replaced.
    raise ContractError(
        f"{file.name}: {problem}; nothing of the export was loaded"
    ) from None
