"""The company's systems start, change and stop; what other processes left is not in the way."""

import os
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from demo import company as company_module
from demo import processes
from demo.airflow_services import AirflowServices
from demo.company import Company
from demo.layout import Folders, Ports
from demo.services.ports import free_port, is_open, stays_open

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture
def company():
    # For root, PostgreSQL runs as another user, who cannot read below pytest's own folder.
    home = Path(tempfile.mkdtemp(prefix="company-"))
    ports = Ports(**{field.name: free_port() for field in fields(Ports)})
    company = Company(ports, Folders(home))
    yield company
    company.stop()
    shutil.rmtree(home, ignore_errors=True)


def test_the_company_opens_advances_and_closes(company):
    ports = [company.ports.sales_db, company.ports.bigquery, company.ports.storefront]
    held = company.folders.partner_drop / "alpenmarkt_2026-11-18.csv"
    later = NOW + timedelta(minutes=5)

    def query(sql, *values):
        with psycopg.connect(company._postgres.dsn("shop")) as connection:
            return set(connection.execute(sql, values or None).fetchall())

    def late_refunds():
        return query("SELECT refund_id FROM refunds WHERE updated_at = %s", later)

    def running():
        folder = company.folders.processes
        return {name: processes.running(folder, name) for name in company.status()}

    company.start(NOW)
    started = running()
    company.start(NOW)
    assert running() == started
    assert all(is_open(port) for port in ports)
    assert not held.exists()
    assert not late_refunds()

    assert company.advance(now=later) == date(2026, 11, 18)
    assert held.stat().st_mtime == later.timestamp()
    assert len(late_refunds()) == 1

    lines = (
        "SELECT order_id, quantity FROM order_items WHERE order_id LIKE 'S-20261117-%'"
    )
    before = query(lines)
    assert company.tamper(now=later) == date(2026, 11, 17)
    assert len(query(lines) - before) == 1

    assert company.stop() == list(company.status())
    assert not any(company.status().values())
    assert not any(stays_open(port) for port in ports)
    assert company.stop() == []


def test_a_taken_port_is_named_and_nothing_starts(company, monkeypatch, capsys):
    monkeypatch.setenv("DEMO_HOME", str(company.folders.home))
    for field in fields(Ports):
        monkeypatch.setenv(Ports.variable(field.name), str(free_port()))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("DEMO_MAILBOX_PORT", str(port))
        assert company_module.main([]) == 1
    assert capsys.readouterr().err == (
        f"demo: port {port} (mailbox) is in use by another program: stop that program, "
        f"or choose another port with DEMO_MAILBOX_PORT={port + 1000}\n"
    )
    assert not any(company.status().values())


# Like the scheduler and its `serve-logs`: a child with a title and a session of its own listens.
PARENT = """
import os, signal, socket, sys, time
from setproctitle import setproctitle
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if not os.fork():
    os.setsid()
    setproctitle("a title that is longer than its command line and environment" * 99)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    print("open", flush=True)
time.sleep(3600)
"""


def test_what_a_killed_process_left_is_stopped(tmp_path):
    folders, port, log = Folders(tmp_path), free_port(), tmp_path / "log"
    command = [sys.executable, "-c", PARENT, str(port)]
    name = "airflow-scheduler"
    parent = processes.start(folders.processes, name, command, log, dict(os.environ))
    while "open" not in log.read_text():
        assert parent.poll() is None, log.read_text()
    [child] = psutil.Process(parent.pid).children()
    try:
        parent.kill()
        parent.wait()
        other = Folders(tmp_path / "other").processes
        assert processes.running(folders.processes, name) is None
        assert processes.stop(folders.processes, "airflow-api-server") is False
        assert processes.stop(other, name) is False
        assert is_open(port)
        ports = Ports(airflow=free_port(), airflow_logs=port)
        AirflowServices(ports, folders, "America/New_York").check_ports()
        assert not stays_open(port)
    finally:
        with suppress(psutil.NoSuchProcess):
            child.kill()
