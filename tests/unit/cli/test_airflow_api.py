"""The requests to Airflow's REST API, against a stand-in: which Airflow, and what it answers."""

import re
from datetime import date

import pytest
import requests

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.errors import ConfigurationError, PipelineError, TransientError
from tests.unit.cli.airflow_server import DATABASE_ERROR, DETAILS, LOCKED
from tests.unit.cli.airflow_server import run as run_of_day

PAGE = "<html>\n<h1>Sorry</h1>\n</html>"
SIGN_IN = "POST auth/token"


@pytest.mark.parametrize(
    ("request_to", "answer", "message"),
    [
        (DETAILS, DATABASE_ERROR, "Airflow answered 500: .*See the logs"),
        (DETAILS, (500, PAGE), "Airflow answered 500: <html> <h1>Sorry</h1> </html>"),
        (DETAILS, (403, {"detail": "Forbidden"}), "Airflow answered 403: .*Forbidden"),
        (SIGN_IN, (502, PAGE), "http://airflow answers 502 to the login: it is start"),
        (SIGN_IN, (404, []), "answers 404 to the login of 'admin': check AIRFLOW_USER"),
        (SIGN_IN, (401, {}), "answers 401 to the login of 'admin': check AIRFLOW_USER"),
    ],
)
def test_a_refusal_is_one_line(airflow, run, request_to, answer, message):
    airflow.answers[request_to] = [answer]
    text = run("report --day 2026-11-02")
    assert "exit code 1" in text
    assert "right" not in text, "the password"
    assert re.search(message, text.splitlines()[-1])


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9", "", "localhost:8080", "http://["]
)
def test_addresses_without_airflow(run, airflow, monkeypatch, address):
    monkeypatch.setenv("AIRFLOW_URL", address)
    assert run("report --day 2026-11-02").splitlines()[1:] == [
        "exit code 1",
        "--- standard error",
        f"Airflow at {address!r} is unavailable: start it (make airflow), or correct "
        "the address",
    ]


@pytest.mark.parametrize(
    ("answers", "sign_ins"),
    [
        ([(401, {"detail": "Token expired"})], 2),
        ([DATABASE_ERROR] * 6, 1),
        ([LOCKED, (502, PAGE), (504, PAGE)], 1),
        ([requests.ConnectionError(), requests.ReadTimeout()], 1),
    ],
    ids=["an expired token", "a busy database", "a restart", "a lost connection"],
)
def test_a_request_that_changes_nothing_is_repeated(airflow, answers, sign_ins):
    api = AirflowApi.from_environment()
    airflow.answers["GET dags/x"] = [*answers, {"is_paused": False}]
    assert api.get("dags/x") == {"is_paused": False}
    assert len(airflow.requests) == sign_ins


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (requests.ConnectionError(), "is unavailable: start it"),
        (requests.ReadTimeout(), "has not answered within 120 s"),
        ((504, PAGE), "Airflow answered 504"),
    ],
)
def test_a_request_that_may_have_changed_something_is_not(airflow, error, message):
    api = AirflowApi.from_environment()
    airflow.requests.clear()
    airflow.answers["POST backfills"] = [error]
    with pytest.raises(PipelineError, match=message) as raised:
        api.post("backfills", {})
    assert not isinstance(raised.value, TransientError)
    assert len(airflow.requests) == 1


def test_a_run_without_a_key_belongs_to_the_newest_day_that_had_ended(airflow):
    conf = {"business_date": "2026-11-05"}
    runs = [
        run_of_day(None, "failed", run_after="2026-11-05T11:00:00Z"),
        run_of_day(None, "failed", run_after="2026-11-06T11:00:00Z", dag_run_id="new"),
        # Before midnight in New York.
        run_of_day(None, "failed", run_after="2026-11-06T04:30:00Z"),
        run_of_day(
            None,
            "failed",
            run_after="2026-11-09T11:00:00Z",
            conf=conf,
            dag_run_id="asked",
        ),
    ]
    airflow.answers["GET dagRuns"] = [{"dag_runs": runs}]
    found = AirflowApi.from_environment().runs_of_day(date(2026, 11, 5))
    assert [run["dag_run_id"] for run in found] == ["asked", "new"]
    asked = "".join(airflow.queries)
    for part in ("partition_key_pattern", "run_type=manual&run_after_gte"):
        assert f"{part}=2026-11-05" in asked


def test_a_list_of_several_pages_is_read_to_its_end(airflow):
    page = [run_of_day(None, "failed")] * 100
    airflow.answers["GET dagRuns"] = [{"dag_runs": page}, {"dag_runs": page[:1]}]
    assert len(AirflowApi.from_environment().runs("weekly_sales_forecast")) == 101
    assert "limit=100&offset=100" in airflow.queries[-1]


def test_a_dag_without_a_daily_schedule_has_the_shops_timezone(airflow):
    run = run_of_day(None, "success", run_after="2026-11-06T04:30:00Z")
    airflow.answers["GET dagRuns"] = [{"dag_runs": [run]}]
    api = AirflowApi.from_environment()
    assert api.runs_of_day(date(2026, 11, 4), "weekly_sales_forecast") == [run]


def test_an_airflow_of_before_the_update_has_to_be_restarted(airflow):
    airflow.answers[DETAILS] = [{"timetable_description": "At 06:00"}]
    with pytest.raises(PipelineError, match="has no timezone: restart Airflow"):
        AirflowApi.from_environment().timezone()


def test_a_command_acts_on_the_airflow_of_env_file_or_of_the_environment(
    airflow, monkeypatch, folder
):
    for name in ("AIRFLOW_URL", "AIRFLOW_USERNAME", "AIRFLOW_PASSWORD"):
        monkeypatch.delenv(name)
    settings = "AIRFLOW_LISTEN=127.0.0.1:8081\nAIRFLOW_ADMIN_PASSWORD=right\n"
    (folder / ".env").write_text(settings)
    assert AirflowApi.from_environment().url == "http://localhost:8081"
    admin = {"username": "admin", "password": "right"}
    assert airflow.requests == [("POST", "/auth/token", admin)]

    monkeypatch.setenv("AIRFLOW_URL", "http://airflow/")
    monkeypatch.setenv("AIRFLOW_USERNAME", "ann")
    monkeypatch.delenv("AIRFLOW_ADMIN_PASSWORD")
    with pytest.raises(ConfigurationError, match="AIRFLOW_PASSWORD is not set"):
        AirflowApi.from_environment()  # the password of .env is not hers
    monkeypatch.setenv("AIRFLOW_PASSWORD", "hers")
    assert AirflowApi.from_environment().url == "http://airflow"
    ann = {"username": "ann", "password": "hers"}
    assert airflow.requests[-1] == ("POST", "/auth/token", ann)
