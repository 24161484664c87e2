"""How fast one business day leaves PostgreSQL.

    python -m benchmarks.extract                            # a day of 2 million lines out of 20 million
    python -m benchmarks.extract --lines 200000 --days 3    # smaller

The limit is the database itself: `COPY … (FORMAT binary)` of the same five queries, one after the other,
received by psql and thrown away. The pipeline writes Parquet files, checks every value, asks for the control
totals and seals its folder. The benchmark's own PostgreSQL is kept in `.bench/postgres`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg

from benchmarks.runner import (
    REPOSITORY,
    RESULTS,
    compare_programs,
    measured,
    read_options,
    report,
    run_program,
)
from demo.services import postgres
from demo.services.ports import free_port
from ecommerce.cli.local_postgres import Postgres, binaries
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from tests.psql import psql

TABLES = ("orders", "order_items", "refunds", "products", "customers")
SCRIPT = RESULTS / "extract" / "limit.sql"
RAW = RESULTS / "extract" / "sales_db"


def main() -> None:
    arguments = read_options(
        __doc__,
        lines=2_000_000,
        days=10,
        rounds=5,
    )
    with benchmark_server() as server:
        dsn = server.dsn(
            day_database(
                server,
                arguments.lines,
                arguments.days,
            )
        )
        _write_limit(dsn)
        results = compare_programs(
            "benchmarks.extract",
            arguments.lines,
            arguments.rounds,
            {"AIRFLOW_CONN_SALES_DB": dsn},
        )
    history = arguments.lines * arguments.days
    report(
        "Extract",
        results,
        {"lines": arguments.lines, "lines of history": history},
    )


def day_database(server: Postgres, lines: int, days: int) -> str:
    """Return the database with that history, made when it does not exist yet."""
    name = f"lines_{lines}_days_{days}"
    if not psql(server, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        print(f"making {lines * days:,} lines of history", file=sys.stderr)
        psql(server, f"DROP DATABASE IF EXISTS {name}_unfinished")
        psql(server, f"CREATE DATABASE {name}_unfinished")
        schema = (REPOSITORY / "demo" / "schema.sql").read_text()
        rows = (REPOSITORY / "benchmarks" / "sales_db.sql").read_text()
        sizes = f"\\set days {days}\n\\set orders {-(-lines // 3)}\n"
        psql(server, f"{schema}\n{sizes}{rows}", f"{name}_unfinished")
        psql(server, f"ALTER DATABASE {name}_unfinished RENAME TO {name}")
    return name


@contextmanager
def benchmark_server() -> Iterator[Postgres]:
    """The benchmark's own PostgreSQL, stopped afterwards; its data stay for the next time."""
    data = RESULTS / "postgres" / "data"
    data.mkdir(parents=True, exist_ok=True)
    # One that a killed benchmark left behind listens on another port.
    postgres.server(data, 0).stop()
    server = postgres.start(data, free_port())
    try:
        yield server
    finally:
        server.stop()


def _read_window() -> ReadWindow:
    day = day_window(date(2026, 11, 19), "UTC")
    changed_from = day.start - timedelta(minutes=30)
    return ReadWindow(
        "sales_db",
        day,
        changed_from,
        None,
        RAW.as_uri(),
    )


def _write_limit(dsn: str) -> None:
    """Write the script that copies the results of the pipeline's own queries."""
    from ecommerce.sources.sales_db import sales_query

    copies = []
    with psycopg.connect(dsn) as connection:
        cursor = psycopg.ClientCursor(connection)
        for table in TABLES:
            query = sales_query(table, _read_window())
            sql = cursor.mogrify(query.sql, query.parameters)
            copies.append(f"COPY ({sql}) TO STDOUT (FORMAT binary);\n")
    SCRIPT.parent.mkdir(parents=True, exist_ok=True)
    SCRIPT.write_text("".join(copies))


def limit(lines: int) -> None:
    """The database alone: binary COPY, received and thrown away."""
    psql = str(binaries() / "psql")
    dsn = os.environ["AIRFLOW_CONN_SALES_DB"]
    command = [
        psql,
        "-qX",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        str(SCRIPT),
        dsn,
    ]
    with measured() as facts:
        subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        facts["rows"] = lines


def pipeline(lines: int) -> None:
    """The pipeline's own extract, control totals and checksums included."""
    # Untimed: a worker has imported them long ago.
    import duckdb
    from airflow.providers.postgres.hooks import postgres as hook

    from ecommerce.sources import SALES_DB

    del duckdb, hook
    with measured() as facts:
        facts["rows"] = SALES_DB.source().extract(_read_window()).rows


if __name__ == "__main__":
    run_program({"limit": limit, "pipeline": pipeline}, main)
