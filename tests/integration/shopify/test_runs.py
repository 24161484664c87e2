"""Daily runs, syncs, backfills and the reconciliation of a Shopify shop, in any order."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from demo.services.emulator import Emulator
from demo.services.shopify import (
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    Shopify,
    build_order,
)
from ecommerce.sales import delivery
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.report.figures.model import Figures, figures_hash
from ecommerce.sources import SHOPIFY
from tests.integration import daily_run
from tests.integration.conftest import LendDataset
from tests.integration.daily_run import morning_after, report_of, run_day
from tests.integration.other_runs import compare, reconcile, sync
from tests.integration.shopify.reading import connect, shop_with
from tests.integration.warehouse.conftest import Row, Shop, open_shop
from tests.oracle_shopify import totals_of

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPENING = morning_after(DAYS[0] - DAY)
"""Six o'clock on the first day."""
NOON = morning_after(DAYS[-1]) + 6 * HOUR
"""After the last day."""

Versions = list[tuple[datetime, OrderFacts]]


def order(
    number: int, hours: float, *, quantity: int = 2, price: str = "10", **facts: Any
) -> OrderFacts:
    """An order that is placed so many hours after the opening."""
    line = LineFacts(
        f"SKU-{number}", Decimal(price), quantity, removed=facts.pop("removed", 0)
    )
    values: dict[str, Any] = {
        "created_at": OPENING + hours * HOUR,
        "email": f"ann{number}@example.com",
    }
    return OrderFacts(
        number, lines=[line, LineFacts("CAP", Decimal("3.50"))], **values | facts
    )


def refund(hours: float, quantity: int = 1) -> list[RefundFacts]:
    return [RefundFacts(OPENING + hours * HOUR, [RefundLineFacts(0, quantity)])]


def history() -> Versions:
    """What happens to eight orders, and when; the last of it after the last day."""
    versions = [
        order(1, 6),
        order(2, 7),
        order(2, 7, refunds=refund(33)),
        order(2, 7, refunds=refund(33) + refund(74)),
        order(3, 28, quantity=3),
        order(3, 28, quantity=3, removed=1, edited_at=OPENING + 53 * HOUR),
        order(4, 29),
        order(4, 29, refunds=refund(51, 2), cancelled_at=OPENING + 51 * HOUR),
        order(5, 17.5),
        order(6, 52, processed_at=OPENING + 3 * HOUR),  # imported, and dated back
        order(7, 30, payments=[], financial_status="PENDING"),
        order(7, 30, updated_at=OPENING + 55 * HOUR),
        order(8, 65.5, email=None),
    ]
    return [
        (datetime.fromisoformat(build_order(each)["updatedAt"]), each)
        for each in versions
    ]


@dataclass
class Story:
    """A shop whose orders have the versions of `history`, and the warehouse that they are loaded into."""

    server: Shopify
    warehouse: Shop
    versions: Versions

    def show(self, at: datetime) -> None:
        """Let the shop be as it is at `at`."""
        self.server.store.clock.now = at
        for since, facts in self.versions:
            if since <= at:
                self.server.store.put_order(build_order(facts))
        self.versions = [each for each in self.versions if each[0] > at]

    def run(self, day: date, at: datetime | None = None) -> None:
        """Run a day, by default on its morning after."""
        self.show(at or morning_after(day))
        run_day(day, at)

    def mail(self, day: date) -> Figures:
        """Run a day and mail its report."""
        self.run(day)
        with time_machine.travel(morning_after(day) + HOUR / 2):
            report = report_of(day, "test")
            asked_at = report.provenance.generated_at
            delivery.claim_delivery(
                day, figures_hash(report), f"<{day}@example.com>", asked_at
            )
            delivery.mark_delivered(day, figures_hash(report))
        return report

    def sync(self, at: datetime) -> None:
        self.show(at)
        sync(at, SHOPIFY)

    def orders(self) -> dict[str, Row]:
        return {row["order_id"]: row for row in self.warehouse.rows("orders")}

    def assert_orders_are_the_shops(self) -> None:
        """The warehouse has the orders of the shop, and their amounts are the oracle's."""
        stored = self.orders()
        assert stored.keys() == {
            each["legacyResourceId"] for each in self.server.store.orders.values()
        }
        for each in self.server.store.orders.values():
            expected = totals_of(each)
            assert {
                name: stored[expected["order_id"]][name] for name in expected
            } == expected


