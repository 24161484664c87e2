"""`make demo` and `make stop`: a small company that moved to this pipeline eight days ago.

start   start the company and Airflow; run the newest closed day; load 18 months of order history; run the
        other days since the move, the forecast and the report of a month; change data late and silently; run
        the newest day again, the report of a week and the reconciliation; print figures and links
stop    stop Airflow and the company; their data stay in .demo (delete that folder to start from scratch)
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from demo.airflow_services import AirflowServices
from demo.company import Company
from demo.console import describe_history, echo
from demo.dag_runner import DagRun, DagRunner, DemoFailed
from demo.environment import TIMEZONE, environment, second_shop
from demo.layout import Folders, Ports, PortTaken
from demo.ledger import OLD_SHOP
from demo.seeders.old_shop import PATTERN
from demo.services.emulator import CONNECTION
from demo.summary import print_figures, print_first_report, print_links, sign_in

# isort: split
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import (
    DAG_CATALOGUE,
    DAG_DAILY,
    DAG_EVENTS,
    DAG_FORECAST,
    DAG_HISTORY,
    DAG_MAINTENANCE,
    DAG_MONTH,
    DAG_RECONCILIATION,
    DAG_SYNC,
    DAG_WATCH,
    DAG_WEEK,
)
from ecommerce.core.periods import Period, period_of
from ecommerce.warehouse import client, schema

_DAGS = {path.stem for path in (Path(__file__).parents[1] / "dags").glob("*.py")}
"""All but those of a removed part (docs/RECIPES.md)."""


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    if arguments not in (["start"], ["stop"]):
        print(__doc__)
        return 2
    # All servers are local.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"
    ports = Ports.from_environ()
    folders = Folders.from_environ()
    company = Company(ports, folders)
    airflow = AirflowServices(ports, folders, TIMEZONE)
    if arguments == ["stop"]:
        stopped = airflow.stop() + company.stop()
        print(f"Stopped: {', '.join(stopped) or 'nothing was running'}")
        return 0
    try:
        Demo(company, airflow).run()
    except (DemoFailed, PortTaken, PipelineError, RuntimeError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted. Some programs are still running: `make stop` stops them.",
            file=sys.stderr,
        )
        return 130
    return 0


class Demo:
    """The steps of `make demo`. A second run skips the steps that succeeded before."""

    dags: DagRunner

    def __init__(self, company: Company, airflow: AirflowServices) -> None:
        self._company = company
        self._airflow = airflow
        self._started_at = time.monotonic()

    def run(self) -> None:
        """Run all steps."""
        self._start()
        first = self._company.scenario.first_day
        yesterday = self._company.scenario.today(datetime.now(UTC)) - timedelta(days=1)
        second_newest = yesterday - timedelta(days=1)
        self._show_first_report(yesterday)
        self._load_history(first, second_newest)
        self._run_days(first, second_newest)
        sunday = yesterday - timedelta(days=yesterday.isoweekday() % 7)
        runs = self._start_forecast(first, sunday - timedelta(days=6))
        runs += self._start_report(DAG_MONTH, period_of("month", yesterday).before)
        runs.append(self._change_late(second_newest))
        # The newest report shows the forecast.
        self.dags.wait(runs)
        self._run_newest_again(yesterday)
        week = period_of("week", sunday)
        reports = self._start_report(DAG_WEEK, week)
        self._change_silently(yesterday - timedelta(days=2), reports)
        self.dags.unpause(*_DAGS)
        echo()
        print_figures(self._company, first, yesterday)
        print_links(
            self._company,
            self._airflow,
            yesterday,
            week,
        )
        echo(
            f"Finished in {self._minutes()} minutes. "
            "`make stop` stops Airflow and the company."
        )

    def _start(self) -> None:
        self._company.check_ports()
        self._airflow.check_ports()
        echo("Starting the demo company and Airflow …")
        with ThreadPoolExecutor(2) as executor:
            company = executor.submit(self._start_company)
            airflow = executor.submit(self._airflow.start)
            company.result()
            airflow.result()
        self._airflow.wait()
        api = sign_in(self._airflow)
        self._airflow.create_pools(api)
        self.dags = DagRunner(api, self._airflow.home / "logs")
        self.dags.wait_for(*_DAGS)
        self._print_elapsed()

    def _start_company(self) -> None:
        """Start the company, and create the tables of its warehouse.

        Otherwise, the first tasks, which run in parallel, would all create them.
        """
        self._company.start()
        ports = self._company.ports
        os.environ.update(environment(ports, self._company.folders))
        # Some views have the names of shops.
        os.environ.update(second_shop(ports))
        schema.prepare(client.connect(extra=CONNECTION["extra"], step="demo"))

    def _show_first_report(self, day: date) -> None:
        """Run the newest closed day first: the order of days makes no difference."""
        if DAG_FORECAST in _DAGS:
            # A paused DAG misses the asset events of the days.
            self.dags.unpause(DAG_FORECAST)
        if not self.dags.has_succeeded(DAG_DAILY, day):
            echo(f"Running {day}, the newest day that has ended, and its web events …")
            runs = [self.dags.run_day(DAG_DAILY, day)]
            if DAG_EVENTS in _DAGS:
                runs.append(self.dags.run_day(DAG_EVENTS, day))
            self.dags.wait(runs)
        self._print_elapsed()
        echo()
        print_first_report(self._company, self._airflow, day)

    def _load_history(self, first: date, last: date) -> None:
        """Load the order history, web events from `first` to `last`, and the catalogue."""
        runs = []
        for dag_id in (DAG_CATALOGUE, DAG_MAINTENANCE):
            if dag_id in _DAGS:
                runs.append(self.dags.trigger(dag_id))
        if DAG_EVENTS in _DAGS:
            runs += self.dags.backfill(
                DAG_EVENTS,
                first,
                last,
                jobs=1,
            )
        history = None
        if not self.dags.succeeded_runs(DAG_HISTORY):
            self._company.export_old_shop()
            files = f"file://{self._company.folders.old_shop}/{PATTERN}"
            history = self.dags.trigger(
                DAG_HISTORY,
                files=files,
                source=OLD_SHOP,
                dry_run=False,
            )
            runs.append(history)
        echo(
            "Loading what is missing of the product catalogue, the web events of the "
            "earlier days, and the former shop's order history …"
        )
        self.dags.wait(runs)
        if history:
            months = self.dags.result(history, "summary")
            echo(f"  {describe_history(months)}")
        self._print_elapsed()

    def _run_days(self, first: date, last: date) -> None:
        runs = self.dags.backfill(
            DAG_DAILY,
            first,
            last,
            jobs=8,
            mail=True,
        )
        if runs:
            echo(
                f"Running {len(runs)} earlier business days, {first} to {last}, "
                "and mailing their reports …"
            )
            self.dags.wait(runs)
            self._print_elapsed()

    def _start_forecast(self, first: date, monday: date) -> list[DagRun]:
        """Start the forecast after the week from `monday`, and return its run, if any.

        The seventh day of a week triggers its run. In the week of the move, whose first
        days are history, it is triggered here, unless it has succeeded before.
        """
        if DAG_FORECAST not in _DAGS:
            return []
        if monday >= first:
            echo(
                "Running the weekly forecast, triggered by the last day of the week "
                f"from {monday} …"
            )
            return [self.dags.wait_for_asset_run(DAG_FORECAST, monday)]
        if self.dags.has_succeeded(DAG_FORECAST, monday):
            return []
        echo(
            f"Running the weekly forecast by hand: the week from {monday} began "
            "before the move …"
        )
        return [self.dags.run_day(DAG_FORECAST, monday, force=True)]

    def _start_report(self, dag_id: str, period: Period) -> list[DagRun]:
        """Start the report of a week or a month, and mail it to its subscription.

        In a second run of the demo, it has succeeded before. No day triggers it, because
        the DAG is paused while they run.
        """
        if self.dags.succeeded_runs(dag_id):
            return []
        echo(f"Building the report of {period}, and mailing it to its subscription …")
        requested = {period.kind: str(period), "send_mail": True}
        return [self.dags.trigger(dag_id, **requested)]

    def _change_late(self, day: date) -> DagRun:
        self._company.advance(day)
        echo(
            f"Changing data of {day} after its report: a refund is booked, "
            "and a late partner file arrives."
        )
        echo("Running the hourly sync of storefront orders …")
        return self.dags.trigger(DAG_SYNC)

    def _run_newest_again(self, day: date) -> None:
        echo(
            f"Running {day} again: its report compares it with the other days, "
            "its mail lists the changes …"
        )
        # A corrected report is mailed on request only.
        self.dags.wait([self.dags.run_day(DAG_DAILY, day, send_mail=True)])
        self._print_elapsed()

    def _change_silently(self, day: date, other_runs: list[DagRun]) -> None:
        self._company.tamper(day)
        echo(
            f"Changing two orders of {day} without a new modification date: "
            "one is edited, one deleted."
        )
        echo(
            "Running the weekly reconciliation, which compares orders with their source …"
        )
        before = self.dags.succeeded_runs(DAG_RECONCILIATION)
        runs = [self.dags.trigger(DAG_RECONCILIATION), self.dags.trigger(DAG_WATCH)]
        self.dags.wait([*runs, *other_runs])
        # On Mondays the schedule starts a run too. The first of both finds and corrects
        # the differences.
        days = []
        for run in self.dags.succeeded_runs(DAG_RECONCILIATION):
            if run in before:
                continue
            for difference in self.dags.result(run, "differences"):
                days.append(f"{difference['source']} on {difference['business_date']}")
        if days:
            echo(f"  Differences: {', '.join(days)}; corrected and mailed")
        else:
            echo("  No differences")
        self._print_elapsed()

    def _print_elapsed(self) -> None:
        echo(f"  ({self._minutes()} minutes elapsed)")

    def _minutes(self) -> str:
        return f"{(time.monotonic() - self._started_at) / 60:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
