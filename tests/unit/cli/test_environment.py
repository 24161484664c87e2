"""What a command adds to its environment before it begins."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import psutil
import pytest

from demo.services.ports import free_port
from ecommerce.cli import __main__ as command_line
from ecommerce.cli import environment, local_airflow
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings, load_settings

LOG_SERVERS = (
    "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT",
    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT",
)
ENV_FILE = "SHOP_TIMEZONE=Asia/Tokyo\nREPORTING_CURRENCY=\nCUSTOMER_HASH_KEY='a$b'\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a repository with nothing in it."""
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    return tmp_path


def loaded(**given: str) -> dict[str, str]:
    environment.load(given)
    return given


def test_env_file_gives_settings_and_where_the_code_is(folder: Path) -> None:
    (folder / ".env").write_text(ENV_FILE)
    given = loaded()
    assert (given["SHOP_TIMEZONE"], given["CUSTOMER_HASH_KEY"]) == ("Asia/Tokyo", "a$b")
    assert "REPORTING_CURRENCY" not in given
    assert given["AIRFLOW__CORE__DAGS_FOLDER"] == str(folder / "dags")
    assert given["AIRFLOW__CORE__PLUGINS_FOLDER"] == str(folder / "plugins")


def test_what_is_set_already_wins(folder: Path) -> None:
    (folder / ".env").write_text(ENV_FILE)
    given = loaded(
        SHOP_TIMEZONE="Europe/Berlin",
        AIRFLOW__CORE__DAGS_FOLDER="/dags",
        AIRFLOW_VAR_X="",
    )
    assert (given["SHOP_TIMEZONE"], given["AIRFLOW__CORE__DAGS_FOLDER"]) == (
        "Europe/Berlin",
        "/dags",
    )
    assert given["AIRFLOW_VAR_X"] == ""


def test_env_file_wins_over_the_demo(folder: Path) -> None:
    (folder / ".demo").mkdir()
    (folder / ".demo" / "environment").write_text(
        "SHOP_TIMEZONE='America/New_York'\nAIRFLOW_HOME='/demo'\n"
    )
    given = loaded()
    assert (given["SHOP_TIMEZONE"], given["AIRFLOW_HOME"]) == (
        "America/New_York",
        "/demo",
    )
    (folder / ".env").write_text(ENV_FILE)
    given = loaded()
    assert (given["SHOP_TIMEZONE"], given["AIRFLOW_HOME"]) == (
        "Asia/Tokyo",
        str(folder / ".airflow"),
    )


def test_what_env_file_leaves_open_lies_below_the_repository(folder: Path) -> None:
    (folder / ".env").write_text("STAGING_URI=\nREPORTS_URI=gs://bucket/reports\n")
    given = loaded(MODELS_URI="file:///models")
    assert given["AIRFLOW_HOME"] == str(folder / ".airflow")
    assert given["STAGING_URI"] == f"file://{folder}/.airflow/data/staging"
    assert given["PARTNER_DROP_URI"] == f"file://{folder}/.airflow/data/partner_drop"
    assert (given["REPORTS_URI"], given["MODELS_URI"]) == (
        "gs://bucket/reports",
        "file:///models",
    )
    assert not (folder / ".airflow").exists()


@pytest.mark.parametrize("text", [None, ""], ids=["unset", "empty"])
def test_every_folder_without_a_value_lies_beside_the_others(
    folder: Path, text: str | None
) -> None:
    names = [field.name for field in fields(Settings) if field.name.endswith("_uri")]
    (folder / ".env").write_text("CUSTOMER_HASH_KEY=0123456789abcdef\nPICTURES_URI=\n")
    settings = load_settings(
        loaded(**({} if text is None else {name.upper(): text for name in names}))
    )
    data = f"file://{folder}/.airflow/data"
    assert {name: getattr(settings, name) for name in names} == {
        name: f"{data}/{name.removesuffix('_uri')}" for name in names
    }


def test_a_line_that_cannot_be_read_is_named_without_its_value(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / ".env").write_text(
        "# first\nSHOP_TIMEZONE=Asia/Tokyo\n\nAIRFLOW_CONN_SALES_DB='secret\nwith space=secret\n"
        "REPORT_LOCALE=de_CH\n"
    )
    given = loaded()
    assert (given["SHOP_TIMEZONE"], given["REPORT_LOCALE"]) == ("Asia/Tokyo", "de_CH")
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        f"python-dotenv could not parse statement starting at line {number}"
        for number in (3, 5)
    ]


def test_a_home_that_is_named_wins(folder: Path) -> None:
    (folder / ".env").write_text("AIRFLOW_HOME=/srv/airflow\n")
    assert loaded()["AIRFLOW_HOME"] == "/srv/airflow"
    given = loaded(AIRFLOW_HOME="/home/me/airflow")
    assert (given["AIRFLOW_HOME"], given["STAGING_URI"]) == (
        "/home/me/airflow",
        "file:///home/me/airflow/data/staging",
    )


