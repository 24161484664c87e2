"""A run, from Airflow's task context. For the modules `tasks`, which alone see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecommerce.core.staging import DagRun


def run_of(context: Mapping[str, Any]) -> DagRun:
    """The run that a task belongs to."""
    return DagRun(context["dag_run"].dag_id, context["run_id"])


def skip(reason: str) -> None:
    """Skip the running task, and what comes after it, unless `reason` is empty."""
    from airflow.sdk.exceptions import AirflowSkipException

    if reason:
        raise AirflowSkipException(reason)
