"""Runs of the demo's DAGs through Airflow's API: triggers, backfills, their progress."""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from demo.console import Progress
from demo.layout import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "plugins"))

from ecommerce.cli.airflow_api import FINISHED, AirflowApi
from ecommerce.cli.backfill import Range, start

_POLL_SECONDS = 2.0
"""Each poll takes the API server some tenths of a second."""
_TIMEOUT = 60


class DemoFailed(Exception):
    """The demo cannot continue; the message names the cause and where to look."""


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of a DAG; `name` is its name in messages."""

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

    def trigger(self, dag_id: str, **conf: Any) -> DagRun:
        """Trigger a run with the params `conf`."""
        return self._trigger(dag_id, dag_id, conf=conf)

    def run_day(
        self,
        dag_id: str,
        day: date,
        **conf: Any,
    ) -> DagRun:
        """Trigger a run with the partition key `day`: a business day, or a Monday.

        No backfill, because Airflow may take half a minute to close the previous one.
        An unfinished run of the day, which the schedule starts at six in the morning,
        is returned instead.

        Args:
            dag_id: the DAG.
            day: the partition key.
            conf: the run's params.
        """
        name = f"the run of {day}"
        for run in self.api.runs_of_day(day, dag_id):
            if run["state"] not in FINISHED:
                self.unpause(dag_id)
                return DagRun(dag_id, run["dag_run_id"], name)
        return self._trigger(
            dag_id,
            name,
            conf=conf,
            partition_key=str(day),
        )

    def _trigger(
        self,
        dag_id: str,
        name: str,
        **request: Any,
    ) -> DagRun:
        self.unpause(dag_id)
        run = self.api.post(f"dags/{dag_id}/dagRuns", {"logical_date": None, **request})
        return DagRun(dag_id, run["dag_run_id"], name)

    def wait_for_asset_run(self, dag_id: str, day: date) -> DagRun:
        """Return the first run of a partition key, which its assets trigger."""
        for _ in range(_TIMEOUT):
            runs = self.api.runs_of_day(day, dag_id)
            if runs:
                return DagRun(dag_id, runs[-1]["dag_run_id"], f"{dag_id} of {day}")
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
        backfill = start(
            self.api,
            Range(first, last, dag_id),
            jobs=jobs,
            mail=mail,
        )
        runs = []
        if backfill:
            for day, run in backfill.runs.items():
                runs.append(DagRun(dag_id, run["dag_run_id"], f"the run of {day}"))
        return runs

    def wait(self, runs: Sequence[DagRun]) -> None:
        """Wait for the end of `runs`, and show their progress."""
        progress = Progress()
        unfinished = list(runs)
        while unfinished:
            unfinished = self._without_finished(unfinished)
            progress.update(len(runs) - len(unfinished), len(runs))
            if unfinished:
                time.sleep(_POLL_SECONDS)

    def result(self, run: DagRun, task_id: str) -> Any:
        """Return the return value of a task."""
        path = (
            f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}"
            "/xcomEntries/return_value"
        )
        return self.api.get(path, deserialize=False, stringify=False)["value"]

    def _without_finished(self, runs: Iterable[DagRun]) -> list[DagRun]:
        """Return those of `runs` that have not ended yet; raise if one has failed."""
        newest = self.api.get("dags/~/dagRuns", order_by="-id", limit=100)["dag_runs"]
        states = {(run["dag_id"], run["dag_run_id"]): run["state"] for run in newest}
        unfinished = []
        for run in runs:
            state = states.get((run.dag_id, run.run_id))
            if state is None:
                state = self.api.run_state(run.run_id, run.dag_id)
            if state == "failed":
                raise DemoFailed(self._failure_message(run))
            if state not in FINISHED:
                unfinished.append(run)
        return unfinished

    def _failure_message(self, run: DagRun) -> str:
        """Return which task of a run failed, and where its log is."""
        tasks = self.api.instances(run.run_id, run.dag_id).values()
        failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
        logs = self._logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
        return f"{run.name} failed at {', '.join(failed)}: see the log below {logs}"
