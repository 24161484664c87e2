"""Which errors are tried again."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout
from jinja2 import TemplateNotFound

from ecommerce.core import errors
from ecommerce.core.paths import read_sql
from ecommerce.core.templates import render
from ecommerce.runtime.retries import GATE_RETRIES, NETWORK_RETRIES, pause_after


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (errors.CredentialsError("x"), RetryAction.FAIL),
        (errors.ConfigurationError("x"), RetryAction.FAIL),
        (errors.ContractError("x"), RetryAction.FAIL),
        (errors.CheckFailed("x"), RetryAction.FAIL),
        (errors.TimedOutError("x"), RetryAction.FAIL),
        (AirflowTaskTimeout("x"), RetryAction.FAIL),
        (TypeError("x"), RetryAction.FAIL),
        (errors.RateLimitedError("x"), RetryAction.RETRY),
        (errors.ConcurrentUpdateError("x"), RetryAction.RETRY),
        (TimeoutError("x"), RetryAction.RETRY),
        (ConnectionResetError("x"), RetryAction.RETRY),
        (ValueError("x"), RetryAction.DEFAULT),
    ],
)
def test_kind_of_error_decides_about_retrying(error, action):
    retries = NETWORK_RETRIES["retry_policy"]
    assert retries.evaluate(error, try_number=1, max_tries=5).action is action


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (lambda: read_sql("extract/no_such_file.sql"), FileNotFoundError),
        (lambda: render("no_such_mail.txt", {}), TemplateNotFound),
    ],
)
def test_a_missing_file_of_the_repository_fails_at_once(read, kind):
    with pytest.raises(kind) as missing:
        read()
    decision = NETWORK_RETRIES["retry_policy"].evaluate(
        missing.value, try_number=1, max_tries=5
    )
    assert decision.action is RetryAction.FAIL


def test_another_missing_file_may_appear(tmp_path):
    with pytest.raises(FileNotFoundError) as missing:
        (tmp_path / "staged.parquet").read_bytes()
    decision = NETWORK_RETRIES["retry_policy"].evaluate(
        missing.value, try_number=1, max_tries=5
    )
    assert decision.action is not RetryAction.FAIL


def test_rate_limit_waits_longer_than_a_lost_connection():
    retries = NETWORK_RETRIES["retry_policy"]
    limited = retries.evaluate(errors.RateLimitedError("x"), try_number=1, max_tries=5)
    assert limited.retry_delay > NETWORK_RETRIES["retry_delay"]
    lost = retries.evaluate(errors.TransientError("x", 5), try_number=1, max_tries=5)
    assert lost.retry_delay is None  # the task's growing pauses


@pytest.mark.parametrize(
    ("asked", "waits"), [(600, 600), (3600, 3600), (86400, 3600), (5, 120), (None, 120)]
)
def test_a_pause_that_was_asked_for_is_taken_up_to_an_hour(asked, waits):
    error = errors.RateLimitedError("x", asked)
    decision = NETWORK_RETRIES["retry_policy"].evaluate(
        error, try_number=1, max_tries=5
    )
    assert (decision.action, decision.retry_delay) == (
        RetryAction.RETRY,
        timedelta(seconds=waits),
    )


def test_the_verdict_on_the_extracts_is_final_but_a_lost_worker_is_not():
    retries = GATE_RETRIES["retry_policy"]
    assert (
        retries.evaluate(errors.PipelineError("x"), try_number=1, max_tries=1).action
        is RetryAction.FAIL
    )
    assert (
        retries.evaluate(OSError("x"), try_number=1, max_tries=1).action
        is not RetryAction.FAIL
    )


def test_the_pause_before_the_next_attempt_doubles_up_to_its_limit():
    task = SimpleNamespace(**NETWORK_RETRIES)
    lost = errors.TransientError("x")
    pauses = [pause_after(task, attempt, lost).seconds for attempt in (1, 2, 5, 6)]
    assert pauses == [30, 60, 480, 600]
