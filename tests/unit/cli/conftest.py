"""Commands in this process, and a stand-in for Airflow where they look for it."""

import json
import os
import re
import time
from collections import Counter

import pytest
import time_machine
from responses import RequestsMock

from ecommerce.cli import environment
from ecommerce.cli.__main__ import main
from tests import settings
from tests.unit.cli.airflow_server import Airflow

ANONYMOUS = '{"conn_type": "google_cloud_platform", "extra": {"is_anonymous": true, "project": "shop"}}'
"""A connection `bigquery` whose client can be opened without a server."""


@pytest.fixture(autouse=True)
def _environment():
    """An environment without settings, that is restored after `monkeypatch` has undone its changes."""
    names = {*environment.SETTINGS, "QUERY"}
    with settings.environment({}):
        for name in list(os.environ):
            if name.startswith(("AIRFLOW", "DEMO_")) or name in names:
                del os.environ[name]
        os.environ["COLUMNS"] = "80"
        yield


@pytest.fixture(autouse=True)
def folder(_environment, monkeypatch, tmp_path):
    """The empty root of a repository."""
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)
    return tmp_path


@pytest.fixture
def airflow(monkeypatch):
    """A stand-in for Airflow that the environment names, on 21 November 2026."""
    server = Airflow()
    monkeypatch.setattr(time, "sleep", server.wait)
    monkeypatch.setenv("AIRFLOW_URL", "http://airflow")
    monkeypatch.setenv("AIRFLOW_USERNAME", "admin")
    monkeypatch.setenv("AIRFLOW_PASSWORD", "right")
    any_path = re.compile("http://(airflow|localhost:8081)/")
    with (
        time_machine.travel("2026-11-21T12:00:00Z", tick=False),
        RequestsMock(assert_all_requests_are_fired=False) as requests,
    ):
        for method in ("GET", "POST", "PUT", "PATCH"):
            requests.add_callback(method, any_path, server.respond)
        yield server


def format_request(request):
    method, path, body = request
    return f"{method} {path} {json.dumps(body)}"


@pytest.fixture
def run(capsys, folder):
    """Call it with words and an `airflow`: the exit code, the requests and all output as one text."""

    def run_command(words, airflow=None):
        words = words.split() if isinstance(words, str) else words
        code = main(words)
        printed = capsys.readouterr()
        parts = [f"$ {' '.join(words)}", f"exit code {code}"]
        requests = Counter(map(format_request, airflow.requests if airflow else []))
        for request, count in requests.items():
            parts.append(request if count == 1 else f"{request} ({count} times)")
        if printed.out:
            parts.append(f"--- standard output\n{printed.out.rstrip()}")
        if printed.err:
            parts.append(f"--- standard error\n{printed.err.rstrip()}")
        return "\n".join(parts).replace(str(folder), "/shop")

    return run_command


@pytest.fixture
def check(airflow, run, snapshot):
    """Run a command against scripted answers, and compare the requests and the output with the snapshot."""

    def check_command(words, answers):
        airflow.script(answers)
        assert run(words, airflow) == snapshot

    return check_command
