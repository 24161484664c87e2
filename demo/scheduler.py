"""What the demo asks of its Airflow, through the API: runs and backfills, and how far they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from demo.layout import REPOSITORY
from demo.telling import Progress

sys.path.insert(0, str(REPOSITORY / "plugins"))

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import FINISHED, begin, unfinished
from ecommerce.core.names import ENDED

PAUSE = 4.0
"""Seconds between two looks, each of which costs the API server some tenths of a second."""
_MOST_WAIT = 60


class DemoFailed(Exception):
    """The demo cannot go on; the text is one sentence that says where to look."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a DAG; `name` is what people call it."""

    dag_id: str
    run_id: str
    name: str


class Scheduler:
    """The demo's Airflow, whose logs are below `logs`.

    Raises:
        DemoFailed: each method; the text says which run, task or file is at fault.
    """

    def __init__(self, api: AirflowApi, logs: Path) -> None:
        self.api, self._logs = api, logs
        self._began = datetime.now(UTC)

    def wait_for(self, *dag_ids: str) -> None:
        """Until Airflow has read the files of these DAGs."""
        for _ in range(_MOST_WAIT):
            missing = [dag_id for dag_id in dag_ids if not self.knows(dag_id)]
            if not missing:
                return
            for broken in self.api.get("importErrors")["import_errors"]:
                last_line = broken["stack_trace"].strip().splitlines()[-1]
                raise DemoFailed(f"Airflow cannot read {broken['filename']}: {last_line}")
            time.sleep(1)
        raise DemoFailed(f"Airflow did not find {' and '.join(missing)} within a minute")

    def knows(self, dag_id: str) -> bool:
        """Whether there is such a DAG."""
        found = self.api.get("dags", dag_id_pattern=dag_id)["dags"]
        return any(dag["dag_id"] == dag_id for dag in found)

    def switch_on(self, *dag_ids: str) -> None:
        """Let the scheduler run these DAGs."""
        for dag_id in dag_ids:
            self.api.patch(f"dags/{dag_id}", {"is_paused": False})

    def has_succeeded(self, dag_id: str) -> bool:
        """Whether any run of the DAG has."""
        return bool(self.api.get(f"dags/{dag_id}/dagRuns", state="success", limit=1)["dag_runs"])

    def trigger(self, dag_id: str, **conf: Any) -> Run:
        """Begin a run."""
        self.switch_on(dag_id)
        request = {"logical_date": None, "conf": conf}
        return Run(dag_id, self.api.post(f"dags/{dag_id}/dagRuns", request)["dag_run_id"], dag_id)

    def started_by_data(self, dag_id: str, partition_key: str) -> Run:
        """The first run of that key, which the scheduler begins by itself, at most a minute after its data
        are in."""
        for _ in range(_MOST_WAIT):
            if found := self.api.runs_of_day(date.fromisoformat(partition_key), dag_id):
                return Run(dag_id, found[-1]["dag_run_id"], f"{dag_id} of {partition_key}")
            time.sleep(1)
        raise DemoFailed(f"no data started {dag_id} of {partition_key} within a minute")

    def backfill(
        self, dag_id: str, first: date, last: date, *, jobs: int = 2, mail: bool = False, again: bool = False
    ) -> list[Run]:
        """Begin the runs of the days from `first` to `last`, as `make backfill`; none where all succeeded
        before, unless `again`. An older backfill of the DAG has to be closed."""
        self.switch_on(dag_id)
        begun = begin(self.api, first, last, jobs=jobs, mail=mail, again=again, dag_id=dag_id)
        runs = sorted(begun.runs.items()) if begun else []
        return [Run(dag_id, run["dag_run_id"], f"the run of {day}") for day, run in runs]

    def wait(self, runs: Sequence[Run], unit: str = "") -> None:
        """Until `runs`, begun since this object was made, have ended; shows how many of their tasks have, or
        with `unit` how many runs."""
        progress = Progress(unit or "tasks")
        try:
            while True:
                states = self._states(runs)
                ended = sum(state in FINISHED for state in states.values())
                done = self._count(runs, state=sorted(ENDED))
                if unit:
                    progress.show(ended, len(runs), f"{done} tasks")
                else:
                    progress.show(done, self._count(runs))
                for line in self._tried_again(runs):
                    progress.tell(line)
                if ended == len(runs):
                    break
                time.sleep(PAUSE)
        finally:
            progress.close()
        for run in runs:
            if states[run] == "failed":
                raise DemoFailed(self.explain(run))

    def wait_until_quiet(self, dag_id: str, day: date) -> None:
        """Until another backfill of the DAG may be made, and no run of `day` is under way.

        Airflow closes a backfill up to half a minute after its last run; and around six in the morning the
        schedule itself may have begun the newest day.
        """
        while not self._is_quiet(dag_id, day):
            time.sleep(PAUSE)

    def _is_quiet(self, dag_id: str, day: date) -> bool:
        under_way = [run for run in self.api.runs_of_day(day, dag_id) if run["state"] not in FINISHED]
        return not under_way and unfinished(self.api, dag_id) is None

    def result(self, run: Run, task_id: str) -> Any:
        """What a task of a run returned."""
        path = f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.api.get(path, deserialize=False, stringify=False)["value"]

    def explain(self, run: Run) -> str:
        """Which task of a run is at fault, and where its log is."""
        tasks = self.api.task_instances(run.run_id, run.dag_id)
        failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
        logs = self._logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
        return f"{run.name} failed at {' and '.join(failed) or 'no task'}: its log is below {logs}"

    def _states(self, runs: Sequence[Run]) -> dict[Run, str]:
        by_id: dict[tuple[str, str], str] = {}
        for dag_id in {run.dag_id for run in runs}:
            answer = self.api.get(f"dags/{dag_id}/dagRuns", order_by="-id", limit=100)
            by_id |= {(dag_id, run["dag_run_id"]): run["state"] for run in answer["dag_runs"]}
        return {run: by_id.get((run.dag_id, run.run_id), "queued") for run in runs}

    def _count(self, runs: Sequence[Run], **filters: Any) -> int:
        return sum(found["total_entries"] for found in self._instances(runs, limit=1, **filters))

    def _tried_again(self, runs: Sequence[Run]) -> list[str]:
        pages = self._instances(runs, limit=50, state="up_for_retry")
        return [
            f"  try {each['try_number']} of {each['task_id']} of {each['dag_run_id']} failed: once more"
            for found in pages
            for each in found["task_instances"]
        ]

    def _instances(self, runs: Sequence[Run], **filters: Any) -> Iterator[Any]:
        """Task instances of `runs`, one page for each DAG; of several runs of a DAG those that have begun."""
        # GET, because each POST is written to Airflow's own log: SQLite lets one writer in at a time.
        for dag_id in {run.dag_id for run in runs}:
            of_dag = [run for run in runs if run.dag_id == dag_id]
            alone = len(of_dag) == 1
            own = {} if alone else {"start_date_gte": self._began.isoformat()}
            run_id = of_dag[0].run_id if alone else "~"
            yield self.api.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", **own, **filters)
