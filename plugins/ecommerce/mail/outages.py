"""The mail about a source that keeps failing while it is still tried: once, and early.

A failed task is told of when its last try has failed, which takes the better part of half an hour where the
other side is down. So the first failed try after which no other can begin within `PATIENCE` of the first
failure sends a mail; none is sent when the source is back by then. With the pauses of `NETWORK_RETRIES` (at
least 30, 60, 120, 240 s) and quick failures that is the fourth try, after three and a half to seven minutes.
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
from ecommerce.mail import alerts, notify
from ecommerce.mail import transport as mail
from ecommerce.runtime.retries import backoff, pause_after
from ecommerce.runtime.task_log import failure_reason

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=5)
"""A source that is back this soon after its first failed try is not worth a mail."""

_KEY = "outage"


@contextmanager
def outage_told(context: Mapping[str, Any], detour: alerts.Detour) -> Iterator[None]:
    """Around the reading of a source; `context` is Airflow's. What is raised inside is raised all the same.

    Airflow's own callback for a try that is to be repeated comes too late: the task's state, which remembers
    when it began to fail and whether people were told, is closed by then.
    """
    try:
        yield
    except Exception as error:
        try:
            tell(context, error, detour, datetime.now(UTC))
        except Exception as problem:  # it must not take the place of the failure itself
            log.warning("nobody could be told that the source is failing: %s", failure_reason(problem))
        raise


def tell(context: Mapping[str, Any], error: Exception, detour: alerts.Detour, now: datetime) -> None:
    """Tell people, by mail and in the chat, that the running try has failed with `error` at `now`, when it is
    time, has not been done, and the run cannot go on without the source.

    Raises:
        PipelineError: the mail cannot be sent.
    """
    ti = context["ti"]
    decision = ti.task.retry_policy.evaluate(error, try_number=ti.try_number, max_tries=ti.max_tries)
    if ti.try_number > ti.max_tries or decision.action is RetryAction.FAIL:
        return  # it has failed for good, which is another mail
    if not (way_round := alerts.detour_of(ti, detour)):
        return
    store, series = context["task_state_store"], ti.max_tries  # which clearing the task raises
    known = store.get(_KEY) or {}
    if known.get("series") != series:
        known = {"series": series, "since": now.isoformat(), "told": False}
    since, next_try = datetime.fromisoformat(known["since"]), now + pause_after(ti.task, ti.try_number, error)
    if not known["told"] and next_try >= since + PATIENCE:
        message = outage_message({**context, "exception": error}, way_round, since, now)
        notify.tell(message, alerts.outage_name(ti))
        known["told"] = True
    store.set(_KEY, known)


def outage_message(context: Mapping[str, Any], detour: str, since: datetime, now: datetime) -> EmailMessage:
    """The mail without addresses and Message-ID. The one that the task has failed for good refers to it.

    Args:
        context: with the error as `exception`.
        detour: what to set the Variable `source_policy` to.
        since: when the first try failed, an instant.
        now: when the latest did.
    """
    ti, error = context["ti"], context["exception"]
    zone = ZoneInfo(shop_timezone())
    others = range(ti.try_number + 1, ti.max_tries + 1)
    last = now + sum(
        (backoff(ti.task, each, 2) for each in others), pause_after(ti.task, ti.try_number, error, 2)
    )
    clock = {"since": since, "next": now + pause_after(ti.task, ti.try_number, error), "last": last}
    texts = alerts.texts_of(context, detour) | {
        **{name: f"{instant.astimezone(zone):%H:%M}" for name, instant in clock.items()},
        "zone": zone.key,
        "left": 1 + len(others),
    }
    return mail.compose(alerts.subject_of("Still trying", context), "outage_mail", texts)
