"""Alerts about failures, sent to the Variable `alert_recipients` and to the chat.

`alert_failure` follows the last attempt of a task, `alert_run_timeout` a run that timed out.
"""

import logging
import re
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

from ecommerce.core import names
from ecommerce.core.error_messages import failure_reason
from ecommerce.core.errors import AlertedError, PipelineError, TimedOutError
from ecommerce.core.settings import OWNER, task_timeout
from ecommerce.mail import transport
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.run_context import Context, business_day

log = logging.getLogger(__name__)

CLEAR = "Fix the cause, then clear this task with downstream in the UI."
REPAIR = (
    "Fix the cause, then rerun the failed tasks and everything downstream with the command below. If a later "
    "run has loaded the day, the command names that run, and nothing is to be done."
)
OTHER_DAY = "Start a run of a business day that has ended: clearing this task repeats the error."
RUN_AGAIN = (
    "The terminal shows the path of the log. Fix the cause, then run the day again:"
)


def alert_failure(context: Context) -> None:
    """Alert about a task whose last attempt failed; the `on_failure_callback` of tasks. Raises PipelineError:
    the mail could not be sent; the text contains no address."""
    if not isinstance(context.get("exception"), AlertedError):
        _send(context)


def alert_run_timeout(context: Context) -> None:
    """Alert about the task at which `dagrun_timeout` stopped a run; the `on_failure_callback` of DAGs.
    Airflow skips that task without its own callback."""
    if context.get("reason") == "timed_out":
        limit = context["dag"].dagrun_timeout.total_seconds()
        error = TimedOutError(
            f"the run did not end within {limit:g} seconds (RUN_TIMEOUT_SECONDS): Airflow stopped it at this "
            "task"
        )
        _send({**context, "exception": error})


DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    # After five minutes, Airflow's default: `[core] default_task_retry_delay`.
    "retries": 1,
    # Fails at once where a retry cannot help.
    "retry_policy": NETWORK_RETRIES["retry_policy"],
    "execution_timeout": task_timeout(),
    "on_failure_callback": alert_failure,
}
"""Defaults of every DAG's tasks: one retry, a timeout of TASK_TIMEOUT_SECONDS, and an alert after the last
attempt. `AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY` (seconds) sets another pause."""


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
    dag_run = context.get("dag_run")
    runner = getattr(dag_run, "triggering_user_name", None)
    day = ""
    # An invalid business date may be the failure itself.
    with suppress(PipelineError):
        day = str(business_day(context))
    task = f"{ti.dag_id}.{ti.task_id}"
    if ti.map_index != -1:
        task += f" [{ti.rendered_map_index or ti.map_index}]"
    texts = {
        "task": task,
        "day": day or "unknown",
        "run_id": ti.run_id,
        "reason": failure_reason(context.get("exception")),
        "log_url": ti.log_url,
        "advice": _advice(context.get("dag")) or CLEAR,
        "command": "",
    }
    if dag_run and not day:
        texts["advice"] = OTHER_DAY
    elif ti.dag_id == names.DAG_DAILY and runner == "dag_test":
        # `make run` or `airflow dags test` runs it: the UI does not list such a run.
        texts["advice"] = RUN_AGAIN
        texts["command"] = f"make run DAY={day}"
        texts["log_url"] = ""
    elif ti.dag_id == names.DAG_DAILY:
        texts["advice"] = REPAIR
        texts["command"] = f"make repair DAY={day or '<day>'}"
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
