"""One mail per reason and run: of several tasks that fail for the same reason, the first one mails."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from ecommerce.runtime.task_log import failure_reason

log = logging.getLogger(__name__)

WINDOW = timedelta(hours=1)
"""Failures for one reason within this time share a mail; last retries may be half an hour apart."""
PAUSE = 2.0
"""Seconds in which tasks that fail at the same moment exchange their reasons."""

_KEY = "failure"


def is_mailed(ti: Any, error: BaseException | None) -> bool:
    """Return whether another task of the run has failed for the same reason before, and mails it.

    Each failure leaves a fingerprint of its reason and the time in XCom, which Airflow removes when the task
    runs again. If the error is unknown or XCom is unavailable, every task mails.
    """
    if error is None:
        return False
    reason = hashlib.sha256(failure_reason(error).encode()).hexdigest()[:16]
    own = [reason, datetime.now(UTC).isoformat(), f"{ti.task_id}[{ti.map_index}]"]
    try:
        others = [each for each in ti.task.dag.task_ids if each != ti.task_id or ti.map_index >= 0]
        if not others:
            return False
        ti.xcom_push(_KEY, own)
        time.sleep(PAUSE)
        failures = ti.xcom_pull(task_ids=others, key=_KEY)
    except Exception as problem:
        log.warning("the reasons of other tasks' failures are unavailable: %s", failure_reason(problem))
        return False
    since = (datetime.fromisoformat(own[1]) - WINDOW).isoformat()
    same = [each[1:] for each in failures if each and each[0] == reason and each[1] > since]
    return min(same, default=own[1:]) < own[1:]
