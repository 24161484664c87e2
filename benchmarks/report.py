"""What building a day's report costs beside its queries, in a warehouse of many order lines.

    python -m benchmarks.report                          # 10 million order lines over 18 months
    python -m benchmarks.report --lines 500000           # smaller
    python -m benchmarks.report --days 1                 # all of them on the day of the report

The warehouse is an emulator of its own, filled by statements and removed at the end. Each step of the
report (figures, document, archive) runs in a process of its own, as its task does. Shown are seconds, as
multiples of those that the report's queries took, and each process's peak of memory. Imports are not timed.
"""

from __future__ import annotations

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

from benchmarks.runner import REPOSITORY, Contender, Result, measured, report, run_once

DAY = date(2026, 11, 19)
ROUNDS = 3
STEPS = ("figures", "document", "archive")
IMPORTED = {
    "figures": ("airflow.sdk.io",),
    "document": (
        *("airflow.sdk.io", "typst", "pypdfium2", "babel.numbers", "babel.dates", "matplotlib.figure"),
        *("matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg"),
    ),
    "archive": ("airflow.sdk.io",),
}
"""What a step imports; it is not timed."""
FILL = Path(__file__).with_name("report_warehouse.sql")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=548)
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fill:
        _fill(arguments.lines, arguments.days)
        return
    if arguments.step:
        _run(*arguments.step)
        return
    from demo.services import emulator
    from demo.services.ports import free_port

    folder = Path(mkdtemp(prefix="bench-report-"))
    server = emulator.start(folder / "bigquery", free_port())
    try:
        environment = _environment(server, folder)
        # In a process of its own: what this one takes would count as the memory of those that it starts.
        fill = [sys.executable, "-m", "benchmarks.report", "--fill"]
        sizes = [f"--lines={arguments.lines}", f"--days={arguments.days}"]
        subprocess.run([*fill, *sizes], env=os.environ | environment, cwd=REPOSITORY, check=True)
        rounds = [_measure_steps(environment) for _ in range(ROUNDS)]
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    parameters = {"lines": arguments.lines, "days": arguments.days}
    print("written to", report("report", _medians(rounds), parameters))


def _measure_steps(environment: dict[str, str]) -> dict[str, tuple[float, float]]:
    """Seconds and peak of memory by step; the steps hand each other the folders that they leave."""
    found, folders, queries = {}, [], 0.0
    for step in STEPS:
        command = [sys.executable, "-m", "benchmarks.report", "--step", step, *folders]
        seconds, peak, facts = run_once(Contender(step, command, environment))
        found[step] = (seconds, peak)
        folders = [*folders[:1], facts["folder"]]
        queries += facts["queries"]
    found["queries"] = (queries, 0.0)
    found["all"] = (sum(found[step][0] for step in STEPS), max(found[step][1] for step in STEPS))
    said = ", ".join(f"{name} {seconds:.2f} s {peak:.0f} MB" for name, (seconds, peak) in found.items())
    print(said, file=sys.stderr)
    return found


def _medians(rounds: list[dict[str, tuple[float, float]]]) -> list[Result]:
    results = []
    for name in ("queries", *STEPS, "all"):
        seconds = [one[name][0] for one in rounds]
        ratio = statistics.median(one[name][0] / one["queries"][0] for one in rounds)
        peak = statistics.median(one[name][1] for one in rounds)
        runs = [round(each, 3) for each in seconds]
        results.append(Result(name, statistics.median(seconds), ratio, peak, {}, runs))
    return results


def _run(step: str, *folders: str) -> None:
    """One step, in this process, and how much of it its queries took."""
    from ecommerce.core.business_day import day_window
    from ecommerce.core.staging import DagRun
    from ecommerce.sales.report import building

    spent = [0.0]
    if step == "figures":
        _time_queries(spent)
    for name in IMPORTED.get(step, ()):
        import_module(name)
    day, run = day_window(DAY, os.environ["SHOP_TIMEZONE"]), DagRun("daily_sales_pipeline", "benchmark")
    with measured() as facts:
        if step == "figures":
            facts["folder"] = building.figures(day, run)
        elif step == "document":
            facts["folder"] = building.document(*folders)
        else:
            facts["folder"] = building.archive(*folders)["uri"]
        facts["queries"] = spent[0]


def _time_queries(spent: list[float]) -> None:
    """Add the seconds of every query to `spent`. What a connection imports is not timed."""
    from ecommerce.warehouse.client import Warehouse, connect

    connect(step="benchmark")
    query = Warehouse.query

    def timed(self: Warehouse, *arguments: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        try:
            return query(self, *arguments, **options)
        finally:
            spent[0] += time.perf_counter() - begin

    Warehouse.query = timed  # type: ignore[method-assign]


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
    print(f"{found:,} order lines in {time.perf_counter() - begin:.0f} s", file=sys.stderr)


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
