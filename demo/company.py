"""The demo company's systems as background programs: `python -m demo.company <command>`.

start     start what is not running and fill it with the company's state of now
stop      stop exactly what was started
status    say what runs where
advance   let two things happen: a refund is booked for a day whose report is out (--day, by default the
          day before yesterday), and a partner file that was missing arrives
tamper    let two orders change without a trace (--day, by default three days ago): one of the sales database
          gets another quantity, one of the storefront's is deleted; sales_reconciliation finds them
serve     start, stay in the foreground, keep up with the clock, stop on SIGTERM (for containers)
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from demo import processes
from demo.environment import DATABASE
from demo.layout import Folders, Ports, PortTaken
from demo.ledger import PARTNERS, Ledger
from demo.scenario import Scenario
from demo.seeders import (
    catalogue,
    exchange_rates,
    old_shop,
    partner_files,
    partner_ftp,
    sales_db,
    storefront,
    web_events,
)
from demo.services import emulator, postgres
from demo.services.ports import stays_open, wait_for

_KEEP_UP_SECONDS = 300


@dataclass(frozen=True)
class _Service:
    """A program of the company: the ports it takes (names in `Ports`), and how it is started and stopped."""

    name: str
    ports: tuple[str, ...]
    start: Callable[[], None]
    stop_signal: signal.Signals = signal.SIGTERM


class Company:
    """The company's systems on `ports`, with everything they keep below `folders`.

    Those named in `elsewhere` run in containers of their own: they are neither started nor stopped here. The
    sales database is filled all the same, under the libpq URI in `DEMO_SALES_DB_DSN`.
    """

    def __init__(self, ports: Ports, folders: Folders, elsewhere: Collection[str] = ()) -> None:
        self.ports, self.folders = ports, folders
        self._scenario_file = folders.home / "scenario.json"
        services = (
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
            _Service("sales_db", ("sales_db",), self._start_sales_db, signal.SIGINT),
            _Service("bigquery", ("bigquery",), self._start_bigquery),
            _Service("storefront", ("storefront",), self._start_storefront),
            _Service("exchange_rates", ("exchange_rates",), self._start_exchange_rates),
            _Service("web_events", ("web_events",), self._start_web_events),
            _Service("catalogue", ("catalogue",), self._start_catalogue),
            _Service("partner_ftp", ("partner_ftp",), self._start_partner_ftp),
            _Service("mail", ("smtp", "mailbox"), self._start_mail),
        )
        self._services = tuple(service for service in services if service.name not in elsewhere)

    def start(self, now: datetime | None = None) -> None:
        """Start what is not running, filled with the state as of `now`.

        Raises:
            PortTaken: somebody else listens on a port; then nothing was started.
        """
        now = now or datetime.now(UTC)
        self.check_ports()
        missing = [service for service in self._services if not self._running(service)]
        self._begin_scenario(now)
        self.folders.logs.mkdir(parents=True, exist_ok=True)
        ledger = self.scenario.ledger(now)
        self._fill_files(ledger, now)
        for service in missing:
            service.start()
        self._fill_sales_db(ledger, now)

    def check_ports(self) -> None:
        """See whether `start` would find its ports free.

        Raises:
            PortTaken: somebody else listens on one.
        """
        for service in self._services:
            for port in service.ports:
                if not self._running(service) and stays_open(getattr(self.ports, port)):
                    raise self.ports.port_taken(port)

    def stop(self) -> list[str]:
        """Stop what runs; the names of what did. All data stay."""
        return [
            service.name
            for service in self._services
            if processes.stop(self.folders.processes, service.name, service.stop_signal)
        ]

    def status(self) -> dict[str, bool]:
        """Which programs run."""
        return {service.name: self._running(service) for service in self._services}

    def catch_up(self, now: datetime | None = None) -> None:
        """Bring every running system to the state as of `now`."""
        now = now or datetime.now(UTC)
        ledger = self.scenario.ledger(now)
        self._fill_files(ledger, now)
        self._fill_sales_db(ledger, now)

    def export_old_shop(self) -> None:
        """Write what the company's former shop exports, unless it is there; takes some five seconds."""
        old_shop.fill(self.folders.old_shop, self.scenario.ledger(datetime.now(UTC)))

    def advance(self, day: date | None = None, now: datetime | None = None) -> date:
        """Book a late refund for `day` and let held files arrive; returns the day."""
        now = now or datetime.now(UTC)
        scenario = self.scenario
        day = day or scenario.today(now) - timedelta(days=2)
        scenario.with_late_arrivals(day, now).save(self._scenario_file)
        self.catch_up(now)
        return day

    def tamper(self, day: date | None = None, now: datetime | None = None) -> date:
        """Let two orders of `day` change without a trace; returns the day."""
        now = now or datetime.now(UTC)
        scenario = self.scenario
        day = day or scenario.today(now) - timedelta(days=3)
        scenario.with_silent_change(day, now).save(self._scenario_file)
        self.catch_up(now)
        return day

    @property
    def scenario(self) -> Scenario:
        """The company's story so far.

        Raises:
            LookupError: it was never started.
        """
        scenario = Scenario.load(self._scenario_file)
        if not scenario:
            raise LookupError(f"there is no company in {self.folders.home} yet: python -m demo.company start")
        return scenario

    def _begin_scenario(self, now: datetime) -> None:
        scenario = Scenario.load(self._scenario_file) or Scenario.begin(now)
        day = scenario.today(now) - timedelta(days=2)
        if not list(self.folders.partner_drop.glob(f"{PARTNERS[0]}_{day}.csv*")):
            scenario = scenario.with_held_file(day)
        scenario.save(self._scenario_file)

    def _running(self, service: _Service) -> bool:
        return processes.running(self.folders.processes, service.name) is not None

    def _fill_files(self, ledger: Ledger, now: datetime) -> None:
        snapshot = ledger.as_of(now)
        partner_files.fill(self.folders.partner_drop, snapshot)
        exchange_rates.fill(self.folders.rates, snapshot)
        storefront.fill(self.folders.storefront, snapshot)
        catalogue.fill(self.folders.catalogue, snapshot)
        web_events.fill(self.folders.web_events, ledger, now)
        two_years_before = date(ledger.first_day.year - 2, 1, 1)
        partner_ftp.fill(self.folders.partner_ftp, two_years_before, self.scenario.today(now))

    def _fill_sales_db(self, ledger: Ledger, now: datetime) -> None:
        dsn = os.environ.get("DEMO_SALES_DB_DSN") or self._postgres.dsn(DATABASE)
        sales_db.prepare(dsn)
        sales_db.fill(dsn, ledger.as_of(now))

    @property
    def _postgres(self) -> postgres.Postgres:
        return postgres.Postgres(self.folders.home / "sales_db", self.ports.sales_db)

    def _start_sales_db(self) -> None:
        server = postgres.start(self._postgres.data_dir, self.ports.sales_db)
        processes.record(self.folders.processes, "sales_db", server.process_id)

    def _start_bigquery(self) -> None:
        started = emulator.start(self.folders.home / "bigquery", self.ports.bigquery)
        processes.record(self.folders.processes, "bigquery", started.process.pid)

    def _start_storefront(self) -> None:
        self._start_module(
            "storefront",
            *("demo.services.storefront", "--port", str(self.ports.storefront)),
            *("--data", str(self.folders.storefront), "--timezone", self.scenario.timezone),
            *("--hiccups", "40"),  # now and then it is busy, as real shops are
        )

    def _start_exchange_rates(self) -> None:
        root, port = self.folders.rates, self.ports.exchange_rates
        self._start_module("exchange_rates", "demo.services.exchange_rates", str(root), str(port))

    def _start_web_events(self) -> None:
        root, port = self.folders.web_events, self.ports.web_events
        self._start_module("web_events", "demo.services.web_events", str(root), str(port))

    def _start_catalogue(self) -> None:
        root, port = self.folders.catalogue, self.ports.catalogue
        self._start_module("catalogue", "demo.services.catalogue", str(root), str(port))

    def _start_partner_ftp(self) -> None:
        root, port = self.folders.partner_ftp, self.ports.partner_ftp
        self._start_module("partner_ftp", "demo.services.partner_ftp", str(root), str(port))

    def _start_mail(self) -> None:
        smtp, mailbox = self.ports.smtp, self.ports.mailbox
        self._start_module("mail", "demo.services.mail", str(self.folders.mail), str(smtp), str(mailbox))

    def _start_module(self, name: str, *command: str) -> None:
        log = self.folders.logs / f"{name}.log"
        run = [sys.executable, "-m", *command]
        process = processes.start(self.folders.processes, name, run, log, dict(os.environ))
        for port in next(service.ports for service in self._services if service.name == name):
            wait_for(getattr(self.ports, port), process=process)


