"""BigQuery's answers as kinds of errors, and jobs that are found again."""

import json
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import timeout
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions as google
from google.auth.exceptions import RefreshError
from requests.exceptions import ConnectionError as LostConnection

from ecommerce.core import errors
from ecommerce.core.errors import TimedOutError, TransientError
from ecommerce.core.settings import load_settings
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.warehouse import client
from ecommerce.warehouse.adhoc_query import run_query
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import RETRY_SECONDS, Warehouse, connect
from tests.unit.warehouse.silent_bigquery import ANONYMOUS, SilentBigQuery

SETTINGS = load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef"})


def reason(text: str) -> dict[str, Any]:
    return {"errors": [{"reason": text}]}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (google.Unauthorized("no"), errors.CredentialsError),
        (
            google.Forbidden("Access Denied", **reason("accessDenied")),
            errors.CredentialsError,
        ),
        (
            google.Forbidden("Quota exceeded", **reason("quotaExceeded")),
            errors.TransientError,
        ),
        (
            google.Forbidden("slow down", **reason("rateLimitExceeded")),
            errors.TransientError,
        ),
        (google.TooManyRequests("slow down"), errors.TransientError),
        (google.InternalServerError("oops"), errors.TransientError),
        (google.ServiceUnavailable("oops"), errors.TransientError),
        (
            google.BadRequest(
                "Transaction is aborted due to concurrent update against table p:d.t."
            ),
            errors.ConcurrentUpdateError,
        ),
        (
            google.BadRequest(
                "Could not serialize access to table p:d.t due to concurrent update",
                **reason("invalidQuery"),
            ),
            errors.ConcurrentUpdateError,
        ),
        (google.Conflict("Already Exists: Table p:d.t"), errors.ConcurrentUpdateError),
        (
            google.InternalServerError(
                "Query exceeded limit", **reason("bytesBilledLimitExceeded")
            ),
            errors.ConfigurationError,
        ),
        (
            google.BadRequest("Syntax error: Unexpected end of script"),
            errors.ContractError,
        ),
        (google.NotFound("Not found: Table p:d.t"), errors.ContractError),
        (
            google.NotFound("Not found: Job p:US.load-0123456789ab"),
            errors.TransientError,
        ),
        (
            google.NotFound(
                "PUT http://b/jobs?upload_id=7: Upload session 7 not found"
            ),
            errors.TransientError,
        ),
        (google.RetryError("Timeout", cause=None), errors.TransientError),
        (
            google.RetryError("Timeout", cause=google.BadRequest("Syntax error")),
            errors.ContractError,
        ),
        (LostConnection("reset by peer"), errors.TransientError),
        (RefreshError("invalid_grant"), errors.CredentialsError),
    ],
)
def test_each_failure_has_its_kind(error: Exception, kind: type[Exception]):
    with (
        pytest.raises(errors.PipelineError, match="load: ") as raised,
        bigquery_errors("load"),
    ):
        raise error

    assert type(raised.value) is kind


def test_a_missing_dataset_names_what_creates_it():
    answer = (
        "404 POST http://b/queries?prettyPrint=false: "
        "Not found: Dataset p:sales was not found in location US"
    )
    refusal = google.NotFound(f"{answer}; reason: notFound\n\nLocation: US\nJob ID: 1")
    with (
        pytest.raises(errors.ContractError) as raised,
        bigquery_errors("daily_series.sql"),
    ):
        raise refusal

    assert str(raised.value) == (
        "daily_series.sql: Not found: Dataset p:sales was not found in location US: is BIGQUERY_LOCATION "
        "right? The first run creates the dataset, and so does make migrate"
    )


def test_copies_of_a_row_name_what_removes_them():
    refusal = google.BadRequest(
        "UPDATE/MERGE must match at most one source row for each target row"
    )
    with pytest.raises(
        errors.ContractError, match="copies of a row, which make migrate removes"
    ):
        with bigquery_errors("load"):
            raise refusal


