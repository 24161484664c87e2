"""The mail about a failed task: what failed, why, and what to do."""

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
from ecommerce.mail import causes, notify
from ecommerce.mail import transport as mail
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.task_log import failure_reason

Detour = Callable[[str], str]
"""From the name of a source to the Variable `source_policy` with which runs go on without it; empty where
they do already. The domain knows it."""
IN_TERMINAL = "dag_test"
"""The user that Airflow names for runs of `make run` and `airflow dags test`, which its UI does not list."""


class FailureNotifier(SmtpNotifier):
    """Notifies of a failed task: a mail to the Variable `alert_recipients`, and a post to the chat; nothing
    where there is neither, or where another task of the run failed for the same reason.

    Made by `failure_notifier`, with a `detour` for tasks within `outages.outage_told`. One instance stands in
    `default_args` for all tasks of a DAG, and the DAG processor may call it for several, so it keeps nothing
    but `to` between calls.
    """

    template_fields = ("to",)

    def __init__(self, detour: Detour | None = None) -> None:
        super().__init__(
            to=f"{{{{ var.value.get('{names.VARIABLE_ALERT_RECIPIENTS}', '') }}}}",
            smtp_conn_id=mail.CONNECTION,
        )
        self.detour = detour

    def notify(self, context: Any) -> None:
        """Tell people.

        Raises:
            PipelineError: the mail could not be sent; the message names no address.
        """
        ti, error = context["ti"], context.get("exception")
        if isinstance(error, AlertedError):
            return
        if causes.is_mailed(ti, error):
            self.log.info("another task of this run failed for the same reason and has mailed it")
            return
        self.send(context)

    def send(self, context: Any) -> None:
        """Send the mail and the post; raises as `notify`."""
        ti = context["ti"]
        message = failure_message(context, detour_of(ti, self.detour))
        first_try = ti.max_tries - ti.task.retries + 1 if self.detour else ti.try_number
        # People may have been told that it is still tried.
        answers = outage_name(ti) if ti.try_number > first_try else ""
        try:
            to = mail.parse_recipients(self.to, names.VARIABLE_ALERT_RECIPIENTS)
            reason = notify.tell(message, failure_name(ti), to, answers=answers)
        except Exception:
            notify.post(message)  # no callback is called again, and the mail server may be what has failed
            raise
        if reason:
            self.log.info("%s", reason)


class RunTimeoutNotifier(FailureNotifier):
    """Sends the mail about the task at which a run was stopped by its `dagrun_timeout`: Airflow skips that
    task, so its own callback is not called. A run that a task has failed is no news. The DAG processor, which
    calls this, takes no XCom, so the run's other mails are not looked at."""

    def render_template_fields(self, context: Any) -> None:
        """Read the Variable without a template: the DAG that `airflow dags test` passes has no template
        environment."""
        self.to = Variable.get(names.VARIABLE_ALERT_RECIPIENTS, default="")

    def notify(self, context: Any) -> None:
        """Send it; raises as `FailureNotifier.notify`."""
        if context.get("reason") == "timed_out":
            limit = context["dag"].dagrun_timeout.total_seconds()
            error = TimedOutError(
                f"the run did not end within {limit:g} seconds (RUN_TIMEOUT_SECONDS): Airflow stopped it at "
                "this task"
            )
            self.send({**context, "exception": error})


def run_timeout_notifier() -> RunTimeoutNotifier:
    """For `on_failure_callback` of DAGs: a mail to `alert_recipients` when a run has timed out."""
    return RunTimeoutNotifier()


def failure_notifier(detour: Detour | None = None) -> FailureNotifier:
    """For `on_failure_callback` of tasks: one mail to `alert_recipients` when a task has failed for good."""
    return FailureNotifier(detour)


def detour_of(ti: Any, detour: Detour | None) -> str:
    """What `detour` gives for the source of this task; empty without one."""
    try:
        return detour(ti.task_id.rpartition(".")[2]) if detour else ""
    except PipelineError:  # a wrong Variable may be the very failure
        return ""


DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 1,  # after five minutes, Airflow's default: `[core] default_task_retry_delay`
    "retry_policy": NETWORK_RETRIES["retry_policy"],  # no waiting where trying again cannot help
    "execution_timeout": task_timeout(),
    "on_failure_callback": failure_notifier(),
}
"""Of every DAG's tasks: tried again once, stopped after TASK_TIMEOUT_SECONDS, and people are told when a task
has failed for good. A test, or a deployment, sets another pause by
`AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY` (seconds)."""


def failure_message(context: Mapping[str, Any], detour: str = "") -> EmailMessage:
    """The mail without addresses and Message-ID, from the context Airflow gives to callbacks. It depends on
    nothing but `ti`: where a worker died, Airflow knows neither exception nor params. `detour`: see `Detour`.
    """
    ti, day = context["ti"], _day(context)
    texts = texts_of(context, detour)
    command = "run" if texts["in_terminal"] else "repair"
    texts |= {
        "command": f"make {command} DAY={day or '<day>'}" if ti.dag_id == names.DAG_DAILY else "",
        "advice": "" if texts["in_terminal"] else _advice(context.get("dag")),
        "gate": names.TASK_GATE,
    }
    return mail.compose(subject_of("Failed", context), "failure_mail", texts)


def texts_of(context: Mapping[str, Any], detour: str) -> dict[str, Any]:
    """What every mail about a task says."""
    ti = context["ti"]
    user = getattr(context.get("dag_run"), "triggering_user_name", None)
    in_terminal = ti.dag_id == names.DAG_DAILY and user == IN_TERMINAL
    return {
        "in_terminal": in_terminal,
        "task": _task(ti),
        "day": _day(context) or "unknown",
        "run_id": ti.run_id,
        "reason": failure_reason(context.get("exception")),
        "log_url": "" if in_terminal else ti.log_url,
        "detour": detour,
        "variable": names.VARIABLE_SOURCE_POLICY,
    }


def subject_of(what: str, context: Mapping[str, Any]) -> str:
    """A mail's subject: what has become of the task, and of which business day."""
    day = _day(context)
    return f"{what}: {_task(context['ti'])}" + (f" for {day}" if day else "")


def _task(ti: Any) -> str:
    index = _map_index(ti)
    return f"{ti.dag_id}.{ti.task_id}" + (f" [{index}]" if index else "")


def _map_index(ti: Any) -> str:
    """What tells a mapped task instance from its siblings: its rendered name or number; else empty."""
    number = getattr(ti, "map_index", None)
    if number is None or number < 0:
        return ""
    return str(getattr(ti, "rendered_map_index", None) or number)


def failure_name(ti: Any) -> str:
    """The name of the mail that the task has failed: of a lost worker Airflow tells twice, mail programs show
    it once."""
    return f"failure.{_fingerprint(ti, 'try_number')}"


def outage_name(ti: Any) -> str:
    """The name of the mail that the task is still tried: one for all tries until it is cleared."""
    return f"outage.{_fingerprint(ti, 'max_tries')}"


def _fingerprint(ti: Any, last: str) -> str:
    names = ("dag_id", "run_id", "task_id", "map_index", last)
    text = "\0".join(str(getattr(ti, name, "")) for name in names)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _day(context: Mapping[str, Any]) -> str | None:
    try:
        return str(business_day(context))
    except PipelineError:  # a wrong business date may be the very failure
        return None


def _advice(dag: Any) -> str:
    """The first paragraph of the DAG's documentation, which says what to do when it fails."""
    paragraphs = (getattr(dag, "doc_md", None) or "").strip().split("\n\n")
    text = next((each for each in paragraphs if each and not each.startswith("#")), "")
    return re.sub(r"[*`]", "", " ".join(text.split()))
