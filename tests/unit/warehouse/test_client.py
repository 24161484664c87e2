"""BigQuery's answers as kinds of errors, and jobs that are found again."""

import json
import re
import signal
import socket
import traceback
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import timeout
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions as google
from google.auth.exceptions import RefreshError, TransportError
from requests.exceptions import ConnectionError as LostConnection
from responses import RequestsMock

from ecommerce.core import errors
from ecommerce.core.errors import TimedOutError, TransientError
from ecommerce.warehouse import client
from ecommerce.warehouse.adhoc_query import run_query
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse, connect
from tests.settings import lower, settings_of

SETTINGS = settings_of()


def set_connection(monkeypatch, extra):
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))


def test_an_attribute_of_orders_has_no_name_of_a_column():
    settings = SETTINGS.model_copy(update={"order_attributes": ("utm", "Status")})
    with pytest.raises(errors.ConfigurationError, match="'Status' cannot name a new"):
        connect(settings)


def because(kind, reason, text="no"):
    """An error for which BigQuery gives a reason."""
    return kind(text, errors=[{"reason": reason}])


CONFLICT = "Could not serialize access to table p:d.t due to concurrent update"
PASSING = (
    "backendError",
    "internalError",
    "jobRateLimitExceeded",
    "quotaExceeded",
    "rateLimitExceeded",
    "stopped",
    "tableUnavailable",
)
"""Reasons after which another attempt may succeed:
https://cloud.google.com/bigquery/docs/error-messages#errortable"""
KINDS = {
    errors.CredentialsError: [
        google.Unauthorized("no"),
        because(google.Forbidden, "accessDenied"),
        RefreshError("invalid_grant"),
    ],
    errors.ConcurrentUpdateError: [
        google.PreconditionFailed("changed"),
        google.Conflict("Already Exists: Table p:d.t"),
        because(google.BadRequest, "invalidQuery", CONFLICT),
        google.BadRequest("Transaction is aborted due to concurrent update against t."),
    ],
    errors.ConfigurationError: [
        because(google.InternalServerError, "bytesBilledLimitExceeded"),
        because(google.Forbidden, "billingNotEnabled"),
    ],
    errors.ContractError: [
        google.BadRequest("Syntax error: Unexpected end of script"),
        google.NotFound("Not found: Table p:d.t"),
    ],
    errors.TransientError: [
        *(because(google.Forbidden, reason) for reason in PASSING),
        google.InternalServerError("oops"),
        google.TooManyRequests("slow down"),
        google.BadGateway("oops"),
        google.NotFound("Not found: Job p:US.load-0123456789ab"),
        google.NotFound("PUT http://b/jobs?upload_id=7: Upload session 7 not found"),
        google.BadRequest("Too many DML statements outstanding against table p:d.t"),
        google.RetryError("Timeout", cause=None),
        TransportError("no token"),
        LostConnection("reset by peer"),
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_failure_has_its_kind(kind):
    for error in KINDS[kind]:
        with pytest.raises(errors.PipelineError, match="load: ") as raised:
            with bigquery_errors("load"):
                raise error
        assert type(raised.value) is kind, error


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


def job(error=None, *, done=True):
    return SimpleNamespace(done=lambda **_: done, error_result=error)


DONE = job()
RUNNING = job(done=False)
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
    jobs = {f"load-1-{number}": known for number, known in enumerate(known, 1)}

    def begin(job_id):
        if job_id in jobs:
            raise google.Conflict(f"Already Exists: Job {job_id}")
        return f"new {job_id}"

    client = SimpleNamespace(get_job=lambda job_id, **_: jobs[job_id])
    warehouse = Warehouse(client, SETTINGS, {})
    assert warehouse.start(begin, "load-1", **options) == begun


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (None, "bigquery.* isn't defined"),
        ({"key_path": "/key.p12"}, "Legacy P12 key file are not supported"),
        ({"keyfile_dict": "{", "project": "p"}, "Invalid key JSON"),
    ],
)
def test_a_connection_that_cannot_be_used_is_a_setting_to_make(
    extra, message, monkeypatch
):
    monkeypatch.delenv("AIRFLOW_CONN_BIGQUERY", raising=False)
    if extra:
        set_connection(monkeypatch, extra)
    message = f"^connection bigquery: .*{message}"
    with pytest.raises(errors.ConfigurationError, match=message):
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
    set_connection(monkeypatch, extra)
    plain = connect(SETTINGS, extra=extra).client
    hooked = connect(SETTINGS).client
    assert (client._plain_client(extra, "US") is not None) == is_plain
    assert plain.project == hooked.project
    assert plain.location == hooked.location
    assert type(plain._credentials) is type(hooked._credentials)


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"bigquery: .*key\.json"),
        (b"not JSON", "key_path is not JSON"),
        (b"\x30\x82\xff", "key_path is not JSON"),
    ],
)
def test_a_key_file_of_another_kind_is_a_setting_to_make(
    content, message, is_plain, monkeypatch, tmp_path
):
    file = tmp_path / "key.json"
    if content:
        file.write_bytes(content)
    extra = {"project": "p", "key_path": str(file)}
    set_connection(monkeypatch, extra)
    with pytest.raises(errors.ConfigurationError, match=message):
        connect(SETTINGS, extra=extra if is_plain else None)


