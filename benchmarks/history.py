"""How fast an export becomes tables: every stage of `sales_history_load`, each task a process of its own.

    python -m benchmarks.history                                    # 5 million lines in 20 files, two years
    python -m benchmarks.history --lines 200000 --files 4 --months 3  # smaller

    python -m benchmarks.history --load                             # also into a BigQuery emulator

Tasks of a stage run two at a time, loads one after the other, as the DAG has them. Shown are lines per second
and the largest peak of memory of any task of the stage; of the loads also how much of the time the process
itself used, because the rest is the emulator's. End to end is the sum of the stages without the warehouse.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.runner import (
    RESULTS,
    Contender,
    Result,
    module_command,
    option_parser,
    report,
    run_once,
)
from demo.services import emulator
from demo.services.emulator import PROJECT
from demo.services.ports import free_port

FOLDER = RESULTS / "history"
ROWS = Path(__file__).with_name("history_rows.sql")
DATASET = "history"


@dataclass
class Stage:
    """What the tasks of one stage took: seconds, peak megabytes, and the seconds of processor time."""

    name: str
    tasks: int
    at_a_time: int
    runs: list[tuple[float, float, dict[str, Any]]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Of the stage, were its tasks to share the cores evenly."""
        return sum(each[0] for each in self.runs) / min(self.at_a_time, self.tasks)

    def result(self, lines: int) -> Result:
        """As the runner reports it."""
        processor = sum(each[2]["processor"] for each in self.runs) / sum(
            each[0] for each in self.runs
        )
        facts = {"rows": lines, "own_processor_share": round(processor, 3)}
        peak = max(each[1] for each in self.runs)
        return Result(
            self.name,
            self.seconds,
            0,
            peak,
            facts,
            [round(each[0], 3) for each in self.runs],
        )


def main() -> None:
    parser = option_parser(__doc__)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--load", action="store_true")
    arguments = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    # In a process of its own: a child's peak memory begins with its parent's.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        export = pool.submit(
            make_export,
            FOLDER / "export",
            arguments.lines,
            arguments.files,
            arguments.months,
        )
        export.result()
    parts, transformed = _transform()
    results = [stage.result(arguments.lines) for stage in parts]
    peak = max(result.peak_mb for result in results)
    seconds = sum(result.seconds for result in results)
    results.append(
        Result(
            "end to end",
            seconds,
            0,
            peak,
            {"rows": arguments.lines},
            [],
        )
    )
    if arguments.load:
        results += [
            stage.result(arguments.lines)
            for stage in _load(transformed, arguments.lines)
        ]
    print("written to", report("history", results, vars(arguments)))


def make_export(
    folder: Path,
    lines: int,
    files: int,
    months: int,
) -> None:
    """`files` gzip files with `lines` lines in all, of orders over `months` months, three lines each."""
    folder.mkdir(parents=True)
    rows = ROWS.read_text()
    each = lines // files
    with duckdb.connect() as duck:
        for number in range(files):
            parameters = {
                "first": number * each,
                "last": (number + 1) * each,
                "months": months,
            }
            path = folder / f"orders_{number:03d}.csv"
            duck.execute(f"CREATE OR REPLACE TABLE rows AS {rows}", parameters)
            duck.execute(f"COPY rows TO '{path}' (FORMAT csv, HEADER)")
            with (
                path.open("rb") as plain,
                gzip.open(f"{path}.gz", "wb", compresslevel=1) as packed,
            ):
                shutil.copyfileobj(plain, packed, 1 << 20)
            path.unlink()


def _transform() -> tuple[list[Stage], list[Any]]:
    """The stages up to the months' loadable files, and the months with them."""
    files = _result(_tasks("list files", [None], 1))[0]
    reading = _tasks("read", files, 2)
    summing = _tasks("control totals", [_result(reading)], 1)
    (months,) = _result(_tasks("months", _result(summing), 1))
    transforming = _tasks("transform", months, 2)
    return [reading, summing, transforming], list(
        zip(months, _result(transforming), strict=True)
    )


def _load(transformed: list[Any], lines: int) -> list[Stage]:
    server = emulator.start(FOLDER / "bigquery", free_port())
    try:
        loading = _tasks(
            "load",
            transformed,
            1,
            server.host,
        )
        checking = _tasks(
            "checks",
            _result(loading),
            1,
            server.host,
        )
    finally:
        server.stop()
    loaded = sum(result["rows"]["order_lines"] for result in _result(loading))
    if loaded != lines:
        sys.exit(f"{lines} lines were exported, {loaded} loaded")
    return [loading, checking]


def _tasks(
    name: str,
    inputs: Iterable[Any],
    at_a_time: int,
    host: str = "",
) -> Stage:
    """Run the stage once per input, each in a process of its own."""
    waiting = list(inputs)
    stage = Stage(name, len(waiting), at_a_time)

    def one(number: int) -> tuple[float, float, dict[str, Any]]:
        place = FOLDER / f"{name}_{number}.json".replace(" ", "_")
        place.write_text(json.dumps(waiting[number]))
        command = module_command("benchmarks.history_stages", name, place)
        done = run_once(Contender(f"{name} {number}", command, _environment(host)))
        print(
            f"{name} {number + 1}/{len(waiting)}: {done[0]:.1f} s {done[1]:.0f} MB",
            file=sys.stderr,
        )
        return done

    with ThreadPoolExecutor(at_a_time) as pool:
        stage.runs = list(pool.map(one, range(len(waiting))))
    return stage


def _result(stage: Stage) -> Sequence[Any]:
    return [json.loads(Path(each[2]["result"]).read_text()) for each in stage.runs]


def _environment(host: str) -> dict[str, str]:
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": PROJECT},
    }
    return {
        "AIRFLOW_HOME": str(FOLDER / "airflow"),
        "BIGQUERY_EMULATOR_HOST": host,
        "BIGQUERY_DATASET": DATASET,
        "AIRFLOW_CONN_BIGQUERY": json.dumps(connection),
        "REPORTING_CURRENCY": "USD",
        "STAGING_URI": (FOLDER / "staging").as_uri(),
    }


if __name__ == "__main__":
    main()
