"""How fast one business day leaves PostgreSQL: the pipeline's extract against other readers.

    python -m benchmarks.extract                            # a day of 2 million lines out of 20 million
    python -m benchmarks.extract --lines 200000 --days 3    # smaller

The limit is the database itself: `COPY … (FORMAT binary)` of the same five queries, one after the other,
received by psql and thrown away. All others write Parquet files; the pipeline also checks every value, asks
for the control totals and seals its folder. Its own PostgreSQL is kept in `.bench/postgres`; the other
readers need the environment `.bench/venv` (see requirements.txt in this folder).
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg

from benchmarks.readers import QUERIES
from benchmarks.runner import (
    BENCHMARK_PYTHON,
    REPOSITORY,
    RESULTS,
    Contender,
    compare,
    option_parser,
    report,
)
from demo.services import postgres
from demo.services.ports import free_port
from ecommerce.cli.local_postgres import Postgres
from ecommerce.core.business_day import day_window
from ecommerce.core.read_window import ReadWindow
from ecommerce.sources.sales_db import sales_query

LIMIT = "limit"
CONTENDERS = {
    LIMIT: "COPY binary to nowhere",
    "pipeline": "pipeline",
    "psql_duckdb": "psql CSV -> DuckDB",
    "connectorx": "connectorx, stream",
    "adbc": "ADBC, decimals cast",
    "duckdb_postgres": "DuckDB's postgres extension",
    "dlt": "dlt with connectorx",
    "pandas": "pandas in chunks, floats",
}
OTHER_ENVIRONMENT = ("connectorx", "adbc", "duckdb_postgres", "dlt", "pandas")
TABLES = ("orders", "order_items", "refunds", "products", "customers")


def main() -> None:
    parser = option_parser(__doc__)
    parser.add_argument(
        "--lines",
        type=int,
        default=2_000_000,
        help="order lines of the day read",
    )
    parser.add_argument(
        "--days",
        type=int,
        default=10,
        help="days of history, each like the day read",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--readers",
        nargs="*",
        choices=list(CONTENDERS),
        help="run only these, and the limit",
    )
    arguments = parser.parse_args()
    with benchmark_server() as server:
        _compare_readers(server, arguments)


def _compare_readers(server: Postgres, arguments: argparse.Namespace) -> None:
    dsn = server.dsn(day_database(server, arguments.lines, arguments.days))
    wanted = [LIMIT, *arguments.readers] if arguments.readers else list(CONTENDERS)
    if not BENCHMARK_PYTHON.exists():
        print(
            f"{BENCHMARK_PYTHON} does not exist: the readers that need it are left out",
            file=sys.stderr,
        )
        wanted = [name for name in wanted if name not in OTHER_ENVIRONMENT]
    contenders = [_contender(CONTENDERS[name], name, dsn) for name in wanted]
    results = compare(contenders, CONTENDERS[LIMIT], arguments.rounds)
    facts = {
        "lines": arguments.lines,
        "lines of history": arguments.lines * arguments.days,
    }
    print("written to", report("extract", results, facts))


def _contender(name: str, reader: str, dsn: str) -> Contender:
    python = str(BENCHMARK_PYTHON) if reader in OTHER_ENVIRONMENT else sys.executable
    return Contender(
        name,
        [
            python,
            "-m",
            "benchmarks.readers",
            reader,
            dsn,
        ],
    )


def day_database(server: Postgres, lines: int, days: int) -> str:
    """The database with that history, made when it is not there yet; its queries are left for the readers."""
    name = f"lines_{lines}_days_{days}"
    if not server.psql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        print(f"making {lines * days:,} lines of history", file=sys.stderr)
        server.psql(f"DROP DATABASE IF EXISTS {name}_unfinished")
        server.psql(f"CREATE DATABASE {name}_unfinished")
        schema = (REPOSITORY / "demo" / "schema.sql").read_text()
        rows = (REPOSITORY / "benchmarks" / "sales_db.sql").read_text()
        sizes = f"\\set days {days}\n\\set orders {-(-lines // 3)}\n"
        server.psql(f"{schema}\n{sizes}{rows}", f"{name}_unfinished")
        server.psql(f"ALTER DATABASE {name}_unfinished RENAME TO {name}")
    day = day_window(date(2026, 11, 19), "UTC")
    changed_from = day.start - timedelta(minutes=30)
    window = ReadWindow("sales_db", day, changed_from, None, "")
    queries = {}
    with psycopg.connect(server.dsn(name)) as connection:
        cursor = psycopg.ClientCursor(connection)
        for table in TABLES:
            query = sales_query(table, window)
            text = cursor.mogrify(query.sql, query.parameters)
            result = cursor.execute(f"SELECT * FROM ({text}) AS result LIMIT 0")
            columns = [column.name for column in result.description or []]
            queries[table] = {"sql": text, "columns": columns}
    QUERIES.parent.mkdir(parents=True, exist_ok=True)
    QUERIES.write_text(json.dumps(queries))
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


if __name__ == "__main__":
    main()
