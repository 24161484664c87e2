"""A backfill of the daily pipeline on Airflow's CeleryExecutor, with 1, 2 and 4 workers.

    make bench ARGS="workers"                  # 30 days with each
    make bench ARGS="workers --days 8"         # fewer days

Workers share no folder: each has its own home, temporary folder and working directory. Staging, reports and
partner files are in Google Cloud Storage (a local server).
Celery's queue is in PostgreSQL, next to Airflow's metadata, because no package on PyPI has Redis for every
version of Python. All of this runs on this machine, so the sources are as slow as real ones: each response of
the storefront and each job of BigQuery takes a second.

Before each backfill, a day that is not measured makes the tables. A backfill's seconds are those from the
start of its first day to the end of its last, as Airflow records them. Afterwards the tables must be equal.
"""

import argparse
import importlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.runner import BENCHMARK_PYTHON, REPOSITORY, Result, publish, report
from demo import processes
from demo.airflow_services import PASSWORD, USER, AirflowServices
from demo.company import Company
from demo.dag_runner import DagRunner
from demo.executor import PRELOADED
from demo.layout import Folders, Ports
from demo.scenario import Scenario
from demo.services import emulator
from demo.services.ports import free_port, wait_for
from demo.services.storefront import Storefront
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import Backfill
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.text import counted
from tests.integration.live_airflow import timezone_at_work
from tests.integration.warehouse_contents import connect, read_warehouse

WORKERS = (1, 2, 4)
TASKS_AT_A_TIME, DAYS_AT_A_TIME = 2, 8
"""Of a worker, and of a backfill: the `max_active_runs` of the DAG."""
ORDERS = 200
BUCKET, METADATA = "shop", "airflow"


class SlowCompany(Company):
    """The demo's company with latency, an object store, and a database for Airflow's metadata."""

    def __init__(self, folders: Folders, days: int) -> None:
        super().__init__(
            Ports(**{field.name: free_port() for field in fields(Ports)}), folders
        )
        timezone = timezone_at_work()
        # One partner's file of the day before yesterday is held back, so that day is left out.
        self.last = datetime.now(ZoneInfo(timezone)).date() - timedelta(days=3)
        self.first = self.last - timedelta(days=days - 1)
        self.day_before = self.first - timedelta(days=1)
        scenario = Scenario(self.day_before, orders_per_day=ORDERS, timezone=timezone)
        scenario.save(folders.home / "scenario.json")
        self.store_port = free_port()
        self.store_url = f"http://127.0.0.1:{self.store_port}"
        self.metadata = self._postgres.dsn(METADATA).removeprefix("postgresql://")
        self.warehouse = connect(emulator.Emulator(None, self.ports.bigquery))

    def start(self, now: datetime | None = None) -> None:
        """Start all systems, and copy the partners' files to the object store."""
        from gcsfs import GCSFileSystem

        super().start(now)
        self._postgres.psql(f"CREATE DATABASE {METADATA}")
        command = [
            str(BENCHMARK_PYTHON),
            "benchmarks/object_store.py",
            str(self.store_port),
        ]
        command.append(str(self.folders.home))
        log = self.folders.logs / "object_store.log"
        process = processes.start(
            self.folders.processes,
            "object_store",
            command,
            log,
            dict(os.environ),
        )
        wait_for(self.store_port, process=process)
        store = GCSFileSystem(
            project=emulator.PROJECT, token="anon", endpoint_url=self.store_url
        )
        store.mkdir(BUCKET)
        store.put(f"{self.folders.partner_drop}/*", f"{BUCKET}/partner_drop/")

    def stop(self) -> list[str]:
        """Stop everything."""
        processes.stop(self.folders.processes, "object_store")
        return super().stop()

    def _start(self, name: str) -> None:
        folders = self.folders
        if name == "storefront":
            # In this process, which runs as long as the benchmark.
            shop = Storefront(
                data=folders.storefront,
                port=self.ports.storefront,
                timezone=self.scenario.timezone,
                latency=1,
            )
            shop.__enter__()
        elif name == "bigquery":
            os.environ["BQEMU_GCS_LOCAL_ROOT"] = str(folders.home / ".cloudstorage")
            started = emulator.start(
                folders.home / "bigquery",
                self.ports.bigquery,
                program=REPOSITORY / "benchmarks" / "slow_bigquery.py",
            )
            processes.record(folders.processes, name, started.process.pid)
        else:
            super()._start(name)


