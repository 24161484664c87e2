"""How fast an export becomes loadable files: every stage of `sales_history_load` before the warehouse.

    python -m benchmarks.history                                    # 5 million lines in 20 files, two years
    python -m benchmarks.history --lines 200000 --files 4 --months 3  # smaller

Each task is a process of its own, and tasks of a stage run two at a time, as the DAG has them. The table has
the largest peak of memory of any task of the stage. End to end is the sum of the stages.
"""

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.runner import (
    RESULTS,
    Contender,
    Result,
    Run,
    module_command,
    read_options,
    report,
    run_once,
)

FOLDER = RESULTS / "history"
EXPORT = FOLDER / "export"
AT_A_TIME = 2
STAGES = ("read", "control totals", "transform")
"""Those that are timed."""


def main() -> None:
    arguments = read_options(
        __doc__,
        lines=5_000_000,
        files=20,
        months=24,
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    # In a process of its own: a child's peak memory begins with its parent's.
    sizes = json.dumps([*vars(arguments).values()])
    run_once(_task("make export", sizes))
    runs = _run_stages()
    results = []
    for name in STAGES:
        results.append(_result(name, runs[name], arguments.lines))
    total = Result(
        "end to end",
        seconds=sum(result.seconds for result in results),
        peak_mb=max(result.peak_mb for result in results),
        rows=arguments.lines,
    )
    report("History", [*results, total], vars(arguments))


def make_export(lines: int, files: int, months: int) -> None:
    """Write gzip files with `lines` lines in all, of orders over `months` months, three lines each."""
    EXPORT.mkdir(parents=True)
    rows = Path(__file__).with_name("history_rows.sql").read_text()
    lines_of_file = lines // files
    with duckdb.connect() as duck:
        for number in range(files):
            first = number * lines_of_file
            parameters = {
                "first": first,
                "last": first + lines_of_file,
                "months": months,
            }
            duck.execute(f"CREATE OR REPLACE TABLE rows AS {rows}", parameters)
            path = EXPORT / f"orders_{number:03d}.csv.gz"
            duck.execute(f"COPY rows TO '{path}' (FORMAT csv, HEADER)")


def _run_stages() -> dict[str, list[Run]]:
    """Run every task up to the months' loadable files."""
    runs = {}
    [files] = _results(_run_stage("list files", [None]))
    runs["read"] = _run_stage("read", files)
    runs["control totals"] = _run_stage("control totals", [_results(runs["read"])])
    [months] = _results(_run_stage("months", _results(runs["control totals"])))
    runs["transform"] = _run_stage("transform", months)
    return runs


def _run_stage(name: str, inputs: Sequence[Any]) -> list[Run]:
    """Run the stage once per input, each in a process of its own."""
    tasks = []
    for number, task_input in enumerate(inputs):
        place = FOLDER / f"{name}_{number}.json".replace(" ", "_")
        place.write_text(json.dumps(task_input))
        tasks.append(_task(name, place))
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(run_once, tasks))


def _task(name: str, task_input: object) -> Contender:
    environment = {
        "AIRFLOW_HOME": str(FOLDER / "airflow"),
        "REPORTING_CURRENCY": "USD",
        "STAGING_URI": (FOLDER / "staging").as_uri(),
    }
    command = module_command("benchmarks.history_stages", name, task_input)
    return Contender(name, command, environment)


def _results(runs: Sequence[Run]) -> list[Any]:
    return [json.loads(Path(run.facts["result"]).read_text()) for run in runs]


def _result(name: str, runs: Sequence[Run], lines: int) -> Result:
    """Return a stage's result, as if its tasks shared the cores evenly."""
    seconds = sum(run.seconds for run in runs) / min(AT_A_TIME, len(runs))
    peak = max(run.peak_mb for run in runs)
    return Result(
        name,
        seconds,
        peak_mb=peak,
        rows=lines,
    )


if __name__ == "__main__":
    main()
