"""The programs that `benchmarks.extract` compares: `python -m benchmarks.readers <reader> <dsn>`.

Each runs the queries left in `QUERIES` and writes one zstd Parquet file per query, with decimals where the
library can. Imports are not timed; connecting is.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

from benchmarks.runner import REPOSITORY, RESULTS, measured

QUERIES = RESULTS / "extract" / "queries.json"
TARGET = RESULTS / "extract" / "files"
MONEY = ("unit_price", "discount_amount", "tax_amount", "shipping_amount", "amount")


def limit(dsn: str) -> None:
    """The database alone: binary COPY, received and thrown away."""
    script = "".join(
        f"COPY ({query}) TO STDOUT (FORMAT binary);\n" for _, query, _ in _queries()
    )
    with measured():
        _psql(dsn, script, subprocess.DEVNULL).wait()


def pipeline(dsn: str) -> None:
    """The pipeline's own extract, control totals and checksums included."""
    os.environ["AIRFLOW_CONN_SALES_DB"] = dsn
    os.environ.setdefault("AIRFLOW_HOME", str(RESULTS / "airflow"))
    sys.path.insert(0, str(REPOSITORY / "plugins"))
    import_module("duckdb")
    import_module("airflow.providers.postgres.hooks.postgres")

    from ecommerce.core.business_day import day_window
    from ecommerce.core.read_window import ReadWindow
    from ecommerce.sources import SALES_DB

    day = day_window(date(2026, 11, 19), "UTC")
    changed_from = datetime(
        2026,
        11,
        18,
        23,
        30,
        tzinfo=UTC,
    )
    window = ReadWindow(
        "sales_db",
        day,
        changed_from,
        None,
        f"file://{TARGET / 'sales_db'}",
    )
    with measured() as facts:
        manifest = SALES_DB.extract(window)
        facts |= {"rows": manifest.rows, "bytes": manifest.bytes}


def psql_duckdb(dsn: str) -> None:
    """psql writes CSV into a pipe that DuckDB reads with declared types."""
    import duckdb

    duck = duckdb.connect(
        config={
            "memory_limit": "400MB",
            "threads": 2,
            "preserve_insertion_order": False,
        }
    )
    types = dict.fromkeys(MONEY, "DECIMAL(18,4)") | {
        "line_number": "INTEGER",
        "quantity": "INTEGER",
    }
    types |= {
        "is_test": "BOOLEAN",
        "ordered_at": "TIMESTAMPTZ",
        "updated_at": "TIMESTAMPTZ",
    }
    types |= {"refunded_at": "TIMESTAMPTZ"}
    with measured():
        for name, query, columns in _queries():
            with _psql(
                dsn, f"COPY ({query}) TO STDOUT (FORMAT csv);\n", subprocess.PIPE
            ) as psql:
                duck.execute(
                    "COPY (FROM read_csv($pipe, columns = $columns, auto_detect = false, header = false)) "
                    "TO $target (FORMAT parquet, COMPRESSION zstd)",
                    {
                        "pipe": f"/dev/fd/{psql.stdout.fileno()}",
                        "columns": {
                            column: types.get(column, "VARCHAR") for column in columns
                        },
                        "target": str(TARGET / f"{name}.parquet"),
                    },
                )


def connectorx(dsn: str) -> None:
    """connectorx in batches."""
    import connectorx

    with measured():
        for name, query, _ in _queries():
            _write(
                name,
                connectorx.read_sql(
                    dsn,
                    query,
                    return_type="arrow_stream",
                    batch_size=65_536,
                ),
            )


def adbc(dsn: str) -> None:
    """ADBC in batches; it hands numeric over as text, which is cast to decimals."""
    import adbc_driver_postgresql.dbapi
    import pyarrow

    def exact(batch: Any) -> Any:
        for position, column in enumerate(batch.schema.names):
            if column in MONEY:
                cast = (
                    batch.column(position)
                    .cast(pyarrow.string())
                    .cast(pyarrow.decimal128(18, 4))
                )
                batch = batch.set_column(position, column, cast)
        return batch

    with (
        measured(),
        adbc_driver_postgresql.dbapi.connect(dsn) as connection,
        connection.cursor() as cursor,
    ):
        for name, query, _ in _queries():
            cursor.execute(query)
            _write(name, (exact(batch) for batch in cursor.fetch_record_batch()))