def test_addresses_in_refusals_are_masked():
    refusal = google.Forbidden(
        "User etl-runner@shop.iam.gserviceaccount.com does not have permission"
    )
    with pytest.raises(errors.CredentialsError) as raised, bigquery_errors("load"):
        raise refusal

    assert "etl-runner@" not in "".join(traceback.format_exception(raised.value)), (
        "it goes into the log whole"
    )
    assert "does not have permission" in str(raised.value)


def test_requests_are_not_repeated_for_minutes():
    warehouse = Warehouse(Jobs(), SETTINGS, {})  # type: ignore[arg-type]
    assert warehouse.bounded()["retry"].timeout == RETRY_SECONDS


class Jobs:
    """A BigQuery that knows some jobs already."""

    def __init__(self, **known: Any) -> None:
        self.known = known

    def begin(self, job_id: str) -> Any:
        if job_id in self.known:
            raise google.Conflict(f"Already Exists: Job {job_id}")
        return f"new {job_id}"

    def get_job(self, job_id: str, **_: Any) -> Any:
        return self.known[job_id]


def job(error: dict[str, str] | None, *, done: bool = True) -> Any:
    return SimpleNamespace(done=lambda **_: done, error_result=error)


def started(jobs: Jobs, **options: bool) -> Any:
    return Warehouse(jobs, SETTINGS, {}).start(jobs.begin, "load-1", **options)  # type: ignore[arg-type]


def test_a_job_is_begun_once():
    assert started(Jobs()) == "new load-1-1"


@pytest.mark.parametrize(
    "there", [job(None), job(None, done=False)], ids=["finished", "running"]
)
def test_a_job_an_earlier_try_began_is_waited_for(there: Any):
    assert started(Jobs(**{"load-1-1": there})) is there


def test_what_changed_the_tables_and_is_done_is_done_again():
    # Else a load that somebody clears after `make undo-history` would be green and bring nothing back.
    assert started(Jobs(**{"load-1-1": job(None)}), finished=False) == "new load-1-2"
    running = job(None, done=False)
    assert (
        started(Jobs(**{"load-1-1": job(None), "load-1-2": running}), finished=False)
        is running
    )


def test_a_job_that_failed_is_begun_again_under_the_next_id():
    failed = job({"reason": "invalidQuery"})
    assert started(Jobs(**{"load-1-1": failed, "load-1-2": failed})) == "new load-1-3"


def test_a_missing_connection_is_a_setting_to_make(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIRFLOW_CONN_BIGQUERY", raising=False)
    with pytest.raises(
        errors.ConfigurationError,
        match=r"^connection bigquery: .*bigquery.* isn't defined",
    ):
        connect(SETTINGS)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"key_path": "/key.p12"}, "Legacy P12 key file are not supported"),
        ({"keyfile_dict": "{", "project": "p"}, "Invalid key JSON"),
        ({"key_path": "/key.json", "is_anonymous": True}, "mutually exclusive"),
    ],
)
def test_what_the_hook_refuses_is_refused_in_its_words(
    extra: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
):
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
    with pytest.raises(
        errors.ConfigurationError, match=f"^connection bigquery: .*{said}"
    ):
        connect(SETTINGS)


def test_a_key_file_that_is_not_there_is_a_setting_to_make_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
):
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"project": "p", "key_path": "/no.json"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
    with pytest.raises(
        errors.ConfigurationError,
        match=r"bigquery: its key file /no\.json cannot be read",
    ):
        connect(SETTINGS)


def test_a_process_without_airflow_reads_the_connections_of_the_example_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    key = tmp_path / "key.json"
    key.write_text(json.dumps(service_account_key()))
    monkeypatch.delitem(sys.modules, "airflow")
    monkeypatch.setattr(client, "_client_of_hook", lambda location: "of the hook")

    def opened(extra: dict[str, Any] | str) -> Any:
        connection = {"conn_type": "google_cloud_platform", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
        return connect(SETTINGS, interactive=True).client

    with_key = opened({"project": "p", "key_path": str(key)})
    assert (with_key.project, with_key._credentials.service_account_email) == (
        "p",
        "reader@p.example",
    )
    assert opened({"project": "p", "is_anonymous": True}).project == "p"
    with pytest.raises(
        errors.ConfigurationError,
        match=r"bigquery: its key file /no\.json cannot be read",
    ):
        opened({"project": "p", "key_path": "/no.json"})
    for extra in (
        {"project": "p"},
        {"project": "p", "key_path": str(key), "impersonation_chain": "b"},
        "{}",
    ):
        assert opened(extra) == "of the hook"
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "a.Backend")
    assert opened({"project": "p", "is_anonymous": True}) == "of the hook"


