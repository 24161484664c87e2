"""A forgotten customer is in no table, and every figure is as it was."""

import json
import logging
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine

from demo.ledger import SHOPIFY, STOREFRONT, Ledger, Order, Snapshot
from ecommerce.core.business_day import day_window
from ecommerce.core.names import DAG_DAILY
from ecommerce.events import loading
from ecommerce.maintenance import erasure
from ecommerce.sales.report.archive import build_report
from ecommerce.sales.transform import transform
from ecommerce.sources import SOURCES, WEB_EVENTS, module
from ecommerce.storage.staging import DagRun
from ecommerce.warehouse import load_history
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.rendering import tables
from tests import oracle_events
from tests.integration.company import HASH_KEY, Company
from tests.integration.daily_run import extract, finish, morning_after, run_day, stage
from tests.integration.exports import HistoryLoad, exported, write
from tests.integration.other_runs import compare, reconcile, sync
from tests.integration.test_privacy import text_of
from tests.integration.test_user_events_daily import write as write_events
from tests.integration.warehouse_contents import Row, of_all_days, read_table

pytestmark = pytest.mark.slow

DAY = date(2026, 9, 1)
PLACES = ("orders", "order_lines", "customers")


@pytest.fixture
def company(start_company):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    run_day(DAY)
    return company


def hashes(company):
    """Every customer that any table names."""
    warehouse = connect()
    found = [
        warehouse.run(
            f"SELECT DISTINCT customer_hash FROM `{company.dataset}.{table}` {of_all_days(table)}",
            table,
        )
        for table in PLACES
    ]
    return {row["customer_hash"] for rows in found for row in rows} - {None}


def without_customer(tables):
    return {
        name: sorted(
            repr({k: v for k, v in row.items() if k != "customer_hash"}) for row in rows
        )
        for name, rows in tables.items()
    }


def test_a_forgotten_customer_is_in_no_table_and_no_figure_changes(
    company, installation
):
    order = next(order for order in company.shown.orders if order.email)
    before = company.warehouse()
    gone = erasure.customer_hash(f"  {order.email.upper()}\n", HASH_KEY)
    known = hashes(company)
    assert gone in known

    # Named in the way of somebody who types, on standard input.
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "forget-customer"],
        input=f"{order.email.upper()}\n",
        env=os.environ | {"PYTHONPATH": str(installation / "plugins")},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "cleared: rows of customers: 1" in done.stdout
    assert order.email not in done.stdout + done.stderr
    after = company.warehouse()
    assert hashes(company) == known - {gone}
    assert without_customer(after) == without_customer(before)
    assert erasure.forget(order.email, connect()) == {"staged folders": 0}