def test_a_fresh_env_file_names_no_folder_of_the_containers(
    folder: Path, repository: Path
) -> None:
    (folder / ".env").write_text((repository / ".env.example").read_text())
    assert [name for name, value in loaded().items() if "/opt/airflow" in value] == []


@pytest.mark.parametrize("name", ["CUSTOMER_HASH_KEY", "AIRFLOW_CONN_BIGQUERY"])
def test_in_a_container_the_environment_is_all_there_is(
    folder: Path, name: str
) -> None:
    database = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://airflow@db/airflow"
    }
    given = {name: "x", **database}
    assert loaded(**given) == {**given, "_AIRFLOW_PROCESS_CONTEXT": "server"}


def test_a_database_that_nobody_has_migrated_is_left_alone(folder: Path) -> None:
    file = folder / "airflow.db"
    given = {"CUSTOMER_HASH_KEY": "x", "AIRFLOW_HOME": str(folder)}
    assert (
        loaded(**given) == given
    )  # there is none, and Airflow would make one when it looks into it
    file.touch()
    assert loaded(**given) == given
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "PRAGMA journal_mode = WAL"
        )  # as Airflow leaves it: 4096 bytes
    assert loaded(**given) == given
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE connection (conn_id TEXT)")
    before = {each.name for each in folder.iterdir()}
    assert loaded(**given)["_AIRFLOW_PROCESS_CONTEXT"] == "server"
    assert {each.name for each in folder.iterdir()} == before


def test_where_there_is_nothing_one_sentence_says_what_to_do(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"run make env .* or make demo"):
        loaded(PATH="/bin", AIRFLOW_HOME="/opt/airflow")


def command(
    folder: Path, *arguments: str, **given: str
) -> subprocess.CompletedProcess[str]:
    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": "plugins",
        "AIRFLOW_HOME": str(folder / "airflow"),
    }
    return subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", *arguments],
        cwd=folder,
        env=own | given,
        capture_output=True,
        text=True,
        input="",
    )


@pytest.mark.parametrize(
    "name", ["check", "migrate", "forget-customer", "run --day 2026-11-18"]
)
def test_every_command_that_needs_settings_says_that_there_are_none(
    installation: Path, name: str
) -> None:
    done = command(installation, *name.split())
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        "there is no .env and no setting in the environment: run make env"
    )
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        (
            {},
            [
                "business day 2999-01-01 has not ended yet in America/New_York: it closes at"
            ],
        ),
        (
            {"RECONCILE_DAYS": "many", "TASK_TIMEOUT_SECONDS": "1h"},
            ["RECONCILE_DAYS='many' is not", "TASK_TIMEOUT_SECONDS='1h' is not"],
        ),
    ],
)
def test_a_run_that_cannot_begin_is_refused_before_its_tasks_are(
    installation: Path, given: dict[str, str], sentences: list[str]
) -> None:
    done = command(
        installation,
        "run",
        "--day",
        "2999-01-01",
        CUSTOMER_HASH_KEY="0123456789abcdef",
        **given,
    )
    assert (done.returncode, done.stdout) == (1, "")
    shown = [
        line[: len(each)]
        for line, each in zip(done.stderr.splitlines(), sentences, strict=True)
    ]
    assert shown == sentences


def test_a_forecast_from_a_day_in_the_future_is_refused(installation: Path) -> None:
    done = command(
        installation,
        "forecast",
        "--as-of",
        "2999-01-01",
        CUSTOMER_HASH_KEY="0123456789abcdef",
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "2999-01-01 is in the future in America/New_York: today is "
    )
    assert len(done.stderr.splitlines()) == 1


def test_a_command_runs_in_a_container(installation: Path) -> None:
    given = {"CUSTOMER_HASH_KEY": "0123456789abcdef", "AIRFLOW_VAR_SOURCE_POLICY": "{}"}
    done = command(installation, "check", "settings", **given)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "ok    settings             SHOP_TIMEZONE=America/New_York, "
    )


def test_without_env_file_the_demos_airflow_is_not_started_twice(
    installation: Path,
) -> None:
    (installation / ".demo").mkdir()
    (installation / ".demo" / "environment").write_text("SHOP_TIMEZONE='Asia/Tokyo'\n")
    done = command(installation, "airflow")
    assert done.returncode == 1
    assert done.stderr == (
        "there is no .env: run make env and fill it in (make demo starts its own Airflow)\n"
    )


