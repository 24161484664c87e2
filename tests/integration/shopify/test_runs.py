"""Daily runs, a sync and the reconciliation of a Shopify shop, up to the mailed report."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from demo.services.emulator import Emulator
from demo.services.shopify import OrderFacts, Shopify, build_order
from ecommerce.sales import delivery
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.report.figures.model import Figures, figures_hash
from ecommerce.sources import SHOPIFY
from tests.integration import daily_run
from tests.integration.conftest import LendDataset
from tests.integration.daily_run import morning_after, report_of, run_day
from tests.integration.other_runs import compare, reconcile, sync
from tests.integration.shopify.orders import line, refund, unit
from tests.integration.shopify.reading import connect, shop_with
from tests.integration.warehouse.conftest import Shop, open_shop
from tests.oracle_shopify import totals_of

pytestmark = pytest.mark.slow

DAYS = [date(2026, 9, 1) + timedelta(days=number) for number in range(3)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPENING = morning_after(DAYS[0] - DAY)
"""Six o'clock on the first day."""
NOON = morning_after(DAYS[-1]) + 6 * HOUR
"""After the last day."""


def order(number: int, hours: float, price: str = "10", **facts: Any) -> OrderFacts:
    """An order that is placed so many hours after the opening."""
    removed = facts.pop("removed", 0)
    items = [line(price, 2, removed=removed), line("3.50", sku="CAP")]
    usual = {"created_at": OPENING + hours * HOUR, "email": f"ann{number}@example.com"}
    return OrderFacts(number, lines=items, **usual | facts)


def returned(hours: float, quantity: int = 1) -> Any:
    back = refund(unit(0, quantity))
    back.at = OPENING + hours * HOUR
    return back


HISTORY = [
    order(1, 6),
    order(3, 28),
    order(3, 28, removed=1, edited_at=OPENING + 53 * HOUR),
    order(4, 29),
    order(4, 29, refunds=[returned(51, 2)], cancelled_at=OPENING + 51 * HOUR),
    order(5, 17.5),
    order(6, 52, processed_at=OPENING + 3 * HOUR),  # imported, and dated back
    order(7, 30, payments=[], financial_status="PENDING"),
    order(7, 30, updated_at=OPENING + 55 * HOUR),
    order(8, 65.5, email=None),
]
"""What happens to seven orders."""


class Story:
    """A shop whose orders have the versions of `HISTORY`, and its warehouse."""

    def __init__(self, server: Shopify, warehouse: Shop) -> None:
        self.server, self.warehouse = server, warehouse
        versions = [build_order(facts) for facts in HISTORY]
        self.versions = sorted(versions, key=lambda order: order["updatedAt"])

    def show(self, at: datetime) -> None:
        """Let the shop be as it is at `at`."""
        self.server.store.clock.now = at
        while self.versions:
            since = datetime.fromisoformat(self.versions[0]["updatedAt"])
            if since > at:
                break
            self.server.store.put_order(self.versions.pop(0))

    def mail(self, day: date) -> Figures:
        """Run a day and mail its report."""
        self.show(morning_after(day))
        run_day(day)
        with time_machine.travel(morning_after(day) + HOUR / 2):
            report = report_of(day, "test")
            asked_at = report.provenance.generated_at
            figures = figures_hash(report)
            delivery.claim_delivery(day, figures, f"<{day}@example.com>", asked_at)
            delivery.mark_delivered(day, figures)
        return report

    def assert_orders_are_the_shops(self) -> None:
        """The warehouse has the orders of the shop, and their amounts are the oracle's."""
        stored = {row["order_id"]: row for row in self.warehouse.rows("orders")}
        orders = self.server.store.orders.values()
        assert stored.keys() == {each["legacyResourceId"] for each in orders}
        for each in orders:
            expected = totals_of(each)
            row = stored[expected["order_id"]]
            assert {name: row[name] for name in expected} == expected


@pytest.fixture
def story(
    bigquery_emulator: Emulator, lend_dataset: LendDataset, tmp_path: Path
) -> Iterator[Story]:
    """A shop and a warehouse, with nothing but Shopify to read from."""
    with ExitStack() as running:
        patch = running.enter_context(pytest.MonkeyPatch.context())
        dataset = running.enter_context(lend_dataset())
        warehouse = open_shop(bigquery_emulator, patch, tmp_path, dataset)
        server = running.enter_context(shop_with([]))
        connect(patch, server)
        patch.setenv("STAGING_URI", f"file://{tmp_path}/staging")
        patch.setattr(daily_run, "sources_on", lambda: [SHOPIFY])
        patch.setattr(comparison, "reconciled_sources", lambda: [SHOPIFY])
        yield Story(server, warehouse)


def test_what_left_no_trace_is_found_corrected_and_restated(story):
    for day in DAYS:
        story.mail(day)
        at = morning_after(day) + 9 * HOUR
        story.show(at)
        sync(at, SHOPIFY)
        story.assert_orders_are_the_shops()
    assert story.versions == []
    store = story.server.store
    store.delete_order("gid://shopify/Order/1")  # paid, and fulfilled
    for facts in (order(5, 17.5, price="12"), order(8, 65.5, email=None, removed=1)):
        store.put_order(build_order(facts))
    story.show(NOON + 9 * HOUR)
    assert [
        (each["business_date"], each["what"]) for each in reconcile(NOON + 9 * HOUR)
    ] == [
        (str(DAYS[2]), "orders: 1 with other refunds"),
        (str(DAYS[0]), "orders: 1 gone from the source, 1 changed"),
    ]
    story.assert_orders_are_the_shops()
    assert compare(NOON + 10 * HOUR) == []
    quality = story.mail(DAYS[-1] + DAY).quality
    restated = {}
    for each in quality.restatements:
        if each.figure in ("net_sales", "orders"):
            key = (each.business_date, each.figure)
            restated[key] = each.new - each.old
    assert restated == {
        (DAYS[0], "net_sales"): Decimal("-23.50") + 4,
        (DAYS[0], "orders"): -1,
        (DAYS[2], "net_sales"): -10,
    }
