"""BigQuery's answers as kinds of errors, and jobs that are found again."""

from __future__ import annotations

import json
import traceback
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.exceptions import AirflowNotFoundException
from google.api_core import exceptions as google
from google.auth.exceptions import RefreshError
from requests.exceptions import ConnectionError as LostConnection

from ecommerce.core import errors
from ecommerce.core.settings import load_settings
from ecommerce.warehouse.client import RETRY_SECONDS, Warehouse, bigquery_errors, connect, request_retry

SETTINGS = load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef"})


def reason(text: str) -> dict[str, Any]:
    return {"errors": [{"reason": text}]}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (google.Unauthorized("no"), errors.CredentialsError),
        (google.Forbidden("Access Denied", **reason("accessDenied")), errors.CredentialsError),
        (google.Forbidden("Quota exceeded", **reason("quotaExceeded")), errors.TransientError),
        (google.Forbidden("slow down", **reason("rateLimitExceeded")), errors.TransientError),
        (google.TooManyRequests("slow down"), errors.TransientError),
        (google.InternalServerError("oops"), errors.TransientError),
        (google.ServiceUnavailable("oops"), errors.TransientError),
        (
            google.BadRequest("Transaction is aborted due to concurrent update against table p:d.t."),
            errors.ConcurrentUpdateError,
        ),
        (
            google.BadRequest(
                "Could not serialize access to table p:d.t due to concurrent update", **reason("invalidQuery")
            ),
            errors.ConcurrentUpdateError,
        ),
        (
            google.InternalServerError("Query exceeded limit", **reason("bytesBilledLimitExceeded")),
            errors.ConfigurationError,
        ),
        (google.BadRequest("Syntax error: Unexpected end of script"), errors.ContractError),
        (google.NotFound("Not found: Table p:d.t"), errors.ContractError),
        (google.RetryError("Timeout", cause=None), errors.TransientError),
        (LostConnection("reset by peer"), errors.TransientError),
        (RefreshError("invalid_grant"), errors.CredentialsError),
        (AirflowNotFoundException("The conn_id `bigquery` isn't defined"), errors.ConfigurationError),
    ],
)
def test_each_failure_has_its_kind(error: Exception, kind: type[Exception]):
    with pytest.raises(errors.PipelineError, match="load: ") as raised, bigquery_errors("load"):
        raise error

    assert type(raised.value) is kind


def test_addresses_in_refusals_are_masked():
    refusal = google.Forbidden("User etl-runner@shop.iam.gserviceaccount.com does not have permission")
    with pytest.raises(errors.CredentialsError) as raised, bigquery_errors("load"):
        raise refusal

    assert "etl-runner@" not in "".join(traceback.format_exception(raised.value)), (
        "it goes into the log whole"
    )
    assert "does not have permission" in str(raised.value)


def test_requests_are_not_repeated_for_minutes():
    assert request_retry().timeout == RETRY_SECONDS


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
    return SimpleNamespace(done=lambda: done, error_result=error)


def started(jobs: Jobs, **options: bool) -> Any:
    return Warehouse(jobs, SETTINGS, {}).start(jobs.begin, "load-1", **options)  # type: ignore[arg-type]


def test_a_job_is_begun_once():
    assert started(Jobs()) == "new load-1-1"


@pytest.mark.parametrize("there", [job(None), job(None, done=False)], ids=["finished", "running"])
def test_a_job_an_earlier_try_began_is_waited_for(there: Any):
    assert started(Jobs(**{"load-1-1": there})) is there


def test_what_changed_the_tables_and_is_done_is_done_again():
    # Else a load that somebody clears after `make undo-history` would be green and bring nothing back.
    assert started(Jobs(**{"load-1-1": job(None)}), finished=False) == "new load-1-2"
    running = job(None, done=False)
    assert started(Jobs(**{"load-1-1": job(None), "load-1-2": running}), finished=False) is running


def test_a_job_that_failed_is_begun_again_under_the_next_id():
    failed = job({"reason": "invalidQuery"})
    assert started(Jobs(**{"load-1-1": failed, "load-1-2": failed})) == "new load-1-3"


def test_a_missing_connection_is_a_setting_to_make(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AIRFLOW_CONN_BIGQUERY", raising=False)
    monkeypatch.setattr(
        "airflow.providers.google.cloud.hooks.bigquery.BigQueryHook.get_connection",
        lambda *_: (_ for _ in ()).throw(AirflowNotFoundException("The conn_id `bigquery` isn't defined")),
    )
    with pytest.raises(errors.ConfigurationError, match="bigquery"):
        connect(SETTINGS)


def test_a_key_file_that_is_not_there_is_a_setting_to_make_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
):
    connection = {"conn_type": "google_cloud_platform", "extra": {"project": "p", "key_path": "/no.json"}}
    monkeypatch.setenv("AIRFLOW_CONN_BIGQUERY", json.dumps(connection))
    with pytest.raises(errors.ConfigurationError, match=r"bigquery: its key file /no\.json cannot be read"):
        connect(SETTINGS)