def test_airflows_own_commands_find_what_the_pipeline_finds(installation: Path) -> None:
    (installation / ".env").write_text(ENV_FILE)
    done = command(
        installation, "airflow", "--", "config", "get-value", "core", "dags_folder"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(installation / "dags")


def free_ports() -> str:
    ports = {setting: free_port() for setting in (*LOG_SERVERS, "AIRFLOW_LISTEN")}
    return "".join(f"{setting}={port}\n" for setting, port in ports.items())


def test_the_port_of_env_file_is_that_of_airflow_which_only_this_machine_reaches(
    folder: Path,
) -> None:
    (folder / ".env").write_text(ENV_FILE)
    assert loaded()["AIRFLOW__API__PORT"] == "8080"
    (folder / ".env").write_text(
        ENV_FILE + "AIRFLOW_LISTEN=0.0.0.0:9080\nAIRFLOW__API__BASE_URL=http://shop\n"
    )
    given = loaded()
    assert (given["AIRFLOW__API__HOST"], given["AIRFLOW__API__PORT"]) == (
        "127.0.0.1",
        "9080",
    )
    assert (
        given["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]
        == "http://localhost:9080/execution/"
    )
    assert loaded(AIRFLOW__API__PORT="9081")["AIRFLOW__API__PORT"] == "9081"


def test_airflow_does_not_begin_where_a_port_is_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (folder / ".env").write_text(f"{ENV_FILE}{free_ports()}AIRFLOW_LISTEN={port}\n")
        with monkeypatch.context() as patched:
            patched.setattr(os, "environ", {"PATH": "/bin"})
            patched.setattr(environment.load, "__defaults__", (os.environ,))
            patched.setattr(
                subprocess, "run", lambda *_, **__: pytest.fail("something was started")
            )
            assert command_line.main(["airflow"]) == 1
    assert capsys.readouterr().err == (
        f"Airflow cannot listen on port {port}: stop the program that uses it (make stop ends the demo), or "
        "set another one in .env with AIRFLOW_LISTEN\n"
    )
    assert not (folder / ".airflow").exists()


def test_a_scheduler_is_started_with_the_password_of_env_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, started = [], []
    (folder / ".env").write_text(
        ENV_FILE + free_ports() + "AIRFLOW_ADMIN_PASSWORD=secret\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(os, "environ", {"PATH": "/bin"})
        patched.setattr(environment.load, "__defaults__", (os.environ,))
        patched.setattr(
            subprocess, "run", lambda words, **_: prepared.append(words[1:])
        )
        patched.setattr(
            local_airflow,
            "supervise",
            lambda words, _: started.append((words, dict(os.environ))) or 3,
        )
        assert command_line.main(["airflow"]) == 3
    [(words, given)] = started
    assert prepared == [
        ["db", "migrate"],
        ["pools", "import", f"{folder}/include/pools.json"],
    ]
    binary = Path(words[0])
    assert (binary.name, words[1:]) == ("airflow", ["standalone"])
    assert given["PATH"].split(os.pathsep)[0] == str(
        binary.parent
    )  # where it finds itself once more
    assert "AIRFLOW_ADMIN_PASSWORD" not in given  # tasks would see it
    passwords = folder / ".airflow" / "passwords.json"
    assert given["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] == str(passwords)
    assert passwords.read_text() == '{"admin": "secret"}'
    assert passwords.stat().st_mode & 0o077 == 0


TOLD = """
import sys, time
try:
    print("ready", flush=True)
    time.sleep(3600)
except KeyboardInterrupt:
    time.sleep(0.2)
    print("told", flush=True)
    sys.exit(3)
"""
COMMAND = [sys.executable, "-c", TOLD]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_attended_is_told_once_of_the_end(
    repository: Path, number: signal.Signals
) -> None:
    attend = (
        "import sys; from ecommerce.cli import local_airflow as a; "
        f"sys.exit(a.supervise({COMMAND!r}, a.interrupt))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", attend],
        cwd=repository / "plugins",
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, number)  # as a terminal does
    assert process.communicate()[0] == "told\n"
    assert process.returncode == 3


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("ignored", flush=True))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True)
print(child.pid, flush=True)
while True:
    try:
        time.sleep(3600)
    except KeyboardInterrupt:  # as a task's runner takes it for the failure of the task
        pass
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_interrupted_ends_with_every_process_of_it(
    repository: Path, number: int
) -> None:
    command = [sys.executable, "-c", STUBBORN]
    code = (
        "from ecommerce.cli import local_airflow as a; a.GRACE = 0.5; "
        f"a.supervise({command!r}, a.end_with_descendants)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=repository / "plugins",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child = psutil.Process(int(process.stdout.readline()))
    parent = psutil.Process(process.pid).children()[0]
    process.send_signal(number)
    assert process.stdout.readline() == "ignored\n"
    process.send_signal(number)  # of somebody who is impatient
    _, error = process.communicate(timeout=30)
    assert error.rstrip().endswith(
        "KeyboardInterrupt: the run and its processes have ended"
    )
    assert not any(
        each.is_running() and each.status() != "zombie" for each in (child, parent)
    )


def test_nothing_of_airflow_is_imported_before_the_environment_is_there(
    installation: Path,
) -> None:
    look = (
        "import sys; from ecommerce.cli import __main__; "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('airflow', 'duckdb', 'pandas')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=installation / "plugins", capture_output=True
    )
    assert done.stdout.decode().strip() == "[]"
