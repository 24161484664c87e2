"""Failed attempts of tasks, for the commands that wait for runs in Airflow."""

from collections.abc import Collection, Mapping
from typing import Any

from ecommerce.cli.airflow_api import AirflowApi, instance_name
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY


class FailedAttempts:
    """The failed attempts of a DAG's run, or of all its runs (`~`); each is shown once.

    An attempt is shown when it is seen for the second time, or its run has ended: a task's state changes
    before the last line of its log is written.
    """

    def __init__(self, api: AirflowApi, dag_id: str = DAG_DAILY, run_id: str = "~") -> None:
        self._api = api
        self._path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        self._seen: set[str] = set()
        self._shown: set[str] = set()

    def skip(self) -> None:
        """Leave out the attempts that have failed until now."""
        self._shown.update(map(_attempt, self._newest()))

    def show(self, names: Mapping[str, str], ended: Collection[str]) -> None:
        """Print the cause of each new failed attempt and when the next one begins, as `make run` does.

        `names` has the runs to show by id; `ended` are the ids of those that have ended.
        """
        for instance in self._newest():
            run_id, attempt = instance["dag_run_id"], _attempt(instance)
            has_its_log = attempt in self._seen or run_id in ended
            self._seen.add(attempt)
            if has_its_log and attempt not in self._shown and run_id in names:
                self._shown.add(attempt)
                progress(f"  {names[run_id]} {instance_name(instance)} failed: {self._cause(instance)}")

    def _newest(self) -> list[dict[str, Any]]:
        """Return the newest failed attempts, oldest first."""
        query = {"state": ["up_for_retry", "failed"], "order_by": "-start_date", "limit": 100}
        instances: list[dict[str, Any]] = self._api.get(self._path, **query)["task_instances"]
        return instances[::-1]

    def _cause(self, instance: Mapping[str, Any]) -> str:
        """Return the last line of the attempt's log, which `task_log` writes."""
        run = f"dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}"
        path = f"{run}/taskInstances/{instance['task_id']}/logs/{instance['try_number']}"
        try:
            last = self._api.get(path, map_index=instance["map_index"])["content"][-1]
        except (PipelineError, IndexError):  # such as logs that this user may not read
            last = {}
        return str(last["event"]) if last.get("level") == "error" else "see its log"


def _attempt(instance: Mapping[str, Any]) -> str:
    return f"{instance['id']} {instance['try_number']}"
