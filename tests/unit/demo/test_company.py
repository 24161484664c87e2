import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from demo import processes
from demo.airflow_services import AirflowServices
from demo.company import Company
from demo.layout import Folders, Ports, PortTaken
from demo.scenario import Scenario
from demo.services.ports import free_port, is_open, stays_open
from demo.services.postgres import PASSWORD, USER

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    ports = Ports(**{field.name: free_port() for field in fields(Ports)})
    return Company(ports, Folders(tmp_path))


@pytest.mark.slow
def test_the_company_opens_advances_and_closes(company: Company) -> None:
    held = company.folders.partner_drop / "alpenmarkt_2026-11-18.csv"
    dsn = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{company.ports.sales_db}/shop"
    ports = [
        getattr(company.ports, name)
        for name in ("sales_db", "bigquery", "storefront", "smtp", "mailbox")
    ]

    def late_refunds() -> int:
        with psycopg.connect(dsn) as connection:
            row = connection.execute(
                "SELECT count(*) FROM refunds WHERE updated_at = %s", [later]
            ).fetchone()
            return row[0]

    later = NOW + timedelta(minutes=5)
    try:
        company.start(NOW)
        born = {
            name: processes.running(company.folders.processes, name)
            for name in company.status()
        }
        company.start(NOW)
        again = {
            name: processes.running(company.folders.processes, name)
            for name in company.status()
        }
        assert born == again
        assert all(is_open(port) for port in ports)
        assert not held.exists()
        assert late_refunds() == 0

        assert company.advance(now=later) == date(2026, 11, 18)
        assert held.stat().st_mtime == later.timestamp()
        assert late_refunds() == 1

        def orders(day: str) -> set[tuple[str, int]]:
            with psycopg.connect(dsn) as connection:
                ask = (
                    "SELECT order_id, quantity FROM order_items WHERE order_id LIKE %s"
                )
                return set(connection.execute(ask, [f"S-{day}-%"]).fetchall())

        before = orders("20261117")
        assert company.tamper(now=later) == date(2026, 11, 17)
        assert len(orders("20261117") - before) == 1
        assert (company.folders.web_events / "2026-11-20T15.ndjson").exists()
    finally:
        stopped = company.stop()
    assert stopped == list(company.status())
    assert not any(company.status().values())
    assert not any(stays_open(port) for port in ports)
    assert company.stop() == []


def test_a_taken_port_is_named_and_nothing_starts(company: Company) -> None:
    with (
        socket.create_server(("127.0.0.1", company.ports.mailbox)),
        pytest.raises(PortTaken) as refusal,
    ):
        company.start(NOW)
    port = company.ports.mailbox
    assert str(refusal.value) == (
        f"port {port} (mailbox) is in use by another program: stop that program, or choose another port with "
        f"DEMO_MAILBOX_PORT={port + 1000}"
    )
    assert not any(company.status().values())


def test_the_command_reports_it_on_one_line(tmp_path: Path) -> None:
    environment = os.environ | {"DEMO_HOME": str(tmp_path)}
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        environment |= {
            Ports.variable(field.name): str(free_port()) for field in fields(Ports)
        }
        environment["DEMO_SMTP_PORT"] = str(somebody.getsockname()[1])
        command = [sys.executable, "-m", "demo.company"]
        done = subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"demo: port {environment['DEMO_SMTP_PORT']} (smtp) is in use by another program"
    )
    assert done.stderr.count("\n") == 1


def test_a_process_of_somebody_else_is_not_stopped(tmp_path: Path) -> None:
    # The system may reuse the id of an ended process for another one with another start time.
    processes.record(tmp_path, "mail", os.getpid())
    note = tmp_path / "mail.json"
    note.write_text(note.read_text().replace('"born": ', '"born": 1'))
    assert processes.running(tmp_path, "mail") is None
    assert processes.stop(tmp_path, "mail") is False


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    processes.start(
        tmp_path, "deaf", [sys.executable, "-c", deaf], log, dict(os.environ)
    )
    while not log.read_text():
        pass
    assert processes.stop(tmp_path, "deaf", seconds=0.2) is True
    assert processes.running(tmp_path, "deaf") is None


