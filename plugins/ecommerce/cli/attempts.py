"""Failed attempts of tasks, for the commands that wait for runs in Airflow."""

from collections.abc import Mapping
from contextlib import suppress

from ecommerce.cli.airflow_api import AirflowApi, Json, instance_name
from ecommerce.cli.terminal import progress
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY


class FailedAttempts:
    """The attempts that fail from now on in one run of a DAG, or in all its runs (`~`)."""

    def __init__(
        self, api: AirflowApi, dag_id: str = DAG_DAILY, run_id: str = "~"
    ) -> None:
        self._api = api
        self._path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        self._shown = {_attempt(instance) for instance in self._newest()}

    def show(self, days: Mapping[str, str], *, have_ended: bool = False) -> None:
        """Print each new failed attempt with its cause, as `make run` does.

        A task's state changes before the last line of its log is written, so an attempt without a cause is
        printed by a later call, or when the runs `have_ended`. `days` has the business day of each run to
        show, by the id of the run.
        """
        for instance in reversed(self._newest()):
            attempt = _attempt(instance)
            day = days.get(instance["dag_run_id"])
            if day is None or attempt in self._shown:
                continue
            cause = self._cause(instance)
            if cause or have_ended:
                self._shown.add(attempt)
                name = instance_name(instance)
                progress(f"  {day} {name} failed: {cause or 'see its log'}")

    def _newest(self) -> list[Json]:
        states = ["up_for_retry", "failed"]
        answer = self._api.get(
            self._path, state=states, order_by="-start_date", limit=100
        )
        instances: list[Json] = answer["task_instances"]
        return instances

    def _cause(self, instance: Json) -> str:
        """Return the last line of the attempt's log, which `task_log` writes; empty without one."""
        run = f"dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}"
        log = f"taskInstances/{instance['task_id']}/logs/{instance['try_number']}"
        # The user may not read logs, or the log is empty.
        with suppress(PipelineError, IndexError):
            answer = self._api.get(f"{run}/{log}", map_index=instance["map_index"])
            last = answer["content"][-1]
            if last.get("level") == "error":
                return str(last["event"])
        return ""


def _attempt(instance: Json) -> tuple[str, int]:
    return instance["id"], instance["try_number"]
