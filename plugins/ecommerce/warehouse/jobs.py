"""Waits for a BigQuery job, and cancels it when its time is up."""

from __future__ import annotations

import logging
import time
from typing import Any

from ecommerce.core.error_messages import reason_of
from ecommerce.core.errors import TimedOutError

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
CANCEL_SECONDS = 10
"""The timeout of the request to cancel a job, which is not repeated."""


def wait(job: Any, seconds: float, what: str, **request: Any) -> None:
    """Return when `job` has ended, whatever its result. (`job.result(timeout=…)` cancels nothing, and waits
    two minutes for one response, however short its timeout.)

    Args:
        job: a query or load job.
        seconds: how long it may take.
        what: names it in errors.
        request: the options of each request for its state.

    Raises:
        TimedOutError: the job has not ended within `seconds`; it is cancelled.
        GoogleAPICallError, RetryError: the state is unknown. The job continues, and the next attempt
            re-attaches to it.
    """
    end = time.monotonic() + seconds
    pause = SHORTEST_PAUSE
    try:
        while not job.done(**request):
            left = end - time.monotonic()
            if left <= 0:
                raise TimedOutError(
                    f"{what}: BigQuery has not finished job {job.job_id} within {seconds:g} seconds "
                    "(BIGQUERY_JOB_TIMEOUT_SECONDS); the job is cancelled"
                )
            time.sleep(min(pause, left))
            pause = min(1.5 * pause, LONGEST_PAUSE)
    except BaseException as error:
        # The job or the task timed out, or the command was interrupted.
        if isinstance(error, TimedOutError) or not isinstance(error, Exception):
            _cancel(job)
        raise


def _cancel(job: Any) -> None:
    try:
        job.cancel(retry=None, timeout=CANCEL_SECONDS)
        log.warning("Cancelled job %s", job.job_id)
    except Exception as error:
        log.warning("Job %s could not be cancelled: %s", job.job_id, reason_of(error))