class SilentBigQuery:
    """A BigQuery that accepts everything and finishes nothing: jobs run until they are cancelled. `on_look`
    is called when somebody looks for a job's state."""

    def __init__(self):
        self.cancelled = []
        self.on_look = lambda: None

    def respond(self, request):
        *_, job_id, action = request.path_url.partition("?")[0].split("/")
        state = "RUNNING"
        if action == "cancel":
            state = "DONE"
            self.cancelled.append(job_id)
        elif action == "jobs":
            job_id = json.loads(request.body)["jobReference"]["jobId"]
        elif request.method == "GET":
            job_id = action
            self.on_look()
        job = {
            "jobReference": {"projectId": "shop", "jobId": job_id},
            "configuration": {"query": {"query": ""}},
            "status": {"state": state},
            "statistics": {"query": {"statementType": "SELECT"}},
        }
        return 200, {}, json.dumps({"job": job} if state == "DONE" else job)


@pytest.fixture
def running():
    server = SilentBigQuery()
    with RequestsMock(assert_all_requests_are_fired=False) as requests:
        for method in ("GET", "POST"):
            requests.add_callback(method, re.compile("http://bigquery"), server.respond)
        yield server


@pytest.fixture
def connected(monkeypatch):
    """The warehouse of a server, as tasks and commands open it."""

    def to(url="http://bigquery", seconds=1):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", url)
        set_connection(monkeypatch, {"project": "shop", "is_anonymous": True})
        bound = {"bigquery_job_timeout_seconds": seconds}
        return connect(SETTINGS.model_copy(update=bound))

    return to


def row_of(number):
    return {"f": [{"v": str(number)}]}


ANSWER = {
    "jobReference": {"projectId": "shop", "jobId": "job", "location": "US"},
    "jobComplete": True,
    "schema": {"fields": [{"name": "number", "type": "INTEGER"}]},
    "totalRows": "1",
    "rows": [row_of(1)],
}
"""The answer of `jobs.query` about a query that has ended."""
JOB = {
    "jobReference": ANSWER["jobReference"],
    "configuration": {"query": {"query": ""}},
    "status": {"state": "DONE"},
    "statistics": {"query": {"totalBytesBilled": "7"}},
}
MORE = {"totalRows": "2", "pageToken": "next"}
WARNING = {"errors": [{"reason": "stopped", "message": "a part is missing"}]}


@pytest.mark.parametrize(
    ("answer", "requests", "billed", "numbers"),
    [
        ({"totalBytesBilled": "10485760"}, ["queries"], 10_485_760, [1]),
        ({"totalBytesBilled": "0", "rows": [], "totalRows": "0"}, ["queries"], 0, []),
        ({"totalBytesBilled": "9", **MORE}, ["queries", "job"], 9, [1, 2]),
        # What the answer leaves open, the job has.
        ({}, ["queries", "job"], 7, [1]),
        ({"totalBytesBilled": "9", **WARNING}, ["queries", "job"], 7, [1]),
    ],
)
def test_a_query_is_one_request_where_its_answer_has_everything(
    answer, requests, billed, numbers, connected
):
    warehouse = connected()
    paths = []

    def respond(request):
        path, _, parameters = request.path_url.partition("?")
        paths.append(path.rpartition("/")[2])
        body = JOB
        if request.method == "POST":
            body = ANSWER | answer
        elif "pageToken" in parameters:
            body = ANSWER | {"rows": [row_of(2)], "totalRows": "2"}
        return 200, {}, json.dumps(body)

    with RequestsMock() as server:
        for method in ["POST", "GET"][: len(requests)]:
            server.add_callback(method, re.compile("http://bigquery"), respond)
        rows = warehouse.query(
            "warehouse/tables/refunds/channels.sql",
            parameters={"source": "shopify"},
        )
    assert paths == requests
    assert [row["number"] for row in rows] == numbers
    assert warehouse.bytes_billed == billed


def load(warehouse):
    warehouse.run("SELECT 1", "load", job_stem="load-1")


def test_a_job_that_does_not_end_is_cancelled_and_named(running, connected):
    message = r"^load: .* load-1-1 within 1 seconds \(BIGQUERY_JOB_TIMEOUT"
    with pytest.raises(TimedOutError, match=message):
        load(connected())
    assert running.cancelled == ["load-1-1"]


def test_a_query_of_a_person_is_cancelled_too(running, connected):
    with pytest.raises(TimedOutError, match=r"^the query: "):
        run_query("SELECT 1", connected())
    assert len(running.cancelled) == 1


def test_a_query_of_a_person_that_would_bill_too_much_is_valid(connected, monkeypatch):
    def refuse(*_, **__):
        raise because(google.BadRequest, "bytesBilledLimitExceeded")

    monkeypatch.setattr(Warehouse, "begin_query", refuse)
    with pytest.raises(errors.ConfigurationError, match=r"^the query: "):
        run_query("SELECT 1", connected())


def test_the_end_of_the_tasks_time_cancels_the_job(running, connected):
    warehouse = connected(seconds=600)
    # As the timer of Airflow's task runner does.
    running.on_look = lambda: signal.raise_signal(signal.SIGALRM)
    with pytest.raises(AirflowTaskTimeout), timeout(600):
        load(warehouse)
    assert running.cancelled == ["load-1-1"]


def test_a_server_that_never_answers_is_given_up(connected, monkeypatch):
    lower(monkeypatch, client, RETRY_SECONDS=0.2, REQUEST_SECONDS=0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        message = r"BigQuery cannot be reached: .*timed out"
        with pytest.raises(TransientError, match=message):
            run_query("SELECT 1", connected(url))
