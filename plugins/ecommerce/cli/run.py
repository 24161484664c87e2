"""`make run`: one business day in this terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date

import click

from ecommerce.cli import environment
from ecommerce.cli.options import day_option
from ecommerce.core.names import DAG_DAILY


@click.command()
@day_option("--day")
def run(day: date) -> int:
    """Run one business day here, without a scheduler."""
    environment.load(connections_of_the_ui=False)
    conf = json.dumps({"business_date": day.isoformat()})
    command = [sys.executable, "-m", "airflow", "dags", "test", DAG_DAILY, "-c", conf]
    return subprocess.run(command, check=False).returncode
