"""Which errors are tried again."""

from datetime import timedelta

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout

from ecommerce.core import errors
from ecommerce.runtime.retries import GATE_RETRIES, NETWORK_RETRIES

FINAL = (
    errors.CredentialsError,
    errors.ConfigurationError,
    errors.ContractError,
    errors.CheckFailed,
    errors.TimedOutError,
    errors.AlertedError,
    AirflowTaskTimeout,
    AttributeError,
    ImportError,
    NameError,
    TypeError,
)
PASSING = (
    errors.RateLimitedError,
    errors.ConcurrentUpdateError,
    TimeoutError,
    ConnectionResetError,
)


def decision_on(error, policy=NETWORK_RETRIES):
    return policy["retry_policy"].evaluate(error, try_number=1, max_tries=5)


def test_kind_of_error_decides_about_retrying():
    for kind in FINAL:
        assert decision_on(kind("x")).action is RetryAction.FAIL, kind
    for kind in PASSING:
        assert decision_on(kind("x")).action is RetryAction.RETRY, kind
    assert decision_on(ValueError("x")).action is RetryAction.DEFAULT


def test_a_lost_connection_has_the_pauses_of_the_task():
    lost = decision_on(errors.TransientError("x", 5))
    assert lost.retry_delay is None  # they grow
    assert NETWORK_RETRIES["retry_delay"] < timedelta(seconds=120)


@pytest.mark.parametrize(
    ("asked", "waits"), [(600, 600), (3600, 3600), (86400, 3600), (5, 120), (None, 120)]
)
def test_a_pause_that_was_asked_for_is_taken_up_to_an_hour_and_spread(asked, waits):
    delays = set()
    for _ in range(60):
        decision = decision_on(errors.RateLimitedError("x", asked))
        assert decision.action is RetryAction.RETRY
        assert 0 <= decision.retry_delay.total_seconds() - waits <= waits / 4
        delays.add(decision.retry_delay)
    assert len(delays) > 50, "shops of one API"


def test_the_verdict_on_the_extracts_is_final_but_a_lost_worker_is_not():
    final = decision_on(errors.PipelineError("x"), GATE_RETRIES)
    assert final.action is RetryAction.FAIL
    assert decision_on(OSError("x"), GATE_RETRIES).action is not RetryAction.FAIL
