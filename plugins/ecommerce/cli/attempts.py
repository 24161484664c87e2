"""Failed attempts of tasks, for the commands that wait for runs in Airflow."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ecommerce.cli.airflow_api import AirflowApi, instance_name
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY

LOOKS = 3
"""Looks into a log before its attempt is shown without a cause: a task's state changes before the last line
of its log is written."""

TRACEBACK = "Task failed with exception"
"""Airflow's own line before, with the traceback."""


class FailedAttempts:
    """The failed attempts of a DAG's run, or of all its runs (`~`); each is shown once."""

    def __init__(self, api: AirflowApi, dag_id: str = DAG_DAILY, run_id: str = "~") -> None:
        self._api = api
        self._path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        self._looks: Counter[tuple[str, int]] = Counter()

    def skip(self) -> None:
        """Leave out the attempts that have failed until now."""
        for instance in self._newest():
            self._looks[instance["id"], instance["try_number"]] = LOOKS

    def show(self, runs: Mapping[str, str], *, at_end: bool = False) -> None:
        """Print the cause of each new failed attempt and when the next one begins, as `make run` does.

        `runs` are the names of the runs by id, others are left out. `at_end`: no later call follows.
        """
        for instance in self._newest():
            attempt = (instance["id"], instance["try_number"])
            name = runs.get(instance["dag_run_id"])
            if name is None or self._looks[attempt] >= LOOKS:
                continue
            cause = self._cause(instance)
            self._looks[attempt] = LOOKS if cause or at_end else self._looks[attempt] + 1
            if self._looks[attempt] >= LOOKS:
                progress(f"  {name} {instance_name(instance)} failed: {cause or 'see its log'}")

    def _newest(self) -> list[dict[str, Any]]:
        states = ["up_for_retry", "failed"]
        newest: list[dict[str, Any]] = self._api.get(
            self._path, state=states, order_by="-start_date", limit=100
        )["task_instances"]
        return newest[::-1]

    def _cause(self, instance: Mapping[str, Any]) -> str:
        """Return the last line of the attempt's log, which `task_log` writes; empty before it is written."""
        path = (
            f"dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}/taskInstances/{instance['task_id']}"
            f"/logs/{instance['try_number']}"
        )
        try:
            lines = self._api.get(path, map_index=instance["map_index"])["content"]
        except PipelineError:  # such as logs that this user may not read
            return ""
        last = lines[-1] if lines else {}
        is_cause = last.get("logger") == "task" and last.get("level") == "error"
        return last["event"] if is_cause and last["event"] != TRACEBACK else ""
