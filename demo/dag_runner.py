"""What the demo asks of its Airflow, through the API: runs and backfills, and how far they are."""

from __future__ import annotations

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

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import FINISHED, begin
from ecommerce.core.names import ENDED

PAUSE = 2.0
"""Seconds between two looks, each of which costs the API server some tenths of a second."""
_MOST_WAIT = 60


class DemoFailed(Exception):
    """The demo cannot go on; the text is one sentence that says where to look."""


@dataclass(frozen=True, slots=True)
class DagRun:
    """A run of a DAG; `name` is what people call it."""

    dag_id: str
    run_id: str
    name: str


class DagRunner:
    """The demo's Airflow, whose logs are below `logs`.

    Raises:
        DemoFailed: each method; the text says which run, task or file is at fault.
    """

    def __init__(self, api: AirflowApi, logs: Path) -> None:
        self.api, self._logs = api, logs
        self._since = datetime.now(UTC).isoformat()

    def wait_for(self, *dag_ids: str) -> None:
        """Until Airflow has read the files of these DAGs."""
        for _ in range(_MOST_WAIT):
            missing = [dag_id for dag_id in dag_ids if not self.has_dag(dag_id)]
            if not missing:
                return
            for broken in self.api.get("importErrors")["import_errors"]:
                last_line = broken["stack_trace"].strip().splitlines()[-1]
                raise DemoFailed(f"Airflow cannot read {broken['filename']}: {last_line}")
            time.sleep(1)
        raise DemoFailed(f"Airflow did not find {' and '.join(missing)} within a minute")

    def has_dag(self, dag_id: str) -> bool:
        """Whether there is such a DAG."""
        found = self.api.get("dags", dag_id_pattern=dag_id)["dags"]
        return any(dag["dag_id"] == dag_id for dag in found)

    def unpause(self, *dag_ids: str) -> None:
        """Let the scheduler run these DAGs."""
        for dag_id in dag_ids:
            self.api.patch(f"dags/{dag_id}", {"is_paused": False})

    def has_succeeded(self, dag_id: str, day: date | None = None) -> bool:
        """Whether any run of the DAG has, or of a business day."""
        if day:
            return any(run["state"] == "success" for run in self.api.runs_of_day(day, dag_id))
        return bool(self.api.get(f"dags/{dag_id}/dagRuns", state="success", limit=1)["dag_runs"])

    def trigger(self, dag_id: str, **conf: Any) -> DagRun:
        """Begin a run."""
        return self._trigger(dag_id, dag_id, conf=conf)

    def run_day(self, dag_id: str, day: date, **conf: Any) -> DagRun:
        """Begin a run of the business day, or of the week from it on: its partition key. (A backfill may
        not be made before Airflow has closed the last one, which it does up to half a minute after its end.)
        Around six in the morning the schedule itself may have begun the newest day: then that run."""
        self.unpause(dag_id)
        for run in self.api.runs_of_day(day, dag_id):
            if run["state"] not in FINISHED:
                return DagRun(dag_id, run["dag_run_id"], f"the run of {day}")
        return self._trigger(dag_id, f"the run of {day}", conf=conf, partition_key=str(day))

    def _trigger(self, dag_id: str, name: str, **request: Any) -> DagRun:
        self.unpause(dag_id)
        run = self.api.post(f"dags/{dag_id}/dagRuns", {"logical_date": None, **request})
        return DagRun(dag_id, run["dag_run_id"], name)

    def wait_for_asset_run(self, dag_id: str, partition_key: str) -> DagRun:
        """The first run of that key, which the scheduler begins by itself, at most a minute after its data
        are in."""
        for _ in range(_MOST_WAIT):
            if found := self.api.runs_of_day(date.fromisoformat(partition_key), dag_id):
                return DagRun(dag_id, found[-1]["dag_run_id"], f"{dag_id} of {partition_key}")
            time.sleep(1)
        raise DemoFailed(f"no data started {dag_id} of {partition_key} within a minute")

    def backfill(
        self, dag_id: str, first: date, last: date, *, jobs: int = 2, mail: bool = False, again: bool = False
    ) -> list[DagRun]:
        """Begin the runs of the days from `first` to `last`, as `make backfill`; none where all succeeded
        before, unless `again`. An older backfill of the DAG has to be closed."""
        self.unpause(dag_id)
        begun = begin(self.api, first, last, jobs=jobs, mail=mail, again=again, dag_id=dag_id)
        runs = sorted(begun.runs.items()) if begun else []
        return [DagRun(dag_id, run["dag_run_id"], f"the run of {day}") for day, run in runs]

    def wait(self, runs: Sequence[DagRun]) -> None:
        """Until `runs` have ended; shows how many have, and how many tasks since this object was made."""
        progress = Progress("runs")
        try:
            while True:
                states = self._states(runs)
                ended = sum(state in FINISHED for state in states.values())
                done = self._instances(limit=1, state=sorted(ENDED))["total_entries"]
                progress.update(ended, len(runs), f"{done} tasks")
                for each in self._instances(limit=50, state="up_for_retry")["task_instances"]:
                    name = f"{each['task_id']} of {each['dag_run_id']}"
                    progress.log(f"  try {each['try_number']} of {name} failed: once more")
                if ended == len(runs):
                    break
                time.sleep(PAUSE)
        finally:
            progress.close()
        for run in runs:
            if states[run] == "failed":
                raise DemoFailed(self.failure_message(run))

    def result(self, run: DagRun, task_id: str) -> Any:
        """What a task of a run returned."""
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.api.get(path, deserialize=False, stringify=False)["value"]

    def failure_message(self, run: DagRun) -> str:
        """Which task of a run is at fault, and where its log is."""
        tasks = self.api.task_instances(run.run_id, run.dag_id)
        failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
        logs = self._logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
        return f"{run.name} failed at {' and '.join(failed) or 'no task'}: its log is below {logs}"

    def _states(self, runs: Sequence[DagRun]) -> dict[DagRun, str]:
        newest = self.api.get("dags/~/dagRuns", order_by="-id", limit=100)["dag_runs"]
        known = {(run["dag_id"], run["dag_run_id"]): run["state"] for run in newest}
        return {
            run: known.get((run.dag_id, run.run_id)) or self.api.run_state(run.run_id, run.dag_id)
            for run in runs
        }

    def _instances(self, **filters: Any) -> Any:
        """Task instances begun since this object was made."""
        # GET, because each POST is written to Airflow's own log: SQLite lets one writer in at a time.
        return self.api.get("dags/~/dagRuns/~/taskInstances", start_date_gte=self._since, **filters)
