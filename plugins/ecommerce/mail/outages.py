"""The early mail about a source that keeps failing while Airflow retries it.

The mail about a failed task follows its last attempt, almost half an hour after the first where the other
side is down. This mail follows the first failed attempt whose next retry is more than `PATIENCE` after the
first failure: with the pauses of `NETWORK_RETRIES` (at least 30, 60, 120, 240 s), usually the fourth.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import RetryAction

from ecommerce.core.settings import shop_timezone
from ecommerce.mail import alerts, notify, transport
from ecommerce.runtime.retries import backoff, pause_after
from ecommerce.runtime.task_log import failure_reason

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=5)
"""No mail is sent about a source that recovers this soon after its first failed attempt."""

_KEY = "outage"


@contextmanager
def outage_alert(context: Mapping[str, Any], detour: alerts.Detour) -> Iterator[None]:
    """Alert when reading a source in this block fails, and raise the error again.

    Airflow's callback for a failed attempt runs too late: by then the task's state store is closed, which
    remembers when the attempts began to fail and whether the mail was sent.
    """
    try:
        yield
    except Exception as error:
        try:
            alert_if_due(context, error, detour, datetime.now(UTC))
        except Exception as problem:  # it must not replace the failure itself
            log.warning("the alert that the source is failing was not sent: %s", failure_reason(problem))
        raise


def alert_if_due(context: Mapping[str, Any], error: Exception, detour: alerts.Detour, now: datetime) -> None:
    """Send the alert, by mail and chat, if it is due, was not sent, and the run needs the source.

    Args:
        context: Airflow's, of the attempt.
        error: why the attempt failed.
        detour: see `alerts.Detour`.
        now: when it failed, an aware instant.

    Raises:
        PipelineError: the mail cannot be sent.
    """
    ti = context["ti"]
    decision = ti.task.retry_policy.evaluate(error, try_number=ti.try_number, max_tries=ti.max_tries)
    if ti.try_number > ti.max_tries or decision.action is RetryAction.FAIL:
        return  # the last attempt has failed: `FailureNotifier` mails
    if not (policy := alerts.detour_of(ti, detour)):
        return
    store, series = context["task_state_store"], ti.max_tries  # clearing the task raises `max_tries`
    state = store.get(_KEY) or {}
    if state.get("series") != series:
        state = {"series": series, "since": now.isoformat(), "mailed": False}
    since, next_attempt = (
        datetime.fromisoformat(state["since"]),
        now + pause_after(ti.task, ti.try_number, error),
    )
    if not state["mailed"] and next_attempt >= since + PATIENCE:
        message = outage_message({**context, "exception": error}, policy, since, now)
        notify.send_alert(message, alerts.outage_mail_name(ti))
        state["mailed"] = True
    store.set(_KEY, state)


def outage_message(context: Mapping[str, Any], detour: str, since: datetime, now: datetime) -> EmailMessage:
    """Return the mail without addresses and Message-ID.

    Args:
        context: with the error as `exception`.
        detour: the value of `source_policy` with which the run continues.
        since: when the first attempt failed, an instant.
        now: when the latest one failed.
    """
    ti, error = context["ti"], context["exception"]
    zone = ZoneInfo(shop_timezone())
    later = range(ti.try_number + 1, ti.max_tries + 1)
    last = now + sum(
        (backoff(ti.task, each, 2) for each in later), pause_after(ti.task, ti.try_number, error, 2)
    )
    clock = {"since": since, "next": now + pause_after(ti.task, ti.try_number, error), "last": last}
    texts = alerts.task_texts(context, detour) | {
        **{name: f"{instant.astimezone(zone):%H:%M}" for name, instant in clock.items()},
        "zone": zone.key,
        "left": 1 + len(later),
    }
    return transport.compose(alerts.subject_of("Still trying", context), "outage_mail", texts)
