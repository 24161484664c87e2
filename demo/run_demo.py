"""`make demo` and `make stop`: a small company that moved to this pipeline eight days ago.

start   start the company and Airflow; run the newest closed day; load 18 months of order history; run the
        other days since the move, and the forecast; change data late and silently; run the newest day again,
        and the reconciliation; print figures and links
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
from demo.environment import TIMEZONE
from demo.layout import Folders, Ports, PortTaken
from demo.ledger import OLD_SHOP
from demo.seeders.old_shop import PATTERN
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
    DAG_RECONCILIATION,
    DAG_SYNC,
    DAG_WATCH,
)

_DAGS = {path.stem for path in (Path(__file__).parents[1] / "dags").glob("*.py")}
"""All but those of a removed part (docs/RECIPES.md)."""


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code."""
    if arguments not in (["start"], ["stop"]):
        print(__doc__)
        return 2
    for name in ("NO_PROXY", "no_proxy"):  # all servers are local
        os.environ[name] = f"localhost,127.0.0.1,{os.environ.get(name, '')}"
    ports, folders = Ports.from_environ(), Folders.from_environ()
    company, airflow = (
        Company(ports, folders),
        AirflowServices(ports, folders, TIMEZONE),
    )
    if arguments == ["stop"]:
        with ThreadPoolExecutor(2) as executor:
            stopped = [executor.submit(airflow.stop), executor.submit(company.stop)]
        names = [name for future in stopped for name in future.result()]
        print(f"Stopped: {', '.join(names) or 'nothing was running'}")
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
        self._company, self._airflow = company, airflow
        self._started_at = time.monotonic()

    def run(self) -> None:
        """Run all steps."""
        self._start()
        today = self._company.scenario.today(datetime.now(UTC))
        first, yesterday = self._company.scenario.first_day, today - timedelta(days=1)
        self._show_first_report(yesterday)
        self._load_history(first, yesterday)
        self._run_days(first, yesterday - timedelta(days=1))
        forecast_of, forecast = self._forecast(first, yesterday)
        sync = self._change_late(yesterday - timedelta(days=1))
        self._run_newest_again(yesterday, [*forecast, sync])
        self._change_silently(yesterday - timedelta(days=2))
        self.dags.unpause(*_DAGS)
        echo()
        print_figures(self._company, first, yesterday)
        print_links(self._company, self._airflow, yesterday, forecast_of)
        echo(
            f"Finished in {self._minutes()} minutes. `make stop` stops Airflow and the company."
        )

    def _start(self) -> None:
        self._company.check_ports()
        self._airflow.check_ports()
        echo("Starting the demo company and Airflow …")
        with ThreadPoolExecutor(2) as executor:
            for started in (
                executor.submit(self._company.start),
                executor.submit(self._airflow.start),
            ):
                started.result()
        self._airflow.wait()
        api = sign_in(self._airflow)
        self._airflow.create_pools(api)
        self.dags = DagRunner(api, self._airflow.home / "logs")
        self.dags.wait_for(*_DAGS)
        self._print_elapsed()

    def _show_first_report(self, day: date) -> None:
        """Run the newest closed day before anything else: the order of days makes no difference."""
        self.dags.unpause(
            *_DAGS & {DAG_FORECAST}
        )  # a paused DAG misses the asset events of the days
        if not self.dags.has_succeeded(DAG_DAILY, day):
            echo(f"Running {day}, the newest day that has ended, and its web events …")
            events = [
                self.dags.run_day(each, day) for each in _DAGS & {DAG_EVENTS}
            ]  # for the funnel
            self.dags.wait([*events, self.dags.run_day(DAG_DAILY, day)])
        self._print_elapsed()
        echo()
        print_first_report(self._company, self._airflow, day)

    def _load_history(self, first: date, yesterday: date) -> None:
        """Load the order history, the web events since the move, and the catalogue in parallel."""
        dags, scenario = self.dags, self._company.scenario
        echo("Loading the product catalogue with its images …")
        runs = [
            dags.trigger(dag_id)
            for dag_id in (_DAGS & {DAG_CATALOGUE, DAG_MAINTENANCE})
        ]
        for dag_id in _DAGS & {DAG_EVENTS}:
            if events := dags.backfill(
                dag_id, first, yesterday - timedelta(days=1), jobs=1
            ):
                echo(
                    f"Loading the web events of {len(events)} earlier days, from {first} …"
                )
            runs += events
        if scenario.old_months and not dags.has_succeeded(DAG_HISTORY):
            self._company.export_old_shop()
            echo(
                f"Loading {scenario.old_months} months of order history, exported from the former shop …"
            )
            files = f"file://{self._company.folders.old_shop}/{PATTERN}"
            runs.append(
                dags.trigger(DAG_HISTORY, files=files, source=OLD_SHOP, dry_run=False)
            )
        dags.wait(runs)
        for run in runs:
            if run.dag_id == DAG_HISTORY:
                totals, months = (
                    dags.result(run, "control_totals"),
                    dags.result(run, "summary"),
                )
                echo(f"  {describe_history(totals, months)}")
        self._print_elapsed()

    def _run_days(self, first: date, last: date) -> None:
        runs = self.dags.backfill(DAG_DAILY, first, last, jobs=8, mail=True)
        if runs:
            echo(
                f"Running {len(runs)} earlier business days, {first} to {last}, and mailing their reports …"
            )
            self.dags.wait(runs)
            self._print_elapsed()

    def _forecast(self, first: date, yesterday: date) -> tuple[date, list[DagRun]]:
        """Start the newest forecast; return its first day, and its run unless it has succeeded before.

        The seventh day of a week triggers its run. In the week of the move, whose first days are history, it
        is triggered here.
        """
        sunday = yesterday - timedelta(days=yesterday.isoweekday() % 7)
        monday, runs = sunday - timedelta(days=6), []
        if DAG_FORECAST not in _DAGS:
            pass
        elif monday >= first:
            echo(
                f"Running the weekly forecast, triggered by the last day of the week from {monday} …"
            )
            runs.append(self.dags.wait_for_asset_run(DAG_FORECAST, monday))
        elif not self.dags.has_succeeded(DAG_FORECAST, monday):
            echo(
                f"Running the weekly forecast by hand: the week from {monday} began before the move …"
            )
            runs.append(self.dags.run_day(DAG_FORECAST, monday, force=True))
        return sunday + timedelta(days=1), runs

    def _change_late(self, day: date) -> DagRun:
        self._company.advance(day)
        echo(
            f"Changing data of {day} after its report: a refund is booked, and a late partner file arrives."
        )
        echo("Running the hourly sync of storefront orders …")
        return self.dags.trigger(DAG_SYNC)

    def _run_newest_again(self, day: date, runs: list[DagRun]) -> None:
        self.dags.wait(runs)  # the report shows the forecast
        echo(
            f"Running {day} again: its report compares it with the other days, its mail lists the changes …"
        )
        # A corrected report is mailed on request only.
        self.dags.wait([self.dags.run_day(DAG_DAILY, day, send_mail=True)])
        self._print_elapsed()

    def _change_silently(self, day: date) -> None:
        self._company.tamper(day)
        echo(
            f"Changing two orders of {day} without a new modification date: one is edited, one deleted."
        )
        echo(
            "Running the weekly reconciliation, which compares every order with its source …"
        )
        before = self.dags.runs(DAG_RECONCILIATION)
        self.dags.wait(
            [self.dags.trigger(DAG_RECONCILIATION), self.dags.trigger(DAG_WATCH)]
        )
        # On Mondays the schedule starts a run too, and the first of both finds and corrects the differences.
        runs = [run for run in self.dags.runs(DAG_RECONCILIATION) if run not in before]
        differences = [
            each for run in runs for each in self.dags.result(run, "differences")
        ]
        days = ", ".join(
            f"{each['source']} on {each['business_date']}" for each in differences
        )
        echo(
            f"  Differences: {days}; corrected and mailed"
            if days
            else "  No differences"
        )
        self._print_elapsed()

    def _print_elapsed(self) -> None:
        echo(f"  ({self._minutes()} minutes elapsed)")

    def _minutes(self) -> str:
        return f"{(time.monotonic() - self._started_at) / 60:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
