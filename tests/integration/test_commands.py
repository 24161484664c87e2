"""The commands as a person gives them inside a container: connections may stand in Airflow's UI alone."""

from __future__ import annotations

import os
import subprocess
import sys

COMMANDS = {
    "migrate": (0, "every table was as its file says"),
    "check bigquery": (0, "ok    bigquery"),
    "forget-customer": (0, "0 rows of orders"),
}


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