Start = Callable[..., Story]


@pytest.fixture(scope="module")
def opened(
    bigquery_emulator: Emulator,
    lend_dataset: LendDataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Any]:
    """Open a shop and a warehouse, with nothing but Shopify to read from."""

    @contextmanager
    def story(versions: Versions, **options: Any) -> Iterator[Story]:
        folder: Path = tmp_path_factory.mktemp("shopify")
        with ExitStack() as running:
            patch = running.enter_context(pytest.MonkeyPatch.context())
            warehouse = open_shop(
                bigquery_emulator, patch, folder, running.enter_context(lend_dataset())
            )
            server = running.enter_context(shop_with([], **options))
            connect(patch, server)
            patch.setenv("STAGING_URI", f"file://{folder}/staging")
            patch.setattr(daily_run, "sources_on", lambda: [SHOPIFY])
            patch.setattr(comparison, "reconciled_sources", lambda: [SHOPIFY])
            yield Story(server, warehouse, versions)

    return story


@pytest.fixture
def start(opened: Callable[..., Any]) -> Iterator[Start]:
    with ExitStack() as running:
        yield lambda versions, **options: running.enter_context(
            opened(versions, **options)
        )


@pytest.fixture(scope="module")
def day_by_day(opened: Callable[..., Any]) -> dict[str, list[Row]]:
    """The warehouse after the daily runs, each on its morning, and a sync every eight hours."""
    with opened(history()) as story:
        for day in DAYS:
            story.run(day)
            for hours in (1, 9, 17):
                story.sync(morning_after(day) + hours * HOUR)
        story.assert_orders_are_the_shops()
        assert len(story.orders()) == 8
        state: dict[str, list[Row]] = story.warehouse.state()
    assert sum(row["merchandise_amount"] for row in state["refunds"]) == 50
    return state


@pytest.mark.parametrize("runs", ["210", "sync 0 sync 12 sync"])
def test_runs_in_any_order_end_in_the_same_tables(
    runs: str, day_by_day, start: Start
) -> None:
    story, at = start(history()), NOON + 10 * HOUR
    for run in runs.replace("sync", "s").replace(" ", ""):
        story.sync(at) if run == "s" else story.run(DAYS[int(run)], at)
        at += HOUR / 60
    assert story.warehouse.state() == day_by_day


def test_what_left_no_trace_is_found_corrected_and_restated(start: Start) -> None:
    story = start([(since, facts) for since, facts in history() if facts.number != 2])
    for day in DAYS:
        story.mail(day)
    store = story.server.store
    store.delete_order("gid://shopify/Order/1")  # paid, and fulfilled
    silent = [order(5, 17.5, price="12"), order(8, 65.5, email=None, removed=1)]
    for facts in silent:
        store.put_order(build_order(facts))
    story.show(NOON)
    assert [(each["business_date"], each["what"]) for each in reconcile(NOON)] == [
        (str(DAYS[2]), "orders: 1 with other refunds"),
        (str(DAYS[0]), "orders: 1 gone from the source, 1 changed"),
    ]
    story.assert_orders_are_the_shops()
    assert compare(NOON + HOUR) == []
    quality = story.mail(DAYS[-1] + DAY).quality
    assert any(
        "Shopify" in limit and "read_all_orders" in limit for limit in quality.limits
    )
    restated = {
        (each.business_date, each.figure): each.new - each.old
        for each in quality.restatements
        if each.figure in ("net_sales", "orders")
    }
    assert restated == {
        (DAYS[0], "net_sales"): Decimal("-23.50") + 4,
        (DAYS[0], "orders"): -1,
        (DAYS[2], "net_sales"): -10,
    }
