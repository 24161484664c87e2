"""A business day of 10 million order lines end to end, as `make run` runs it.

    python -m benchmarks.large_day                     # 10 million lines out of 20 million
    python -m benchmarks.large_day --lines 200000      # smaller

All tasks of the daily DAG, from PostgreSQL to the archived report, run in one process, so the process's peak
memory is at least that of any task. The warehouse is an emulator, a process of its own; the other sources are
off.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.extract import benchmark_server, day_database
from benchmarks.runner import (
    ENVIRONMENT,
    REPOSITORY,
    Result,
    option_parser,
    report,
)
from demo.services import emulator
from demo.services.ports import free_port
from ecommerce.sources import SALES_DB, SOURCES

DAY = "2026-11-19"
PROGRAM = """
from ecommerce.warehouse import client
client.REQUEST_SECONDS = 3600  # the emulator answers a load or a query when it is done, not when it has begun
import sys
from ecommerce.cli.day_process import run_day
sys.exit(not run_day(sys.argv[1], sys.stdout))
"""


def main() -> None:
    parser = option_parser(__doc__)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument(
        "--days",
        type=int,
        default=2,
        help="days of history, each like the day read",
    )
    arguments = parser.parse_args()
    folder = Path(mkdtemp(prefix="bench-large-day-"))
    with benchmark_server() as server:
        warehouse = emulator.start(folder / "bigquery", free_port())
        try:
            database = day_database(server, arguments.lines, arguments.days)
            policy = dict.fromkeys(set(SOURCES) - {SALES_DB.name}, "off")
            environment = {
                **ENVIRONMENT,
                "AIRFLOW_CONN_SALES_DB": server.dsn(database),
                "AIRFLOW_CONN_BIGQUERY": json.dumps(emulator.CONNECTION),
                "AIRFLOW_HOME": str(folder / "airflow"),
                "AIRFLOW_VAR_SOURCE_POLICY": json.dumps(policy),
                "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
                "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
                "BIGQUERY_EMULATOR_HOST": warehouse.host,
                "REPORTS_URI": f"file://{folder}/reports",
                "REPORTING_CURRENCY": "USD",
                "SHOP_TIMEZONE": "UTC",
                "STAGING_URI": f"file://{folder}/staging",
            }
            result = _run(environment, arguments.lines, folder / "metadata")
        finally:
            warehouse.stop()
            shutil.rmtree(folder, ignore_errors=True)
    print("written to", report("large_day", [result], {"lines": arguments.lines}))


def _run(environment: dict[str, str], lines: int, metadata: Path) -> Result:
    """Run the day; the output goes to the terminal."""
    metadata.mkdir()
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        DAY,
    ]
    database = f"sqlite:///{metadata}/airflow.db"
    environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = database
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | environment, cwd=REPOSITORY)
    _, status, usage = os.wait4(
        process.pid, 0
    )  # the only call that returns the peak memory of one child
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("the run failed")
    unit = 1024**2 if sys.platform == "darwin" else 1024
    seconds = time.perf_counter() - begin
    return Result(
        "make run",
        seconds,
        0,
        usage.ru_maxrss / unit,
        {"rows": lines},
        [seconds],
    )


if __name__ == "__main__":
    main()
