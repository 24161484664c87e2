"""The demo company's systems as background programs.

`python -m demo.company [--elsewhere SYSTEM …]` starts them, keeps their data up to date in the foreground,
and stops them on SIGTERM (for containers).
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

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
    shopify,
    storefront,
    web_events,
)
from demo.services import emulator, postgres
from demo.services.ports import stays_open, wait_for

_UPDATE_SECONDS = 300


@dataclass(frozen=True)
class _Service:
    """A program of the company; `ports` are names of fields of `Ports`."""

    name: str
    ports: tuple[str, ...]
    start: Callable[[], None]
    stop_signal: signal.Signals = signal.SIGTERM


class Company:
    """The company's systems.

    Args:
        ports: the ports of the systems.
        folders: their files.
        elsewhere: names of systems in other containers, which are neither started nor stopped here. The sales
            database is seeded all the same, at the libpq URI in `DEMO_SALES_DB_DSN`.
    """

    def __init__(
        self, ports: Ports, folders: Folders, elsewhere: Collection[str] = ()
    ) -> None:
        self.ports, self.folders = ports, folders
        self._scenario_file = folders.home / "scenario.json"
        services = (
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to disconnect.
            _Service("sales_db", ("sales_db",), self._start_sales_db, signal.SIGINT),
            _Service("bigquery", ("bigquery",), self._start_bigquery),
            _Service("storefront", ("storefront",), self._start_storefront),
            _Service("shopify", ("shopify",), self._start_shopify),
            self._server("exchange_rates", folders.rates),
            self._server("web_events", folders.web_events),
            self._server("catalogue", folders.catalogue),
            self._server("partner_ftp", folders.partner_ftp),
            self._server("mail", folders.mail, "smtp", "mailbox"),
        )
        self._services = tuple(
            service for service in services if service.name not in elsewhere
        )

    def start(self, now: datetime | None = None) -> None:
        """Start what is not running, with the company's data as of `now`.

        Raises:
            PortTaken: another program listens on a port; nothing was started.
        """
        now = now or datetime.now(UTC)
        self.check_ports()
        missing = [service for service in self._services if not self._running(service)]
        self._begin_scenario(now)
        self.folders.logs.mkdir(parents=True, exist_ok=True)
        ledger = self.scenario.ledger(now)
        self._seed_files(ledger, now)
        for service in missing:
            service.start()
        self._seed_sales_db(ledger, now)

    def check_ports(self) -> None:
        """Check that the ports of all systems are free.

        Raises:
            PortTaken: another program listens on one.
        """
        for service in self._services:
            for port in service.ports:
                if not self._running(service) and stays_open(getattr(self.ports, port)):
                    raise self.ports.port_taken(port)

    def stop(self) -> list[str]:
        """Stop all systems and return the names of those that were running; their data stay."""
        return [
            service.name
            for service in self._services
            if processes.stop(self.folders.processes, service.name, service.stop_signal)
        ]

    def status(self) -> dict[str, bool]:
        """Return for each system whether it is running."""
        return {service.name: self._running(service) for service in self._services}

    def update(self, now: datetime | None = None) -> None:
        """Update the data of all running systems to the instant `now`."""
        now = now or datetime.now(UTC)
        ledger = self.scenario.ledger(now)
        self._seed_files(ledger, now)
        self._seed_sales_db(ledger, now)

    def export_old_shop(self) -> None:
        """Write the bulk export of the company's former shop, unless it exists; takes about five seconds."""
        old_shop.fill(self.folders.old_shop, self.scenario.ledger(datetime.now(UTC)))

    def advance(self, day: date | None = None, now: datetime | None = None) -> date:
        """Book a late refund for `day`, deliver the held files, and return the day."""
        now = now or datetime.now(UTC)
        scenario = self.scenario
        day = day or scenario.today(now) - timedelta(days=2)
        scenario.with_late_arrivals(day, now).save(self._scenario_file)
        self.update(now)
        return day

    def tamper(self, day: date | None = None, now: datetime | None = None) -> date:
        """Change two orders of `day` without a new modification date, and return the day."""
        now = now or datetime.now(UTC)
        scenario = self.scenario
        day = day or scenario.today(now) - timedelta(days=3)
        scenario.with_silent_change(day, now).save(self._scenario_file)
        self.update(now)
        return day

    @property
    def scenario(self) -> Scenario:
        """The company's current scenario.

        Raises:
            LookupError: the company was never started.
        """
        scenario = Scenario.load(self._scenario_file)
        if not scenario:
            raise LookupError(
                f"there is no company in {self.folders.home}: start it first"
            )
        return scenario

    def _begin_scenario(self, now: datetime) -> None:
        scenario = Scenario.load(self._scenario_file) or Scenario.begin(now)
        day = scenario.today(now) - timedelta(days=2)
        if not list(self.folders.partner_drop.glob(f"{PARTNERS[0]}_{day}.csv*")):
            scenario = scenario.with_held_file(day)
        scenario.with_due_files(now).save(self._scenario_file)

    def _running(self, service: _Service) -> bool:
        return processes.running(self.folders.processes, service.name) is not None

    def _seed_files(self, ledger: Ledger, now: datetime) -> None:
        snapshot = ledger.as_of(now)
        partner_files.fill(self.folders.partner_drop, snapshot)
        exchange_rates.fill(self.folders.rates, snapshot)
        storefront.fill(self.folders.storefront, snapshot)
        shopify.fill(self.folders.shopify, snapshot)
        catalogue.fill(self.folders.catalogue, snapshot)
        web_events.fill(self.folders.web_events, ledger, now)
        two_years_before = date(ledger.first_day.year - 2, 1, 1)
        partner_ftp.fill(
            self.folders.partner_ftp, two_years_before, self.scenario.today(now)
        )

    def _seed_sales_db(self, ledger: Ledger, now: datetime) -> None:
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
        self._start_shop("storefront", self.ports.storefront, self.folders.storefront)

    def _start_shopify(self) -> None:
        self._start_shop("shopify", self.ports.shopify, self.folders.shopify)

    def _start_shop(self, name: str, port: int, data: Path) -> None:
        arguments = (
            *(
                "--port",
                str(port),
                "--data",
                str(data),
                "--timezone",
                self.scenario.timezone,
            ),
            *("--hiccups", "40"),  # busy now and then, like real shops
        )
        self._start_module(name, [name], *arguments)

    def _server(self, name: str, root: Path, *ports: str) -> _Service:
        """Return the service `python -m demo.services.<name> ROOT PORT…`; a single port has its name."""
        ports = ports or (name,)
        numbers = [str(getattr(self.ports, port)) for port in ports]
        return _Service(
            name, ports, partial(self._start_module, name, ports, str(root), *numbers)
        )

    def _start_module(self, name: str, ports: Collection[str], *arguments: str) -> None:
        log = self.folders.logs / f"{name}.log"
        command = [sys.executable, "-m", f"demo.services.{name}", *arguments]
        process = processes.start(
            self.folders.processes, name, command, log, dict(os.environ)
        )
        for port in ports:
            wait_for(getattr(self.ports, port), process=process)


def serve(company: Company) -> None:
    """Run the company in the foreground until SIGTERM or SIGINT, and keep its data up to date."""
    stop_requested = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop_requested.set())
    try:
        company.start()
        print("The demo company is running.", flush=True)
        company.export_old_shop()  # last, because no system waits for it
        while not stop_requested.wait(_UPDATE_SECONDS):
            company.update()
    finally:
        company.stop()


def main(arguments: list[str]) -> int:
    """Run the company and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.company", description=__doc__)
    parser.add_argument(
        "--elsewhere", nargs="+", default=(), help="systems in other containers"
    )
    options = parser.parse_args(arguments)
    try:
        serve(Company(Ports.from_environ(), Folders.from_environ(), options.elsewhere))
    except (PortTaken, RuntimeError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
