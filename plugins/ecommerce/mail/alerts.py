"""Alerts about failed tasks: a mail to the Variable `alert_recipients`, and its text in the chat.

`alert_failure` follows the last attempt of a task, `alert_run_timeout` a run that timed out. `outage_alert`
is earlier: it follows the first failed attempt to read a source after which the source has been down for
`PATIENCE` or longer when Airflow retries it. With the pauses of `NETWORK_RETRIES` that is usually the fourth
attempt.
"""

import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import RetryAction

from ecommerce.core import names
from ecommerce.core.business_day import business_day
from ecommerce.core.errors import AlertedError, PipelineError, TimedOutError
from ecommerce.core.settings import OWNER, shop_timezone, task_timeout
from ecommerce.mail import notify, transport
from ecommerce.runtime.retries import NETWORK_RETRIES, pause_after
from ecommerce.runtime.task_log import failure_reason

log = logging.getLogger(__name__)

Detour = Callable[[str], str]
"""Returns, for a source, the value of the Variable `source_policy` with which runs continue without it; empty
where they do already."""
PATIENCE = timedelta(minutes=5)
"""No mail is sent about a source that recovers this soon after its first failed attempt."""
SAME_CAUSE = timedelta(hours=1)
"""Failures for one reason within this time share a mail; last retries may be half an hour apart."""
PAUSE = 2.0
"""Seconds in which tasks that fail at the same moment exchange their reasons."""


def alert_failure(context: Mapping[str, Any], detour: Detour | None = None) -> None:
    """Alert about a task whose last attempt failed; the `on_failure_callback` of tasks. No alert is sent if
    another task of the run has failed for the same reason. `detour` is set for tasks within `outage_alert`.
    Raises PipelineError: the mail could not be sent; the text contains no address."""
    error = context.get("exception")
    if isinstance(error, AlertedError):
        return
    if is_mailed(context["ti"], error):
        log.info("not mailed: another task of this run has mailed the same reason")
    else:
        _send(context, detour)


def alert_run_timeout(context: Mapping[str, Any]) -> None:
    """Alert about the task at which `dagrun_timeout` stopped a run; the `on_failure_callback` of DAGs.
    Airflow skips that task without its own callback."""
    if context.get("reason") == "timed_out":
        limit = context["dag"].dagrun_timeout.total_seconds()
        text = f"the run did not end within {limit:g} seconds (RUN_TIMEOUT_SECONDS)"
        text += ": Airflow stopped it at this task"
        _send({**context, "exception": TimedOutError(text)})


DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 1,  # after five minutes, Airflow's default: `[core] default_task_retry_delay`
    "retry_policy": NETWORK_RETRIES["retry_policy"],  # fails at once where a retry cannot help
    "execution_timeout": task_timeout(),
    "on_failure_callback": alert_failure,
}
"""Defaults of every DAG's tasks: one retry, a timeout of TASK_TIMEOUT_SECONDS, and an alert after the last
attempt. `AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY` (seconds) sets another pause."""


def _send(context: Mapping[str, Any], detour: Detour | None = None) -> None:
    ti = context["ti"]
    message = task_message(context, _policy(ti, detour))
    first_attempt = ti.max_tries - ti.task.retries + 1 if detour else ti.try_number
    reply_to = mail_name("outage", ti) if ti.try_number > first_attempt else ""
    try:
        # Airflow calls twice for a lost worker; mail programs show two mails of one name once.
        reason = notify.send_alert(message, mail_name("failure", ti), reply_to=reply_to)
    except Exception:
        notify.post(message)  # Airflow does not repeat callbacks, and the mail server may be down
        raise
    if reason:
        log.info("not mailed: %s", reason)


def is_mailed(ti: Any, error: BaseException | None) -> bool:
    """Return whether another task of the run has failed for the same reason before, and mails it. Each
    failure leaves a fingerprint of its reason and the time in XCom, which Airflow removes when the task runs
    again. If the error is unknown or XCom is unavailable, every task mails."""
    if error is None:
        return False
    reason = hashlib.sha256(failure_reason(error).encode()).hexdigest()[:16]
    now = datetime.now(UTC)
    own = [now.isoformat(), f"{ti.task_id}[{ti.map_index}]"]
    try:
        others = [each for each in ti.task.dag.task_ids if each != ti.task_id or ti.map_index >= 0]
        if not others:
            return False
        ti.xcom_push("failure", [reason, *own])
        time.sleep(PAUSE)
        failures = ti.xcom_pull(task_ids=others, key="failure")
    except Exception as problem:
        log.warning("the reasons of other tasks' failures are unavailable: %s", failure_reason(problem))
        return False
    since = (now - SAME_CAUSE).isoformat()
    same = [each[1:] for each in failures if each and each[0] == reason and each[1] > since]
    return min(same, default=own) < own


@contextmanager
def outage_alert(context: Mapping[str, Any], detour: Detour) -> Iterator[None]:
    """Alert when reading a source in this block fails, and raise the error again. Airflow's callback for a
    failed attempt runs too late: by then the task's state store is closed, which remembers when the attempts
    began to fail and whether the mail was sent."""
    try:
        yield
    except Exception as error:
        try:
            alert_if_due(context, error, detour, datetime.now(UTC))
        except Exception as problem:  # it must not replace the failure itself
            log.warning("the alert that the source is failing was not sent: %s", failure_reason(problem))
        raise