class CeleryAirflow(AirflowServices):
    """The demo's Airflow, whose tasks run in Celery workers."""

    def __init__(self, company: SlowCompany) -> None:
        super().__init__(company.ports, company.folders, company.scenario.timezone)
        self._company = company

    def environment(self) -> dict[str, str]:
        """Return the demo's environment with Celery and the object store."""
        environment, database = super().environment(), self._company.metadata
        connection = json.loads(environment["AIRFLOW_CONN_BIGQUERY"])
        connection["extra"]["gcs.endpoint"] = self._company.store_url
        return environment | {
            "AIRFLOW_CONN_BIGQUERY": json.dumps(connection),
            "PARTNER_DROP_URI": f"gs://{BUCKET}/partner_drop",
            "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY}/plugins",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__PARALLELISM": "32",
            "AIRFLOW__CELERY__BROKER_URL": f"sqla+postgresql+psycopg2://{database}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(TASKS_AT_A_TIME),
        }

    def _start_database(self) -> str:
        return f"postgresql+psycopg2://{self._company.metadata}"

    @contextmanager
    def workers(self, number: int) -> Iterator[str]:
        """Run workers that have a dataset and a folder of the bucket for themselves; give the dataset."""
        dataset = f"workers_{number}"
        environment = self.environment() | {"BIGQUERY_DATASET": dataset}
        for kind in ("staging", "reports", "models", "pictures"):
            environment[f"{kind.upper()}_URI"] = f"gs://{BUCKET}/{dataset}/{kind}"
        homes = [
            self.folders.home / f"worker-{each}-of-{number}"
            for each in range(1, number + 1)
        ]
        try:
            for home in homes:
                (home / "tmp").mkdir(parents=True)
                own = {
                    "AIRFLOW_HOME": str(home),
                    "TMPDIR": str(home / "tmp"),
                    "AIRFLOW__CORE__HOSTNAME_CALLABLE": "benchmarks.workers.worker_name",
                }
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.workers",
                    "--worker",
                ]
                self._begin(home.name, command, environment | own)
            yield dataset
        finally:
            for home in homes:
                processes.stop(self.folders.processes, home.name)


def worker() -> None:
    """Run a Celery worker that has imported the libraries of tasks, as the demo's executor."""
    from airflow.__main__ import main as airflow
    from kombu.transport.sqlalchemy import Transport

    for name in (
        *PRELOADED,
        "airflow.providers.google.cloud.fs.gcs",
        "ecommerce.sales.tasks",
    ):
        importlib.import_module(name)
    Transport.polling_interval = (
        0.1  # seconds between two looks at an empty queue, by default 1
    )
    os.chdir(os.environ["AIRFLOW_HOME"])
    sys.argv[1:] = [
        "celery",
        "worker",
        "--skip-serve-logs",
        "--without-mingle",
        "--without-gossip",
    ]
    airflow()


def worker_name() -> str:
    """Return the name of this worker, for Airflow's records of task instances."""
    return Path(os.environ["AIRFLOW_HOME"]).name


@dataclass(frozen=True)
class Run:
    """A measured backfill: seconds, days whose tasks ran on more than one worker, rows and
    checksum of each table."""

    name: str
    seconds: float
    spread: int
    tables: Mapping[str, tuple[int, str]]


