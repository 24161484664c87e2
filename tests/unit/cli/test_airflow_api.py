"""The requests to Airflow's REST API, against a stand-in."""

import re
from datetime import date

import jwt
import pytest
import requests

from demo import airflow_services
from demo.environment import format_env_file
from demo.layout import Folders, Ports
from ecommerce.cli.__main__ import main
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.errors import (
    ConfigurationError,
    CredentialsError,
    PipelineError,
    TransientError,
)
from tests.unit.cli.airflow_server import HIDDEN, Handler


def test_a_token_that_has_expired_is_renewed(airflow):
    api = AirflowApi.from_environment()
    airflow.expired = 1
    assert api.get("dags/x") == {"is_paused": False}


def test_a_database_error_of_airflow_is_a_sentence_and_asked_again_where_nothing_can_be_done_twice(
    airflow, monkeypatch
):
    api, answers = AirflowApi.from_environment(), [500, 500, 200]
    monkeypatch.setattr(
        Handler, "do_GET", lambda self: self.answer(answers.pop(0), {"detail": HIDDEN})
    )
    assert api.get("dags/x") == {"detail": HIDDEN}
    answers += [500] * 20
    with pytest.raises(
        PipelineError, match=r"own database failed or was busy \(GET dags/x; the API"
    ) as error:
        api.get("dags/x")
    assert "hidden" not in str(error.value)


def test_an_airflow_that_is_gone_for_a_moment_is_asked_again_but_never_told_twice(
    airflow, monkeypatch
):
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
    monkeypatch.setattr(
        api._session, "request", lambda *_, **__: unwell("GET", asked.clear() or "")
    )
    with pytest.raises(TransientError, match="is unavailable: is it running"):
        api.get("dags/x")


def test_a_run_that_was_triggered_without_a_day_is_that_of_the_day_before(airflow):
    # In New York the last one begins on the 5th.
    for run_id, run_after in (
        ("early", "05T11:00:00Z"),
        ("new", "06T11:00:00Z"),
        ("night", "06T04:30:00Z"),
    ):
        more = {"dag_run_id": run_id, "run_after": f"2026-11-{run_after}"}
        airflow.without_key.append(airflow.run(None, "failed", **more))
    runs = AirflowApi.from_environment().runs_of_day(date(2026, 11, 5))
    assert [run["dag_run_id"] for run in runs] == ["new"]


def test_wrong_password_is_said_without_the_password(airflow, monkeypatch):
    monkeypatch.setenv("AIRFLOW_PASSWORD", "wr0ng")
    with pytest.raises(CredentialsError, match="refuses the user 'admin'") as error:
        AirflowApi.from_environment()
    assert "wr0ng" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "", "localhost:8080", "http://["]
)
def test_no_airflow_at_the_address(url):
    with pytest.raises(
        TransientError, match=rf"{re.escape(repr(url))} cannot be reached"
    ):
        AirflowApi(url, "admin", "right")


@pytest.mark.parametrize("status", [404, 201, 502])
def test_another_server_at_the_address_does_not_look_like_a_wrong_password(
    airflow, monkeypatch, status
):
    monkeypatch.setattr(Handler, "do_POST", lambda self: self.answer(status, []))
    with pytest.raises(TransientError, match=rf"answered {status} without a token"):
        AirflowApi.from_environment()


def test_a_proxys_page_of_errors_is_one_line(airflow, monkeypatch):
    def page(self):
        self.send_response(500)
        self.end_headers()
        self.wfile.write(b"<html>\n<h1>Sorry</h1>\n</html>")

    api = AirflowApi.from_environment()
    monkeypatch.setattr(Handler, "do_GET", page)
    with pytest.raises(
        PipelineError, match="Airflow answered 500: <html> <h1>Sorry</h1> </html>"
    ):
        api.get("dags/x")


SECRET = "of this installation, long enough for a signature with HS512: 64 bytes"


@pytest.fixture
def of_env_file(airflow, monkeypatch, tmp_path):
    """A folder whose `.env` leads to the stand-in, which runs the folder's DAGs."""
    for name in (
        "AIRFLOW_URL",
        "AIRFLOW_USERNAME",
        "AIRFLOW_PASSWORD",
        "AIRFLOW__CORE__DAGS_FOLDER",
    ):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(
        f"AIRFLOW_LISTEN=127.0.0.1:{airflow.server_port}\nAIRFLOW_ADMIN_PASSWORD=right\n"
        f"AIRFLOW__API_AUTH__JWT_SECRET='{SECRET}'\n"
    )
    airflow.fileloc = str(tmp_path / "dags" / "daily_sales_pipeline.py")
    airflow.token = jwt.encode({"sub": "admin"}, SECRET, algorithm="HS512")
    return airflow


