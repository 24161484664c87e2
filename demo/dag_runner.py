"""Runs of the demo's DAGs through Airflow's API: triggers, backfills, their progress."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ecommerce.cli.airflow_api import FINISHED, AirflowApi
from ecommerce.cli.backfill import start_backfill
from ecommerce.cli.watching import wait_for_runs

_TIMEOUT = 60


class DemoFailed(Exception):
    """The demo cannot continue; the message names the cause and where to look."""


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of a DAG; `name` is its business day, its week or its DAG, for messages."""

    dag_id: str
    run_id: str
    name: str


class DagRunner:
    """Runs DAGs, and waits for their runs.

    Args:
        api: a signed-in session.
        logs: the folder of Airflow's task logs.

    Raises:
        DemoFailed: from any method; the message names the failed run, task or file.
    """

    def __init__(self, api: AirflowApi, logs: Path) -> None:
        self.api = api
        self._logs = logs

    def wait_for(self, *dag_ids: str) -> None:
        """Wait until Airflow has parsed these DAGs."""
        for _ in range(_TIMEOUT):
            parsed = self.api.get("dags", limit=100)["dags"]
            missing = set(dag_ids) - {dag["dag_id"] for dag in parsed}
            if not missing:
                return
            for error in self.api.get("importErrors")["import_errors"]:
                raise DemoFailed(
                    f"Airflow cannot import {error['filename']}: {error['stack_trace']}"
                )
            time.sleep(1)
        names = " and ".join(sorted(missing))
        raise DemoFailed(f"Airflow did not find {names} within a minute")

    def unpause(self, *dag_ids: str) -> None:
        """Unpause these DAGs."""
        for dag_id in dag_ids:
            self.api.request("PATCH", f"dags/{dag_id}", json={"is_paused": False})

    def has_succeeded(self, dag_id: str, day: date) -> bool:
        """Whether any run of the business day has succeeded."""
        states = [run["state"] for run in self.api.runs_of_day(day, dag_id)]
        return "success" in states

    def succeeded_runs(self, dag_id: str) -> list[DagRun]:
        """Return the runs of the DAG that have succeeded, at most 100."""
        runs = self.api.get(f"dags/{dag_id}/dagRuns", state="success", limit=100)
        return [DagRun(dag_id, run["dag_run_id"], dag_id) for run in runs["dag_runs"]]

    def trigger(self, dag_id: str, day: date | None = None, **conf: Any) -> DagRun:
        """Trigger a run with the params `conf`, and with the partition key `day`."""
        self.unpause(dag_id)
        request = {
            "logical_date": None,
            "partition_key": str(day) if day else None,
            "conf": conf,
        }
        run = self.api.post(f"dags/{dag_id}/dagRuns", request)
        return DagRun(dag_id, run["dag_run_id"], str(day or dag_id))

    def run_day(self, dag_id: str, day: date, **conf: Any) -> DagRun:
        """Trigger a run with the partition key `day`: a business day, or a Monday.

        No backfill, because Airflow may take half a minute to close the previous one.
        An unfinished run of the day, which the schedule starts at six in the morning,
        is returned instead.

        Args:
            dag_id: the DAG.
            day: the partition key.
            conf: the run's params.
        """
        for run in self.api.runs_of_day(day, dag_id):
            if run["state"] not in FINISHED:
                self.unpause(dag_id)
                return DagRun(dag_id, run["dag_run_id"], str(day))
        return self.trigger(dag_id, day, **conf)

    def wait_for_asset_run(self, dag_id: str, day: date) -> DagRun:
        """Return the first run of a partition key, which its assets trigger."""
        for _ in range(_TIMEOUT):
            runs = self.api.runs_of_day(day, dag_id)
            if runs:
                return DagRun(dag_id, runs[-1]["dag_run_id"], str(day))
            time.sleep(1)
        raise DemoFailed(f"no asset triggered {dag_id} of {day} within a minute")

    def backfill(
        self,
        dag_id: str,
        first: date,
        last: date,
        *,
        jobs: int = 2,
        mail: bool = False,
    ) -> list[DagRun]:
        """Start a backfill; any earlier backfill of the DAG must have ended.

        Args:
            dag_id: the DAG.
            first: first business day.
            last: last business day, included.
            jobs: how many days run in parallel.
            mail: mail every report.

        Returns:
            The runs, by day; empty where all days have succeeded before.
        """
        self.unpause(dag_id)
        _, days = start_backfill(self.api, first, last, dag_id, jobs=jobs, mail=mail)
        return [DagRun(dag_id, run_id, day) for run_id, day in days.items()]

    def wait(self, runs: Sequence[DagRun]) -> None:
        """Wait for the end of `runs`, and print when one ends or an attempt fails."""
        names_by_dag: dict[str, dict[str, str]] = {}
        for run in runs:
            names_by_dag.setdefault(run.dag_id, {})[run.run_id] = run.name
        for dag_id, names in names_by_dag.items():
            states = wait_for_runs(self.api, dag_id, names)
            for name, state in states.items():
                if state == "failed":
                    logs = self._logs / f"dag_id={dag_id}"
                    raise DemoFailed(
                        f"{dag_id} of {name} failed: see the logs in {logs}"
                    )

    def result(self, run: DagRun, task_id: str) -> Any:
        """Return the return value of a task."""
        path = (
            f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}"
            "/xcomEntries/return_value"
        )
        return self.api.get(path, deserialize=False, stringify=False)["value"]
