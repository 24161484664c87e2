"""The demo company's systems as background programs.

`python -m demo.company [--elsewhere SYSTEM …]` starts them, keeps their data up to date in
the foreground, and stops them on SIGTERM (for containers).
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Collection
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
    shopify,
    storefront,
    targets,
    web_events,
)
from demo.services import emulator, postgres
from demo.services.ports import stays_open, wait_for
from ecommerce.core.errors import PipelineError

_UPDATE_SECONDS = 300
_SERVICES = {
    "sales_db": ["sales_db"],
    "bigquery": ["bigquery"],
    "storefront": ["storefront"],
    "shopify": ["shopify"],
    "shopify_eu": ["shopify_eu"],
    "exchange_rates": ["exchange_rates"],
    "web_events": ["web_events"],
    "catalogue": ["catalogue"],
    "partner_ftp": ["partner_ftp"],
    "mail": ["smtp", "mailbox"],
}
"""The programs of the company, each with the names of its ports in `Ports`."""


class Company:
    """The company's systems.

    Args:
        ports: the ports of the systems.
        folders: their files.
        elsewhere: names of systems in other containers, which are neither started nor
            stopped here. The sales database is seeded all the same, at the libpq URI in
            `DEMO_SALES_DB_DSN`.
    """

    def __init__(
        self,
        ports: Ports,
        folders: Folders,
        elsewhere: Collection[str] = (),
    ) -> None:
        self.ports = ports
        self.folders = folders
        self._scenario_file = folders.home / "scenario.json"
        self._services = [name for name in _SERVICES if name not in elsewhere]

    def start(self, now: datetime | None = None) -> None:
        """Start what is not running, with the company's data as of `now`.

        Raises:
            PortTaken: another program listens on a port; nothing was started.
        """
        now = now or datetime.now(UTC)
        self.check_ports()
        self._begin_scenario(now)
        self.folders.logs.mkdir(parents=True, exist_ok=True)
        ledger = self.scenario.ledger(now)
        self._seed_files(ledger, now)
        for name in self._services:
            if not self._running(name):
                self._start(name)
        self._seed_sales_db(ledger, now)

    def check_ports(self) -> None:
        """Check that the ports of all systems are free.

        Raises:
            PortTaken: another program listens on one.
        """
        for name in self._services:
            if self._running(name):
                continue
            for port in _SERVICES[name]:
                if stays_open(self.ports.number(port)):
                    raise self.ports.port_taken(port)

    def stop(self) -> list[str]:
        """Stop all systems and return the names of those that were running."""
        stopped = []
        for name in self._services:
            how = signal.SIGTERM
            if name == "sales_db":
                # PostgreSQL's fast shutdown does not wait for clients to disconnect.
                how = signal.SIGINT
            if processes.stop(self.folders.processes, name, how):
                stopped.append(name)
        return stopped

    def status(self) -> dict[str, bool]:
        """Return for each system whether it is running."""
        return {name: self._running(name) for name in self._services}

    def update(self, now: datetime) -> None:
        """Update the data of all running systems to the instant `now`."""
        ledger = self.scenario.ledger(now)
        self._seed_files(ledger, now)
        self._seed_sales_db(ledger, now)

    def export_old_shop(self) -> None:
        """Write the bulk export of the company's former shop, unless it exists.

        This takes about five seconds.
        """
        old_shop.fill(self.folders.old_shop, self.scenario.ledger(datetime.now(UTC)))

    def advance(self, day: date, now: datetime | None = None) -> None:
        """Book a late refund for `day`, and deliver the held files."""
        now = now or datetime.now(UTC)
        self.scenario.with_late_arrivals(day, now).save(self._scenario_file)
        self.update(now)

    def tamper(self, day: date, now: datetime | None = None) -> None:
        """Change two orders of `day` without a new modification date."""
        now = now or datetime.now(UTC)
        self.scenario.with_silent_change(day, now).save(self._scenario_file)
        self.update(now)

    @property
    def scenario(self) -> Scenario:
        """The company's current scenario; FileNotFoundError if it was never started."""
        return Scenario.load(self._scenario_file)

    def _begin_scenario(self, now: datetime) -> None:
        scenario = Scenario.begin(now)
        if self._scenario_file.exists():
            scenario = self.scenario
        day = scenario.today(now) - timedelta(days=2)
        if not list(self.folders.partner_drop.glob(f"{PARTNERS[0]}_{day}.csv*")):
            scenario = scenario.with_held_file(day)
        scenario.with_due_files(now).save(self._scenario_file)

    def _running(self, name: str) -> bool:
        return processes.running(self.folders.processes, name) is not None

    def _seed_files(self, ledger: Ledger, now: datetime) -> None:
        folders = self.folders
        snapshot = ledger.as_of(now)
        partner_files.fill(folders.partner_drop, snapshot)
        targets.fill(folders.targets, ledger, self.scenario.today(now))
        exchange_rates.fill(folders.rates, snapshot)
        storefront.fill(folders.storefront, snapshot)
        shopify.fill(folders.shopify, snapshot)
        second_shop = self.scenario.second_shop(now)
        shopify.fill(
            folders.shopify_eu, second_shop, "Pop-up Europe", "EUR", has_payouts=False
        )
        catalogue.fill(folders.catalogue, snapshot)
        web_events.fill(folders.web_events, ledger, now)
        two_years_before = date(ledger.first_day.year - 2, 1, 1)
        partner_ftp.fill(
            folders.partner_ftp,
            two_years_before,
            self.scenario.today(now),
        )

    def _seed_sales_db(self, ledger: Ledger, now: datetime) -> None:
        dsn = os.environ.get("DEMO_SALES_DB_DSN") or self._postgres.dsn(DATABASE)
        sales_db.prepare(dsn)
        sales_db.fill(dsn, ledger.as_of(now))

    @property
    def _postgres(self) -> postgres.Postgres:
        return postgres.server(self.folders.home / "sales_db", self.ports.sales_db)

    def _start(self, name: str) -> None:
        """Start a system, and wait until it accepts connections."""
        folders = self.folders
        if name == "sales_db":
            server = postgres.start(self._postgres.data_dir, self.ports.sales_db)
            processes.record(folders.processes, name, postgres.process_id(server))
        elif name == "bigquery":
            started = emulator.start(folders.home / "bigquery", self.ports.bigquery)
            processes.record(folders.processes, name, started.process.pid)
        else:
            self._start_program(name)

    def _start_program(self, name: str) -> None:
        """Start `python -m demo.services.<name>` with its data, ports and timezone.

        Both Shopify shops are the same program.
        """
        folders = self.folders
        data = {
            "storefront": folders.storefront,
            "shopify": folders.shopify,
            "shopify_eu": folders.shopify_eu,
            "exchange_rates": folders.rates,
            "web_events": folders.web_events,
            "catalogue": folders.catalogue,
            "partner_ftp": folders.partner_ftp,
            "mail": folders.mail,
        }
        program = name.removesuffix("_eu")
        command = [sys.executable, "-m", f"demo.services.{program}", str(data[name])]
        for port in _SERVICES[name]:
            command.append(str(self.ports.number(port)))
        if program in ("storefront", "shopify"):
            command.append(self.scenario.timezone)
        log = folders.logs / f"{name}.log"
        environment = dict(os.environ)
        process = processes.start(folders.processes, name, command, log, environment)
        for port in _SERVICES[name]:
            wait_for(self.ports.number(port), process=process)


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
            company.update(datetime.now(UTC))
    finally:
        company.stop()


def main(arguments: list[str]) -> int:
    """Run the company and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo.company", description=__doc__)
    parser.add_argument(
        "--elsewhere",
        nargs="+",
        default=(),
        help="systems in other containers",
    )
    options = parser.parse_args(arguments)
    try:
        serve(Company(Ports.from_environ(), Folders.from_environ(), options.elsewhere))
    except (PortTaken, PipelineError, RuntimeError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