def alert_if_due(context: Mapping[str, Any], error: Exception, detour: Detour, now: datetime) -> None:
    """Send the early alert if it is due, was not sent, and the run needs the source.

    Args:
        context: Airflow's, of the attempt.
        error: why the attempt failed.
        detour: see `Detour`.
        now: when it failed, an aware instant.
    """
    ti = context["ti"]
    decision = ti.task.retry_policy.evaluate(error, try_number=ti.try_number, max_tries=ti.max_tries)
    if ti.try_number > ti.max_tries or decision.action is RetryAction.FAIL:
        return  # the last attempt has failed: `alert_failure` mails
    if not (policy := _policy(ti, detour)):
        return
    store, series = context["task_state_store"], ti.max_tries  # clearing the task raises `max_tries`
    state = store.get("outage") or {}
    if state.get("series") != series:
        state = {"series": series, "since": now.isoformat(), "mailed": False}
    since, next_attempt = (
        datetime.fromisoformat(state["since"]),
        now + pause_after(ti.task, ti.try_number, error),
    )
    if not state["mailed"] and next_attempt >= since + PATIENCE:
        later = range(ti.try_number + 1, ti.max_tries + 1)
        longest = [
            pause_after(ti.task, ti.try_number, error, longest=True),
            *(pause_after(ti.task, each, longest=True) for each in later),
        ]
        clock = {"since": since, "next": next_attempt, "last": now + sum(longest, timedelta())}
        message = task_message({**context, "exception": error}, policy, clock, left=len(longest))
        notify.send_alert(message, mail_name("outage", ti))
        state["mailed"] = True
    store.set("outage", state)


def mail_name(kind: str, ti: Any) -> str:
    """Return the name of a mail: of one attempt for `failure`; of all, until the task is cleared, for
    `outage`."""
    fields = ("dag_id", "run_id", "task_id", "map_index", "try_number" if kind == "failure" else "max_tries")
    text = "\0".join(str(getattr(ti, field, "")) for field in fields)
    return f"{kind}.{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def task_message(
    context: Mapping[str, Any], detour: str = "", clock: Mapping[str, datetime] | None = None, left: int = 0
) -> EmailMessage:
    """Return the mail about a failed task, or with `clock` the one about a source that is retried.

    Args:
        context: Airflow's for callbacks. After the death of a worker it has only `ti`.
        detour: the value of `source_policy` with which the run continues, see `Detour`.
        clock: since when the attempts fail, when the next one begins, and the last one at the latest.
        left: how many attempts are left.
    """
    ti, day = context["ti"], _day(context)
    index = getattr(ti, "map_index", None)
    mapped = "" if index in (None, -1) else f" [{getattr(ti, 'rendered_map_index', None) or index}]"
    task = f"{ti.dag_id}.{ti.task_id}{mapped}"
    texts = {
        "task": task,
        "day": day or "unknown",
        "run_id": ti.run_id,
        "reason": failure_reason(context.get("exception")),
        "detour": detour,
        "variable": names.VARIABLE_SOURCE_POLICY,
        "log_url": ti.log_url,
        "advice": _advice(context.get("dag")),
        "fix": "Fix the cause, then clear this task with downstream in the UI.",
        "command": "",
        "resume": f"clear {names.TASK_GATE} with downstream",
        "skip_retries": "mark this task as failed in the UI",
    }
    if ti.dag_id == names.DAG_DAILY:
        texts["fix"] = "Fix the cause, then rerun the failed tasks and everything downstream:"
        texts["command"] = f"make repair DAY={day or '<day>'}"
        if getattr(context.get("dag_run"), "triggering_user_name", None) == "dag_test":
            texts |= {  # a run of `make run` or `airflow dags test`, which the UI does not list
                "log_url": "",
                "advice": "",
                "fix": "The terminal of this run shows the path of its log. Fix the cause, then run the day "
                "again:",
                "command": f"make run DAY={day or '<day>'}",
                "resume": "run the day again",
                "skip_retries": "interrupt the run and start it again",
            }
    zone = ZoneInfo(shop_timezone()) if clock else None
    times = {name: f"{instant.astimezone(zone):%H:%M}" for name, instant in (clock or {}).items()}
    texts |= {**times, "zone": str(zone), "left": left}
    subject = f"{'Still trying' if clock else 'Failed'}: {task}" + (f" for {day}" if day else "")
    return transport.compose(subject, "outage_mail" if clock else "failure_mail", texts)


def _policy(ti: Any, detour: Detour | None) -> str:
    """Return the result of `detour` for the source of this task; empty without one."""
    try:
        return detour(ti.task_id.rpartition(".")[2]) if detour else ""
    except PipelineError:  # an invalid Variable may be the failure itself
        return ""


def _day(context: Mapping[str, Any]) -> str:
    try:
        return str(business_day(context))
    except PipelineError:  # an invalid business date may be the failure itself
        return ""


def _advice(dag: Any) -> str:
    """Return the first paragraph of the DAG's documentation, which begins with "When it fails"."""
    paragraphs = (getattr(dag, "doc_md", None) or "").strip().split("\n\n")
    text = next((each for each in paragraphs if each and not each.startswith("#")), "")
    return re.sub(r"[*`]", "", " ".join(text.split()))