def test_a_command_acts_on_the_airflow_of_env_file_as_its_user_admin(of_env_file):
    assert (
        AirflowApi.from_environment().url
        == f"http://localhost:{of_env_file.server_port}"
    )
    assert of_env_file.requests == [
        ("/auth/token", {"username": "admin", "password": "right"})
    ]


def test_a_command_acts_on_the_airflow_of_docker_compose_which_has_the_images_path(
    of_env_file,
):
    of_env_file.fileloc = "/opt/airflow/dags/daily_sales_pipeline.py"
    assert AirflowApi.from_environment()


@pytest.mark.parametrize("other", ["another folder", "another secret", "no DAGs"])
def test_the_airflow_of_another_installation_is_refused_with_what_to_do(
    of_env_file, tmp_path, capsys, other
):
    if other == "another folder":
        of_env_file.fileloc = "/home/ann/shop/dags/daily_sales_pipeline.py"
    elif other == "another secret":
        of_env_file.token = jwt.encode(
            {"sub": "admin"}, SECRET[::-1], algorithm="HS512"
        )
    else:
        of_env_file.fileloc = None
    for command in ("report", "repair"):
        assert main([command, "--day", "2026-11-02"]) == 1
        assert capsys.readouterr().err == (
            f"the Airflow at http://localhost:{of_env_file.server_port} does not run the DAGs of {tmp_path}: "
            "start this folder's (make airflow) on a port of its own (AIRFLOW_LISTEN in .env), or name the "
            "one to use with AIRFLOW_URL\n"
        )
    assert all(path == "/auth/token" for path, _ in of_env_file.requests)


def test_the_demos_airflow_is_not_the_one_of_env_file(of_env_file, tmp_path):
    env_file = tmp_path / ".env"
    env_file.write_text(env_file.read_text().replace("right", "0f-.env"))
    with pytest.raises(
        CredentialsError, match=r"refuses the user 'admin': .*such as the demo's"
    ) as error:
        AirflowApi.from_environment()
    assert "0f-.env" not in str(error.value)


def test_an_airflow_that_the_environment_names_may_be_any(
    of_env_file, monkeypatch, tmp_path
):
    of_env_file.fileloc, of_env_file.token = "/elsewhere/daily_sales_pipeline.py", "t"
    monkeypatch.setenv("AIRFLOW_URL", of_env_file.url)
    assert AirflowApi.from_environment().url == of_env_file.url
    monkeypatch.setenv("AIRFLOW_USERNAME", "ann")
    with pytest.raises(ConfigurationError, match="AIRFLOW_PASSWORD is not set"):
        AirflowApi.from_environment()  # the password of .env is not hers
    monkeypatch.setenv("AIRFLOW_PASSWORD", "right")
    (tmp_path / ".env").unlink()
    assert AirflowApi.from_environment()
    assert of_env_file.requests[-1][1]["username"] == "ann"


def test_without_env_file_a_command_acts_on_the_demo_of_this_folder(
    of_env_file, tmp_path, monkeypatch
):
    (tmp_path / ".env").unlink()
    with pytest.raises(ConfigurationError, match=r"there is no \.env"):
        AirflowApi.from_environment()
    monkeypatch.setattr(airflow_services, "USER", "demo")
    monkeypatch.setattr(airflow_services, "PASSWORD", "right")
    ports, folders = Ports(airflow=of_env_file.server_port), Folders(tmp_path / ".demo")
    demo = airflow_services.AirflowServices(
        ports, folders, "America/New_York"
    ).command_environment()
    demo["AIRFLOW__CORE__DAGS_FOLDER"] = str(tmp_path / "dags")
    folders.home.mkdir()
    folders.environment.write_text(format_env_file(demo))
    assert AirflowApi.from_environment()
    assert of_env_file.requests[-1][1]["username"] == "demo"
    of_env_file.fileloc = "/home/ann/shop/dags/daily_sales_pipeline.py"
    with pytest.raises(ConfigurationError, match="does not run the DAGs of"):
        AirflowApi.from_environment()
