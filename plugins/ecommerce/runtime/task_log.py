"""The reason of a failed task as the last line of its log.

Airflow logs a traceback and then its own *Post Execute*. As a listener (plugins/task_log_plugin.py) this
module adds the reason as one line at the end. The pipeline's own errors state the problem and the fix, so
they have no traceback; unforeseen errors keep theirs.
"""

import sys
from typing import Any

import structlog
from airflow.listeners import hookimpl
from structlog.typing import EventDict

from ecommerce.core.error_messages import Cause, masked_text
from ecommerce.core.errors import PipelineError
from ecommerce.core.text import clean

_TRACEBACK = "Task failed with exception"
"""Airflow's line above the traceback."""
_END = "::endgroup::"
"""Airflow's line at the end of the group *Post Execute*, which the UI folds. `on_task_instance_failed` logs
it before the reason."""


class _Log:
    has_ended = False  # the running task's reason has been logged


def attempt_failure(task_instance: Any, error: Cause) -> str:
    """Return the whole reason of a failed attempt on one line, and the number of the next one, if there is
    one."""
    reason = clean(masked_text(error), sys.maxsize)
    if getattr(task_instance, "state", None) != "up_for_retry":
        return reason
    next_attempt, last = task_instance.try_number + 1, task_instance.max_tries + 1
    return f"{reason}; attempt {next_attempt} of {last} follows"


@hookimpl
def on_task_instance_running() -> None:
    """Pass the task's log through `_tidy`.

    Airflow has no setting for it. Loggers keep the list of processors they were created with, so the list
    itself changes, as in `structlog.testing.capture_logs`.
    """
    processors = structlog.get_config()["processors"]
    if _tidy not in processors:
        processors.insert(0, _tidy)


@hookimpl
def on_task_instance_failed(task_instance: Any, error: Cause) -> None:
    """Log the reason after the group *Post Execute*."""
    processors = structlog.get_config()["processors"]
    if _tidy not in processors:
        return  # no task runs in this process: somebody set its state by hand
    log = structlog.get_logger(logger_name="task")
    log.info(_END)
    log.error(attempt_failure(task_instance, error))
    _Log.has_ended = True


def _tidy(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drop the traceback of the pipeline's own errors, and a second end of the group."""
    if isinstance(sys.exc_info()[1], PipelineError) and event["event"] == _TRACEBACK:
        event.pop("exc_info", None)
    elif _Log.has_ended and event["event"] == _END:
        _Log.has_ended = False
        raise structlog.DropEvent
    return event
