"""Failed attempts of tasks, for the commands that wait for runs in Airflow."""

from collections.abc import Mapping
from typing import Any

from ecommerce.cli.airflow_api import FINISHED, AirflowApi, instance_name
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY


class FailedAttempts:
    """The failed attempts of a DAG's run, or of all its runs (`~`); each is shown once.

    An attempt is shown when it is seen for the second time, or its run has ended: a task's state changes
    before the last line of its log is written.
    """

    def __init__(
        self, api: AirflowApi, dag_id: str = DAG_DAILY, run_id: str = "~"
    ) -> None:
        self._api = api
        self._path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        self._seen: set[str] = set()
        self._shown: set[str] = set()

    def skip(self) -> None:
        """Leave out the attempts that have failed until now."""
        self._shown.update(map(_attempt, self._newest()))

    def show(self, runs: Mapping[str, Mapping[str, Any]]) -> None:
        """Print the cause of each new failed attempt and when the next one begins, as `make run` does.

        `runs` has the runs to show by business day, as Airflow's API describes them.
        """
        days = {run["dag_run_id"]: day for day, run in runs.items()}
        for instance in self._newest():
            day = days.get(instance["dag_run_id"])
            attempt = _attempt(instance)
            if day is None or attempt in self._shown:
                continue
            if attempt in self._seen or runs[day]["state"] in FINISHED:
                self._shown.add(attempt)
                progress(
                    f"  {day} {instance_name(instance)} failed: {self._cause(instance)}"
                )
            self._seen.add(attempt)

    def _newest(self) -> list[dict[str, Any]]:
        """Return the newest failed attempts, oldest first."""
        query = {
            "state": ["up_for_retry", "failed"],
            "order_by": "-start_date",
            "limit": 100,
        }
        return self._api.get(self._path, **query)["task_instances"][::-1]

    def _cause(self, instance: Mapping[str, Any]) -> str:
        """Return the last line of the attempt's log, which `task_log` writes."""
        run = f"dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}"
        path = (
            f"{run}/taskInstances/{instance['task_id']}/logs/{instance['try_number']}"
        )
        try:
            last = self._api.get(path, map_index=instance["map_index"])["content"][-1]
        except (PipelineError, IndexError):  # such as logs that this user may not read
            last = {}
        return str(last["event"]) if last.get("level") == "error" else "see its log"


def _attempt(instance: Mapping[str, Any]) -> str:
    return f"{instance['id']} {instance['try_number']}"