# Like the scheduler and its `serve-logs`: a child with a title and a session of its own listens on a port.
PARENT = """
import os, signal, socket, sys, time
from setproctitle import setproctitle
setproctitle("parent")
if not os.fork():
    os.setsid()
    setproctitle("a title that is longer than its command line and environment" * 99)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    print("open", flush=True)
time.sleep(3600)
"""


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[int]:
    """The port on which the child of a killed process still listens; it was started as airflow-scheduler."""
    folders, port = Folders(tmp_path), free_port()
    log = tmp_path / "log"
    command = [sys.executable, "-c", PARENT, str(port)]
    parent = processes.start(
        folders.processes, "airflow-scheduler", command, log, dict(os.environ)
    )
    children = psutil.Process(parent.pid).children
    while "open" not in log.read_text():
        assert parent.poll() is None, log.read_text()
    [child] = children()
    parent.kill()
    parent.wait()
    assert is_open(port)
    yield port
    with suppress(psutil.NoSuchProcess):
        child.kill()


def test_what_a_killed_process_left_is_stopped(orphan: int, tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    assert processes.running(folders.processes, "airflow-scheduler") is None
    assert processes.stop(folders.processes, "airflow-api-server") is False
    assert (
        processes.stop(Folders(tmp_path / "other").processes, "airflow-scheduler")
        is False
    )
    assert is_open(orphan)
    assert AirflowServices(Ports(), folders, "America/New_York").stop() == [
        "airflow-scheduler"
    ]
    assert not stays_open(orphan)


def test_what_a_killed_process_left_on_a_port_is_in_nobodys_way(
    orphan: int, tmp_path: Path
) -> None:
    ports = Ports(airflow=free_port(), airflow_logs=orphan)
    AirflowServices(ports, Folders(tmp_path), "America/New_York").check_ports()
    assert not stays_open(orphan)


def test_late_arrivals_are_saved_with_the_scenario(tmp_path: Path) -> None:
    path = tmp_path / "scenario.json"
    assert Scenario.load(path) is None
    scenario = Scenario.begin(NOW).with_held_file(date(2026, 11, 18))
    scenario.save(path)
    assert Scenario.load(path) == scenario
    arrived = scenario.with_late_arrivals(date(2026, 11, 17), NOW)
    arrived.save(path)
    assert Scenario.load(path) == arrived
    assert [held.received_at for held in arrived.held_files] == [NOW]


def test_the_newest_day_is_compared_with_the_same_weekday_of_the_week_before() -> None:
    scenario = Scenario.begin(NOW)
    assert scenario.today(NOW) - timedelta(days=1 + 7) == scenario.first_day


def test_a_day_is_held_back_once(tmp_path: Path) -> None:
    scenario = (
        Scenario.begin(NOW)
        .with_held_file(date(2026, 11, 18))
        .with_late_arrivals(date(2026, 11, 18), NOW)
    )
    assert scenario.with_held_file(date(2026, 11, 18)) == scenario


def test_just_after_midnight_only_the_held_file_has_not_arrived() -> None:
    now = datetime(2026, 11, 23, 5, 10, tzinfo=UTC)  # 00:10 on Monday in New York
    scenario = Scenario.begin(now).with_held_file(date(2026, 11, 21))
    sent = {
        (file.partner, file.day)
        for file in scenario.ledger(now + timedelta(days=3)).deliveries
    }

    def arrived(of: Scenario) -> set[tuple[str, date]]:
        return {(file.partner, file.day) for file in of.ledger(now).as_of(now).files}

    due = {(partner, day) for partner, day in sent if day < date(2026, 11, 23)}
    assert due - arrived(scenario) == {
        ("alpenmarkt", date(2026, 11, 22)),
        ("bazario", date(2026, 11, 22)),
    }
    assert due == arrived(scenario.with_due_files(now))
