"""The commands `airflow` and `run`: what they start, what they refuse, how they end."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from demo.services.ports import free_port
from ecommerce.cli import local_airflow, metadata_database

ENV_FILE = "SHOP_TIMEZONE=Asia/Tokyo\nCUSTOMER_HASH_KEY=0123456789abcdef\n"


@pytest.fixture
def started(monkeypatch, folder):
    """An `.env` with a free port; lists the commands that Airflow would run."""
    commands = []
    port = free_port()
    (folder / ".env").write_text(
        f"{ENV_FILE}AIRFLOW_LISTEN={port}\nAIRFLOW_ADMIN_PASSWORD=secret\n"
    )

    @contextmanager
    def session(words):
        commands.append(words[1:])
        yield SimpleNamespace(wait=lambda: 3)

    def run(words, **_):
        commands.append(words[1:])
        return SimpleNamespace(returncode=2)

    monkeypatch.setattr(local_airflow, "session", session)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(metadata_database, "use", lambda home: f"postgres in {home}")
    return commands


def test_airflow_starts_with_the_settings_and_the_password_of_env_file(
    started, run, folder
):
    assert "exit code 3" in run("airflow")
    assert started == [
        ["db", "migrate"],
        ["pools", "import", f"{folder}/include/pools.json"],
        ["standalone"],
    ]
    assert os.environ["SHOP_TIMEZONE"] == "Asia/Tokyo"
    assert os.environ["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert "AIRFLOW_ADMIN_PASSWORD" not in os.environ  # tasks would see it
    assert "_AIRFLOW_PROCESS_CONTEXT" not in os.environ
    database = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert database == f"postgres in {folder}/.airflow"
    passwords = folder / ".airflow" / "passwords.json"
    setting = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
    assert os.environ[setting] == str(passwords)
    assert passwords.read_text() == '{"admin": "secret"}'
    assert passwords.stat().st_mode & 0o077 == 0


def test_airflow_runs_a_command_of_airflows_in_the_database_of_the_environment(
    started, run, monkeypatch
):
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite:////old.db")
    assert "exit code 2" in run("airflow -- dags list")
    assert started == [["dags", "list"]]
    assert os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "sqlite:////old.db"


def test_airflow_does_not_start_on_a_port_that_it_cannot_have(started, run, folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (folder / ".env").write_text(f"{ENV_FILE}AIRFLOW_LISTEN={port}\n")
        text = run("airflow")
    assert "exit code 1\n" in text
    assert text.endswith(
        f"Airflow cannot listen on port {port}: stop the program that uses it (make "
        "stop ends the demo), or set another one in .env with AIRFLOW_LISTEN"
    )
    assert started == []
    assert not (folder / ".airflow").exists()


WITHOUT_SETTINGS = (
    "airflow",
    "check",
    "migrate",
    "undo-history --source old_shop",
    "forget-customer",
    "query --sql SELECT",
    "run --day 2026-11-18",
)


@pytest.mark.parametrize("words", WITHOUT_SETTINGS)
def test_commands_without_settings(run, words):
    text = run(words)
    assert "exit code 1\n" in text
    last_line = text.splitlines()[-1]
    assert re.match("there is no .env.*: run make env and fill", last_line)


def test_a_run_that_cannot_begin_is_refused_before_its_tasks_are(run, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    text = run("run --day 2999-01-01")
    assert "exit code 1\n" in text
    assert "business day 2999-01-01 has not ended yet in America/New_York" in text
    monkeypatch.setenv("RECONCILE_DAYS", "x")
    monkeypatch.setenv("REFUND_LOOKBACK_DAYS", "-1")
    *_, first, second = run("run --day 2026-11-18").splitlines()
    assert first.startswith("REFUND_LOOKBACK_DAYS='-1': Input should be greater than")
    assert second.startswith("RECONCILE_DAYS='x': Input should be a valid integer")


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
print(child.pid, flush=True)
while True:
    try:
        time.sleep(3600)
    except KeyboardInterrupt:  # a task's runner takes it for the failure of the task
        pass
"""
SUPERVISOR = f"""
import subprocess, sys
from ecommerce.cli.processes import session
with session([sys.executable, "-c", {STUBBORN!r}], stdout=subprocess.PIPE) as process:
    # The signal must not come while the process is being started.
    print(int(process.stdout.readline()), flush=True)
    process.wait()
"""


def has_not_ended(process):
    """Whether a process has not ended; one that no process waits for stays a zombie."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_ends_with_all_its_processes(repository, number):
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR],
        cwd=repository / "plugins",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child = psutil.Process(int(supervisor.stdout.readline()))
    parent = psutil.Process(supervisor.pid).children()[0]
    try:
        supervisor.send_signal(number)
        _, error = supervisor.communicate(timeout=120)
        assert error.rstrip().endswith("KeyboardInterrupt")
        # A killed process may take a moment to end.
        deadline = time.monotonic() + 120
        while has_not_ended(child) or has_not_ended(parent):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        for process in (child, parent):
            with suppress(psutil.NoSuchProcess):
                process.kill()
