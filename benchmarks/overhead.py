"""A daily run of 200 orders in Airflow, against as many empty tasks.

    python -m benchmarks.overhead                # three runs of each, in turn
    python -m benchmarks.overhead --shops 60     # with further shops, all of them the demo's Shopify shop

The company and the Airflow are those of the demo, with ports and folders of their own. A run's seconds are
those from its start to its end, as Airflow records them.
"""

import json
import shutil
import statistics
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.runner import (
    REPOSITORY,
    Result,
    read_options,
    report,
)
from demo.airflow_services import PASSWORD, USER, AirflowServices
from demo.company import Company
from demo.dag_runner import DagRun, DagRunner
from demo.environment import TIMEZONE
from demo.layout import Folders, Ports
from demo.services.ports import free_port
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.names import DAG_DAILY

EMPTY, DAILY = "empty tasks", "daily run"


class BenchmarkAirflow(AirflowServices):
    """The demo's Airflow with the daily DAG and the empty one only, and a number of further Shopify shops."""

    shops = 0

    def command_environment(self) -> dict[str, str]:
        """Return the demo's environment with a DAG folder of its own."""
        dags = self.folders.home / "dags"
        dags.mkdir(parents=True, exist_ok=True)
        for file in (f"dags/{DAG_DAILY}.py", "benchmarks/dags/empty_tasks.py"):
            shutil.copy(REPOSITORY / file, dags)
        environ = super().command_environment()
        names = [f"s{number}" for number in range(self.shops)]
        for name in names:
            shopify = environ["AIRFLOW_CONN_SHOPIFY_API"]
            environ[f"AIRFLOW_CONN_SHOPIFY_API_{name.upper()}"] = shopify
        environ["SHOPS"] = json.dumps({"shopify": names})
        return environ | {"AIRFLOW__CORE__DAGS_FOLDER": str(dags)}


def main() -> None:
    options = read_options(__doc__, rounds=3, shops=0)
    folder = Path(mkdtemp(prefix="bench-overhead-"))
    ports = Ports(**{field.name: free_port() for field in fields(Ports)})
    folders = Folders(folder)
    company = Company(ports, folders)
    airflow = BenchmarkAirflow(ports, folders, TIMEZONE)
    airflow.shops = options.shops
    try:
        company.start()
        airflow.start()
        airflow.wait()
        api = AirflowApi(airflow.url, USER, PASSWORD)
        airflow.create_pools(api)
        dags = DagRunner(api, airflow.home / "logs")
        dags.wait_for(DAG_DAILY, "empty_tasks")
        dags.unpause(DAG_DAILY, "empty_tasks")
        last = company.scenario.today(datetime.now(UTC)) - timedelta(days=1)
        # The first round fills the caches.
        _round(dags, last)
        seconds = []
        for number in range(options.rounds):
            seconds.append(_round(dags, last - timedelta(days=number + 1)))
    finally:
        airflow.stop()
        company.stop()
        shutil.rmtree(folder, ignore_errors=True)
    results = [_median(name, seconds) for name in (EMPTY, DAILY)]
    report("Overhead", results, vars(options))


def _round(dags: DagRunner, day: date) -> dict[str, float]:
    """Return the seconds of a run of each, one after the other."""
    empty = dags.trigger("empty_tasks")
    dags.wait([empty])
    daily = dags.run_day(DAG_DAILY, day)
    dags.wait([daily])
    return {EMPTY: _seconds(dags.api, empty), DAILY: _seconds(dags.api, daily)}


def _seconds(api: AirflowApi, run: DagRun) -> float:
    facts = api.get(f"dags/{run.dag_id}/dagRuns/{run.run_id}")
    begin = datetime.fromisoformat(facts["start_date"])
    end = datetime.fromisoformat(facts["end_date"])
    return (end - begin).total_seconds()


def _median(name: str, rounds: list[dict[str, float]]) -> Result:
    seconds = statistics.median(each[name] for each in rounds)
    ratio = statistics.median(each[name] / each[EMPTY] for each in rounds)
    return Result(name, seconds, ratio)


if __name__ == "__main__":
    main()
