"""How fast a partner's CSV file is read: the pipeline's extract against a plain read of the same file.

    python -m benchmarks.partner_csv                    # 2 million lines
    python -m benchmarks.partner_csv --lines 200000     # smaller

The limit is DuckDB: it reads a file without broken lines and writes it as Parquet, as the pipeline does. The
pipeline reads the same file (`clean`), and with one line in a thousand broken, in six ways (`pipeline`). It
also splits records, keeps broken lines with their numbers, hashes the file, lists the orders and sums up.
"""

import os
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
CLEAN = FOLDER / "clean/acme_2026-11-19.csv"
BROKEN = FOLDER / "broken/acme_2026-11-19.csv"
BROKEN_LINES = (
    b'"H-1",1,too,few\n',
    b"H-2,1,too many,,,,,,,,,,,,,,,,\n",
    b'H-3,1,"a quote that is not closed,,,,,,,,,,,,\n',
    b'H-4,1,"text"after a quote,,,,,,,,,,,,\n',
    b"H-5,\xff,,,,,,,,,,,,,\n",
    b"H-6,1,\r,,,,,,,,,,,,\n",
)
"""Fifteen fields are right; the fifth is not UTF-8."""


def main() -> None:
    arguments = read_options(__doc__, lines=2_000_000, rounds=5)
    module = "benchmarks.partner_csv"
    prepare(module, arguments.lines)
    results = compare_programs(
        module,
        arguments.lines,
        arguments.rounds,
        {"STAGING_URI": (FOLDER / "staging").as_uri()},
        ("limit", "clean", "pipeline"),
    )
    report(
        "Partner file",
        results,
        {"lines": arguments.lines},
    )


def make_files(lines: int) -> None:
    """The clean file, and the delivered one, in which every thousandth line is broken."""
    rmtree(FOLDER, ignore_errors=True)
    for file in (CLEAN, BROKEN):
        file.parent.mkdir(parents=True)
    rows = Path(__file__).with_name("history_rows.sql").read_text()
    with duckdb.connect() as duck:
        parameters = {
            "first": 0,
            "last": lines,
            "months": 1,
        }
        duck.execute(f"CREATE TABLE rows AS {rows}", parameters)
        duck.execute(f"COPY rows TO '{CLEAN}' (FORMAT csv, HEADER)")
    with CLEAN.open("rb") as source, BROKEN.open("wb") as target:
        for number, line in enumerate(source):
            broken = BROKEN_LINES[number // 1000 % 6]
            target.write(broken if number % 1000 == 999 else line)


def limit(lines: int) -> None:
    from ecommerce.storage.duckdb import connect_duckdb

    with measured() as facts, connect_duckdb(memory_limit="200MB") as duck:
        facts["rows"] = lines
        duck.execute(
            f"COPY (FROM read_csv('{CLEAN}', all_varchar = true)) "
            f"TO '{FOLDER}/clean.parquet' (FORMAT parquet)"
        )


def clean(lines: int) -> None:
    extract(CLEAN, lines, 0)


def pipeline(lines: int) -> None:
    extract(BROKEN, lines, lines // 1000)


def extract(file: Path, lines: int, broken: int) -> None:
    """The extract of the newest day, which has one file."""
    import airflow.sdk
    import pandas  # BigQuery's client and pyarrow import it
    import pyarrow.parquet

    from ecommerce.core.business_day import day_window
    from ecommerce.sales.read_windows import window_of_day
    from ecommerce.sources import PARTNER_FILES
    from ecommerce.storage.staging import DagRun
    from tests.memory import Remembered

    del airflow, pandas, pyarrow
    os.environ["PARTNER_DROP_URI"] = file.parent.as_uri()
    day = day_window(date(2026, 11, 19), "UTC")
    window = window_of_day(
        PARTNER_FILES.source(),
        day,
        DagRun("daily_sales_pipeline", "benchmark"),
        Remembered(),
        day.end + timedelta(hours=6),
    )
    with measured() as facts:
        manifest = PARTNER_FILES.source().extract(window)
        facts["rows"] = manifest.rows
    rejects = manifest.file("rejects.parquet")
    with duckdb.connect() as duck:
        rejected = duck.execute(
            "SELECT count(DISTINCT row_number), count(*) FILTER (row_number % 1000 <> 0) "
            f"FROM '{rejects}'"
        ).fetchone()
    if (manifest.rows, rejected) != (lines, (broken, 0)):
        sys.exit(f"rejected lines, others: {rejected}")


if __name__ == "__main__":
    run_program(
        {
            "limit": limit,
            "clean": clean,
            "pipeline": pipeline,
            "prepare": make_files,
        },
        main,
    )