def test_nobody_is_refused(company, installation):
    done = subprocess.run(
        [sys.executable, "-m", "ecommerce.cli", "forget-customer"],
        input="\n",
        env=os.environ | {"PYTHONPATH": str(installation / "plugins")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (
        1,
        "no e-mail address on standard input: nothing was removed\n",
    )


ATTRIBUTE = "order_key"
REASON = "Zoe finds it too small"
CUSTOMER_ID = "987654321"
LATER = timedelta(hours=1)
EVENTS_DAG = "user_events_daily"


@dataclass
class World:
    """A shop of three days, and a customer of its storefront, whose first order has a refund, a rejected
    line, an attribute and a purchase on the website."""

    company: Company
    log: pytest.LogCaptureFixture
    ledger: Ledger
    order: Order
    changed: dict[str, Order] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def show(self, at: datetime) -> Snapshot:
        """Let the systems show what there is at an instant."""
        snapshot = self.ledger.as_of(at)
        present = {order.order_id: order for order in snapshot.orders}
        present |= {
            key: order for key, order in self.changed.items() if order.updated_at <= at
        }
        orders = [order for key, order in present.items() if key not in self.removed]
        refunds = [
            replace(refund, reason=REASON)
            if refund.order_id == self.order.order_id
            else refund
            for refund in snapshot.refunds
            if refund.order_id not in self.removed
        ]
        snapshot = replace(snapshot, orders=tuple(orders), refunds=tuple(refunds))
        self.company.show(snapshot)
        return snapshot

    def run_events(self, day: date, at: datetime) -> None:
        run = DagRun(EVENTS_DAG, f"test__{at:%Y%m%dT%H%M%S}")
        with time_machine.travel(at):
            window = loading.window_of(
                day_window(day, self.company.timezone),
                run.folder(day, WEB_EVENTS),
                load_history,
                at,
            )
            loadable = loading.transform(
                module(WEB_EVENTS).extract(window), run_id=run.run_id
            )
            load_manifest(loading.EVENTS, run, loadable)

    def tables(self) -> dict[str, list[Row]]:
        client, dataset = self.company.client, self.company.dataset
        return {
            name: sorted(read_table(client, dataset, name), key=repr)
            for name in tables()
        }

    def places(self) -> list[tuple[str, str]]:
        """The places with something of the customer: tables, files of staging and archive, logs."""
        contents = {
            name: json.dumps(rows, default=str, ensure_ascii=False)
            for name, rows in self.tables().items()
        }
        for folder in (self.staging, self.company.folders.reports):
            files = [file for file in folder.rglob("*") if file.is_file()]
            contents |= {str(file): text_of(file) for file in files}
        contents["log"] = self.log.text
        hashed = erasure.customer_hash(self.order.email or "", HASH_KEY)
        texts = {
            "hash": hashed,
            "hash of the id": erasure.customer_hash(
                f"{STOREFRONT}:{CUSTOMER_ID}", HASH_KEY
            ),
            "address": (self.order.email or "").lower(),
            "id": CUSTOMER_ID,
            "reason": REASON.lower(),
            "attribute": f"wc_order_{self.order.order_id}",
        }
        return sorted(
            (place, what)
            for place, content in contents.items()
            for what, text in texts.items()
            if text in content.lower()
        )

    @property
    def staging(self) -> Path:
        return Path(self.company.environment["STAGING_URI"].removeprefix("file://"))

    def left(self) -> list[tuple[str, str]]:
        """As `places`, without what docs/PRODUCTION.md lists: `forgotten_hashes`, files of later runs."""
        kept = [
            (table, column)
            for table, column in (("user_events", "order_id"), ("rejected_rows", "raw"))
            for row in self.tables()[table]
            if row["order_id"] == self.order.order_id and row[column]
        ]
        return kept + [
            (place, what)
            for place, what in self.places()
            if place != "forgotten_hashes" and "/transformed/" not in place
        ]


@pytest.fixture
def world(start_company, monkeypatch, caplog) -> World:
    monkeypatch.setenv("ORDER_ATTRIBUTES", ATTRIBUTE)
    caplog.set_level(logging.DEBUG, logger="ecommerce")
    company = start_company()
    ledger = Ledger(DAY, 3, orders_per_day=40, seed=11)
    snapshot = ledger.as_of(morning_after(DAY + timedelta(days=1)))
    refunded = {refund.order_id for refund in snapshot.refunds_of(STOREFRONT)}
    order = next(
        order
        for order in snapshot.orders_of(STOREFRONT)
        if order.order_id in refunded
        and order.email
        and order.lines == order.valid_lines
        and len(order.lines) < 5
    )
    last = order.lines[-1]
    rejected = replace(
        last,
        line_number=last.line_number + 1,
        quantity=Decimal(0),
        reject_reason="invalid_quantity",
    )
    order = replace(order, customer_id=CUSTOMER_ID, lines=(*order.lines, rejected))
    world = World(company, caplog, ledger, order, {order.order_id: order})
    events = [
        {
            "event_id": f"{order_id}-{event_type}",
            "occurred_at": f"{DAY}T18:{minute:02}:00Z",
            "received_at": f"{DAY}T18:{minute:02}:00Z",
            "visitor_id": f"visitor of {order_id}",
            "event_type": event_type,
            "order_id": order_id if event_type == "purchase" else None,
        }
        for order_id in (order.order_id, "1")
        for minute, event_type in enumerate(oracle_events.STEPS)
    ]
    write_events(company.folders.web_events, events)
    return world


def test_nothing_brings_a_forgotten_customer_back(world, tmp_path):
    company, second, third = (
        world.company,
        DAY + timedelta(days=1),
        DAY + timedelta(days=2),
    )
    world.show(morning_after(DAY))
    run_day(DAY)
    now = morning_after(second)
    world.show(now)
    run = DagRun(DAG_DAILY, "test__second_day")
    with time_machine.travel(now):
        staged = stage(
            second, run.run_id, [source for source in SOURCES if source != SHOPIFY]
        )
        finish(second, run.run_id, staged)
        world.run_events(DAY, now)
        for day in (DAY, second):
            build_report(day_window(day, company.timezone), run)
    before = world.tables()
    assert {what for _, what in world.places()} == {"hash", "reason", "attribute"}
    assert {place for place, _ in world.places()} >= {
        "orders",
        "order_lines",
        "customers",
        "refunds",
    }
    assert any(place.endswith("report.pdf") for place, _ in world.places())
    assert {("user_events", "order_id"), ("rejected_rows", "raw")} < {*world.left()}
    shutil.copytree(world.staging, tmp_path / "staged")
    reports = company.folders.reports
    checked, interrupted, other = (reports / f"2026-07-0{day}" for day in (1, 2, 3))
    for folder in (checked, interrupted, other):
        folder.mkdir()
    example = f"1 order without lines (for example {STOREFRONT} {world.order.order_id})"
    (checked / "figures.json").write_text(json.dumps({"checks": [example]}))
    (interrupted / "report.pdf").touch()
    (other / "figures.json").write_text(
        json.dumps({"orders": f"{world.order.order_id}0"})
    )
    killed = (
        world.staging / DAG_DAILY / "2026-09-01" / "a_run" / ".storefront.0a1b.partial"
    )
    killed.mkdir(parents=True)
    (killed / "page.json").write_text(world.order.email)

    cleared = erasure.forget(world.order.email, connect())

    assert cleared.keys() >= {
        "rows of user_events",
        "rows of rejected_rows",
        "rows of refunds",
        "staged folders",
    }
    assert any(what.startswith(company.environment["REPORTS_URI"]) for what in cleared)
    assert world.places() == [("forgotten_hashes", "hash")]
    assert list(world.staging.iterdir()) == []
    assert [folder.exists() for folder in (checked, interrupted, other)] == [
        False,
        False,
        True,
    ]
    assert world.left() == []
    after = world.tables()
    for name in (
        "daily_sales",
        "daily_summary",
        "sessions",
        "daily_funnel",
        "daily_events",
    ):
        assert after[name] == before[name]
    assert erasure.forget(world.order.email, connect()) == {"staged folders": 0}

    def repair() -> None:
        """Of another source; a worker still has the files that were transformed before."""
        shutil.copytree(tmp_path / "staged", world.staging, dirs_exist_ok=True)
        shopify = transform(extract(SHOPIFY, second, run.run_id), run_id=run.run_id)
        finish(second, run.run_id, [*staged, shopify])

    def backfill() -> None:
        for day in (DAY, second):
            run_day(day, now, run_id=f"backfill__{day}")

    def reconciliation() -> None:
        assert compare(now) == [], "what was forgotten is no difference"
        other = next(
            order
            for order in world.ledger.as_of(now).orders_of(STOREFRONT)
            if order.order_id != world.order.order_id
        )
        world.removed.add(other.order_id)
        world.show(now)
        assert reconcile(now + LATER / 2)

    def hourly_sync() -> None:
        # The storefront has erased the address.
        changed = replace(
            world.order,
            email=None,
            status="completed",
            updated_at=now,
            status_changed_at=now,
        )
        world.changed[world.order.order_id] = changed
        world.show(now)
        sync(now)

    def history_load() -> None:
        write(
            tmp_path / "export",
            exported(world.show(now), [replace(world.order, order_id="old-1")]),
        )
        HistoryLoad(tmp_path / "export", now).run()

    def daily_run() -> None:
        at = morning_after(third)
        new = replace(
            world.order,
            order_id=str(int(world.order.order_id) + 100_000),
            ordered_at=at - 8 * LATER,
            updated_at=at - 8 * LATER,
            status_changed_at=at - 8 * LATER,
        )
        world.changed[new.order_id] = new
        world.show(at)
        run_day(third, at)

    def web_events() -> None:
        world.run_events(DAY, now)
        assert world.tables()["daily_funnel"] == before["daily_funnel"]

    for load in (
        repair,
        backfill,
        reconciliation,
        hourly_sync,
        history_load,
        daily_run,
        web_events,
    ):
        now += LATER
        with time_machine.travel(now):
            load()
        assert world.left() == [], load.__name__
    orders = world.tables()["orders"]
    assert {
        order["source"] for order in orders if order["order_id"].startswith("old-")
    } == {"old_shop"}
