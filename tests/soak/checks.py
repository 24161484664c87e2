"""What must hold after a soak, once everything has run to its end; each check returns what is wrong."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, cast

import psutil
import psycopg

from demo.environment import DATABASE
from demo.ledger import PARTNERS, SECOND_SOURCE, STOREFRONT
from demo.seeders.sales_db import READER
from demo.services.emulator import Emulator
from ecommerce.maintenance.expiry import expire_staging
from tests.integration.warehouse_contents import (
    connect,
    differences,
    read_table,
    read_warehouse,
)
from tests.oracle import ALL_SOURCES, Oracle

DATASET = "sales"


def warehouse(company):
    """Return a client of the warehouse that does not go through the pipeline's own code."""
    return connect(Emulator(cast(Any, None), company.ports.bigquery))


def orders(company, days):
    """Every table of sales is the oracle's."""
    snapshot = company.snapshot()
    listed = []
    for order in snapshot.orders:
        # WooCommerce 11 does not list unfinished checkouts.
        if (order.channel, order.status) != (STOREFRONT, "checkout-draft"):
            listed.append(order)
    delivered = {(file.partner, file.day) for file in snapshot.files}
    missing: dict[date, list[str]] = defaultdict(list)
    for day in days:
        for partner in PARTNERS:
            is_due = partner == PARTNERS[0] or day.weekday() != 5
            if is_due and (partner, day) not in delivered:
                missing[day].append(f"partner_files: {partner}")
    oracle = Oracle(
        replace(snapshot, orders=tuple(listed)),
        timezone=company.scenario.timezone,
        hash_key="only-for-the-demo-company",
        run_days=days,
        missing=missing,
        sources=[*ALL_SOURCES, SECOND_SOURCE],
    )
    stored = read_warehouse(warehouse(company), DATASET)
    differing = differences(oracle.tables(), stored)
    if differing:
        yield differing


def mails(company):
    """Every report that is recorded as sent was mailed, and none without a record."""
    mailed = set()
    for path in company.folders.mail.glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        if message["X-Sales-Mail"] == "report":
            mailed.add(str(message["Message-ID"]))
    deliveries = []
    for row in read_table(warehouse(company), DATASET, "report_deliveries"):
        if row["subscription"] is None:
            deliveries.append(row)
    recorded = {row["message_id"] for row in deliveries}
    sent = {row["message_id"] for row in deliveries if row["state"] == "sent"}
    if not sent:
        yield "no report was sent"
    for name in sent - mailed:
        yield f"recorded, but never mailed: {name}"
    for name in mailed - recorded:
        yield f"mailed without record: {name}"


def leftovers(company, airflow):
    """No session, task, lock or staged file is left."""
    with psycopg.connect(company.postgres.dsn(DATABASE)) as database:
        of_reader = "SELECT pid FROM pg_stat_activity WHERE usename = %s"
        for (pid,) in database.execute(of_reader, [READER]):
            yield f"the session {pid} in the sales database"
    for task in airflow.tasks():
        yield f"the process {task.pid} of a task"
    for path in company.folders.home.rglob("*.lock"):
        yield f"the lock {path}"
    staging = company.folders.home / "staging"
    expire_staging(f"file://{staging}", datetime.now(UTC) + timedelta(minutes=1))
    for path in staging.rglob("*"):
        if path.is_file():
            yield f"staged after its expiry: {path}"


def processes_left(home):
    """No process of the soak runs."""
    for process in psutil.process_iter(["pid", "cmdline", "environ"]):
        command = " ".join(process.info["cmdline"] or [])
        variables = (process.info["environ"] or {}).values()
        is_of_soak = str(home) in command or str(home) in " ".join(variables)
        if is_of_soak and process.pid != os.getpid():
            yield f"process {process.pid}: {command[:100]}"