def duckdb_postgres(dsn: str) -> None:
    """DuckDB's extension for PostgreSQL, in the last version of DuckDB that has it; it reads a NaN as 0."""
    import duckdb
    from duckdb_extensions import import_extension

    duck = duckdb.connect(
        config={
            "memory_limit": "400MB",
            "threads": 2,
            "preserve_insertion_order": False,
        }
    )
    import_extension("postgres_scanner", con=duck)
    duck.execute("LOAD postgres_scanner")
    with measured():
        duck.execute(f"ATTACH '{dsn}' AS shop (TYPE postgres, READ_ONLY)")
        for name, query, _ in _queries():
            literal = query.replace("'", "''")
            duck.execute(
                f"COPY (FROM postgres_query('shop', '{literal}')) TO '{TARGET / name}.parquet' "
                "(FORMAT parquet, COMPRESSION zstd)"
            )


def dlt(dsn: str) -> None:
    """dlt with its faster backend: extracted, normalized and written into a folder."""
    import dlt
    import sqlalchemy
    from dlt.destinations import filesystem
    from dlt.sources.sql_database import sql_table

    target = filesystem(str(TARGET / "dlt"))
    with measured():
        tables = [
            sql_table(
                dsn.replace("postgresql://", "postgresql+psycopg://"),
                name,
                backend="connectorx",
                backend_kwargs={"return_type": "arrow_stream", "conn": dsn},
                query_adapter_callback=lambda *_, query=query: sqlalchemy.text(
                    query.replace(":", r"\:")
                ),
            )
            for name, query, _ in _queries()
        ]
        pipeline = dlt.pipeline(
            "benchmark", destination=target, pipelines_dir=str(TARGET / "pipelines")
        )
        pipeline.run(tables, loader_file_format="parquet", write_disposition="replace")


def pandas(dsn: str) -> None:
    """pandas.read_sql in chunks, as found in most tutorials: amounts become floats."""
    import pandas as pd
    import pyarrow
    import sqlalchemy

    engine = sqlalchemy.create_engine(
        dsn.replace("postgresql://", "postgresql+psycopg://")
    )
    with (
        measured(),
        engine.connect().execution_options(stream_results=True) as connection,
    ):
        for name, query, _ in _queries():
            chunks = pd.read_sql(
                sqlalchemy.text(query.replace(":", r"\:")), connection, chunksize=50_000
            )
            _write(name, (pyarrow.RecordBatch.from_pandas(chunk) for chunk in chunks))


def _psql(dsn: str, script: str, output: int) -> subprocess.Popen[bytes]:
    from ecommerce.cli.local_postgres import binaries

    (TARGET / "script.sql").write_text(script)
    command = [
        str(binaries() / "psql"),
        "-qX",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        TARGET / "script.sql",
        dsn,
    ]
    return subprocess.Popen(command, stdout=output)


def _queries() -> list[tuple[str, str, list[str]]]:
    """Name, SQL and result columns of each query; the target folder is empty afterwards."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    return [
        (name, one["sql"], one["columns"])
        for name, one in json.loads(QUERIES.read_text()).items()
    ]


def _write(name: str, batches: Iterator[Any]) -> None:
    import pyarrow.parquet

    writer = None
    for batch in batches:
        writer = writer or pyarrow.parquet.ParquetWriter(
            TARGET / f"{name}.parquet", batch.schema, compression="zstd"
        )
        writer.write_batch(batch)
    if writer:
        writer.close()


READERS: dict[str, Callable[[str], None]] = {
    one.__name__: one
    for one in (
        limit,
        pipeline,
        psql_duckdb,
        connectorx,
        adbc,
        duckdb_postgres,
        dlt,
        pandas,
    )
}

if __name__ == "__main__":
    READERS[sys.argv[1]](sys.argv[2])