def run_backfill(
    company: SlowCompany,
    airflow: CeleryAirflow,
    api: AirflowApi,
    number: int,
) -> Run:
    """Run all days on `number` workers.

    Raises:
        DemoFailed, RuntimeError: a day failed.
    """
    with airflow.workers(number) as dataset:
        dags = DagRunner(api, company.folders.home)
        dags.wait([dags.run_day(DAG_DAILY, company.day_before)])
        backfill = Backfill(api, company.first, company.last, again=True)
        day_of_run = backfill.start(jobs=DAYS_AT_A_TIME)
        assert day_of_run
        states = backfill.wait(day_of_run)
    if "failed" in states.values():
        raise RuntimeError(f"failed: {states}; see the logs in {company.folders.home}")
    begins = []
    ends = []
    spread = 0
    for run_id in day_of_run:
        run = api.get(f"dags/{DAG_DAILY}/dagRuns/{run_id}")
        begins.append(datetime.fromisoformat(run["start_date"]))
        ends.append(datetime.fromisoformat(run["end_date"]))
        hosts = {task["hostname"] for task in api.instances(run_id)}
        if len(hosts - {""}) > 1:
            spread += 1
    tables = {}
    for name, rows in read_warehouse(company.warehouse, dataset).items():
        tables[name] = checksum(rows)
    return Run(
        name=counted(number, "worker"),
        seconds=(max(ends) - min(begins)).total_seconds(),
        spread=spread,
        tables=tables,
    )


def checksum(rows: list[dict[str, Any]]) -> tuple[int, str]:
    """Return the number of rows, and a checksum that does not depend on their order."""
    total = 0
    for row in rows:
        digest = sha256(repr(sorted(row.items())).encode()).digest()
        total += int.from_bytes(digest[:8])
    return len(rows), f"{total % 2**64:016x}"


def tables(runs: list[Run], days: int) -> str:
    """Return the results as Markdown."""
    lines = [
        f"**{days} days with {ORDERS} orders each** ({os.cpu_count()} cores, {datetime.now(UTC).date()}):\n",
        "| | seconds | days per hour | × 1 worker | days on several workers |",
        "|---|---:|---:|---:|---:|",
    ]
    for run in runs:
        days_per_hour = 3600 * days / run.seconds
        speedup = runs[0].seconds / run.seconds
        lines.append(
            f"| {run.name} | {run.seconds:.0f} | {days_per_hour:.0f} | {speedup:.2f} "
            f"| {run.spread} |"
        )
    lines += [
        "\nThe tables after each of them:\n",
        "| table | rows | checksum |",
        "|---|---:|---|",
    ]
    for name, (rows, total) in runs[0].tables.items():
        lines.append(f"| `{name}` | {rows:,} | `{total}` |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder with all logs"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        worker()
        return
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # so that everything is stopped
    # Otherwise gcsfs tries for a minute to learn a bucket's type by gRPC, which the local server lacks.
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
    folder = Path(mkdtemp(prefix="bench-workers-"))
    company = SlowCompany(Folders(folder), arguments.days)
    airflow = CeleryAirflow(company)
    try:
        company.start()
        airflow.start()
        airflow.wait()
        api = AirflowApi(airflow.url, USER, PASSWORD)
        airflow.create_pools(api)
        DagRunner(api, folder).wait_for(DAG_DAILY)
        runs = []
        for number in WORKERS:
            runs.append(run_backfill(company, airflow, api, number))
    finally:
        airflow.stop()
        company.stop()
        if arguments.keep:
            print("logs:", folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if any(run.tables != runs[0].tables for run in runs):
        raise SystemExit(f"the tables differ: {[run.tables for run in runs]}")
    text = tables(runs, arguments.days)
    publish("make bench workers", text)
    results = []
    for run in runs:
        result = Result(
            name=run.name,
            seconds=run.seconds,
            ratio=run.seconds / runs[0].seconds,
            peak_mb=0,
            facts=vars(run),
            runs=[run.seconds],
        )
        results.append(result)
    report("workers", results, {"days": arguments.days, "orders": ORDERS})
    print(text)


if __name__ == "__main__":
    main()