def service_account_key() -> dict[str, str]:
    """A key file's content, of an account that does not exist."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "client_email": "reader@p.example",
        "token_uri": "http://127.0.0.1:9/token",
        "private_key": key.private_bytes(*kind).decode(),
    }


def test_a_refusal_of_every_attempt_is_not_called_unreachable():
    refused = google.InternalServerError("no such table: INFORMATION_SCHEMA.COLUMNS")
    with pytest.raises(errors.TransientError) as raised, bigquery_errors("query"):
        raise google.RetryError("Timeout of 60 s exceeded", cause=refused)
    assert str(raised.value) == "query: no such table: INFORMATION_SCHEMA.COLUMNS"


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
        return connect(
            replace(SETTINGS, bigquery_job_timeout_seconds=seconds), **options
        )

    return to


def end_the_time(word: str, request: str) -> None:
    """As the timer of Airflow's task runner does, when a request with `word` has arrived."""
    if word in request and not request.endswith("/cancel"):
        signal.setitimer(signal.ITIMER_REAL, 0.01)


def load(warehouse: Warehouse) -> None:
    warehouse.run("SELECT 1", "load", job_stem="load-1")


def test_a_job_that_does_not_end_is_cancelled_and_named(
    running: SilentBigQuery, connected: Connect
) -> None:
    with pytest.raises(
        TimedOutError,
        match=r"^load: .* load-1-1 within 1 seconds \(BIGQUERY_JOB_TIMEOUT",
    ):
        load(connected(running))
    assert running.cancelled == ["load-1-1"]


def test_a_query_of_a_person_is_cancelled_too(
    running: SilentBigQuery, connected: Connect
) -> None:
    with pytest.raises(TimedOutError, match=r"^the query: "):
        run_query("SELECT 1", lambda: connected(running, interactive=True))
    assert len(running.cancelled) == 1


def test_the_end_of_the_tasks_time_cancels_the_job(
    running: SilentBigQuery, connected: Connect
) -> None:
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
    assert len(mute.requests) == 1, (
        "the signal ended the request, not the request's own timeout"
    )


@pytest.mark.parametrize("interactive", [False, True], ids=["task", "command"])
def test_a_server_that_never_answers_is_given_up(
    mute: SilentBigQuery,
    connected: Connect,
    interactive: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix = "INTERACTIVE_" if interactive else ""
    monkeypatch.setattr(client, f"{prefix}RETRY_SECONDS", 0.2)
    monkeypatch.setattr(client, f"{prefix}REQUEST_SECONDS", 0.3)
    with pytest.raises(
        TransientError, match=r"BigQuery cannot be reached: .*timed out"
    ):
        run_query("SELECT 1", lambda: connected(mute, interactive=interactive))


def test_a_command_waits_for_seconds_not_for_a_minute(
    mute: SilentBigQuery, connected: Connect
) -> None:
    request = connected(mute, interactive=True).bounded()
    assert request["timeout"] + request["retry"].timeout <= 20
    request = connected(mute).bounded()
    assert request["timeout"] + request["retry"].timeout >= 60


@pytest.mark.parametrize(
    "error", [TimedOutError("load: too long"), AirflowTaskTimeout("Timeout, PID: 1")]
)
def test_what_took_too_long_fails_at_once(error: BaseException) -> None:
    decision = NETWORK_RETRIES["retry_policy"].evaluate(
        error, try_number=1, max_tries=5
    )
    assert decision.action is RetryAction.FAIL
