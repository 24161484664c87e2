"""The company's systems start, change and stop; what other processes left is not in the way."""

import shutil
import socket
import tempfile
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from demo import company as company_module
from demo import processes
from demo.company import Company
from demo.layout import Folders, Ports
from demo.services.ports import free_port, is_open, stays_open

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture
def company():
    # For root, PostgreSQL runs as another user, who cannot read below pytest's own folder.
    home = Path(tempfile.mkdtemp(prefix="company-"))
    ports = {field.name: free_port() for field in fields(Ports)}
    company = Company(Ports(**ports), Folders(home))
    yield company
    company.stop()
    shutil.rmtree(home, ignore_errors=True)


def test_the_company_opens_advances_and_closes(company):
    """`tests/browser` has what an advance and a silent change do to its systems."""
    ports = (company.ports.sales_db, company.ports.bigquery, company.ports.storefront)
    held = company.folders.partner_drop / "alpenmarkt_2026-11-18.csv"
    later = NOW + timedelta(minutes=5)

    def running():
        folder = company.folders.processes
        return [processes.running(folder, name) for name in company.status()]

    company.start(NOW)
    started = running()
    company.start(NOW)
    assert running() == started
    assert all(map(is_open, ports))
    assert not held.exists()
    company.advance(date(2026, 11, 18), later)
    assert held.stat().st_mtime == later.timestamp()
    assert company.stop() == list(company.status())
    assert not any(company.status().values())
    assert not any(map(stays_open, ports))
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
