"""The commands as a person gives them inside a container: connections may stand in Airflow's UI alone."""

from __future__ import annotations

import os
import subprocess
import sys

COMMANDS = {
    "warehouse.migrate": (0, "every table was as its file says"),
    "check bigquery": (0, "ok    bigquery"),
    "warehouse.erasure": (0, "0 rows of orders"),
    "warehouse.snapshots restore manual__never": (1, "snapshots of the run manual__never are missing"),
}


def test_every_command_finds_a_connection_of_the_ui(start_company, start_airflow):
    given = dict(start_company().environment)
    connection = given.pop("AIRFLOW_CONN_BIGQUERY")
    airflow = start_airflow(given)
    assert airflow.start("connections", "add", "bigquery", "--conn-json", connection).wait() == 0
    for command, (code, said) in COMMANDS.items():
        done = subprocess.run(
            [sys.executable, "-m", *f"ecommerce.{command}".split()],
            env=os.environ | airflow.own() | given,
            input="nobody@example.com\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr
