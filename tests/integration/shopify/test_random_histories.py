"""Random orders, edits, refunds, exchanges and deletions, in any split of windows, by
pages or in bulk."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from demo.services.shopify import (
    DiscountFacts,
    FeeFacts,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    TaxFacts,
    build_order,
)
from ecommerce.sources.shopify import SHOPIFY, bulk, extraction
from tests.integration.shopify.orders import paid
from tests.integration.shopify.reading import (
    DAY,
    NOON,
    NOW,
    Loadable,
    connect,
    shop_with,
    window_in,
)
from tests.oracle_shopify import returns_of, totals_of

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
ADDED = "D"
"""The SKU of the items that an exchange adds."""
PAYMENTS = [
    None,
    None,
    None,
    [],
    [paid("1", status="FAILURE")],
    [paid("0.50")],
    [paid("0.50"), paid("2", status="PENDING")],
]
"""Of a refund; None is the payment of all that it lists."""
amounts = some.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100)
rates = some.sampled_from(["0.07", "0.10", "0.19", "0.21"]).map(Decimal)
kinds = some.sampled_from(["goods"] * 6 + ["gift_card", "custom", "deleted_product"])


@some.composite
def lines(draw):
    price, quantity = draw(amounts), draw(some.integers(1, 4))
    discounts = []
    share = draw(some.sampled_from([0, 0, 10, 33, 100]))
    if share:
        discount = price * quantity * share / 100
        discounts.append(DiscountFacts(discount.quantize(Decimal("0.01"))))
    kind = draw(kinds)
    return LineFacts(
        draw(some.sampled_from(["A", "B", "C"])),
        price,
        quantity,
        discounts=discounts,
        taxes=draw(some.lists(rates.map(TaxFacts), max_size=2)),
        removed=draw(some.sampled_from([0, draw(some.integers(0, quantity))])),
        duty=draw(some.sampled_from([None, None, Decimal("1.50")])),
        **({} if kind == "goods" else {kind: True}),
    )


@some.composite
def orders(draw, number):
    items = draw(some.lists(lines(), min_size=1, max_size=4))
    if draw(some.booleans()):
        items.append(LineFacts(None, draw(amounts), title="Tip", tip=True))
    fees = [FeeFacts("Bag", Decimal("0.25"), tax=Decimal("0.02"))]
    order = OrderFacts(
        number,
        NOON - draw(some.integers(0, 600)) * MINUTE,
        items,
        shipping=[ShippingFacts(Decimal(5), taxes=[TaxFacts(draw(rates))])],
        fees=fees if draw(some.booleans()) else [],
        duties_place=draw(some.sampled_from(["own", "fees", "prices"])),
        taxes_included=draw(some.booleans()),
        refund_subtotals_with_tax=draw(some.sampled_from([None, True, False])),
        email=f"customer.{number}@example.com",
    )
    left = [line.quantity - line.removed for line in items]
    for _ in range(draw(some.integers(0, 3))):
        add_refund(draw, order, left)
    return order


def add_refund(draw, order, left):
    """Add a refund of some of the units that are `left` of each line."""
    units = []
    for position, available in enumerate(left):
        if available and draw(some.booleans()):
            back = draw(some.integers(1, available))
            left[position] -= back
            units.append(RefundLineFacts(position, back))
    refund = RefundFacts(
        NOON + draw(some.integers(1, 600)) * MINUTE,
        units,
        shipping=draw(some.sampled_from([Decimal(0), Decimal(1)])),
        transactions=draw(some.sampled_from(PAYMENTS)),
    )
    if units and draw(some.integers(0, 4)) == 0:
        # Exchanged for an item that is added to the order.
        order.lines.append(LineFacts(ADDED, draw(amounts)))
        refund = RefundFacts(
            refund.at,
            units,
            return_number=order.number,
            exchanged=[len(order.lines) - 1],
        )
    returned_before = any(each.duties for each in order.refunds)
    if not returned_before and draw(some.booleans()):
        duties = [line.duty for line in order.lines if line.duty]
        refund.duties = sum(duties, Decimal(0))
    if units or refund.shipping or refund.duties or refund.transactions:
        order.refunds.append(refund)


@some.composite
def histories(draw):
    """The versions of a shop's orders with their instants, and when some are deleted."""
    versions = []
    deleted = {}
    for number in range(1, draw(some.integers(3, 8)) + 1):
        last = draw(orders(number))
        changed_at = max([last.created_at, *(each.at for each in last.refunds)])
        placed = [replace(line, removed=0) for line in last.lines if line.sku != ADDED]
        first = replace(last, lines=placed, refunds=[], updated_at=last.created_at)
        versions.append((last.created_at, first))
        versions.append((changed_at, replace(last, updated_at=changed_at)))
        if draw(some.integers(0, 5)) == 0:
            deleted[str(number)] = changed_at + MINUTE
    return sorted(versions, key=lambda version: version[0]), deleted


class Tables:
    """What the reads leave: an order is replaced whole by its newest version."""

    def __init__(self):
        self.orders = {}
        self.refunds = {}

    def add(self, loaded):
        assert loaded.rows("rejected_rows") == []
        for row in loaded.rows("order_versions"):
            self.orders.pop(row["order_id"], None)
        self.orders |= {row["order_id"]: row for row in loaded.rows("orders")}
        self.refunds |= loaded.refunds()


@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    history=histories(),
    reads=some.lists(some.tuples(some.integers(1, 1200), some.booleans()), max_size=2),
    last_in_bulk=some.booleans(),
)
def test_any_split_of_windows_ends_in_the_oracles_rows(
    history,
    reads,
    last_in_bulk,
    tmp_path_factory,
    monkeypatch,
):
    versions, deleted = history
    tables, read_at = Tables(), DAY.start
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    opening = NOON - timedelta(hours=10)
    times = sorted((opening + after * MINUTE, in_bulk) for after, in_bulk in reads)
    with shop_with([]) as shop:
        connect(monkeypatch, shop)
        for at, in_bulk in [*times, (NOW, last_in_bulk)]:
            shop.store.clock.now = at
            show(shop.store, at, versions, deleted)
            # The last read is the reconciliation, which asks for the known orders.
            known = list(tables.orders) if at == NOW else []
            monkeypatch.setattr(extraction, "IN_BULK", -1 if in_bulk else 20_000)
            window = window_in(
                tmp_path_factory.mktemp("read"),
                changed_from=read_at - SHOPIFY.overlap,
                also_read=known,
            )
            with time_machine.travel(at):
                tables.add(Loadable(window))
            read_at = at
        present = list(shop.store.orders.values())
    assert tables.orders.keys() == {order["legacyResourceId"] for order in present}
    for order in present:
        expected = totals_of(order)
        order_id = expected["order_id"]
        assert {name: tables.orders[order_id][name] for name in expected} == expected
        returned = {row for row in returns_of(order) if any(row[2:])}
        assert tables.refunds[order_id] == returned


def show(store, at, versions, deleted):
    """Let the shop have the orders that it has at an instant."""
    for since, facts in versions:
        gone = deleted.get(str(facts.number), NOW + MINUTE) <= at
        if since <= at and not gone:
            changed = build_order(facts)
            store.orders[changed["id"]] = changed
    for order_id, since in deleted.items():
        gid = f"gid://shopify/Order/{order_id}"
        if since <= at and gid in store.orders:
            del store.orders[gid]
