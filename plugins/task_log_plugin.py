"""Ends the log of a failed task with the reason."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from ecommerce.runtime import task_log


class TaskLogPlugin(AirflowPlugin):
    """Registers the listener `ecommerce.runtime.task_log`."""

    name = "task_log"
    listeners: ClassVar[list[Any]] = [task_log]
