"""The requests to Airflow's REST API, against a stand-in."""

import re
from datetime import date

import pytest
import requests

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.errors import CredentialsError, PipelineError, TransientError
from tests.unit.cli.airflow_server import HIDDEN, Handler


def test_a_token_that_has_expired_is_renewed(airflow):
    api = AirflowApi.from_environment()
    airflow.expired = 1
    assert api.get("dags/x") == {"is_paused": False}


def test_a_database_error_of_airflow_is_a_sentence_and_asked_again_where_nothing_can_be_done_twice(
    airflow, monkeypatch
):
    api, answers = AirflowApi.from_environment(), [500, 500, 200]
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.answer(answers.pop(0), {"detail": HIDDEN}))
    assert api.get("dags/x") == {"detail": HIDDEN}
    answers += [500] * 20
    with pytest.raises(
        PipelineError, match=r"own database failed or was busy \(GET dags/x; the API"
    ) as error:
        api.get("dags/x")
    assert "hidden" not in str(error.value)


def test_an_airflow_that_is_gone_for_a_moment_is_asked_again_but_never_told_twice(airflow, monkeypatch):
    api = AirflowApi.from_environment()
    send, asked = api._session.request, []

    def unwell(method, url, **options):
        asked.append(method)
        if len(asked) < 3:
            raise requests.ConnectionError
        return send(method, url, **options)

    monkeypatch.setattr(api._session, "request", unwell)
    assert api.get("dags/x") == {"is_paused": False}
    asked.clear()
    with pytest.raises(PipelineError, match="is unavailable: is it running"):
        api.post("backfills", {})
    assert asked == ["POST"]
    monkeypatch.setattr(api._session, "request", lambda *_, **__: unwell("GET", asked.clear() or ""))
    with pytest.raises(TransientError, match="is unavailable: is it running"):
        api.get("dags/x")


def test_a_run_that_was_triggered_without_a_day_is_that_of_the_day_before(airflow):
    # In New York the last one begins on the 5th.
    for run_id, run_after in (("early", "05T11:00:00Z"), ("new", "06T11:00:00Z"), ("night", "06T04:30:00Z")):
        more = {"dag_run_id": run_id, "run_after": f"2026-11-{run_after}"}
        airflow.without_key.append(airflow.run(None, "failed", **more))
    runs = AirflowApi.from_environment().runs_of_day(date(2026, 11, 5))
    assert [run["dag_run_id"] for run in runs] == ["new"]


def test_wrong_password_is_said_without_the_password(airflow, monkeypatch):
    monkeypatch.setenv("AIRFLOW_PASSWORD", "wr0ng")
    with pytest.raises(CredentialsError, match="refuses the user 'admin'") as error:
        AirflowApi.from_environment()
    assert "wr0ng" not in str(error.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "", "localhost:8080", "http://["])
def test_no_airflow_at_the_address(url):
    with pytest.raises(TransientError, match=rf"{re.escape(repr(url))} \(AIRFLOW_URL\) cannot be reached"):
        AirflowApi(url, "admin", "right")


@pytest.mark.parametrize("status", [404, 201, 502])
def test_another_server_at_the_address_does_not_look_like_a_wrong_password(airflow, monkeypatch, status):
    monkeypatch.setattr(Handler, "do_POST", lambda self: self.answer(status, []))
    with pytest.raises(TransientError, match=rf"\(AIRFLOW_URL\) answered {status} without a token"):
        AirflowApi.from_environment()


def test_a_proxys_page_of_errors_is_one_line(airflow, monkeypatch):
    def page(self):
        self.send_response(500)
        self.end_headers()
        self.wfile.write(b"<html>\n<h1>Sorry</h1>\n</html>")

    api = AirflowApi.from_environment()
    monkeypatch.setattr(Handler, "do_GET", page)
    with pytest.raises(PipelineError, match="Airflow answered 500: <html> <h1>Sorry</h1> </html>"):
        api.get("dags/x")
