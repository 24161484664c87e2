"""Runs of the demo's DAGs through Airflow's API: triggers, backfills, and their progress."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from demo.console import Progress
from demo.layout import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "plugins"))

from ecommerce.cli.airflow_api import FINISHED, AirflowApi
from ecommerce.cli.backfill import Range, start
from ecommerce.core.names import ENDED

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
        self.api, self._logs = api, logs
        self._since = datetime.now(UTC).isoformat()

    def wait_for(self, *dag_ids: str) -> None:
        """Wait until Airflow has parsed these DAGs."""
        for _ in range(_TIMEOUT):
            missing = [dag_id for dag_id in dag_ids if not self.has_dag(dag_id)]
            if not missing:
                return
            for broken in self.api.get("importErrors")["import_errors"]:
                last_line = broken["stack_trace"].strip().splitlines()[-1]
                raise DemoFailed(
                    f"Airflow cannot import {broken['filename']}: {last_line}"
                )
            time.sleep(1)
        raise DemoFailed(
            f"Airflow did not find {' and '.join(missing)} within a minute"
        )

    def has_dag(self, dag_id: str) -> bool:
        """Whether Airflow has parsed this DAG."""
        return any(
            dag["dag_id"] == dag_id
            for dag in self.api.get("dags", dag_id_pattern=dag_id)["dags"]
        )

    def unpause(self, *dag_ids: str) -> None:
        """Unpause these DAGs."""
        for dag_id in dag_ids:
            self.api.request("PATCH", f"dags/{dag_id}", json={"is_paused": False})

    def has_succeeded(self, dag_id: str, day: date | None = None) -> bool:
        """Whether any run of the DAG has succeeded, or any of the business day."""
        if day:
            return any(
                run["state"] == "success" for run in self.api.runs_of_day(day, dag_id)
            )
        return bool(self.runs(dag_id))

    def runs(self, dag_id: str) -> list[DagRun]:
        """Return the runs of the DAG that have succeeded."""
        found = self.api.get(f"dags/{dag_id}/dagRuns", state="success", limit=100)[
            "dag_runs"
        ]
        return [DagRun(dag_id, run["dag_run_id"], dag_id) for run in found]

    def trigger(self, dag_id: str, **conf: Any) -> DagRun:
        """Trigger a run with the params `conf`."""
        return self._trigger(dag_id, dag_id, conf=conf)

    def run_day(self, dag_id: str, day: date, **conf: Any) -> DagRun:
        """Trigger a run with the partition key `day`: a business day, or the Monday of a week.

        No backfill, because Airflow may take half a minute to close the previous one. An unfinished run of
        the day, which the schedule starts at six in the morning, is returned instead.

        Args:
            dag_id: the DAG.
            day: the partition key.
            conf: the run's params.
        """
        self.unpause(dag_id)
        for run in self.api.runs_of_day(day, dag_id):
            if run["state"] not in FINISHED:
                return DagRun(dag_id, run["dag_run_id"], f"the run of {day}")
        return self._trigger(
            dag_id, f"the run of {day}", conf=conf, partition_key=str(day)
        )

    def _trigger(self, dag_id: str, name: str, **request: Any) -> DagRun:
        self.unpause(dag_id)
        run = self.api.post(f"dags/{dag_id}/dagRuns", {"logical_date": None, **request})
        return DagRun(dag_id, run["dag_run_id"], name)

    def wait_for_asset_run(self, dag_id: str, day: date) -> DagRun:
        """Return the first run of a partition key, which its assets trigger within a minute."""
        for _ in range(_TIMEOUT):
            if runs := self.api.runs_of_day(day, dag_id):
                return DagRun(dag_id, runs[-1]["dag_run_id"], f"{dag_id} of {day}")
            time.sleep(1)
        raise DemoFailed(f"no asset triggered {dag_id} of {day} within a minute")

    def backfill(
        self, dag_id: str, first: date, last: date, *, jobs: int = 2, mail: bool = False
    ) -> list[DagRun]:
        """Start a backfill, as `make backfill`; any earlier backfill of the DAG must have ended.

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
        started = start(self.api, Range(first, last, dag_id), jobs=jobs, mail=mail)
        runs = sorted(started.runs.items()) if started else []
        return [
            DagRun(dag_id, run["dag_run_id"], f"the run of {day}") for day, run in runs
        ]

    def wait(self, runs: Sequence[DagRun]) -> None:
        """Wait for the end of `runs`, and show their progress."""
        progress = Progress("runs")
        try:
            while True:
                states = self._states(runs)
                ended = sum(state in FINISHED for state in states.values())
                tasks = self._task_instances(limit=1, state=sorted(ENDED))[
                    "total_entries"
                ]
                progress.update(
                    ended, len(runs), f"{tasks} task{'s' * (tasks != 1)} so far"
                )
                for task in self._task_instances(limit=50, state="up_for_retry")[
                    "task_instances"
                ]:
                    name = f"{task['task_id']} of {task['dag_run_id']}"
                    progress.log(
                        f"  attempt {task['try_number']} of {name} failed; Airflow retries it"
                    )
                if ended == len(runs):
                    break
                time.sleep(_POLL_SECONDS)
        finally:
            progress.close()
        for run in runs:
            if states[run] == "failed":
                raise DemoFailed(self.failure_message(run))

    def result(self, run: DagRun, task_id: str) -> Any:
        """Return the return value of a task."""
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.api.get(path, deserialize=False, stringify=False)["value"]

    def failure_message(self, run: DagRun) -> str:
        """Return which task of a run failed, and where its log is."""
        tasks = self.api.instances(run.run_id, run.dag_id).values()
        failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
        logs = self._logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
        return f"{run.name} failed at {' and '.join(failed) or 'no task'}: see the log below {logs}"

    def _states(self, runs: Sequence[DagRun]) -> dict[DagRun, str]:
        newest = self.api.get("dags/~/dagRuns", order_by="-id", limit=100)["dag_runs"]
        states = {(run["dag_id"], run["dag_run_id"]): run["state"] for run in newest}
        return {
            run: states.get((run.dag_id, run.run_id))
            or self.api.run_state(run.run_id, run.dag_id)
            for run in runs
        }

    def _task_instances(self, **filters: Any) -> Any:
        """Return the task instances that started since this object was created."""
        # GET, because Airflow logs each POST in its database, and SQLite has one writer at a time.
        return self.api.get(
            "dags/~/dagRuns/~/taskInstances", start_date_gte=self._since, **filters
        )
