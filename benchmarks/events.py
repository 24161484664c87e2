"""How fast a day of web events is read, and transformed: each step in a process of its own.

    python -m benchmarks.events                         # a day of 20 million events
    python -m benchmarks.events --events 2000000        # smaller
    python -m benchmarks.events --slice-minutes 15      # other slices than the pipeline's

The limit reads the same answers and keeps nothing. Shown are seconds and the peak of memory of each process;
events per second are in the facts. The server is a process of its own on the same cores. The folder with what
the steps leave is removed at the end.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.runner import REPOSITORY, RESULTS, Contender, Result, report, run_once

STEPS = ("limit", "extract", "transform")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--slice-minutes", type=int, default=60)
    parser.add_argument("--only", nargs="*", choices=STEPS, default=STEPS)
    arguments = parser.parse_args()
    folder = Path(mkdtemp(prefix="bench-events-"))
    command = [sys.executable, "-m", "benchmarks.events_server", str(arguments.events)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as collector:
        try:
            assert collector.stdout is not None
            environment = _environment(folder, int(collector.stdout.readline()))
            results = [_measure(step, arguments, environment) for step in arguments.only]
        finally:
            collector.kill()
            shutil.rmtree(folder, ignore_errors=True)
    print("written to", report("events", results, {"events": arguments.events}))


def _measure(step: str, arguments: argparse.Namespace, environment: dict[str, str]) -> Result:
    command = [sys.executable, "-m", "benchmarks.events_stages", step, str(arguments.slice_minutes)]
    seconds, peak, facts = run_once(Contender(step, command, environment))
    facts["events_per_second"] = round(facts["events"] / seconds)
    print(f"{step:<10} {seconds:7.1f} s {peak:5.0f} MB {facts}", file=sys.stderr)
    return Result(step, seconds, 1.0, peak, facts, [round(seconds, 3)])


def _environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(RESULTS / "airflow"),
        "PYTHONPATH": "plugins:.",
        "AIRFLOW_CONN_WEB_EVENTS_API": json.dumps({"conn_type": "http", "host": f"http://127.0.0.1:{port}"}),
        "CUSTOMER_HASH_KEY": "only for measuring",
        "SHOP_TIMEZONE": "America/New_York",
        "STAGING_URI": f"file://{folder}",
    }


if __name__ == "__main__":
    main()
