"""`make run`: one business day in the terminal, without a scheduler.

The terminal gets a line for each task; Airflow's own log goes to a file. The day runs in a child process
(`day_process`), which ends with this one: Airflow's task runner takes Ctrl-C for the failure of one task, and
continues. It has a metadata database of its own: in the scheduler's, the run would change when the DAG runs
next.
"""

import os
import sys
from datetime import UTC, date, datetime
from tempfile import TemporaryDirectory

import click

from ecommerce.cli import environment
from ecommerce.cli.processes import session
from ecommerce.cli.terminal import day_option, progress, show_end
from ecommerce.core.business_day import closed_day
from ecommerce.core.settings import load_settings


@click.command()
@day_option("--day")
def run(day: date) -> int:
    """Run one business day here, without a scheduler and without its database.

    The exit code is 0 only if the run succeeded. Ctrl-C or SIGTERM ends the run and all its processes.
    """
    environment.load(connections_of_the_ui=False)
    closed_day(day, load_settings().shop_timezone)
    logs = environment.airflow_home() / "logs" / "make_run"
    log = logs / f"{day}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    progress(f"Running {day} in this terminal; Airflow's own log: {log}")
    command = [sys.executable, "-m", "ecommerce.cli.day_process", str(day)]
    with TemporaryDirectory(prefix="airflow-") as metadata, log.open("a") as output:
        database = f"sqlite:///{metadata}/airflow.db"
        environ = os.environ | {environment.DATABASE: database}
        # The process prints its lines for the terminal to its standard output.
        with session(command, env=environ, stdout=2, stderr=output) as process:
            code = process.wait()
    return show_end(day, succeeded=code == 0)
