"""Random orders, edits, refunds, exchanges and deletions, in any split of windows, by pages or in bulk."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

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
    TransactionFacts,
    build_order,
)
from ecommerce.sources.shopify import OVERLAP, bulk, extraction
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

MINUTE = timedelta(minutes=1)
amounts = some.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100)
rates = some.sampled_from(["0.07", "0.10", "0.19", "0.21"]).map(Decimal)


@some.composite
def lines(draw: Any) -> LineFacts:
    price, quantity = draw(amounts), draw(some.integers(1, 4))
    share = draw(some.sampled_from([0, 0, 10, 33, 100]))
    discounts = (
        [DiscountFacts((price * quantity * share / 100).quantize(Decimal("0.01")))]
        if share
        else []
    )
    taxes = draw(
        some.lists(rates, max_size=2).map(
            lambda found: [TaxFacts(rate) for rate in found]
        )
    )
    kind = draw(
        some.sampled_from(["goods"] * 6 + ["gift_card", "custom", "deleted_product"])
    )
    more: dict[str, Any] = {kind: True} if kind != "goods" else {}
    removed = draw(some.integers(0, quantity)) if draw(some.booleans()) else 0
    return LineFacts(
        draw(some.sampled_from(["A", "B", "C"])),
        price,
        quantity,
        discounts=discounts,
        taxes=taxes,
        removed=removed,
        duty=draw(some.sampled_from([None, None, Decimal("1.50")])),
        **more,
    )


@some.composite
def orders(draw: Any, number: int) -> OrderFacts:
    found = draw(some.lists(lines(), min_size=1, max_size=4))
    if draw(some.booleans()):
        found.append(LineFacts(None, draw(amounts), title="Tip", tip=True))
    left = [line.quantity - line.removed for line in found]
    duties = sum((line.duty or Decimal(0) for line in found), Decimal(0))
    refunds = []
    for _ in range(draw(some.integers(0, 3))):
        items = []
        for position, units in enumerate(left):
            if units and draw(some.booleans()):
                back = draw(some.integers(1, units))
                left[position] -= back
                items.append(RefundLineFacts(position, back))
        transactions = draw(
            some.sampled_from(
                [
                    None,
                    None,
                    None,
                    [],
                    [TransactionFacts(Decimal(1), status="FAILURE")],
                    [TransactionFacts(Decimal("0.50"))],
                    [
                        TransactionFacts(Decimal("0.50")),
                        TransactionFacts(Decimal(2), status="PENDING"),
                    ],
                ]
            )
        )
        shipping = draw(some.sampled_from([Decimal(0), Decimal(1)]))
        more: dict[str, Any] = {"shipping": shipping, "transactions": transactions}
        if (
            items and draw(some.integers(0, 4)) == 0
        ):  # exchanged for an item that is added to the order
            found.append(LineFacts("D", draw(amounts), added=True))
            more = {"return_number": number, "exchanged": [len(found) - 1]}
        if duties and draw(some.booleans()):
            more["duties"], duties = duties, Decimal(0)
        if items or shipping or transactions or "duties" in more:
            refunds.append(
                RefundFacts(NOON + draw(some.integers(1, 600)) * MINUTE, items, **more)
            )
    return OrderFacts(
        number,
        NOON - draw(some.integers(0, 600)) * MINUTE,
        found,
        shipping=[ShippingFacts(Decimal(5), taxes=[TaxFacts(draw(rates))])],
        fees=[FeeFacts("Bag", Decimal("0.25"), tax=Decimal("0.02"))]
        if draw(some.booleans())
        else [],
        duties_place=draw(some.sampled_from(["own", "fees", "prices"])),
        refunds=refunds,
        taxes_included=draw(some.booleans()),
        refund_subtotals_with_tax=draw(some.sampled_from([None, True, False])),
        email=f"customer.{number}@example.com",
    )


Versions = list[tuple[datetime, OrderFacts]]


@some.composite
def histories(draw: Any) -> tuple[Versions, dict[str, datetime]]:
    """What the orders of a shop look like from which instant on, and when some are deleted."""
    versions, deleted = [], {}
    for number in range(1, draw(some.integers(3, 8)) + 1):
        last = draw(orders(number))
        changed_at = max([last.created_at, *(each.at for each in last.refunds)])
        first = [line for line in last.lines if not line.added]
        placed = replace(
            last, lines=[replace(line, removed=0) for line in first], refunds=[]
        )
        versions.append((last.created_at, replace(placed, updated_at=last.created_at)))
        versions.append((changed_at, replace(last, updated_at=changed_at)))
        if draw(some.integers(0, 5)) == 0:
            deleted[str(number)] = changed_at + MINUTE
    return sorted(versions, key=lambda version: version[0]), deleted


class Tables:
    """What the reads of a shop leave: an order is replaced whole by its newest version."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, set[Any]] = {}

    def add(self, loaded: Loadable) -> None:
        assert loaded.rows("rejected_rows") == []
        read = {row["order_id"]: row for row in loaded.rows("orders")}
        for order_id in {
            row["order_id"] for row in loaded.rows("order_versions")
        } - read.keys():
            self.orders.pop(order_id, None)
        self.orders |= read
        self.refunds |= {order_id: set() for order_id in read}
        for row in loaded.rows("refunds"):
            amounts = (
                row["merchandise_amount"],
                row["tax_amount"],
                row["shipping_amount"],
            )
            shown = (
                (sum(amounts), Decimal(0)) if row["line_number"] == 0 else amounts[:2]
            )
            if any(shown):
                self.refunds[row["order_id"]].add(
                    (row["refund_id"], row["line_number"], *shown)
                )


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    history=histories(),
    reads=some.lists(some.tuples(some.integers(1, 1200), some.booleans()), max_size=2),
    last_in_bulk=some.booleans(),
)
def test_any_split_of_windows_ends_in_the_oracles_rows(
    history: tuple[Versions, dict[str, datetime]],
    reads: list[tuple[int, bool]],
    last_in_bulk: bool,
    tmp_path_factory: Any,
    monkeypatch: Any,
) -> None:
    versions, deleted = history
    tables, read_at = Tables(), DAY.start
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    with shop_with([]) as shop:
        connect(monkeypatch, shop)
        times = sorted(
            (NOON + minutes * MINUTE - timedelta(hours=10), in_bulk)
            for minutes, in_bulk in reads
        )
        for number, (at, in_bulk) in enumerate([*times, (NOW, last_in_bulk)]):
            shop.store.clock.now = at
            for since, facts in versions:
                if (
                    since <= at
                    and not deleted.get(str(facts.number), NOW + MINUTE) <= at
                ):
                    shop.store.put_order(build_order(facts))
            for order_id, since in deleted.items():
                if (
                    since <= at
                    and f"gid://shopify/Order/{order_id}" in shop.store.orders
                ):
                    shop.store.delete_order(f"gid://shopify/Order/{order_id}")
            known = (
                list(tables.orders) if at == NOW else []
            )  # as the reconciliation asks for them
            monkeypatch.setattr(extraction, "IN_BULK", -1 if in_bulk else 20_000)
            with time_machine.travel(at):
                folder = tmp_path_factory.mktemp(f"read{number}")
                tables.add(
                    Loadable(
                        window_in(
                            folder, changed_from=read_at - OVERLAP, known_orders=known
                        )
                    )
                )
            read_at = at
        present = list(shop.store.orders.values())
    assert tables.orders.keys() == {order["legacyResourceId"] for order in present}
    for order in present:
        expected = totals_of(order)
        order_id = expected["order_id"]
        assert {name: tables.orders[order_id][name] for name in expected} == expected
        assert tables.refunds[order_id] == {
            row for row in returns_of(order) if any(row[2:])
        }
