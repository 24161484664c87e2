"""What is said of a failed task, in mails and as the last line of its log.

Airflow logs a traceback and then its own *Post Execute*. As a listener (plugins/task_log_plugin.py) this
module logs one sentence behind all that. An error of the pipeline's own is that sentence and no traceback:
its text is made for people, and names what to mend. An unforeseen error keeps its traceback before the
sentence.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from airflow.listeners import hookimpl

from ecommerce.core.errors import PipelineError
from ecommerce.core.names import NEXT_ATTEMPT
from ecommerce.core.text import LONGEST, clean, mask_e_mails
from ecommerce.runtime.retries import pause_after

_TRACEBACK, _END = "Task failed with exception", "::endgroup::"
"""What Airflow logs: above the traceback, and below everything."""


class _Log:
    has_ended = False  # of the running task: its last sentence has been logged


def failure_line(error: BaseException | str | None) -> str:
    """All of what `error` says on one line, without secrets and addresses."""
    return _line(error, longest=sys.maxsize)


def failure_reason(error: BaseException | str | None) -> str:
    """The first line of what `error` says, cut to a length fit for a mail, without secrets and addresses."""
    if error is not None and (lines := str(error).strip().splitlines()):
        return _line(error, lines[0])
    return _line(error)


def _line(error: BaseException | str | None, words: str | None = None, longest: int = LONGEST) -> str:
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.log import redact

    if error is None:
        return "the worker stopped without saying why (killed, out of memory, or lost): see the log"
    if isinstance(error, AirflowTaskTimeout):
        return "the task ran longer than its execution timeout (TASK_TIMEOUT_SECONDS) and was stopped"
    line = str(error).strip() if words is None else words
    if isinstance(error, BaseException) and not isinstance(error, PipelineError):
        line = f"{type(error).__name__}: {line}" if line else type(error).__name__
    # Masked before it is cut short: half an address is no address any more, and still somebody's name.
    return clean(mask_e_mails(str(redact(line))), longest)


@hookimpl
def on_task_instance_running() -> None:
    """Let the task's log pass through `_tidy`.

    Airflow has no setting for it. Loggers keep the list of processors they were made with, so the list itself
    is changed, as `structlog.testing.capture_logs` does.
    """
    processors = structlog.get_config()["processors"]
    if _tidy not in processors:
        processors.insert(0, _tidy)


@hookimpl
def on_task_instance_failed(task_instance: Any, error: BaseException | str | None) -> None:
    """Log when the next attempt begins, if there is one, and last what is wrong, behind the group *Post
    Execute*, which the UI folds."""
    if _tidy not in structlog.get_config()["processors"]:
        return  # no task runs in this process: somebody set its state by hand
    log = structlog.get_logger(logger_name="task")
    log.info(_END)
    if getattr(task_instance, "state", None) == "up_for_retry" and isinstance(error, BaseException):
        begins = task_instance.end_date + pause_after(task_instance.task, task_instance.try_number, error)
        log.warning(f"{NEXT_ATTEMPT}{begins:%H:%M:%S} UTC")
    log.error(failure_line(error))
    _Log.has_ended = True


def _tidy(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out the traceback of the pipeline's own errors, and a second end of the group."""
    words = event.get("event")
    if words == _TRACEBACK and isinstance(sys.exc_info()[1], PipelineError):
        event.pop("exc_info", None)
    elif words == _END and _Log.has_ended:
        _Log.has_ended = False
        raise structlog.DropEvent
    return event
