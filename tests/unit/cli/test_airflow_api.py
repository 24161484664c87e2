"""The requests to Airflow's REST API, against a stand-in: which Airflow, and what it answers."""

import copy
from datetime import date

import pytest
import requests

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.errors import ConfigurationError, PipelineError, TransientError
from tests.unit.cli.airflow_server import DATABASE_ERROR, DETAILS, LOCKED
from tests.unit.cli.airflow_server import run as run_of_day

REPORT = "report --day 2026-11-02"
PAGE = "<html>\n<h1>Sorry</h1>\n</html>"

ANSWERS = {
    "a database error of Airflow": {DETAILS: [DATABASE_ERROR]},
    "a proxy's page of errors": {DETAILS: [(500, PAGE)]},
    "a request that is refused": {DETAILS: [(403, {"detail": "Forbidden"})]},
    "another server": {"POST auth/token": [(404, [])]},
    "an Airflow that is starting": {"POST auth/token": [(502, [])]},
    "a wrong password": {"POST auth/token": [(401, {"detail": "no"})]},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_airflow(name, airflow, run, snapshot):
    airflow.answers |= copy.deepcopy(ANSWERS[name])
    text = run(REPORT, airflow)
    assert "right" not in text.partition("---")[2]
    assert text == snapshot


ADDRESSES = ("http://127.0.0.1:9", "", "localhost:8080", "http://[")


def test_addresses_without_airflow(run, airflow, monkeypatch, snapshot):
    texts = []
    for address in ADDRESSES:
        monkeypatch.setenv("AIRFLOW_URL", address)
        texts.append(run(REPORT))
    assert "\n\n".join(texts) == snapshot


@pytest.mark.parametrize(
    ("answers", "sign_ins"),
    [
        ([(401, {"detail": "Token expired"})], 2),
        ([DATABASE_ERROR] * 6, 1),
        ([LOCKED, (502, PAGE), (504, PAGE)], 1),
    ],
    ids=["an expired token", "a busy database", "a restart"],
)
def test_a_request_that_changes_nothing_is_repeated(airflow, answers, sign_ins):
    api = AirflowApi.from_environment()
    airflow.answers["GET dags/x"] = [*answers, {"is_paused": False}]
    assert api.get("dags/x") == {"is_paused": False}
    assert len(airflow.requests) == sign_ins


def test_without_a_connection_only_a_get_is_repeated(airflow, monkeypatch):
    api = AirflowApi.from_environment()
    send = api._session.request
    asked = []

    def fail_twice(method, url, **options):
        asked.append(method)
        if len(asked) < 3:
            raise requests.ConnectionError
        return send(method, url, **options)

    monkeypatch.setattr(api._session, "request", fail_twice)
    assert api.get("dags/x") == {"is_paused": False}
    asked.clear()
    with pytest.raises(PipelineError, match="is unavailable: start it") as error:
        api.post("backfills", {})
    assert not isinstance(error.value, TransientError)
    assert asked == ["POST"]


def test_an_answer_that_does_not_come_is_no_unavailable_airflow(airflow, monkeypatch):
    api = AirflowApi.from_environment()

    def wait_in_vain(method, url, **options):
        raise requests.ReadTimeout

    monkeypatch.setattr(api._session, "request", wait_in_vain)
    with pytest.raises(PipelineError, match="has not answered within 120 s") as error:
        api.post("backfills", {})
    assert not isinstance(error.value, TransientError)
    assert "unavailable" not in str(error.value)


def test_a_run_without_a_key_belongs_to_the_newest_day_that_had_ended(airflow):
    runs = []
    for run_id, run_after, conf in (
        ("early", "2026-11-05T11:00:00Z", None),
        ("new", "2026-11-06T11:00:00Z", None),
        ("night", "2026-11-06T04:30:00Z", None),  # before midnight in New York
        ("asked", "2026-11-09T11:00:00Z", {"business_date": "2026-11-05"}),
    ):
        more = {"dag_run_id": run_id, "run_after": run_after, "conf": conf}
        runs.append(run_of_day(None, "failed", **more))
    airflow.answers["GET dagRuns"] = [{"dag_runs": runs}]
    found = AirflowApi.from_environment().runs_of_day(date(2026, 11, 5))
    assert [run["dag_run_id"] for run in found] == ["asked", "new"]
    asked = "".join(airflow.queries)
    for part in ("partition_key_pattern", "run_type=manual&run_after_gte"):
        assert f"{part}=2026-11-05" in asked


def test_a_dag_without_a_daily_schedule_has_the_shops_timezone(airflow):
    run = run_of_day(None, "success", run_after="2026-11-06T04:30:00Z", conf=None)
    airflow.answers["GET dagRuns"] = [{"dag_runs": [run]}]
    api = AirflowApi.from_environment()
    assert api.runs_of_day(date(2026, 11, 4), "weekly_sales_forecast") == [run]


def test_an_airflow_of_before_the_update_has_to_be_restarted(airflow):
    old = {"timezone": "UTC", "timetable_description": "At 06:00"}
    airflow.answers[DETAILS] = [old]
    with pytest.raises(PipelineError, match="has no timezone: restart Airflow"):
        AirflowApi.from_environment().timezone()


@pytest.fixture
def of_env_file(airflow, monkeypatch, folder):
    """A folder whose `.env` leads to the stand-in."""
    for name in ("AIRFLOW_URL", "AIRFLOW_USERNAME", "AIRFLOW_PASSWORD"):
        monkeypatch.delenv(name)
    (folder / ".env").write_text(
        f"AIRFLOW_LISTEN=127.0.0.1:{airflow.server_port}\n"
        "AIRFLOW_ADMIN_PASSWORD=right\n"
    )
    return airflow


def test_a_command_acts_on_the_airflow_of_env_file(of_env_file):
    api = AirflowApi.from_environment()
    assert api.url == f"http://localhost:{of_env_file.server_port}"
    user = {"username": "admin", "password": "right"}
    assert of_env_file.requests == [("POST", "/auth/token", user)]


def test_an_airflow_that_the_environment_names_may_be_any(of_env_file, monkeypatch):
    monkeypatch.setenv("AIRFLOW_URL", f"http://127.0.0.1:{of_env_file.server_port}/")
    monkeypatch.setenv("AIRFLOW_USERNAME", "ann")
    with pytest.raises(ConfigurationError, match="AIRFLOW_PASSWORD is not set"):
        AirflowApi.from_environment()  # the password of .env is not hers
    monkeypatch.setenv("AIRFLOW_PASSWORD", "right")
    assert AirflowApi.from_environment()
    assert of_env_file.requests[-1][2]["username"] == "ann"
