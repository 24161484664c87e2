"""Mails about failed tasks: the task, the reason, and the fix."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import Variable

from ecommerce.core import names
from ecommerce.core.business_day import business_day
from ecommerce.core.errors import AlertedError, PipelineError, TimedOutError
from ecommerce.core.owner import OWNER
from ecommerce.core.settings import task_timeout
from ecommerce.mail import causes, notify, transport
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.task_log import failure_reason

Detour = Callable[[str], str]
"""Returns, for a source, the value of the Variable `source_policy` with which runs continue without it; empty
where they do already."""
TERMINAL_USER = "dag_test"
"""The user that Airflow records for runs of `make run` and `airflow dags test`."""


class FailureNotifier(SmtpNotifier):
    """Notifies of a failed task by mail to the Variable `alert_recipients` and by a post to the chat; not if
    another task of the run has failed for the same reason.

    `detour` is set for tasks within `outages.outage_alert`. All tasks of a DAG share one instance through
    `default_args`, so it stores nothing but `to` between calls.
    """

    template_fields = ("to",)

    def __init__(self, detour: Detour | None = None) -> None:
        super().__init__(
            to=f"{{{{ var.value.get('{names.VARIABLE_ALERT_RECIPIENTS}', '') }}}}",
            smtp_conn_id=transport.CONNECTION,
        )
        self.detour = detour

    def notify(self, context: Any) -> None:
        """Send the alert, unless one has been sent for the same reason.

        Raises:
            PipelineError: the mail could not be sent; the text contains no address.
        """
        error = context.get("exception")
        if isinstance(error, AlertedError):
            return
        if causes.is_mailed(context["ti"], error):
            self.log.info("not mailed: another task of this run has mailed the same reason")
            return
        self.send(context)

    def send(self, context: Any) -> None:
        """Send the mail and the post; raises as `notify`."""
        ti = context["ti"]
        message = failure_message(context, detour_of(ti, self.detour))
        first_attempt = ti.max_tries - ti.task.retries + 1 if self.detour else ti.try_number
        reply_to = outage_mail_name(ti) if ti.try_number > first_attempt else ""
        try:
            to = transport.parse_recipients(self.to, names.VARIABLE_ALERT_RECIPIENTS)
            reason = notify.send_alert(message, failure_mail_name(ti), to, reply_to=reply_to)
        except Exception:
            notify.post(message)  # Airflow does not repeat callbacks, and the mail server may be down
            raise
        if reason:
            self.log.info("not mailed: %s", reason)


class RunTimeoutNotifier(FailureNotifier):
    """Notifies of the task at which `dagrun_timeout` stopped a run: Airflow skips it without its callback.

    The DAG processor calls this notifier and has no XCom, so it does not look for other mails of the run.
    """

    def render_template_fields(self, context: Any) -> None:
        """Read the Variable without a template: DAGs of `airflow dags test` have no template environment."""
        self.to = Variable.get(names.VARIABLE_ALERT_RECIPIENTS, default="")

    def notify(self, context: Any) -> None:
        """Send the alert if the run timed out; raises as `FailureNotifier.notify`."""
        if context.get("reason") == "timed_out":
            limit = context["dag"].dagrun_timeout.total_seconds()
            error = TimedOutError(
                f"the run did not end within {limit:g} seconds (RUN_TIMEOUT_SECONDS): Airflow stopped it at "
                "this task"
            )
            self.send({**context, "exception": error})


def run_timeout_notifier() -> RunTimeoutNotifier:
    """Return the `on_failure_callback` of DAGs, which alerts when a run has timed out."""
    return RunTimeoutNotifier()


def failure_notifier(detour: Detour | None = None) -> FailureNotifier:
    """Return the `on_failure_callback` of tasks, which alerts when the last attempt has failed."""
    return FailureNotifier(detour)


def detour_of(ti: Any, detour: Detour | None) -> str:
    """Return the result of `detour` for the source of this task; empty without one."""
    try:
        return detour(ti.task_id.rpartition(".")[2]) if detour else ""
    except PipelineError:  # an invalid Variable may be the failure itself
        return ""


DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 1,  # after five minutes, Airflow's default: `[core] default_task_retry_delay`
    "retry_policy": NETWORK_RETRIES["retry_policy"],  # fails at once where a retry cannot help
    "execution_timeout": task_timeout(),
    "on_failure_callback": failure_notifier(),
}
"""Defaults of every DAG's tasks: one retry, a timeout of TASK_TIMEOUT_SECONDS, and an alert after the last
attempt. `AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY` (seconds) sets another pause."""


def failure_message(context: Mapping[str, Any], detour: str = "") -> EmailMessage:
    """Return the mail about a failed task, without addresses and Message-ID.

    Args:
        context: Airflow's for callbacks. After the death of a worker it has only `ti`.
        detour: the value of `source_policy` with which the run continues, see `Detour`.
    """
    texts = task_texts(context, detour)
    return transport.compose(subject_of("Failed", context), "failure_mail", texts)


def task_texts(context: Mapping[str, Any], detour: str) -> dict[str, Any]:
    """Return the texts of mails about a task; `detour` as in `failure_message`."""
    ti, day = context["ti"], _day(context)
    is_daily = ti.dag_id == names.DAG_DAILY
    in_terminal = is_daily and getattr(context.get("dag_run"), "triggering_user_name", None) == TERMINAL_USER
    texts = {
        "task": _task(ti),
        "day": day or "unknown",
        "run_id": ti.run_id,
        "reason": failure_reason(context.get("exception")),
        "detour": detour,
        "variable": names.VARIABLE_SOURCE_POLICY,
        "log_url": "" if in_terminal else ti.log_url,
        "advice": "" if in_terminal else _advice(context.get("dag")),
    }
    if in_terminal:  # the UI does not list the run
        return texts | {
            "fix": "The terminal of this run shows the path of its log. Fix the cause, then run the "
            "day again:",
            "command": f"make run DAY={day or '<day>'}",
            "resume": "run the day again",
            "skip_retries": "interrupt the run and start it again",
        }
    return texts | {
        "fix": "Fix the cause, then rerun the failed tasks and everything downstream:"
        if is_daily
        else "Fix the cause, then clear this task with downstream in the UI.",
        "command": f"make repair DAY={day or '<day>'}" if is_daily else "",
        "resume": f"clear {names.TASK_GATE} with downstream",
        "skip_retries": "mark this task as failed in the UI",
    }


def subject_of(event: str, context: Mapping[str, Any]) -> str:
    """Return a mail's subject: the event, the task, and the business day."""
    day = _day(context)
    return f"{event}: {_task(context['ti'])}" + (f" for {day}" if day else "")


