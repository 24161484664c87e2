"""The commands as a person gives them inside a container: connections may stand in Airflow's UI alone."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

import pytest

from demo.environment import as_file
from demo.ledger import Ledger
from tests.integration.daily_run import morning_after

DAY = date(2026, 9, 1)
COMMANDS = {
    "migrate": (0, "every table was as its file says"),
    "check bigquery": (0, "ok    bigquery"),
    "forget-customer": (1, "the warehouse has no customer of that address"),
    "undo-history --source never": (1, "no export was loaded under the name 'never'"),
}


@pytest.mark.full
def test_every_command_finds_a_connection_of_the_ui(start_company, start_airflow, installation):
    given = dict(start_company().environment)
    connection = given.pop("AIRFLOW_CONN_BIGQUERY")
    airflow = start_airflow(given)
    assert airflow.start("connections", "add", "bigquery", "--conn-json", connection).wait() == 0
    for command, (code, said) in COMMANDS.items():
        done = subprocess.run(
            [sys.executable, "-m", "ecommerce.cli", *command.split()],
            env=os.environ | airflow.own() | given | {"PYTHONPATH": str(installation / "plugins")},
            input="nobody@example.com\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr


@pytest.mark.full
def test_run_does_a_whole_day_of_the_company_that_the_demo_left(start_company, start_airflow, installation):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    airflow = start_airflow({})
    left = company.environment | {"AIRFLOW_HOME": str(airflow.folder)}
    (installation / ".demo").mkdir()
    (installation / ".demo" / "environment").write_text(as_file(left))
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
