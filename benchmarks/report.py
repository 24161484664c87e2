"""Benchmark a day's report without its queries, in a warehouse with many order lines.

    python -m benchmarks.report                          # 10 million order lines over 18 months
    python -m benchmarks.report --lines 500000           # smaller
    python -m benchmarks.report --days 1                 # all of them on the day of the report

The warehouse is an emulator of its own, filled by statements and removed at the end. The report is built in
a process of its own, as its task does. Shown are the seconds of its queries, of its document (charts, PDF,
archive) and of all, as multiples of those of the queries, and the process's peak of memory. Imports are not
timed.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.runner import (
    ENVIRONMENT,
    REPOSITORY,
    Contender,
    Result,
    Run,
    measured,
    module_command,
    read_options,
    report,
    run_once,
)

DAY = date(2026, 11, 19)
ROUNDS = 3
IMPORTED = (
    "airflow.sdk.io",
    "typst",
    "pypdfium2",
    "babel.numbers",
    "babel.dates",
)
"""What a report imports; it is not timed."""
FILL = Path(__file__).with_name("report_warehouse.sql")


def main() -> None:
    if sys.argv[1:] == ["build"]:
        _build()
    elif "fill" in sys.argv:
        _fill(*map(int, sys.argv[2:]))
    else:
        sizes = vars(read_options(__doc__, lines=10_000_000, days=548))
        report("Report", _measure(sizes), sizes)


def _measure(sizes: dict[str, int]) -> list[Result]:
    """Fill a warehouse, and build the report several times."""
    from demo.services import emulator
    from demo.services.ports import free_port

    folder = Path(mkdtemp(prefix="bench-report-"))
    server = emulator.start(folder / "bigquery", free_port())
    try:
        environment = _environment(server, folder)
        # In a process of its own: what this one takes would count as the memory of those that it starts.
        subprocess.run(
            module_command(
                "benchmarks.report",
                "fill",
                *sizes.values(),
            ),
            env=os.environ | environment,
            cwd=REPOSITORY,
            check=True,
        )
        building = module_command("benchmarks.report", "build")
        contender = Contender("report", building, environment)
        runs = [run_once(contender) for _ in range(ROUNDS)]
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    peak = statistics.median(run.peak_mb for run in runs)
    results = []
    for name in ("queries", "document", "all"):
        seconds = statistics.median(_seconds(run, name) for run in runs)
        ratio = statistics.median(
            _seconds(run, name) / _seconds(run, "queries") for run in runs
        )
        results.append(
            Result(
                name,
                seconds,
                ratio,
                peak,
            )
        )
    return results


def _seconds(run: Run, part: str) -> float:
    if part == "all":
        return run.seconds
    return float(run.facts[part])


def _build() -> None:
    """Build the report in this process, and time its queries and its document."""
    from ecommerce.core.business_day import day_window
    from ecommerce.sales.report import build
    from ecommerce.storage.staging import DagRun
    from ecommerce.warehouse.client import Warehouse, connect

    connect(step="benchmark")  # what a connection imports is not timed
    for name in IMPORTED:
        import_module(name)
    queries = _timed(Warehouse, "query")
    document = _timed(build, "archive_report")
    day = day_window(DAY, os.environ["SHOP_TIMEZONE"])
    with measured() as facts:
        build.build_report(day, DagRun("daily_sales_pipeline", "benchmark"))
        facts |= {"queries": sum(queries), "document": sum(document)}


def _timed(owner: Any, name: str) -> list[float]:
    """Return the list that gets the seconds of each later call of `owner.name`."""
    function = getattr(owner, name)
    spent: list[float] = []

    def timed(*arguments: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            spent.append(time.perf_counter() - begin)

    setattr(owner, name, timed)
    return spent


def _fill(lines: int, days: int) -> None:
    """Make the tables, and sales of `days` days up to the report's."""
    from ecommerce.warehouse.client import connect
    from ecommerce.warehouse.schema import prepare

    warehouse = connect(step="benchmark")
    prepare(warehouse)
    places = {
        "dataset": warehouse.settings.bigquery_dataset,
        "lines": lines,
        "days": days,
        "first": DAY - timedelta(days=days - 1),
    }
    for statement in FILL.read_text().format_map(places).split(";\n"):
        if statement.strip():
            warehouse.client.query(statement).result()


def _environment(server: Any, folder: Path) -> dict[str, str]:
    return ENVIRONMENT | {
        "AIRFLOW_CONN_BIGQUERY": '{"conn_type": "google_cloud_platform", '
        '"extra": {"is_anonymous": true, "project": "demo-shop"}}',
        "BIGQUERY_EMULATOR_HOST": server.host,
        "BIGQUERY_DATASET": "benchmark",
        "STAGING_URI": f"file://{folder}/staging",
        "REPORTS_URI": f"file://{folder}/reports",
    }


if __name__ == "__main__":
    main()
