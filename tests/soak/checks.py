"""What must hold after a soak, once everything has run to its end; each check returns what is wrong."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any, cast

import psutil
import psycopg
from google.cloud import bigquery

from demo.environment import DATABASE
from demo.ledger import PARTNERS, STOREFRONT
from demo.ledger.web_sessions import _CRAWLERS
from demo.seeders.sales_db import READER
from demo.seeders.web_events import line_of
from demo.services.emulator import Emulator
from ecommerce.core.names import DAG_DAILY, TASK_REPORT, TASK_SEND
from ecommerce.maintenance.expiry import expire_staging
from ecommerce.storage import scratch
from tests import oracle_events
from tests.integration.warehouse_contents import (
    connect,
    differences,
    read_table,
    read_warehouse,
)
from tests.oracle import Oracle
from tests.soak.company import SoakAirflow, SoakCompany

DATASET = "sales"


def warehouse(company: SoakCompany) -> bigquery.Client:
    """Return a client of the warehouse that does not go through the pipeline's own code."""
    return connect(Emulator(cast(Any, None), company.ports.bigquery))


def orders(company: SoakCompany, days: list[date]) -> Iterator[str]:
    """Every table of sales is the oracle's."""
    snapshot = company.snapshot()
    # WooCommerce 11 does not list unfinished checkouts.
    listed = tuple(
        o
        for o in snapshot.orders
        if (o.channel, o.status) != (STOREFRONT, "checkout-draft")
    )
    delivered = {(file.partner, file.day) for file in snapshot.files}
    missing: dict[date, list[str]] = defaultdict(list)
    for day in days:
        for partner in PARTNERS:
            due = partner == PARTNERS[0] or day.weekday() != 5
            if due and (partner, day) not in delivered:
                missing[day].append(f"partner_files: {partner}")
    oracle = Oracle(
        replace(snapshot, orders=listed),
        timezone=company.scenario.timezone,
        hash_key="only-for-the-demo-company",
        run_days=days,
        missing=missing,
    )
    if found := differences(
        oracle.tables(), read_warehouse(warehouse(company), DATASET)
    ):
        yield found


def web_events(company: SoakCompany) -> Iterator[str]:
    """Sessions and funnel are the oracle's."""
    ledger, now, raw = company.ledger(), company.now(), []
    for day in ledger.business_days:
        for event in ledger.web_events(day):
            if event.received_at <= now and event.text is None:
                raw.append(json.loads(line_of(event)))
    events = oracle_events.accepted(raw, company.scenario.timezone)
    counted = [
        event for event in events if event.day >= company.first_day
    ]  # no run reads the day before
    sessions = oracle_events.sessions(counted, bots=_CRAWLERS)
    client = warehouse(company)
    columns = [name for name in sessions[0] if name != "visitor"]
    pairs = {
        "sessions": (
            [{name: row[name] for name in columns} for row in rows]
            for rows in (read_table(client, DATASET, "sessions"), sessions)
        ),
        "daily_funnel": (
            read_table(client, DATASET, "daily_funnel"),
            oracle_events.funnel(sessions),
        ),
    }
    for table, (found, expected) in pairs.items():
        have, want = (
            Counter(repr(sorted(row.items())) for row in rows)
            for rows in (found, expected)
        )
        for what, rows in (("too much", have - want), ("missing", want - have)):
            if rows:
                yield f"{table}: {rows.total()} rows {what}: {min(rows)}"


def catalogue(company: SoakCompany) -> Iterator[str]:
    """Every product has its name."""
    expected = {product.sku: product.name for product in company.snapshot().products}
    stored = {
        row["sku"]: row["name"]
        for row in read_table(warehouse(company), DATASET, "products")
    }
    yield from (
        f"products: {sku} is {stored.get(sku)}, not {name}"
        for sku, name in expected.items()
        if stored.get(sku) != name
    )


