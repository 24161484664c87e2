"""The commands as a person gives them inside a container: connections may stand in Airflow's UI alone."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from demo.environment import format_env_file
from demo.ledger import Ledger
from ecommerce.core.names import DAG_DAILY
from tests.integration.airflow_process import AirflowHome
from tests.integration.daily_run import morning_after
from tests.integration.live_airflow import live_airflow

DAY = date(2026, 9, 1)
TWIN = """
from airflow.sdk import DAG, BaseHook, CronPartitionTimetable, Variable, task

with DAG("daily_sales_pipeline", schedule=CronPartitionTimetable("0 6 * * *", timezone="UTC"), catchup=False):

    @task
    def tell(dag_run):
        print("seen:", dag_run.conf, Variable.get("of_the_ui"), BaseHook.get_connection("shop").extra_dejson)

    tell()
"""
"""A DAG of the pipeline's name in a second; it tells what its task is given."""
TROUBLED = """
import logging
from datetime import timedelta
from airflow.sdk import DAG, CronPartitionTimetable, task, task_group
from ecommerce.core.errors import ContractError, TransientError

MORNINGS = CronPartitionTimetable("0 6 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d")
with DAG("daily_sales_pipeline", schedule=MORNINGS, catchup=False):

    @task_group
    def extract():
        @task
        def late():
            logging.getLogger("ecommerce.sources").warning("nothing for the terminal")

        @task(retries=1, retry_delay=timedelta(seconds=10))
        def shaky(ti):
            if ti.try_number == 1:
                raise TransientError("the other side is down")

        @task
        def mapped(number):
            pass

        @task
        def broken():
            raise ContractError("the file has no header")

        @task
        def after():
            pass

        late() >> shaky() >> mapped.expand(number=[1, 2]) >> broken() >> after()

    extract()
"""
"""A DAG of the pipeline's name with each kind of failure that the terminal reports."""
SHOP = '{"conn_type": "http", "host": "shop", "password": "secret", "extra": {"project": "mine"}}'
COMMANDS = {
    "migrate": (0, "every table was up to date"),
    "check bigquery": (0, "ok    bigquery"),
    "forget-customer": (1, "the warehouse has no customer with that address"),
    "undo-history --source never": (1, "no export was loaded under the name 'never'"),
}


@pytest.fixture
def twin(tmp_path: Path, repository: Path) -> Path:
    """An installation whose daily pipeline is `TWIN`."""
    folder = tmp_path / "twin"
    (folder / "dags").mkdir(parents=True)
    (folder / "dags" / "daily_sales_pipeline.py").write_text(TWIN)
    (folder / "plugins").symlink_to(repository / "plugins")
    return folder


def run(installation: Path) -> subprocess.CompletedProcess[str]:
    """`make run` of `DAY`."""
    return cli(installation, "run", "--day", str(DAY))


def cli(installation: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of a user who has nothing of Airflow in the environment."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AIRFLOW")
    }
    return subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", *arguments],
        cwd=installation,
        env=own | {"PYTHONPATH": "plugins", "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )


def check(installation: Path) -> None:
    """`make check`, after which no file and no folder is new, gone or changed."""

    def files() -> dict[str, tuple[int, int]]:
        return {str(each): each.stat()[6:9:2] for each in installation.rglob("*")}

    before = files()
    done = cli(
        installation,
        "check",
        "settings",
        "report_recipients",
        "bigquery",
        "STAGING_URI",
    )
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["ok", "settings"],
        ["hint", "report_recipients"],
        ["FAIL", "bigquery"],
        ["ok", "STAGING_URI"],
    ]
    assert files() == before


def own_log(done: subprocess.CompletedProcess[str]) -> str:
    """Airflow's own log of a run, in the file that the run names."""
    [file] = re.findall(r"^Airflow's own log: (.+)$", done.stderr, re.MULTILINE)
    return Path(file).read_text()


