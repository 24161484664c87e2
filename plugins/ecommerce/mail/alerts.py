"""Alerts about failures, sent to the Variable `alert_recipients` and to the chat.

`alert_failure` follows the last attempt of a task, `alert_run_failure` a run that timed out, or in which no
task could succeed.
"""

import logging
import re
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

from ecommerce.core import names
from ecommerce.core.error_messages import failure_reason
from ecommerce.core.errors import (
    AlertedError,
    InvalidRunError,
    PipelineError,
    TimedOutError,
)
from ecommerce.core.settings import OWNER, task_timeout
from ecommerce.core.values import Values
from ecommerce.mail import transport
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.run_context import (
    Context,
    asked_day,
    business_day,
    check_conf,
    invalid_run,
)

log = logging.getLogger(__name__)


def alert_failure(context: Context) -> None:
    """Alert about a task whose last attempt failed, unless another alert names the cause; the
    `on_failure_callback` of tasks. Raises PipelineError: the mail could not be sent; the text contains no
    address."""
    error = context.get("exception")
    if isinstance(error, AlertedError):
        return
    if isinstance(error, InvalidRunError) and invalid_run(context):
        return
    _send(context)


def alert_run_failure(context: Context) -> None:
    """Alert about the task at which `dagrun_timeout` stopped a run, which Airflow skips without its own
    callback, or once about a run in which no task could succeed; the `on_failure_callback` of DAGs."""
    error: PipelineError | None = None
    if context.get("reason") == "timed_out":
        limit = context["dag"].dagrun_timeout.total_seconds()
        error = TimedOutError(
            f"the run did not end within {limit:g} seconds (RUN_TIMEOUT_SECONDS): Airflow stopped it at this "
            "task"
        )
    elif "dag_run" in context:
        # Airflow's `params` may be those of another run, whose callback ran in the same process.
        context = {**context, "params": context["dag_run"].conf or {}}
        error = invalid_run(context)
    if error:
        _send({**context, "exception": error})


DEFAULT_ARGS: Values = {
    "owner": OWNER,
    # After five minutes, Airflow's default: `[core] default_task_retry_delay`.
    "retries": 1,
    # Fails at once where a retry cannot help.
    "retry_policy": NETWORK_RETRIES["retry_policy"],
    "execution_timeout": task_timeout(),
    "on_failure_callback": alert_failure,
    "pre_execute": check_conf,
}
"""Defaults of every DAG's tasks: one retry, a timeout of TASK_TIMEOUT_SECONDS, a check of the run's conf, and
an alert after the last attempt. `AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY` (seconds) sets another pause."""


def _send(context: Context) -> None:
    message = task_message(context)
    # Airflow calls twice for a lost worker; mail programs show two mails of one name once.
    name = f"failure.{context['ti'].id}"
    try:
        reason = transport.send_alert(message, name)
    except Exception:
        # Airflow does not repeat callbacks, and the mail server may be down.
        transport.post(message)
        raise
    if reason:
        log.info("not mailed: %s", reason)


def task_message(context: Context) -> EmailMessage:
    """Return the mail about a failed task. After the death of a worker, Airflow's `context` has only `ti`."""
    ti = context["ti"]
    day = ""
    # An invalid business date may be the failure itself.
    with suppress(PipelineError):
        day = str(business_day(context))
    runner = getattr(context.get("dag_run"), "triggering_user_name", None)
    task = f"{ti.dag_id}.{ti.task_id}"
    if ti.map_index != -1:
        task += f" [{ti.rendered_map_index or ti.map_index}]"
    kind = "other"
    if isinstance(context.get("exception"), InvalidRunError):
        task = ti.dag_id
        kind = "invalid"
    elif ti.dag_id == names.DAG_DAILY:
        # `make run` or `airflow dags test` runs it: the UI does not list such a run.
        kind = "terminal" if runner == "dag_test" else "daily"
    texts = {
        "task": task,
        "kind": kind,
        "day": day,
        "asked_day": asked_day(context),
        "run_id": ti.run_id,
        "reason": failure_reason(context.get("exception")),
        "log_url": ti.log_url,
        "dag_advice": _advice(context.get("dag")),
        "source": "",
    }
    group, _, source = ti.task_id.partition(".")
    if group == names.GROUP_EXTRACT and ti.task_id != names.TASK_GATE:
        texts["source"] = source
    subject = f"Failed: {task}"
    if day:
        subject += f" for {day}"
    return transport.compose(subject, "failure_mail", texts)


def _advice(dag: Any) -> str:
    """Return the first paragraph of the DAG's documentation, which begins with "When it fails"."""
    paragraphs = (getattr(dag, "doc_md", None) or "").strip().split("\n\n")
    for paragraph in paragraphs:
        if not paragraph.startswith("#"):
            return re.sub(r"[*`]", "", " ".join(paragraph.split()))
    return ""
