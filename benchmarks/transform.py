"""How fast one business day of the sales database is transformed: the pipeline's SQL against a plain copy.

    python -m benchmarks.transform                          # 2 million lines
    python -m benchmarks.transform --lines 200000 --rounds 3# smaller

The limit reads the files that the pipeline wrote and writes them again, with DuckDB under the same memory
limit. It neither hashes customers nor checks values, finds repeated lines or writes control totals.
"""

import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from benchmarks.runner import (
    REPOSITORY,
    RESULTS,
    compare_programs,
    measured,
    prepare,
    read_options,
    report,
    run_program,
)
from ecommerce.sales.transform import transform
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest
from ecommerce.transform.database import MEMORY_LIMIT

READ_AT = datetime(2026, 11, 20, 11, tzinfo=UTC)
RAW_TABLES = (
    "orders",
    "order_items",
    "refunds",
    "payments",
    "payouts",
    "products",
    "customers",
    "removed_orders",
    "unread_orders",
    "rejects",
)


def main() -> None:
    arguments = read_options(__doc__, lines=2_000_000, rounds=5)
    module = "benchmarks.transform"
    prepare(module, arguments.lines)
    results = compare_programs(
        module,
        arguments.lines,
        arguments.rounds,
    )
    report("Transform", results, {"lines": arguments.lines})


def make_day(lines: int) -> None:
    """Make the raw files, and what the pipeline makes of them: the input of the limit."""
    folder = _folder(lines)
    if (folder / "loadable").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "raw").mkdir(parents=True)
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute("SET VARIABLE lines = ?", [lines])
        duck.execute((REPOSITORY / "benchmarks" / "transform_day.sql").read_text())
        for table in RAW_TABLES:
            file = folder / "raw" / f"{table}.parquet"
            duck.execute(
                f"COPY (FROM {table}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
            )
    loadable = transform(_publish(folder), run_id="benchmark")
    shutil.copytree(loadable.uri.removeprefix("file://"), folder / "loadable")


def limit(lines: int) -> None:
    """Read every column of the loadable files and write it again, as DuckDB compresses by default."""
    folder = _folder(lines)
    target = folder / "copy"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with measured() as facts, connect_duckdb(memory_limit=MEMORY_LIMIT) as duck:
        for file in (folder / "loadable").glob("*.parquet"):
            duck.execute(
                f"COPY (FROM '{file}') TO '{target}/{file.name}' "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440)"
            )
        facts["rows"] = lines


def pipeline(lines: int) -> None:
    """The transform itself, checksums and control totals included."""
    manifest = _publish(_folder(lines))
    with measured() as facts:
        transform(manifest, run_id="benchmark")
        facts["rows"] = lines


def _folder(lines: int) -> Path:
    return RESULTS / "transform" / str(lines)


def _publish(folder: Path) -> Manifest:
    """Publish a run's raw folder with links to the day's files, because the transform removes it."""
    uri = f"file://{folder}/run/sales_db"
    with staging.publish(uri) as draft:
        for file in (folder / "raw").iterdir():
            os.link(file, draft.path / file.name)
        draft.seal(
            source="sales_db",
            business_date=date(2026, 11, 19),
            rows=0,
            columns={},
            control_totals={"source_amounts": []},
            read_at=READ_AT,
            window_start=READ_AT,
            window_end=READ_AT,
        )
    return staging.read_manifest(uri)


if __name__ == "__main__":
    run_program(
        {
            "limit": limit,
            "pipeline": pipeline,
            "prepare": make_day,
        },
        main,
    )
