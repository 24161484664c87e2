"""`make demo` and `make stop`: a small company that moved to this pipeline last week.

start   company and Airflow; the newest closed day, whose report is there first; the 18 months of its former
        shop, as history; the days since the move; the forecast; late changes; the newest day again, which now
        knows all the others; changes that leave no trace; figures, and what to look at
stop    Airflow and the company; their data stay below .demo (remove that folder to begin afresh)
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

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
    DAG_SELECTION,
    DAG_SYNC,
    DAG_WATCH,
)

_DAGS = (
    *(DAG_DAILY, DAG_HISTORY, DAG_SYNC, DAG_RECONCILIATION, DAG_WATCH, DAG_MAINTENANCE, DAG_EVENTS),
    *(DAG_CATALOGUE, DAG_FORECAST, DAG_SELECTION),
)


def main(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    if arguments not in (["start"], ["stop"]):
        print(__doc__)
        return 2
    for name in ("NO_PROXY", "no_proxy"):  # everything here is on this machine
        os.environ[name] = f"localhost,127.0.0.1,{os.environ.get(name, '')}"
    ports, folders = Ports.from_environ(), Folders.from_environ()
    company, airflow = Company(ports, folders), AirflowServices(ports, folders, TIMEZONE)
    if arguments == ["stop"]:
        with ThreadPoolExecutor(2) as both:
            stopped = [both.submit(airflow.stop), both.submit(company.stop)]
        names = [name for one in stopped for name in one.result()]
        print(f"Stopped: {', '.join(names) or 'nothing was running'}")
        return 0
    try:
        Demo(company, airflow).run()
    except (DemoFailed, PortTaken, PipelineError, RuntimeError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; what was started still runs: make stop", file=sys.stderr)
        return 130
    return 0


class Demo:
    """The steps of `make demo`, in order. A second one does only what is new since the first."""

    dag_runner: DagRunner

    def __init__(self, company: Company, airflow: AirflowServices) -> None:
        self._company, self._airflow = company, airflow
        self._beside: list[DagRun] = []
        self._began = time.monotonic()

    def run(self) -> None:
        """All of it."""
        self._start()
        today = self._company.scenario.today(datetime.now(UTC))
        first, yesterday = self._company.scenario.first_day, today - timedelta(days=1)
        self._show_first_report(yesterday)
        self._load_history(first, yesterday)
        self._run_days(first, yesterday - timedelta(days=1))
        forecast_of = self._forecast(first, yesterday)
        self._change_late(yesterday - timedelta(days=1))
        self._run_newest_again(yesterday)
        self._change_silently(yesterday - timedelta(days=2))
        self.dag_runner.unpause(*_DAGS)
        echo("")
        print_figures(self._company, first, yesterday)
        print_links(self._company, self._airflow, yesterday, forecast_of)
        echo(f"All that took {self._minutes()} minutes. To stop everything: make stop")

    def _start(self) -> None:
        self._company.check_ports()
        self._airflow.check_ports()
        echo("Starting the demo company and Airflow …")
        with ThreadPoolExecutor(2) as both:
            for started in (both.submit(self._company.start), both.submit(self._airflow.start)):
                started.result()
        self._airflow.wait()
        api = sign_in(self._airflow)
        self.dag_runner = DagRunner(api, self._airflow.home / "logs")
        self.dag_runner.wait_for(*_DAGS)
        self._took()

    def _show_first_report(self, day: date) -> None:
        """The newest closed day before anything else: in which order days are run makes no difference."""
        if not self.dag_runner.has_succeeded(DAG_DAILY, day):
            echo(f"Running {day}, the newest closed day, and the website's events of it …")
            events = self.dag_runner.run_day(DAG_EVENTS, day)  # its report shows the funnel
            self.dag_runner.wait([events, self.dag_runner.run_day(DAG_DAILY, day)])
        echo("")
        print_first_report(self._company, self._airflow, day)
        self._took()

    def _load_history(self, first: date, yesterday: date) -> None:
        """The former shop's export; at the same time the website's events since the move, and the catalogue.
        None of them waits for another, and together they keep all cores at work."""
        dag_runner, scenario = self.dag_runner, self._company.scenario
        echo("Fetching the product catalogue, with its pictures …")
        runs = [dag_runner.trigger(each) for each in (DAG_CATALOGUE, DAG_MAINTENANCE)]
        of_events = dag_runner.backfill(DAG_EVENTS, first, yesterday - timedelta(days=1), jobs=1)
        if of_events:
            echo(f"Reading the website's events of {len(of_events)} more days, since {first} …")
        runs += of_events
        if scenario.old_months and not dag_runner.has_succeeded(DAG_HISTORY):
            self._company.export_old_shop()
            echo(f"Loading {scenario.old_months} months of history, the export of the shop it had before …")
            files = f"file://{self._company.folders.old_shop}/{PATTERN}"
            runs.append(dag_runner.trigger(DAG_HISTORY, files=files, source=OLD_SHOP, dry_run=False))
        dag_runner.wait(runs)
        for run in runs:
            if run.dag_id == DAG_HISTORY:
                totals, months = dag_runner.result(run, "control_totals"), dag_runner.result(run, "summary")
                echo(f"  {describe_history(totals, months)}")
        self._took()

    def _run_days(self, first: date, last: date) -> None:
        """The days since the move."""
        self.dag_runner.unpause(DAG_FORECAST)  # days that come in while it is off count for no week
        runs = self.dag_runner.backfill(DAG_DAILY, first, last, jobs=8, mail=True)
        if runs:
            echo(f"Running {len(runs)} business days, {first} to {last}, each report mailed …")
            self.dag_runner.wait(runs)
            self._took()

    def _change_late(self, day: date) -> None:
        self._company.advance(day)
        echo(f"A refund was booked for {day}, whose report is out, and a partner's file for it came late.")
        echo("Reading what has changed in the storefront since, as every hour …")
        self._beside.append(self.dag_runner.trigger(DAG_SYNC))

    def _run_newest_again(self, day: date) -> None:
        self.dag_runner.wait(self._beside)  # the report shows the forecast
        echo(
            f"Running {day} again, whose report now knows the days before; its mail lists what has changed …"
        )
        # A correction is mailed when asked for.
        self.dag_runner.wait([self.dag_runner.run_day(DAG_DAILY, day, send_mail=True)])
        self._took()

    def _change_silently(self, day: date) -> None:
        self._company.tamper(day)
        echo(f"Two orders of {day} have changed without a trace: one was edited, one deleted.")
        echo("Comparing the sources with the warehouse, order by order, as every Monday …")
        run = self.dag_runner.trigger(DAG_RECONCILIATION)
        self.dag_runner.wait([run, self.dag_runner.trigger(DAG_WATCH)])
        found = self.dag_runner.result(run, "differences")
        days = ", ".join(f"{each['source']} on {each['business_date']}" for each in found)
        echo(f"  it differs: {days or 'nothing'}; that was read again, and a mail says so")
        self._took()

    def _forecast(self, first: date, yesterday: date) -> date:
        """Begin the newest forecast, and return its first day. A week's seventh day has started it; after a
        week in which the company moved, whose first days are history, it is triggered."""
        sunday = yesterday - timedelta(days=yesterday.isoweekday() % 7)
        monday = sunday - timedelta(days=6)
        if monday >= first:
            echo(f"The seventh loaded day of the week of {monday} has started the forecast that follows it …")
            self._beside.append(self.dag_runner.wait_for_asset_run(DAG_FORECAST, str(monday)))
        elif not self.dag_runner.has_succeeded(DAG_FORECAST, monday):
            echo(f"Forecasting what follows the week of {monday}, whose first days are history …")
            self._beside.append(self.dag_runner.run_day(DAG_FORECAST, monday, force=True))
        return sunday + timedelta(days=1)

    def _took(self) -> None:
        echo(f"  ({self._minutes()} minutes since the beginning)")

    def _minutes(self) -> str:
        return f"{(time.monotonic() - self._began) / 60:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
