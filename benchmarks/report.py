"""Benchmark a day's report without its queries, in a warehouse with many order lines.

    python -m benchmarks.report                          # 10 million order lines over 18 months
    python -m benchmarks.report --lines 500000           # smaller
    python -m benchmarks.report --days 1                 # all of them on the day of the report

The warehouse is an emulator of its own, filled by statements and removed at the end. The report is built in
a process of its own, as its task does. Shown are the seconds of its queries, of its document (charts, PDF,
archive) and of all, as multiples of those of the queries, and the process's peak of memory. Imports are not
timed.
"""

import argparse
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
    REPOSITORY,
    Contender,
    Result,
    measured,
    module_command,
    option_parser,
    report,
    run_once,
)

DAY = date(2026, 11, 19)
ROUNDS = 3
PARTS = ("queries", "document", "all")
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
    parser = option_parser(__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=548)
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        _fill(arguments.lines, arguments.days)
        return
    if arguments.build:
        _build()
        return
    from demo.services import emulator
    from demo.services.ports import free_port

    folder = Path(mkdtemp(prefix="bench-report-"))
    server = emulator.start(folder / "bigquery", free_port())
    try:
        environment = _environment(server, folder)
        # In a process of its own: what this one takes would count as the memory of those that it starts.
        command = module_command(
            "benchmarks.report",
            "--fill",
            f"--lines={arguments.lines}",
            f"--days={arguments.days}",
        )
        subprocess.run(
            command,
            env=os.environ | environment,
            cwd=REPOSITORY,
            check=True,
        )
        rounds = [_measure_report(environment) for _ in range(ROUNDS)]
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    parameters = {"lines": arguments.lines, "days": arguments.days}
    print("written to", report("report", _medians(rounds), parameters))


def _measure_report(environment: dict[str, str]) -> tuple[dict[str, float], float]:
    """Seconds by part, and the peak of memory."""
    command = module_command("benchmarks.report", "--build")
    seconds, peak, facts = run_once(Contender("report", command, environment))
    found = {"queries": facts["queries"], "document": facts["document"], "all": seconds}
    times = ", ".join(f"{name} {each:.2f} s" for name, each in found.items())
    print(f"{times}, {peak:.0f} MB", file=sys.stderr)
    return found, peak


def _medians(rounds: list[tuple[dict[str, float], float]]) -> list[Result]:
    peak = statistics.median(peak for _, peak in rounds)
    results = []
    for name in PARTS:
        seconds = [found[name] for found, _ in rounds]
        ratio = statistics.median(found[name] / found["queries"] for found, _ in rounds)
        runs = [round(each, 3) for each in seconds]
        results.append(
            Result(
                name,
                statistics.median(seconds),
                ratio,
                peak,
                {},
                runs,
            )
        )
    return results


def _build() -> None:
    """Build the report in this process, and say how much of it its queries and its document took."""
    from ecommerce.core.business_day import day_window
    from ecommerce.sales.report import build
    from ecommerce.storage.staging import DagRun
    from ecommerce.warehouse.client import Warehouse, connect

    connect(step="benchmark")  # what a connection imports is not timed
    for name in IMPORTED:
        import_module(name)
    queries, document = _timed(Warehouse, "query"), _timed(build, "archive_report")
    day, run = (
        day_window(DAY, os.environ["SHOP_TIMEZONE"]),
        DagRun("daily_sales_pipeline", "benchmark"),
    )
    with measured() as facts:
        build.build_report(day, run)
        facts |= {"queries": sum(queries), "document": sum(document)}


def _timed(owner: Any, name: str) -> list[float]:
    """The seconds of each call of `owner.name` from now on."""
    function, spent = getattr(owner, name), []

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
    begin = time.perf_counter()
    for statement in FILL.read_text().format_map(places).split(";\n"):
        if statement.strip():
            warehouse.client.query(statement).result()
    counted = f"SELECT COUNT(*) AS n FROM {places['dataset']}.order_lines WHERE business_date >= '2000-01-01'"
    found = next(iter(warehouse.client.query(counted).result())).n
    print(
        f"{found:,} order lines in {time.perf_counter() - begin:.0f} s", file=sys.stderr
    )


def _environment(server: Any, folder: Path) -> dict[str, str]:
    return {
        "AIRFLOW_CONN_BIGQUERY": '{"conn_type": "google_cloud_platform", '
        '"extra": {"is_anonymous": true, "project": "demo-shop"}}',
        "BIGQUERY_EMULATOR_HOST": server.host,
        "BIGQUERY_DATASET": "benchmark",
        "CUSTOMER_HASH_KEY": "only for measuring",
        "PYTHONPATH": f"{REPOSITORY}/plugins:{REPOSITORY}",
        "SHOP_TIMEZONE": "America/New_York",
        "STAGING_URI": f"file://{folder}/staging",
        "REPORTS_URI": f"file://{folder}/reports",
    }


if __name__ == "__main__":
    main()
