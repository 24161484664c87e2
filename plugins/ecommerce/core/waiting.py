"""`airflow dags test` says once per failed try when the next one is.

It looks every second for a task to run, and as often warns that there is none. As a listener
(plugins/task_log_plugin.py) this module puts the first such warning of each try into words, and drops the
others.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from airflow.listeners import hookimpl

_LOGGER, _NOTHING_TO_RUN = "airflow.sdk.definitions.dag", "No tasks to run. unrunnable tasks: %s"
_WAITING = "up_for_retry"


@hookimpl
def on_task_instance_failed(task_instance: Any) -> None:
    """From now on listen: `airflow dags test` runs its tasks in the process that waits for them."""
    _filter.tasks[task_instance.dag_id, task_instance.task_id] = getattr(task_instance, "task", None)
    logging.getLogger(_LOGGER).addFilter(_filter)  # a second time changes nothing


class OncePerTry(logging.Filter):
    """Of the warnings that there is nothing to run, lets one per failed try pass, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[tuple[str, str], Any] = {}
        self._told: set[tuple[Any, ...]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is printed; another than that warning always is, as it is."""
        if record.msg != _NOTHING_TO_RUN or not isinstance(record.args, tuple):
            return True
        instances: Any = record.args[0]
        waiting = {_try_of(each): each for each in instances if each.state == _WAITING}
        if not waiting:  # tasks without a state are about to get one
            return any(each.state is not None for each in instances)
        new = sorted(waiting.keys() - self._told)
        self._told.update(new)
        record.msg, record.args = "; ".join(self._words(waiting[each]) for each in new), ()
        return bool(new)

    def _words(self, instance: Any) -> str:
        index = f" [{instance.map_index}]" if instance.map_index >= 0 else ""
        tries = f"try {instance.try_number} of {instance.max_tries + 1} has failed"
        # Airflow computes the pause from the task, which it has not put there for this purpose.
        instance.task = self.tasks.get((instance.dag_id, instance.task_id))
        if instance.task is None:
            when = "the next one follows"
        else:
            begin = instance.next_retry_datetime()
            seconds = max(0, round((begin - datetime.now(UTC)).total_seconds()))
            when = f"the next one begins in {seconds} s, at {begin:%H:%M:%S} UTC"
        return f"{instance.dag_id}.{instance.task_id}{index}: {tries}, {when}"


_filter = OncePerTry()


def _try_of(instance: Any) -> tuple[Any, ...]:
    return (instance.dag_id, instance.run_id, instance.task_id, instance.map_index, instance.try_number)
