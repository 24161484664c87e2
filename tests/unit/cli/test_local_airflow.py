"""The commands `airflow` and `run`: what they start, what they refuse, how they end."""

import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from demo.services.ports import free_port
from ecommerce.cli import local_airflow

ENV_FILE = "SHOP_TIMEZONE=Asia/Tokyo\nCUSTOMER_HASH_KEY=0123456789abcdef\n"


@pytest.fixture
def started(monkeypatch, folder):
    """An `.env` with a free port; lists the commands that Airflow would run."""
    commands = []
    port = free_port()
    (folder / ".env").write_text(
        f"{ENV_FILE}AIRFLOW_LISTEN={port}\nAIRFLOW_ADMIN_PASSWORD=secret\n"
    )

    def supervise(words, end):
        commands.append([*words[1:], end.__name__])
        return 3

    def execute(file, words):
        commands.append(words)
        raise SystemExit(0)

    monkeypatch.setattr(local_airflow, "supervise", supervise)
    monkeypatch.setattr(os, "execv", execute)
    monkeypatch.setattr(
        subprocess, "run", lambda words, **_: commands.append(words[1:])
    )
    return commands


def test_airflow_starts_with_the_settings_and_the_password_of_env_file(
    started, run, folder
):
    assert "exit code 3" in run("airflow")
    assert started == [
        ["db", "migrate"],
        ["pools", "import", f"{folder}/include/pools.json"],
        ["standalone", "interrupt"],
    ]
    assert os.environ["SHOP_TIMEZONE"] == "Asia/Tokyo"
    assert os.environ["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert "AIRFLOW_ADMIN_PASSWORD" not in os.environ  # tasks would see it
    assert "_AIRFLOW_PROCESS_CONTEXT" not in os.environ
    passwords = folder / ".airflow" / "passwords.json"
    setting = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
    assert os.environ[setting] == str(passwords)
    assert passwords.read_text() == '{"admin": "secret"}'
    assert passwords.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("port", ["taken", "70000"])
def test_airflow_does_not_start_on_a_port_that_it_cannot_have(
    started, run, folder, port
):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1]) if port == "taken" else port
        (folder / ".env").write_text(f"{ENV_FILE}AIRFLOW_LISTEN={port}\n")
        text = run("airflow")
    assert "exit code 1\n" in text
    assert text.endswith(
        f"Airflow cannot listen on port {port}: stop the program that uses it (make "
        "stop ends the demo), or set another one in .env with AIRFLOW_LISTEN"
    )
    assert started == []
    assert not (folder / ".airflow").exists()


WITHOUT_SETTINGS = """
airflow
check
migrate
undo-history --source old_shop
forget-customer
query --sql SELECT
run --day 2026-11-18 --folder /nowhere
"""
RUN = "run --day 2999-01-01 --folder /nowhere"
KEY = "0123456789abcdef"


def test_commands_without_settings(run, snapshot):
    texts = [run(words) for words in WITHOUT_SETTINGS.strip().splitlines()]
    assert "\n\n".join(texts) == snapshot


def test_a_run_that_cannot_begin_is_refused_before_its_tasks_are(run, snapshot):
    texts = []
    for environ in (
        {"SHOP_TIMEZONE": ""},
        {"CUSTOMER_HASH_KEY": KEY},
        {"CUSTOMER_HASH_KEY": KEY, "RECONCILE_DAYS": "x", "REFUND_LOOKBACK_DAYS": "-1"},
    ):
        os.environ |= environ
        texts.append(run(RUN))
    assert "\n\n".join(texts) == snapshot


def supervised(repository, program, end, **options):
    """Start a process that supervises a Python program."""
    command = [sys.executable, "-c", program]
    code = (
        "import sys; from ecommerce.cli import local_airflow as a; a.GRACE = 0.5; "
        f"sys.exit(a.supervise({command!r}, a.{end}))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=repository / "plugins",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("ignored", flush=True))
sleep = "import time; time.sleep(3600)"
child = subprocess.Popen([sys.executable, "-c", sleep], start_new_session=True)
print(child.pid, flush=True)
while True:
    try:
        time.sleep(3600)
    except KeyboardInterrupt:  # a task's runner takes it for the failure of the task
        pass
"""


def next_line(process):
    """Return a line of the process; empty if it prints none within 20 seconds."""
    is_ready, _, _ = select.select([process.stdout], [], [], 20)
    return process.stdout.readline() if is_ready else ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_ends_with_all_its_processes(repository, number):
    process = supervised(repository, STUBBORN, "end_with_descendants")
    child = psutil.Process(int(process.stdout.readline()))
    parent = psutil.Process(process.pid).children()[0]
    try:
        process.send_signal(number)
        assert next_line(process) == "ignored\n"
        process.send_signal(number)  # of somebody who is impatient
        _, error = process.communicate(timeout=30)
        assert error.rstrip().endswith(
            "KeyboardInterrupt: the run and its processes have ended"
        )
        for each in (child, parent):
            assert not each.is_running() or each.status() == psutil.STATUS_ZOMBIE
    finally:
        for each in (child, parent):
            with suppress(psutil.NoSuchProcess):
                each.kill()
