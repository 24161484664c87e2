"""Retry policies: which errors are retried, and after which pause. Also the order of loads."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule
from airflow.sdk.exceptions import AirflowTaskTimeout
from jinja2 import TemplateNotFound

from ecommerce.core import errors
from ecommerce.core.names import POOL_LOADS
from ecommerce.core.paths import INCLUDE

LONGEST_REQUESTED = timedelta(hours=1)
"""The longest pause that a server may request. Exponential pauses end at the task's `max_retry_delay`."""


class RetryPolicy(ExceptionRetryPolicy):
    """Rules by type of error; a pause that limits the rate (`retry_after`) takes precedence."""

    def evaluate(
        self, exception: BaseException, *arguments: Any, **options: Any
    ) -> RetryDecision:
        """Return the decision on `exception`; see Airflow for the other arguments."""
        if isinstance(exception, FileNotFoundError) and str(
            exception.filename
        ).startswith(f"{INCLUDE}/"):
            exception = TemplateNotFound(str(exception.filename))
        decision = super().evaluate(exception, *arguments, **options)
        requested = (
            exception.retry_after
            if isinstance(exception, errors.RateLimitedError)
            else None
        )
        if requested is None:
            return decision
        delay = max(decision.retry_delay or timedelta(), timedelta(seconds=requested))
        return replace(decision, retry_delay=min(delay, LONGEST_REQUESTED))


def _final(why: str, *kinds: type[BaseException]) -> RetryRule:
    return RetryRule(
        list(kinds), RetryAction.FAIL, reason=f"a retry cannot help: {why}"
    )


NETWORK_RETRIES: dict[str, Any] = {
    "retries": 5,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": RetryPolicy(
        rules=[
            _final(
                "a setting or a permission must be changed",
                errors.CredentialsError,
                errors.ConfigurationError,
            ),
            _final(
                "the data violate their contract",
                errors.ContractError,
                errors.CheckFailed,
            ),
            _final(
                "it would take as long, and delay the mail",
                errors.TimedOutError,
                AirflowTaskTimeout,
            ),
            _final("a file of include/ is missing", TemplateNotFound),
            _final("this is a bug", AttributeError, ImportError, NameError, TypeError),
            RetryRule(
                errors.RateLimitedError,
                RetryAction.RETRY,
                retry_delay=timedelta(minutes=2),
                reason="the server limits the rate of requests",
            ),
            RetryRule(
                [errors.TransientError, ConnectionError, TimeoutError],
                RetryAction.RETRY,
                reason="the server is unavailable: retried with growing pauses",
            ),
        ]
    ),
}
"""Arguments of every task that uses the network. A policy can only stop early or set the pause: `retries` is
the maximum."""

LOADS: dict[str, Any] = {
    "pool": POOL_LOADS,
    "priority_weight": 5,
    "weight_rule": "absolute",
}
"""Arguments of loads of which many may wait: those of days and of exports."""
RARE_LOADS = LOADS | {"priority_weight": 6}
"""Arguments of other loads, of which one waits at a time: without priority, an hourly sync would wait for all
loads of a backfill."""

GATE_RETRIES: dict[str, Any] = {
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            _final(
                "the extracts have ended, and their output does not change",
                errors.PipelineError,
            )
        ]
    )
}
"""Arguments of the gate after the extracts: its result is final, so only a lost worker is retried."""


def pause_after(task: Any, attempt: int, error: BaseException) -> timedelta:
    """Return the shortest pause after a failed attempt, by its number from 1."""
    if task.retry_policy:
        decision = task.retry_policy.evaluate(
            error, try_number=attempt, max_tries=task.retries
        )
        if decision.retry_delay:
            return decision.retry_delay
    pause = task.retry_delay * (task.retry_exponential_backoff or 1) ** min(
        attempt - 1, 30
    )
    return min(pause, task.max_retry_delay or pause)
