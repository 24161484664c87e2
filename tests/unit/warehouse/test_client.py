"""BigQuery's answers as kinds of errors, and jobs that are found again."""

import json
import signal
import traceback
from types import SimpleNamespace

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import timeout
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions as google
from google.auth.exceptions import RefreshError, TransportError
from requests.exceptions import ConnectionError as LostConnection

from ecommerce.core import errors
from ecommerce.core.errors import TimedOutError, TransientError
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.warehouse import client
from ecommerce.warehouse.adhoc_query import run_query
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse, connect
from tests.settings import settings_of
from tests.unit.warehouse.silent_bigquery import ANONYMOUS, SilentBigQuery

SETTINGS = settings_of({"CUSTOMER_HASH_KEY": "0123456789abcdef"})


def reason(text):
    return {"errors": [{"reason": text}]}


def test_an_attribute_of_orders_has_no_name_of_a_column():
    settings = settings_of(
        {"CUSTOMER_HASH_KEY": "0123456789abcdef", "ORDER_ATTRIBUTES": "utm,Status"}
    )
    with pytest.raises(errors.ConfigurationError, match="'Status' cannot name a new"):
        connect(settings)


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
        (google.InternalServerError("oops"), errors.TransientError),
        (google.TooManyRequests("slow down"), errors.TransientError),
        (google.BadGateway("oops"), errors.TransientError),
        (google.PreconditionFailed("changed"), errors.ConcurrentUpdateError),
        (TransportError("no token"), errors.TransientError),
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
            google.Forbidden(
                "Billing has not been enabled: DML queries are not allowed in the free tier.",
                **reason("billingNotEnabled"),
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
        (
            google.BadRequest(
                "Resources exceeded: Too many DML statements outstanding against table p:d.t, limit is 20."
            ),
            errors.TransientError,
        ),
        (
            google.BadRequest("Table is being moved", **reason("tableUnavailable")),
            errors.TransientError,
        ),
        (
            google.BadRequest("Job execution was cancelled", **reason("stopped")),
            errors.TransientError,
        ),
        (google.RetryError("Timeout", cause=None), errors.TransientError),
        (LostConnection("reset by peer"), errors.TransientError),
        (RefreshError("invalid_grant"), errors.CredentialsError),
    ],
)
def test_each_failure_has_its_kind(error, kind):
    with (
        pytest.raises(errors.PipelineError, match="load: ") as raised,
        bigquery_errors("load"),
    ):
        raise error

    assert type(raised.value) is kind


MISSING = (
    "404 POST http://b/queries?prettyPrint=false: Not found: Dataset p:sales was not found in location US; "
    "reason: notFound\n\nLocation: US\nJob ID: 1"
)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            google.NotFound(MISSING),
            "load: Not found: Dataset p:sales was not found in location US: is BIGQUERY_LOCATION right? The "
            "first run creates the dataset, and so does make migrate",
        ),
        (
            google.BadRequest(
                "UPDATE/MERGE must match at most one source row for each target row"
            ),
            "copies of a row, which make migrate removes",
        ),
        (
            google.BadRequest("Name x not found inside t; reason: invalidQuery"),
            "load: a column of this statement is missing; if an update added it, run make migrate: Name x",
        ),
        (
            google.BadRequest("Unrecognized name: x at [1:8]; reason: invalidQuery"),
            "run make migrate: Unrecognized name: x",
        ),
        (
            google.BadRequest("Column x is not present in table t"),
            "run make migrate: Column x",
        ),
        (
            google.BadRequest("Division by zero: 1 / 0; reason: invalidQuery"),
            "load: Division by zero: 1 / 0",
        ),
        (
            google.Forbidden("User etl@shop.iam.gserviceaccount.com may not"),
            "<e-mail> may not",
        ),
        (
            google.RetryError("Timeout of 60 s", cause=google.InternalServerError("x")),
            "load: BigQuery cannot be reached: ",
        ),
    ],
)
def test_what_a_refusal_says(error, message):
    with pytest.raises(errors.PipelineError) as raised, bigquery_errors("load"):
        raise error
    assert message in str(raised.value)
    logged = "".join(traceback.format_exception(raised.value))
    assert "etl@" not in logged


class Jobs:
    """A BigQuery that knows some jobs already."""

    def __init__(self, **known):
        self.known = known

    def begin(self, job_id):
        if job_id in self.known:
            raise google.Conflict(f"Already Exists: Job {job_id}")
        return f"new {job_id}"

    def get_job(self, job_id, **_):
        return self.known[job_id]


def job(error, *, done=True):
    return SimpleNamespace(done=lambda **_: done, error_result=error)


def started(jobs, **options):
    return Warehouse(jobs, SETTINGS, {}).start(jobs.begin, "load-1", **options)


DONE, RUNNING = job(None), job(None, done=False)
FAILED = job({"reason": "invalidQuery"})


