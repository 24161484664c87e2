"""Lets the log of a failed task end with what is wrong, and `airflow dags test` say when the next try is."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from ecommerce.core import waiting
from ecommerce.runtime import task_log


class TaskLogPlugin(AirflowPlugin):
    """Two listeners; each is a module."""

    name = "task_log"
    listeners: ClassVar[list[Any]] = [task_log, waiting]
