"""`make backfill`: run a daily DAG for a range of business days and wait for the end."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import click

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.terminal import day_option, progress, require_closed, show
from ecommerce.cli.watching import PAUSE, wait_for_runs
from ecommerce.core.names import DAG_DAILY, DAG_EVENTS
from ecommerce.core.text import counted
from ecommerce.core.values import Json


@dataclass
class Backfill:
    """A backfill of a daily DAG: the shop's business days from `first` to `last`, included; `again`: also
    those that have succeeded before."""

    api: AirflowApi
    first: date
    last: date
    dag_id: str = DAG_DAILY
    again: bool = False

    def start(self, *, jobs: int = 2, mail: bool = False) -> dict[str, str]:
        """Create the backfill in Airflow, of `jobs` days at the same time, and return the business days of
        its runs by their ids, in order; empty where there is no day to run: Airflow leaves out days in
        progress. `mail`, for the daily DAG only: mail every day's report.

        Raises:
            PipelineError: the range is empty, or a day has not ended yet, so that its run would wait; or the
                DAG is paused; or another backfill of it is in progress.
        """
        require_closed(self.first, self.last, self.api.timezone())
        request: Json = {
            "dag_id": self.dag_id,
            "reprocess_behavior": "completed" if self.again else "failed",
            "from_date": str(self.first),
            "to_date": str(self.last),
        }
        planned = self.api.post("backfills/dry_run", request)["backfills"]
        if not planned:
            return {}
        self.api.require_unpaused(self.dag_id)
        conf = {"send_mail": True} if mail else {}
        request |= {"max_active_runs": jobs, "dag_run_conf": conf}
        self._id = self.api.post("backfills", request)["id"]
        runs = self.api.runs(self.dag_id, **self._run_filters())
        # The newest run is the first: it replaces others of its day.
        newest = {run["partition_key"]: run["dag_run_id"] for run in reversed(runs)}
        days = sorted(entry["partition_key"] for entry in planned)
        return {newest[day]: day for day in days if day in newest}

    def wait(self, day_of_run: Mapping[str, str]) -> dict[str, str]:
        """Wait until the runs that `start` returned have ended and Airflow accepts another backfill, and
        return their states by day."""
        states = wait_for_runs(self.api, self.dag_id, day_of_run, **self._run_filters())
        while not self.api.get(f"backfills/{self._id}")["completed_at"]:
            time.sleep(PAUSE)
        return states

    def _run_filters(self) -> dict[str, str]:
        return {
            "run_type": "backfill",
            "partition_date_gte": str(self.first),
            "partition_date_lte": str(self.last),
        }


@click.command()
@day_option("--from", "first", help="first business day")
@day_option("--to", "last", help="last business day, included")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="days at the same time",
)
@click.option("--mail", is_flag=True, help="mail each day's report")
@click.option("--again", is_flag=True, help="also run days that have succeeded before")
@click.option(
    "--dag",
    "dag_id",
    type=click.Choice([DAG_DAILY, DAG_EVENTS]),
    default=DAG_DAILY,
    show_default=True,
)
def backfill(
    first: date, last: date, *, jobs: int, mail: bool, again: bool, dag_id: str
) -> int:
    """Run a range of business days and wait for their end.

    The exit code is 0 only if no day failed.
    """
    if mail and dag_id != DAG_DAILY:
        raise click.UsageError(f"only {DAG_DAILY} has a report to mail")
    api = AirflowApi.from_environment()
    requested = Backfill(api, first, last, dag_id, again)
    day_of_run = requested.start(jobs=jobs, mail=mail)
    if not day_of_run:
        show(
            f"nothing to do: every day from {first} to {last} has succeeded before, or is running "
            "(AGAIN=1 runs them again)"
        )
        return 0
    days = list(day_of_run.values())
    progress(f"{counted(len(days), 'day')} to run: {days[0]} to {days[-1]}; {api.url}")
    states = requested.wait(day_of_run)
    failed = [day for day in days if states[day] == "failed"]
    show(f"{counted(len(days) - len(failed), 'day')} succeeded, {len(failed)} failed")
    for day in failed:
        show(
            f"failed: {day}: see the run's failed task in {api.url}, then make repair DAY={day} "
            "(another DAG: clear the task with downstream)"
        )
    return 1 if failed else 0