def test_a_run_shows_its_tasks_and_failures_and_nothing_else(twin: Path) -> None:
    (twin / "dags" / "daily_sales_pipeline.py").write_text(TROUBLED)
    (twin / ".env").write_text("CUSTOMER_HASH_KEY=0123456789abcdef\n")
    leave_an_unmigrated_database(twin / ".airflow")
    check(twin)
    done = run(twin)
    assert (done.returncode, done.stdout) == (1, f"The run of {DAY} failed\n")
    began, log, *lines = done.stderr.splitlines()
    assert began.startswith(f"Running {DAY} in this terminal: ")
    assert log.startswith(f"Airflow's own log: {twin}/.airflow/logs/make_run/{DAY}_")
    shown = [re.sub(r"\d\d:\d\d:\d\d UTC", "06:00:00 UTC", line) for line in lines]
    shown[3:5] = sorted(shown[3:5])  # mapped tasks run in any order
    assert shown == [
        "  extract.late",
        "  extract.shaky failed: the other side is down; attempt 2 of 2 begins not before 06:00:00 UTC",
        "  extract.shaky",
        "  extract.mapped[0]",
        "  extract.mapped[1]",
        "  extract.broken failed: the file has no header",
    ]
    assert "Traceback" not in done.stderr
    assert "the file has no header" in own_log(done)


def leave_an_unmigrated_database(home: Path) -> None:
    """What a command of Airflow's leaves that looked for a connection: a configuration, and no table."""
    home.mkdir()
    (home / "airflow.cfg").touch()
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")