@pytest.mark.parametrize(
    ("known", "options", "begun"),
    [
        ([], {}, "new load-1-1"),
        ([DONE], {}, DONE),
        ([RUNNING], {}, RUNNING),
        ([FAILED, FAILED], {}, "new load-1-3"),
        # What changed the tables is done again: else a load that is cleared after `make undo-history` would
        # succeed and load nothing.
        ([DONE], {"reuse_finished": False}, "new load-1-2"),
        ([DONE, RUNNING], {"reuse_finished": False}, RUNNING),
    ],
)
def test_a_job_is_begun_once_and_again_after_it_failed(known, options, begun):
    jobs = {f"load-1-{number}": each for number, each in enumerate(known, 1)}
    assert started(Jobs(**jobs), **options) == begun


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (None, "bigquery.* isn't defined"),
        ({"key_path": "/key.p12"}, "Legacy P12 key file are not supported"),
        ({"keyfile_dict": "{", "project": "p"}, "Invalid key JSON"),
        (
            {"project": "p", "key_path": "/no.json"},
            r"No such file or directory: '/no\.json'",
        ),
    ],
)
def test_a_connection_that_cannot_be_used_is_a_setting_to_make(
    extra, message, monkeypatch
):
    monkeypatch.delenv("AIRFLOW_CONN_BIGQUERY", raising=False)
    if extra:
        connection = {"conn_type": "google_cloud_platform", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
    with pytest.raises(
        errors.ConfigurationError, match=f"^connection bigquery: .*{message}"
    ):
        connect(SETTINGS)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    """The key of a service account of the project `of_the_key`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "project_id": "of_the_key",
        "private_key": pem.decode(),
        "client_email": "pipeline@of_the_key.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    file = tmp_path_factory.mktemp("key") / "key.json"
    file.write_text(json.dumps(account))
    return str(file)


@pytest.mark.parametrize(
    ("extra", "is_plain"),
    [
        ({"project": "p", "is_anonymous": True}, True),
        ({"project": "p", "key_path": "KEY"}, True),
        # Airflow's hook has rules of its own for these.
        ({"key_path": "KEY"}, False),
        ({"project": "", "key_path": "KEY"}, False),
        ({"project": "p", "key_path": "KEY", "scope": "https://a"}, False),
    ],
)
def test_a_plain_connection_gives_the_client_of_airflows_hook(
    extra, is_plain, key_file, monkeypatch
):
    if "key_path" in extra:
        extra = extra | {"key_path": key_file}
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
    plain = connect(SETTINGS, extra=extra).client
    hooked = connect(SETTINGS).client
    assert (client._plain_client(extra, "US") is not None) == is_plain
    assert (plain.project, plain.location) == (hooked.project, hooked.location)
    assert type(plain._credentials) is type(hooked._credentials)
    email = "service_account_email"
    assert getattr(plain._credentials, email, None) == getattr(
        hooked._credentials, email, None
    )


@pytest.mark.parametrize("extra", [None, {"project": "p", "key_path": "/no.json"}])
def test_a_key_file_that_is_missing_has_the_same_error_either_way(extra, monkeypatch):
    connection = (
        '{"conn_type": "google_cloud_platform", "extra": {"key_path": "/no.json"}}'
    )
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", connection)
    with pytest.raises(errors.ConfigurationError, match=r"bigquery: .*/no\.json"):
        connect(SETTINGS, extra=extra)


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize("content", [b"not JSON", b"\x30\x82\xff"])
def test_a_key_file_of_another_kind_is_a_setting_to_make(
    content, is_plain, monkeypatch, tmp_path
):
    file = tmp_path / "key.json"
    file.write_bytes(content)
    extra = {"project": "p", "key_path": str(file)}
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
    with pytest.raises(errors.ConfigurationError, match="key_path is not JSON"):
        connect(SETTINGS, extra=extra if is_plain else None)


@pytest.fixture
def running():
    with SilentBigQuery().serving() as server:
        yield server


@pytest.fixture
def mute():
    with SilentBigQuery(mute=True).serving() as server:
        yield server


@pytest.fixture
def connected(monkeypatch):
    """The warehouse of a server, as tasks and commands open it."""

    def to(server, seconds=1):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", server.url)
        monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", ANONYMOUS)
        return connect(
            SETTINGS.model_copy(update={"bigquery_job_timeout_seconds": seconds})
        )

    return to


def end_the_time(word, request):
    """As the timer of Airflow's task runner does, when a request with `word` has arrived."""
    if word in request and not request.endswith("/cancel"):
        signal.setitimer(signal.ITIMER_REAL, 0.01)


def load(warehouse):
    warehouse.run("SELECT 1", "load", job_stem="load-1")


def test_a_job_that_does_not_end_is_cancelled_and_named(running, connected):
    with pytest.raises(
        TimedOutError,
        match=r"^load: .* load-1-1 within 1 seconds \(BIGQUERY_JOB_TIMEOUT",
    ):
        load(connected(running))
    assert running.cancelled == ["load-1-1"]


def test_a_query_of_a_person_is_cancelled_too(running, connected):
    with pytest.raises(TimedOutError, match=r"^the query: "):
        run_query("SELECT 1", connected(running))
    assert len(running.cancelled) == 1


def test_the_end_of_the_tasks_time_cancels_the_job(running, connected):
    warehouse = connected(running, seconds=600)
    running.notify = lambda request: end_the_time("load-1-1", request)
    with pytest.raises(AirflowTaskTimeout), timeout(600):
        load(warehouse)
    assert running.cancelled == ["load-1-1"]


def test_a_server_that_never_answers_is_given_up(mute, connected, monkeypatch):
    monkeypatch.setattr(client, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(client, "REQUEST_SECONDS", 0.3)
    with pytest.raises(
        TransientError, match=r"BigQuery cannot be reached: .*timed out"
    ):
        run_query("SELECT 1", connected(mute))


@pytest.mark.parametrize(
    "error", [TimedOutError("load: too long"), AirflowTaskTimeout("Timeout, PID: 1")]
)
def test_what_took_too_long_fails_at_once(error):
    decision = NETWORK_RETRIES["retry_policy"].evaluate(
        error, try_number=1, max_tries=5
    )
    assert decision.action is RetryAction.FAIL