def mails(company: SoakCompany, airflow: SoakAirflow) -> Iterator[str]:
    """Every claimed report was mailed, once per state of its figures, and again only after a lost attempt. A
    report that a newer one replaced before it could be mailed is not."""
    messages = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(company.folders.mail.glob("*.eml"))
    ]
    mailed = Counter(
        str(each["Message-ID"]) for each in messages if each["X-Sales-Mail"] == "report"
    )
    deliveries = read_table(warehouse(company), DATASET, "report_deliveries")
    sent = sorted(
        (row for row in deliveries if row["state"] == "sent"),
        key=itemgetter("figures_at"),
    )
    newest = {row["business_date"]: row["figures_at"] for row in sent}
    unsent = [row for row in deliveries if row["state"] != "sent"]
    replaced = {
        row["message_id"]
        for row in unsent
        if row["figures_at"] < newest.get(row["business_date"], row["figures_at"])
    }
    yield from (
        f"{row['business_date']}: {row['message_id']} is {row['state']}"
        for row in unsent
        if row["message_id"] not in replaced
    )
    recorded = {row["message_id"] for row in deliveries}
    yield from (f"mailed without record: {name}" for name in mailed.keys() - recorded)
    yield from (
        f"recorded, but never mailed: {name}"
        for name in recorded - mailed.keys() - replaced
    )
    api = airflow.api()
    last = api.runs_of_day(company.newest.date)[0]["dag_run_id"]
    entry = f"dags/{DAG_DAILY}/dagRuns/{last}/taskInstances/{TASK_REPORT}/xcomEntries/return_value"
    figures_hash = api.get(entry, deserialize=False, stringify=False)["value"][
        "figures_hash"
    ]
    if not any(row["figures_hash"] == figures_hash for row in deliveries):
        yield f"the last figures of {company.newest.date} were never mailed"
    sends = api.get("dags/~/dagRuns/~/taskInstances", task_id=TASK_SEND, limit=5000)
    lost = sum(
        max(0, each["try_number"] - 1)
        for each in sends["task_instances"]
        if each["dag_id"] == DAG_DAILY
    )
    if (twice := mailed.total() - len(mailed)) > lost:
        yield f"{twice} mails were sent again, after {lost} attempts"


def leftovers(company: SoakCompany, airflow: SoakAirflow) -> Iterator[str]:
    """No connection, lock, temporary file, staged file or staging table is left."""
    with psycopg.connect(company.postgres.dsn(DATABASE)) as database:
        (sessions,) = database.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [READER]
        ).fetchone() or (0,)
    if sessions:
        yield f"{sessions} sessions in the sales database"
    yield from (
        f"{proxy.connections} connections with {name}"
        for name, proxy in airflow.proxies.items()
        if proxy.connections
    )
    yield from (f"the process {task.pid} of a task is left" for task in airflow.tasks())
    if (
        not warehouse(company)
        .get_dataset(f"{DATASET}_staging")
        .default_table_expiration_ms
    ):
        yield "staging tables never expire"
    yield from _staged(company.folders.home / "staging")
    for folder in airflow.scratch.glob(f"{scratch.PREFIX}*"):  # left by killed tasks
        old = time.time() - 2 * scratch.LEFT_SECONDS
        os.utime(folder, (old, old))
    tempfile.tempdir = str(airflow.scratch)
    with scratch.scratch_folder():  # removes expired ones
        pass
    tempfile.tempdir = None
    yield from (f"temporary: {path}" for path in airflow.scratch.iterdir())
    yield from (f"lock: {path}" for path in company.folders.home.rglob("*.lock"))


def _staged(staging: Path) -> Iterator[str]:
    expire_staging(f"file://{staging}", datetime.now(UTC) + timedelta(minutes=1))
    yield from (
        f"staged after its expiry: {path}"
        for path in staging.rglob("*")
        if path.is_file()
    )


class Memory:
    """The memory of long-lived processes, sampled over a soak."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, int], list[int]] = defaultdict(list)

    def sample(self, folder: Path) -> None:
        """Note the resident memory of every recorded process, in bytes."""
        for path in folder.glob("*.json"):
            with suppress(psutil.NoSuchProcess, ValueError, OSError):
                process = psutil.Process(json.loads(path.read_text())["pid"])
                self._samples[path.stem, process.pid].append(process.memory_info().rss)

    def growth(self) -> Iterator[str]:
        """Processes of 60 samples or more that grew by half and 100 MB after their first quarter."""
        for (name, pid), values in self._samples.items():
            part = len(values) // 4
            if (
                part < 15 or name == "bigquery"
            ):  # keeps all jobs, and the staging tables that BigQuery expires
                continue
            early, late = median(values[part : 2 * part]), median(values[-part:])
            if late > 1.5 * early and late - early > 100e6:
                yield f"{name} ({pid}): {early / 1e6:.0f} MB after a quarter, {late / 1e6:.0f} MB at the end"

    def summary(self) -> str:
        """Most memory by process, in MB."""
        most: Counter[str] = Counter()
        for (name, _), values in self._samples.items():
            most[name] = max(most[name], max(values) // 10**6)
        return ", ".join(
            f"{name} {megabytes}" for name, megabytes in sorted(most.items())
        )


def processes_left(home: Path) -> Iterator[str]:
    """No process of the soak runs."""
    for process in psutil.process_iter(["pid", "cmdline", "environ"]):
        words = [
            *(process.info["cmdline"] or []),
            *(process.info["environ"] or {}).values(),
        ]
        if process.pid != os.getpid() and any(str(home) in word for word in words):
            yield f"process {process.pid}: {' '.join(process.info['cmdline'] or [])[:100]}"