def serve(company: Company) -> None:
    """Run the company in the foreground until SIGTERM or SIGINT, keeping up with the clock."""
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    try:
        company.start()
        print("The demo company is open.", flush=True)
        company.export_old_shop()  # not before: nothing waits for it
        while not told_to_stop.wait(_KEEP_UP_SECONDS):
            company.catch_up()
    finally:
        company.stop()


def main(arguments: list[str]) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.company", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", choices=("start", "stop", "status", "advance", "tamper", "serve"))
    parser.add_argument("--day", type=date.fromisoformat, help="advance, tamper: the day that changes")
    parser.add_argument("--elsewhere", nargs="+", default=(), help="serve: systems in other containers")
    options = parser.parse_args(arguments)
    company = Company(Ports.from_environ(), Folders.from_environ(), options.elsewhere)
    try:
        if options.command == "serve":
            serve(company)
        elif options.command == "advance":
            print(f"A refund was booked for {company.advance(options.day)}, and the missing files are in.")
        elif options.command == "tamper":
            print(f"Two orders of {company.tamper(options.day)} have changed without a trace.")
        elif options.command == "stop":
            print(f"Stopped: {', '.join(company.stop()) or 'nothing was running'}")
        else:
            if options.command == "start":
                company.start()
                company.export_old_shop()
            for name, is_running in company.status().items():
                print(f"{name:16}{'running' if is_running else 'stopped'}")
    except (PortTaken, LookupError, RuntimeError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
