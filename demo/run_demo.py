"""`make demo` and `make stop`: a small company that moved to this pipeline twelve days ago.

start   company and Airflow; the 18 months of its former shop, as history; the days since then, whose whole
        week starts the forecast; changes that come late; the newest closed day; changes that leave no trace;
        figures, and what to look at
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
from demo.environment import TIMEZONE
from demo.fillers.old_shop import PATTERN
from demo.layout import Folders, Ports, PortTaken
from demo.ledger import OLD_SHOP
from demo.scheduler import DemoFailed, Run, Scheduler
from demo.telling import loaded_history, say
from demo.tour import sign_in, tell_figures, tell_what_to_look_at

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
    ports, folders = Ports.chosen(), Folders.chosen()
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

    scheduler: Scheduler

    def __init__(self, company: Company, airflow: AirflowServices) -> None:
        self._company, self._airflow = company, airflow
        self._began = time.monotonic()

    def run(self) -> None:
        """All of it."""
        self._start()
        today = self._company.story.today(datetime.now(UTC))
        first, yesterday = self._company.story.first_day, today - timedelta(days=1)
        self._load_history(first, yesterday)
        self._run_days(first, yesterday - timedelta(days=1))
        self._change_late(yesterday - timedelta(days=1))
        self._run_newest(yesterday)
        self._change_silently(yesterday - timedelta(days=2))
        forecast_of = self._wait_for_forecast(first, yesterday)
        self.scheduler.switch_on(*_DAGS)
        say("")
        tell_figures(self._company, first, yesterday)
        tell_what_to_look_at(self._company, self._airflow, yesterday, forecast_of)
        say(f"All that took {self._minutes()} minutes. To stop everything: make stop")

    def _start(self) -> None:
        self._company.check_ports()
        self._airflow.check_ports()
        say("Starting the demo company and Airflow …")

        def open_company() -> None:
            self._company.start()
            self._company.export_old_shop()

        with ThreadPoolExecutor(2) as both:
            for started in (both.submit(open_company), both.submit(self._airflow.start)):
                started.result()
        self._airflow.wait()
        api = sign_in(self._airflow)
        self.scheduler = Scheduler(api, self._airflow.home / "logs")
        self.scheduler.wait_for(*_DAGS)
        self._took()

    def _load_history(self, first: date, yesterday: date) -> None:
        """The former shop's export; at the same time the website's events since the move, and the catalogue.
        None of them waits for another, and together they keep all cores at work."""
        scheduler, story = self.scheduler, self._company.story
        runs: list[Run] = []
        if story.old_months and not scheduler.has_succeeded(DAG_HISTORY):
            say(f"Loading {story.old_months} months of history, the export of the shop it had before …")
            files = f"file://{self._company.folders.old_shop}/{PATTERN}"
            runs.append(scheduler.trigger(DAG_HISTORY, files=files, source=OLD_SHOP, dry_run=False))
        say("Fetching the product catalogue, with its pictures …")
        runs.append(scheduler.trigger(DAG_CATALOGUE))
        of_events = scheduler.backfill(DAG_EVENTS, first, yesterday, jobs=1)
        if of_events:
            say(f"Reading the website's events of {len(of_events)} days, {first} to {yesterday} …")
        runs += of_events
        scheduler.wait(runs)
        for run in runs:
            if run.dag_id == DAG_HISTORY:
                totals, months = scheduler.result(run, "control_totals"), scheduler.result(run, "summary")
                say(f"  {loaded_history(totals, months)}")
        self._took()

    def _run_days(self, first: date, last: date) -> None:
        """The days since the move."""
        self.scheduler.switch_on(DAG_FORECAST)  # days that come in while it is off count for no week
        runs = self.scheduler.backfill(DAG_DAILY, first, last, jobs=4, mail=True)
        if runs:
            say(f"Running {len(runs)} business days, {first} to {last}, each report mailed …")
            self.scheduler.wait(runs, "days")
            self._took()

    def _change_late(self, day: date) -> None:
        self._company.advance(day)
        say(f"A refund was booked for {day}, whose report is out, and a partner's file for it came late.")
        say("Reading what has changed in the storefront since, as every hour …")
        self.scheduler.wait([self.scheduler.trigger(DAG_SYNC)])

    def _run_newest(self, day: date) -> None:
        say(f"Running {day}, the newest closed day …")
        self.scheduler.wait_until_quiet(DAG_DAILY, day)
        self.scheduler.wait(self.scheduler.backfill(DAG_DAILY, day, day, again=True))
        self._took()

    def _change_silently(self, day: date) -> None:
        self._company.tamper(day)
        say(f"Two orders of {day} have changed without a trace: one was edited, one deleted.")
        say("Comparing the sources with the warehouse, order by order, as every Monday …")
        run = self.scheduler.trigger(DAG_RECONCILIATION)
        # Not earlier: before the newest report is mailed, the watch would tell of its absence.
        self.scheduler.wait([run, *(self.scheduler.trigger(each) for each in (DAG_WATCH, DAG_MAINTENANCE))])
        found = self.scheduler.result(run, "differences")
        days = ", ".join(f"{each['source']} on {each['business_date']}" for each in found)
        say(f"  it differs: {days or 'nothing'}; that was read again, and a mail says so")
        self._took()

    def _wait_for_forecast(self, first: date, yesterday: date) -> date | None:
        """The first day of the newest forecast, which a week's seventh day has started; None where no whole
        week lies between `first` and `yesterday`."""
        sunday = yesterday - timedelta(days=yesterday.isoweekday() % 7)
        monday = sunday - timedelta(days=6)
        if monday < first:
            return None
        say(f"The seventh loaded day of the week of {monday} has started the forecast that follows it …")
        self.scheduler.wait([self.scheduler.started_by_data(DAG_FORECAST, str(monday))])
        self._took()
        return sunday + timedelta(days=1)

    def _took(self) -> None:
        say(f"  ({self._minutes()} minutes since the beginning)")

    def _minutes(self) -> str:
        return f"{(time.monotonic() - self._began) / 60:.1f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
