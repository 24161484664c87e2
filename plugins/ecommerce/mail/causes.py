"""One mail per cause and run: of the tasks of a run that fail for one reason, the first one mails."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from ecommerce.runtime.task_log import failure_reason

log = logging.getLogger(__name__)

TOGETHER = timedelta(hours=1)
"""Tasks that fail within this time of each other for one reason share a mail; the last retry of one may end
half an hour after that of another."""
PAUSE = 2.0
"""Seconds in which tasks that fail at the same moment leave their reasons for each other."""

_KEY = "failure"


def is_mailed(ti: Any, error: BaseException | None) -> bool:
    """Return whether another task of the run has failed for the same reason before, and mails it.

    Each leaves a fingerprint of its reason and the time as an XCom, which Airflow removes when the task runs
    again. Tasks of the same instant may both mail; none of them never does. Where Airflow does not know the
    error, or does not take the XCom, every task mails.
    """
    if error is None:
        return False
    cause = hashlib.sha256(failure_reason(error).encode()).hexdigest()[:16]
    mine = [cause, datetime.now(UTC).isoformat(), f"{ti.task_id}[{ti.map_index}]"]
    try:
        others = [each for each in ti.task.dag.task_ids if each != ti.task_id or ti.map_index >= 0]
        if not others:
            return False
        ti.xcom_push(_KEY, mine)
        time.sleep(PAUSE)
        left = ti.xcom_pull(task_ids=others, key=_KEY)
    except Exception as problem:
        log.warning("other tasks of the run cannot be asked why they failed: %s", failure_reason(problem))
        return False
    since = (datetime.fromisoformat(mine[1]) - TOGETHER).isoformat()
    same = [each[1:] for each in left if each and each[0] == cause and each[1] > since]
    return min(same, default=mine[1:]) < mine[1:]