@pytest.mark.slow
def test_a_backfill_in_the_folder_of_an_airflow_shows_failed_attempts_and_in_another_folder_is_refused(
    twin: Path, tmp_path: Path, migrated_airflow: AirflowHome
) -> None:
    (twin / "dags" / "daily_sales_pipeline.py").write_text(TROUBLED)
    secret = "of this installation, long enough for a signature with HS512: 64 bytes"
    environment = {
        "SHOP_TIMEZONE": "UTC",
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
        "AIRFLOW__CORE__DAGS_FOLDER": str(twin / "dags"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "demo:admin,admin:admin",
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
    }
    with live_airflow(
        tmp_path / "live", migrated_airflow, environment, DAG_DAILY
    ) as airflow:
        passwords = json.loads((airflow.home / "passwords.json").read_text())
        other = tmp_path / "other"
        (other / "dags").mkdir(parents=True)
        (other / "plugins").symlink_to(twin / "plugins")
        for folder in (twin, other):
            (folder / ".env").write_text(
                f"CUSTOMER_HASH_KEY=0123456789abcdef\nAIRFLOW_LISTEN=127.0.0.1:{airflow.ports.airflow}\n"
                f"AIRFLOW_ADMIN_PASSWORD={passwords['admin']}\nAIRFLOW__API_AUTH__JWT_SECRET='{secret}'\n"
            )
        refused = cli(other, "report", "--day", str(DAY))
        done = cli(twin, "backfill", "--from", str(DAY), "--to", str(DAY))
        (twin / ".env").write_text(
            (twin / ".env").read_text().replace(secret, secret[::-1])
        )
        refused_for_its_secret = cli(twin, "report", "--day", str(DAY))
    url = f"http://localhost:{airflow.ports.airflow}"
    assert refused.stderr.startswith(
        f"the Airflow at {url} does not run the DAGs of {other}: "
    )
    assert refused_for_its_secret.stderr == refused.stderr.replace(
        str(other), str(twin)
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.sub(r"\d\d:\d\d:\d\d UTC", "06:00 UTC", done.stderr).splitlines() == [
        f"1 day to run, 2 at a time: {DAY} to {DAY}; progress: {url}",
        f"  {DAY} extract.shaky failed: the other side is down; attempt 2 of 2 begins not before 06:00 UTC",
        f"  {DAY} extract.broken failed: the file has no header",
        f"1 of 1: {DAY} failed",
    ]


@pytest.mark.slow
def test_a_fresh_machine_needs_no_airflow_of_its_own_to_run_a_day(twin: Path) -> None:
    (twin / ".env").write_text(
        f"CUSTOMER_HASH_KEY=0123456789abcdef\nAIRFLOW_VAR_OF_THE_UI=of .env\nAIRFLOW_CONN_SHOP={SHOP}\n"
    )
    for _ in range(2):
        check(twin)
        done = run(twin)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert (
            "seen: {'business_date': '2026-09-01'} of .env {'project': 'mine'}"
            in own_log(done)
        )
        assert f"The run of {DAY} succeeded" in done.stdout.splitlines()
        assert [each.name for each in (twin / ".airflow").iterdir()] == ["logs"]


@pytest.mark.slow
def test_a_run_leaves_the_schedule_alone(twin: Path, start_airflow) -> None:
    airflow = start_airflow({"AIRFLOW__CORE__DAGS_FOLDER": str(twin / "dags")})
    own = {
        **airflow.own(),
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
        "AIRFLOW_CONN_SHOP": SHOP,
    }
    own["AIRFLOW_VAR_OF_THE_UI"] = "of .env"
    (twin / ".env").write_text(
        format_env_file({**own, "AIRFLOW__CORE__DAGS_FOLDER": str(twin / "dags")})
    )
    assert airflow.start("dags", "reserialize").wait() == 0
    database = sqlite3.connect(airflow.database)
    # As the scheduler left it: the newest day has run.
    database.execute(
        "UPDATE dag SET next_dagrun_create_after = '2099-01-01 06:00:00.000000', is_paused = 0"
    )
    database.commit()
    runs = "SELECT run_id FROM dag_run ORDER BY id"
    before = database.execute(
        runs
    ).fetchall()  # of tests that used this Airflow earlier
    done = run(twin)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert (
        "seen: {'business_date': '2026-09-01'} of .env {'project': 'mine'}"
        in own_log(done)
    )
    next_run = (
        "SELECT next_dagrun_create_after FROM dag WHERE dag_id = 'daily_sales_pipeline'"
    )
    assert database.execute(next_run).fetchall() == [("2099-01-01 06:00:00.000000",)]
    assert database.execute(runs).fetchall() == before
    database.close()


@pytest.mark.slow
def test_every_command_finds_a_connection_of_the_ui(
    start_company, start_airflow, installation
):
    given = dict(start_company().environment)
    connection = given.pop("AIRFLOW_CONN_BIGQUERY")
    airflow = start_airflow(given)
    assert (
        airflow.start(
            "connections", "add", "bigquery", "--conn-json", connection
        ).wait()
        == 0
    )
    for command, (code, said) in COMMANDS.items():
        done = subprocess.run(
            [sys.executable, "-m", "ecommerce.cli", *command.split()],
            env=os.environ
            | airflow.own()
            | given
            | {"PYTHONPATH": str(installation / "plugins")},
            input="nobody@example.com\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), (
            done.stdout + done.stderr
        )


@pytest.mark.slow
def test_run_does_a_whole_day_of_the_company_that_the_demo_left(
    start_company, start_airflow, installation
):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    airflow = start_airflow({})
    left = company.environment | {"AIRFLOW_HOME": str(airflow.folder)}
    (installation / ".demo").mkdir()
    (installation / ".demo" / "environment").write_text(format_env_file(left))
    own = {name: value for name, value in os.environ.items() if name not in left}
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "run", "--day", str(DAY)],
        env=own | {"PYTHONPATH": str(installation / "plugins")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert {row["business_date"] for row in company.warehouse()["orders"]} == {DAY}
    lines = done.stdout.splitlines()
    assert lines[-1] == f"The report: {left['REPORTS_URI']}/{DAY}/report.pdf"
    assert "  load.load" in done.stderr.splitlines()
