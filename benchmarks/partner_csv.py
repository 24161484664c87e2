"""How fast a partner's CSV file is read: the pipeline's extract against a plain read of a clean file.

    python -m benchmarks.partner_csv                    # 2 million lines
    python -m benchmarks.partner_csv --lines 200000     # smaller

The limit is DuckDB: it reads a file without broken lines and writes it as Parquet, as the pipeline does. The
pipeline reads the same file with one line in a thousand broken, in six ways. It also splits records, keeps
broken lines with their numbers, compares checksums, lists the orders and sums up.
"""

import sys
from datetime import date, timedelta
from pathlib import Path
from shutil import rmtree

import duckdb

from benchmarks.runner import (
    RESULTS,
    compare_programs,
    measured,
    prepare,
    read_options,
    report,
    run_program,
)

FOLDER = RESULTS / "partner_csv"
NAME = "acme_2026-11-19.csv"
BROKEN = (
    '"H-1",1,too,few',
    "H-2" + ",too many" * 20,
    'H-3,1,"a quote that is not closed' + "," * 12,
    'H-4,1,"text"after a quote' + "," * 12,
    "H-5,\xff" + "," * 13,
    "H-6,1,\r" + "," * 12,
)
"""Fifteen fields are right; the fifth is encoded as Latin-1."""


def main() -> None:
    arguments = read_options(__doc__, lines=2_000_000, rounds=5)
    module = "benchmarks.partner_csv"
    prepare(module, arguments.lines)
    environment = {
        "PARTNER_DROP_URI": (FOLDER / "drop").as_uri(),
        "STAGING_URI": (FOLDER / "staging").as_uri(),
    }
    results = compare_programs(
        module,
        arguments.lines,
        arguments.rounds,
        environment,
    )
    report(
        "Partner file",
        results,
        {"lines": arguments.lines},
    )


def make_files(lines: int) -> None:
    """The clean file, and the delivered one, in which every thousandth line is broken."""
    rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "drop").mkdir(parents=True)
    rows = Path(__file__).with_name("history_rows.sql").read_text()
    clean = FOLDER / "clean.csv"
    with duckdb.connect() as duck:
        parameters = {
            "first": 0,
            "last": lines,
            "months": 1,
        }
        duck.execute(f"CREATE TABLE rows AS {rows}", parameters)
        duck.execute(f"COPY rows TO '{clean}' (FORMAT csv, HEADER)")
    with clean.open("rb") as source, (FOLDER / "drop" / NAME).open("wb") as target:
        for number, line in enumerate(source):
            broken = BROKEN[number // 1000 % 6].encode("latin-1") + b"\n"
            target.write(broken if number % 1000 == 999 else line)


def limit(lines: int) -> None:
    from ecommerce.storage.duckdb import connect_duckdb

    target = FOLDER / "clean.parquet"
    with measured() as facts, connect_duckdb(memory_limit="200MB") as duck:
        facts["rows"] = lines
        duck.execute(
            f"COPY (FROM read_csv('{FOLDER}/clean.csv', all_varchar = true)) TO '{target}' (FORMAT parquet)"
        )


def pipeline(lines: int) -> None:
    """The extract of the newest day."""
    import airflow.sdk
    import pandas  # BigQuery's client and pyarrow import it
    import pyarrow.parquet

    from ecommerce.core.business_day import day_window
    from ecommerce.sales.read_windows import window_of_day
    from ecommerce.sources import PARTNER_FILES
    from ecommerce.storage.staging import DagRun
    from tests.memory import Remembered

    del airflow, pandas, pyarrow
    day = day_window(date(2026, 11, 19), "UTC")
    window = window_of_day(
        PARTNER_FILES,
        day,
        DagRun("daily_sales_pipeline", "benchmark"),
        Remembered(),
        day.end + timedelta(hours=6),
    )
    with measured() as facts:
        manifest = PARTNER_FILES.extract(window)
        facts["rows"] = manifest.rows
    with duckdb.connect() as duck:
        rejected = duck.execute(
            "SELECT count(DISTINCT row_number), bool_and((row_number) % 1000 = 0) FROM read_parquet(?)",
            [manifest.file("rejects.parquet")],
        ).fetchone()
    if (manifest.rows, rejected) != (lines, (lines // 1000, True)):
        sys.exit(
            f"{lines} lines with {lines // 1000} broken ones were delivered: {manifest.rows}, {rejected}"
        )


if __name__ == "__main__":
    run_program(
        {
            "limit": limit,
            "pipeline": pipeline,
            "prepare": make_files,
        },
        main,
    )
