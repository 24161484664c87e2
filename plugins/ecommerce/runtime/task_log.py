"""The reason of a failed task, in mails and as the last line of its log.

Airflow logs a traceback and then its own *Post Execute*. As a listener (plugins/task_log_plugin.py) this
module adds the reason as one line at the end. The pipeline's own errors state the problem and the fix, so
they have no traceback; unforeseen errors keep theirs.
"""

import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from airflow.listeners import hookimpl

from ecommerce.core.email_masking import mask_e_mails
from ecommerce.core.errors import PipelineError
from ecommerce.core.text import LONGEST, clean
from ecommerce.runtime.retries import pause_after

_LONGEST_SENTENCE = 1000
"""Characters in a mail of an error of the pipeline, which ends with the remedy."""
_TRACEBACK, _END = "Task failed with exception", "::endgroup::"
"""Airflow's lines above the traceback, and at the end of the log."""


class _Log:
    has_ended = False  # the running task's reason has been logged


def failure_reason(error: BaseException | str | None, *, whole: bool = False) -> str:
    """Return the first line of `error`, shortened for a mail, or its `whole` text on one line. Secrets and
    addresses are masked."""
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.log import redact

    if error is None:
        return "the worker stopped without an error (killed, out of memory, or lost): see the log"
    if isinstance(error, AirflowTaskTimeout):
        return "the task exceeded its execution timeout (TASK_TIMEOUT_SECONDS) and was stopped"
    line = str(error).strip()
    line = line if whole else line.partition("\n")[0]
    longest = LONGEST
    if isinstance(error, PipelineError):
        longest = _LONGEST_SENTENCE
    elif isinstance(error, BaseException):
        line = f"{type(error).__name__}: {line}" if line else type(error).__name__
    # Mask before shortening: half an address no longer looks like one, and still names a person.
    return clean(mask_e_mails(str(redact(line))), sys.maxsize if whole else longest)


def attempt_failure(task_instance: Any, error: BaseException | str | None) -> str:
    """Return the whole reason of a failed attempt, and when the next one begins, if there is one."""
    reason = failure_reason(error, whole=True)
    if getattr(task_instance, "state", None) != "up_for_retry" or not isinstance(
        error, BaseException
    ):
        return reason
    attempt, last = task_instance.try_number, task_instance.max_tries + 1
    earliest = task_instance.end_date + pause_after(task_instance.task, attempt, error)
    return f"{reason}; attempt {attempt + 1} of {last} begins not before {earliest:%H:%M:%S} UTC"


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
def on_task_instance_failed(
    task_instance: Any, error: BaseException | str | None
) -> None:
    """Log the reason after the group *Post Execute*, which the UI folds."""
    if _tidy not in structlog.get_config()["processors"]:
        return  # no task runs in this process: somebody set its state by hand
    log = structlog.get_logger(logger_name="task")
    log.info(_END)
    log.error(attempt_failure(task_instance, error))
    _Log.has_ended = True


def _tidy(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop the traceback of the pipeline's own errors, and a second end of the group."""
    text = event.get("event")
    if text == _TRACEBACK and isinstance(sys.exc_info()[1], PipelineError):
        event.pop("exc_info", None)
    elif text == _END and _Log.has_ended:
        _Log.has_ended = False
        raise structlog.DropEvent
    return event
