"""Retry policies: which errors are retried, and after which pause. Also the order of loads."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryDecision, RetryRule
from airflow.sdk.exceptions import AirflowTaskTimeout

from ecommerce.core import errors
from ecommerce.core.names import POOL_LOADS
from ecommerce.core.values import Values

LONGEST_REQUESTED = timedelta(hours=1)
"""The longest pause that a server may request. Exponential pauses end at the task's `max_retry_delay`."""


class RetryPolicy(ExceptionRetryPolicy):
    """Rules by type of error; a pause that limits the rate (`retry_after`) takes precedence."""

    def evaluate(
        self, exception: BaseException, *arguments: Any, **options: Any
    ) -> RetryDecision:
        """Return the decision on `exception`; see Airflow for the other arguments."""
        decision = super().evaluate(exception, *arguments, **options)
        if not isinstance(exception, errors.RateLimitedError):
            return decision
        requested = timedelta(seconds=exception.retry_after or 0)
        delay = max(decision.retry_delay or requested, requested)
        # Airflow spreads exponential pauses itself.
        delay = min(delay, LONGEST_REQUESTED) * errors.jitter()
        return replace(decision, retry_delay=delay)


FINAL = RetryRule(
    [
        errors.CredentialsError,
        errors.ConfigurationError,
        errors.ContractError,
        errors.CheckFailed,
        errors.TimedOutError,
        errors.AlertedError,
        AirflowTaskTimeout,
        # Errors of the code.
        AttributeError,
        ImportError,
        NameError,
        TypeError,
    ],
    RetryAction.FAIL,
    reason="a retry would fail in the same way",
)
RATE_LIMITED = RetryRule(
    errors.RateLimitedError,
    RetryAction.RETRY,
    retry_delay=timedelta(minutes=2),
    reason="the server limits the rate of requests",
)
UNAVAILABLE = RetryRule(
    [errors.TransientError, ConnectionError, TimeoutError],
    RetryAction.RETRY,
    reason="the server is unavailable: retried with growing pauses",
)

NETWORK_RETRIES: Values = {
    "retries": 5,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": RetryPolicy(rules=[FINAL, RATE_LIMITED, UNAVAILABLE]),
}
"""Arguments of every task that uses the network. A policy can only stop early or set the pause: `retries` is
the maximum."""

LOADS: Values = {
    "pool": POOL_LOADS,
    "priority_weight": 5,
    "weight_rule": "absolute",
}
"""Arguments of loads of which many may wait: those of days and of exports."""
RARE_LOADS = LOADS | {"priority_weight": 6}
"""Arguments of other loads, of which one waits at a time: without priority, an hourly sync would wait for all
loads of a backfill."""

GATE_RETRIES: Values = {
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                errors.PipelineError,
                RetryAction.FAIL,
                reason="the extracts have ended, and their output does not change",
            )
        ]
    )
}
"""Arguments of the gate after the extracts: its result is final, so only a lost worker is retried."""
