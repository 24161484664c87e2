"""A job of BigQuery that does not end, and a BigQuery that does not answer."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import timeout

from ecommerce.core.errors import TimedOutError, TransientError
from ecommerce.core.settings import load_settings
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.warehouse import client
from ecommerce.warehouse.adhoc_query import run_query
from ecommerce.warehouse.client import Warehouse, connect
from tests.unit.warehouse.silent_bigquery import ANONYMOUS, SilentBigQuery

SETTINGS = load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef", "BIGQUERY_JOB_TIMEOUT_SECONDS": "1"})
Connect = Callable[..., Warehouse]


@pytest.fixture
def running() -> Iterator[SilentBigQuery]:
    with SilentBigQuery().serving() as server:
        yield server


@pytest.fixture
def mute() -> Iterator[SilentBigQuery]:
    with SilentBigQuery(mute=True).serving() as server:
        yield server


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """The warehouse of a server, as tasks and commands open it."""

    def to(server: SilentBigQuery, seconds: int = 1, **options: bool) -> Warehouse:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", server.url)
        monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", ANONYMOUS)
        return connect(replace(SETTINGS, bigquery_job_timeout_seconds=seconds), **options)

    return to


def end_the_time(word: str, request: str) -> None:
    """As the timer of Airflow's task runner does, when a request with `word` has arrived."""
    if word in request and not request.endswith("/cancel"):
        signal.setitimer(signal.ITIMER_REAL, 0.01)


def load(warehouse: Warehouse) -> None:
    warehouse.run("SELECT 1", "load", job_stem="load-1")


def test_a_job_that_does_not_end_is_cancelled_and_named(running: SilentBigQuery, connected: Connect) -> None:
    with pytest.raises(TimedOutError, match=r"^load: .* load-1-1 within 1 seconds \(BIGQUERY_JOB_TIMEOUT"):
        load(connected(running))
    assert running.cancelled == ["load-1-1"]


def test_a_query_of_a_person_is_cancelled_too(running: SilentBigQuery, connected: Connect) -> None:
    with pytest.raises(TimedOutError, match=r"^the query: "):
        run_query("SELECT 1", connected(running, interactive=True))
    assert len(running.cancelled) == 1


def test_the_end_of_the_tasks_time_cancels_the_job(running: SilentBigQuery, connected: Connect) -> None:
    warehouse = connected(running, seconds=600)
    running.notify = lambda request: end_the_time("load-1-1", request)
    with pytest.raises(AirflowTaskTimeout), timeout(600):
        load(warehouse)
    assert running.cancelled == ["load-1-1"]


def test_the_tasks_time_ends_while_a_request_waits_for_its_answer(
    mute: SilentBigQuery, connected: Connect
) -> None:
    warehouse = connected(mute)
    mute.notify = lambda request: end_the_time("jobs", request)
    with pytest.raises(AirflowTaskTimeout), timeout(600):
        load(warehouse)
    assert len(mute.requests) == 1, "the signal ended the request, not the request's own timeout"


@pytest.mark.parametrize("interactive", [False, True], ids=["task", "command"])
def test_a_server_that_never_answers_is_given_up(
    mute: SilentBigQuery, connected: Connect, interactive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = "INTERACTIVE_" if interactive else ""
    monkeypatch.setattr(client, f"{prefix}RETRY_SECONDS", 0.2)
    monkeypatch.setattr(client, f"{prefix}REQUEST_SECONDS", 0.3)
    with pytest.raises(TransientError, match=r"BigQuery cannot be reached: .*timed out"):
        run_query("SELECT 1", connected(mute, interactive=interactive))


def test_a_command_waits_for_seconds_not_for_a_minute(mute: SilentBigQuery, connected: Connect) -> None:
    request = connected(mute, interactive=True).bounded()
    assert request["timeout"] + request["retry"].timeout <= 20
    request = connected(mute).bounded()
    assert request["timeout"] + request["retry"].timeout >= 60


@pytest.mark.parametrize("error", [TimedOutError("load: too long"), AirflowTaskTimeout("Timeout, PID: 1")])
def test_what_took_too_long_fails_at_once(error: BaseException) -> None:
    decision = NETWORK_RETRIES["retry_policy"].evaluate(error, try_number=1, max_tries=5)
    assert decision.action is RetryAction.FAIL
