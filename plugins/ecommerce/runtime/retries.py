"""Retry policies: which errors are tried again, and after which pause."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule
from airflow.sdk.exceptions import AirflowTaskTimeout

from ecommerce.core import errors

LONGEST_DELAY = timedelta(hours=1)
"""A side that asks to be left alone for longer than this is asked again after it."""


class RetryPolicy(ExceptionRetryPolicy):
    """Rules by kind of error, and obedience: where the other side named the pause, it is taken. The task
    gives its worker back meanwhile."""

    def evaluate(self, exception: BaseException, *arguments: Any, **options: Any) -> RetryDecision:
        """What to do about `exception`; for the other arguments see Airflow."""
        decision = super().evaluate(exception, *arguments, **options)
        asked = getattr(exception, "retry_after", None)
        if asked is None:
            return decision
        delay = max(decision.retry_delay or timedelta(), timedelta(seconds=asked))
        return replace(decision, retry_delay=min(delay, LONGEST_DELAY))


def _in_vain(kinds: type[Exception] | list[type[BaseException]], why: str) -> RetryRule:
    return RetryRule(kinds, RetryAction.FAIL, reason=f"trying again cannot help: {why}")


NETWORK_RETRIES: dict[str, Any] = {
    "retries": 5,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": RetryPolicy(
        rules=[
            _in_vain(
                [errors.CredentialsError, errors.ConfigurationError],
                "somebody has to change a setting or a permission",
            ),
            _in_vain([errors.ContractError, errors.CheckFailed], "the data are not what was agreed"),
            _in_vain(
                [errors.TimedOutError, AirflowTaskTimeout], "it would take as long again, and delay the mail"
            ),
            _in_vain([AttributeError, ImportError, NameError, TypeError], "this is a mistake in the code"),
            RetryRule(
                errors.RateLimitedError,
                RetryAction.RETRY,
                retry_delay=timedelta(minutes=2),
                reason="the other side asked us to slow down",
            ),
            RetryRule(
                [errors.TransientError, ConnectionError, TimeoutError],
                RetryAction.RETRY,
                reason="the other side is unwell: trying again with growing pauses",
            ),
        ]
    ),
}
"""Arguments of every task that talks to the network. A policy can only stop early or set the pause, so
the number of retries is the most a task may need."""

GATE_RETRIES: dict[str, Any] = {
    "retry_policy": ExceptionRetryPolicy(
        rules=[_in_vain(errors.PipelineError, "the extracts have ended, and what they left stays the same")]
    )
}
"""Arguments of the task behind the extracts: its verdict is final, only a lost worker is worth a retry."""


def pause_after(task: Any, number: int, error: BaseException, most: int = 1) -> timedelta:
    """Return how long Airflow waits after attempt `number`, which failed with `error`; for `most` see
    `backoff`."""
    policy = task.retry_policy
    asked = policy.evaluate(error, try_number=number, max_tries=number).retry_delay if policy else None
    return asked or backoff(task, number, most)


def backoff(task: Any, number: int, most: int = 1) -> timedelta:
    """Return the pause after attempt `number` where no other is set: at least, or with 2 at most, for Airflow
    adds up to as much again by chance."""
    factor = task.retry_exponential_backoff or 1.0
    seconds = task.retry_delay.total_seconds() * factor ** (number - 1) * (most if factor != 1 else 1)
    longest = task.max_retry_delay.total_seconds() if task.max_retry_delay else seconds
    return timedelta(seconds=min(seconds, longest))
