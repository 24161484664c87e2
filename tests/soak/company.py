"""The demo company at twenty times its speed, with an Airflow of its own."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

import psutil
import psycopg

from demo import processes
from demo.airflow_services import PASSWORD, USER, AirflowServices
from demo.company import Company
from demo.environment import DATABASE
from demo.layout import REPOSITORY, Folders, Ports
from demo.ledger import Ledger
from demo.scenario import Scenario
from demo.seeders.sales_db import READER
from demo.services.ports import free_port
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.business_day import newest_closed_day
from tests.integration.company import CLOCK
from tests.psql import psql
from tests.soak.policy.airflow_local_settings import SPEED

DAYS = 5
"""Business days of the company before today."""
COMPONENTS = ("api-server", "scheduler", "dag-processor")


@dataclass(frozen=True)
class EditedLedger(Ledger):
    """A ledger whose snapshots show later edits."""

    edits: tuple = ()

    def as_of(self, instant):
        """Return the snapshot as of `instant`, edited."""
        snapshot = super().as_of(instant)
        for edit in self.edits:
            snapshot = edit(snapshot)
        return snapshot


class SoakCompany(Company):
    """The demo's company. Its clock is behind, runs `SPEED` times as fast, and is right at the end.

    So MINUTES show what happens in `SPEED` times MINUTES. `edits` change what the systems show.
    """

    def __init__(self, home, timezone, seed, ends_at):
        ports = {field.name: free_port() for field in fields(Ports)}
        super().__init__(Ports(**ports), Folders(home), elsewhere=("partner_ftp",))
        self.newest = newest_closed_day(datetime.now(UTC), timezone)
        self.first_day = self.newest.date - timedelta(days=DAYS - 1)
        self._own = Scenario(
            self.first_day, seed=seed, orders_per_day=60, timezone=timezone
        )
        self.ends_at = ends_at
        self.edits = []
        self.down_until = {}
        self._lock = threading.Lock()

    @property
    def scenario(self):
        """The company's scenario; nothing of it is staged."""
        return self._own

    def now(self):
        """Return the company's instant; never before the newest business day that has ended."""
        left = max(timedelta(0), self.ends_at - datetime.now(UTC))
        return max(
            self.newest.start, min(datetime.now(UTC), self.ends_at - SPEED * left)
        )

    def ledger(self):
        """Return the ledger with all edits so far."""
        known = vars(self._own.ledger(self.ends_at))
        return EditedLedger(**known, edits=tuple(self.edits))

    def snapshot(self):
        """Return what the systems show now."""
        now = self.now()
        return self.ledger().as_of(now).with_shops([self._own.second_shop(now)])

    def begin(self):
        """Start all systems."""
        self.folders.logs.mkdir(parents=True, exist_ok=True)
        self.show(files_only=True)
        for name in self._services:
            self._start(name)
        self._seed_sales_db(self.ledger(), self.now())
        psql(self.postgres, CLOCK.format(database=DATABASE, reader=READER), DATABASE)

    def show(self, *, files_only=False):
        """Let every system show the present."""
        with self._lock:
            now, ledger = self.now(), self.ledger()
            self._seed_files(ledger, now)
            if not files_only:
                self._seed_sales_db(ledger, now)
                with psycopg.connect(self.postgres.dsn(DATABASE)) as database:
                    database.execute("UPDATE clock.reading SET at = %s", [now])

    def revive(self):
        """Start the systems whose time is over."""
        for name in self._services:
            until = self.down_until.get(name, 0)
            if not self._running(name) and time.monotonic() > until:
                processes.stop(self.folders.processes, name)
                self._start(name)

    @property
    def postgres(self):
        """The server of the sales database."""
        return self._postgres

    def _begin_scenario(self, now):
        """Do nothing: the scenario is given."""


class SoakAirflow(AirflowServices):
    """An Airflow whose processes can be killed."""

    def __init__(self, company):
        super().__init__(company.ports, company.folders, company.scenario.timezone)
        self.down_until = {}

    def environment(self):
        """Return the environment of its processes."""
        paths = (REPOSITORY, REPOSITORY / "tests" / "soak" / "policy")
        return super().environment() | {
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            # A killed worker may have held it.
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
            "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": "5000",
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
        }

    def begin(self):
        """Start it."""
        self.start()
        self.wait(600)
        self.create_pools(self.api())

    def api(self):
        """Sign in."""
        return AirflowApi(self.url, USER, PASSWORD)

    def revive(self):
        """Start the components whose time is over, without what a killed one left."""
        missing = [name for name in COMPONENTS if not self._running(name)]
        names = [f"airflow-{component}" for component in missing]
        times = [self.down_until.get(name, 0) for name in names]
        if missing and time.monotonic() > max(times):
            for name in names:
                processes.stop(self.folders.processes, name)
            self.start()

    def tasks(self):
        """Return the processes of running tasks; the parent of each is its worker."""
        scheduler = processes.running(self.folders.processes, "airflow-scheduler")
        tasks = []
        for worker in scheduler.children() if scheduler else []:
            with suppress(psutil.NoSuchProcess):
                if "LocalExecutor" in " ".join(worker.cmdline()):
                    tasks += worker.children()
        return [task for task in tasks if is_running(task)]


def is_running(process):
    """Return whether a process has not ended."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill(of, name, seconds, *, alone=False):
    """Kill (SIGKILL) a recorded process with its descendants, or `alone`; `revive` starts it again after
    `seconds`."""
    process = processes.running(of.folders.processes, name)
    of.down_until[name] = time.monotonic() + seconds
    if not process:
        return "was down"
    family = (
        [process] if alone else [*reversed(process.children(recursive=True)), process]
    )
    for each in family:
        kill_process(each)
    psutil.wait_procs(family, timeout=10)
    return f"{len(family)} processes killed, down for {seconds:.0f} s"


def kill_process(process):
    """Kill a process, unless it has ended."""
    with suppress(psutil.NoSuchProcess):
        process.kill()