def _task(ti: Any) -> str:
    index = _map_index(ti)
    return f"{ti.dag_id}.{ti.task_id}" + (f" [{index}]" if index else "")


def _map_index(ti: Any) -> str:
    number = getattr(ti, "map_index", None)
    if number is None or number < 0:
        return ""
    return str(getattr(ti, "rendered_map_index", None) or number)


def failure_mail_name(ti: Any) -> str:
    """Return the same name for both calls that Airflow makes for a lost worker, so that mail programs show
    one mail."""
    return f"failure.{_fingerprint(ti, 'try_number')}"


def outage_mail_name(ti: Any) -> str:
    """Return the name of the mail about retries, the same for all attempts until the task is cleared."""
    return f"outage.{_fingerprint(ti, 'max_tries')}"


def _fingerprint(ti: Any, last: str) -> str:
    fields = ("dag_id", "run_id", "task_id", "map_index", last)
    text = "\0".join(str(getattr(ti, field, "")) for field in fields)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _day(context: Mapping[str, Any]) -> str | None:
    try:
        return str(business_day(context))
    except PipelineError:  # an invalid business date may be the failure itself
        return None


def _advice(dag: Any) -> str:
    """Return the first paragraph of the DAG's documentation, which begins with "When it fails"."""
    paragraphs = (getattr(dag, "doc_md", None) or "").strip().split("\n\n")
    text = next((each for each in paragraphs if each and not each.startswith("#")), "")
    return re.sub(r"[*`]", "", " ".join(text.split()))
