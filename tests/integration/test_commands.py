"""The commands as a person gives them inside a container: connections may stand in Airflow's UI alone."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from demo.environment import format_env_file
from demo.ledger import Ledger
from ecommerce.sources import live_sources
from tests.dags.conftest import REPOSITORY
from tests.integration.commands import run_command
from tests.integration.daily_run import morning_after
from tests.rows import column_of

pytestmark = pytest.mark.slow

DAY = date(2026, 9, 1)
ENV = """PAUSE_OF_SHAKY=1
CUSTOMER_HASH_KEY=0123456789abcdef
AIRFLOW_VAR_OF_THE_UI=of .env
AIRFLOW_CONN_SHOP={"conn_type": "http", "host": "shop", "password": "secret", "extra": {"project": "mine"}}
"""


@pytest.fixture
def troubled(tmp_path):
    """An installation whose daily pipeline fails in each way that the terminal reports."""
    folder = tmp_path / "troubled"
    (folder / "dags").mkdir(parents=True)
    failing = REPOSITORY / "tests" / "dags" / "failing" / "daily_sales_pipeline.py"
    shutil.copy(failing, folder / "dags")
    (folder / "plugins").symlink_to(REPOSITORY / "plugins")
    (folder / ".env").write_text(ENV)
    leave_an_unmigrated_database(folder / ".airflow")
    return folder


def leave_an_unmigrated_database(home):
    """What a command of Airflow's leaves that looked for a connection: a configuration, and no table."""
    home.mkdir()
    (home / "airflow.cfg").touch()
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")


def files(folder):
    """Size and time of everything below a folder."""
    stats = {str(path): path.stat() for path in folder.rglob("*")}
    return {path: (stat.st_size, stat.st_mtime) for path, stat in stats.items()}


def test_a_run_shows_its_tasks_and_failures_and_nothing_else(troubled, snapshot):
    before = files(troubled)
    checked = run_command(
        troubled, "check", "settings", "report_recipients", "bigquery"
    )
    states = [line.split()[:2] for line in checked.stdout.splitlines()]
    assert states == [
        ["ok", "settings"],
        ["hint", "report_recipients"],
        ["FAIL", "bigquery"],
    ]
    assert files(troubled) == before

    missing = run_command(
        troubled,
        "run",
        "--day",
        str(DAY),
    )
    assert missing.returncode == 1
    assert "the connection bigquery is not defined" in missing.stderr
    # Its tasks need none.
    policy = dict.fromkeys(live_sources(), "off")
    done = run_command(
        troubled,
        "run",
        *("--day", str(DAY)),
        AIRFLOW_VAR_SOURCE_POLICY=json.dumps(policy),
        AIRFLOW_CONN_BIGQUERY="google-cloud-platform://",
    )
    assert done.returncode == 1
    assert done.stdout == f"The run of {DAY} failed\n"
    text = re.sub(r"\d\d:\d\d:\d\d UTC", "TIME", done.stderr)
    text = re.sub(r"mapped\[\d\]", "mapped[N]", text)  # they run in any order
    text = re.sub(r"(?<=make_run/)\S+", "FILE", text)
    assert text.replace(str(troubled), "FOLDER") == snapshot
    [file] = re.findall(
        r"Airflow's own log: (.+)$",
        done.stderr,
        re.MULTILINE,
    )
    log = Path(file).read_text()
    assert "seen: {'business_date': '2026-09-01'} of .env {'project': 'mine'}" in log
    assert "the file has no header" in log


def test_a_run_leaves_the_schedule_alone_and_other_commands_find_connections_of_the_ui(
    start_company,
    start_airflow,
    installation,
):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    without = dict(company.environment)
    connection = without.pop("AIRFLOW_CONN_BIGQUERY")
    airflow = start_airflow(without)
    without["AIRFLOW_HOME"] = str(airflow.folder)
    added = ("connections", "add", "bigquery", "--conn-json", connection)
    for arguments in (added, ("dags", "reserialize")):
        assert airflow.start(*arguments).wait() == 0, airflow.log()[-3000:]
    runs = "SELECT run_id FROM dag_run ORDER BY id"
    with closing(sqlite3.connect(airflow.database)) as database:
        before = database.execute(runs).fetchall()  # of tests before this one
        # As the scheduler left it: the newest day has run.
        database.execute(
            "UPDATE dag SET next_dagrun_create_after = '2099-01-01 06:00:00.000000'"
        )
        database.commit()
    (installation / ".demo").mkdir()
    known = format_env_file(company.environment | without)
    (installation / ".demo" / "environment").write_text(known)
    done = run_command(
        installation,
        "run",
        "--day",
        str(DAY),
    )

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert set(column_of(company.warehouse()["orders"], "business_date")) == {DAY}
    report = f"The report: {without['REPORTS_URI']}/{DAY}/report.pdf"
    assert done.stdout.splitlines()[-1] == report
    assert "  load.load" in done.stderr.splitlines()
    with closing(sqlite3.connect(airflow.database)) as database:
        next_runs = database.execute(
            "SELECT DISTINCT next_dagrun_create_after FROM dag"
        ).fetchall()
        assert next_runs == [("2099-01-01 06:00:00.000000",)]
        assert database.execute(runs).fetchall() == before

    (installation / ".demo" / "environment").unlink()
    checked = run_command(
        installation,
        "check",
        "bigquery",
        **airflow.own() | without,
    )
    assert checked.stdout.startswith("ok    bigquery"), checked.stdout
