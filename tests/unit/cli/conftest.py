"""A stand-in for Airflow, where the commands look for it."""

import threading
import time

import pytest

from ecommerce.cli import environment
from tests.unit.cli.airflow_server import Airflow


@pytest.fixture
def airflow(monkeypatch, tmp_path):
    monkeypatch.setattr(
        environment, "REPOSITORY", tmp_path
    )  # whose developer may have a demo with reports
    monkeypatch.delenv("DEMO_HOME", raising=False)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    server = Airflow()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AIRFLOW_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AIRFLOW_USERNAME", "admin")
    monkeypatch.setenv("AIRFLOW_PASSWORD", "right")
    yield server
    server.shutdown()
    server.server_close()
