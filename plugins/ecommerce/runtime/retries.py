"""Retry policies: which errors are retried, and after which pause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule
from airflow.sdk.exceptions import AirflowTaskTimeout

from ecommerce.core import errors

LONGEST_DELAY = timedelta(hours=1)
"""The longest pause, even if a server requests a longer one."""


class RetryPolicy(ExceptionRetryPolicy):
    """Rules by type of error; a pause that the server requested (`retry_after`) takes precedence."""

    def evaluate(self, exception: BaseException, *arguments: Any, **options: Any) -> RetryDecision:
        """Return the decision on `exception`; see Airflow for the other arguments."""
        decision = super().evaluate(exception, *arguments, **options)
        requested = getattr(exception, "retry_after", None)
        if requested is None:
            return decision
        delay = max(decision.retry_delay or timedelta(), timedelta(seconds=requested))
        return replace(decision, retry_delay=min(delay, LONGEST_DELAY))


def _final(kinds: type[Exception] | list[type[BaseException]], why: str) -> RetryRule:
    return RetryRule(kinds, RetryAction.FAIL, reason=f"a retry cannot help: {why}")


NETWORK_RETRIES: dict[str, Any] = {
    "retries": 5,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": RetryPolicy(
        rules=[
            _final(
                [errors.CredentialsError, errors.ConfigurationError],
                "a setting or a permission must be changed",
            ),
            _final([errors.ContractError, errors.CheckFailed], "the data violate their contract"),
            _final([errors.TimedOutError, AirflowTaskTimeout], "it would take as long, and delay the mail"),
            _final([AttributeError, ImportError, NameError, TypeError], "this is a bug"),
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

GATE_RETRIES: dict[str, Any] = {
    "retry_policy": ExceptionRetryPolicy(
        rules=[_final(errors.PipelineError, "the extracts have ended, and their output does not change")]
    )
}
"""Arguments of the gate after the extracts: its result is final, so only a lost worker is retried."""


def pause_after(task: Any, number: int, error: BaseException, most: int = 1) -> timedelta:
    """Return the pause after a failed attempt.

    Args:
        task: Airflow's operator.
        number: of the attempt.
        error: its failure.
        most: as for `backoff`.
    """
    policy = task.retry_policy
    delay = policy.evaluate(error, try_number=number, max_tries=number).retry_delay if policy else None
    return delay or backoff(task, number, most)


def backoff(task: Any, number: int, most: int = 1) -> timedelta:
    """Return the shortest exponential pause after attempt `number`, or with `most=2` the longest.

    Airflow adds jitter of up to 100 %.
    """
    factor = task.retry_exponential_backoff or 1.0
    seconds = task.retry_delay.total_seconds() * factor ** (number - 1) * (most if factor != 1 else 1)
    longest = task.max_retry_delay.total_seconds() if task.max_retry_delay else seconds
    return timedelta(seconds=min(seconds, longest))
