"""Which orders a run reads from a Shopify shop, page by page, and that each is whole."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from demo.services.shopify import (
    Fault,
    LineFacts,
    OrderFacts,
    PayoutFacts,
    build_order,
)
from ecommerce.core import errors
from ecommerce.core.data_warnings import sentence
from tests.integration.shopify.orders import line, refund, shipping, unit
from tests.integration.shopify.reading import (
    DAY,
    NOON,
    NOW,
    Loadable,
    extract,
    simulated,
)
from tests.rows import column_of

SECOND = timedelta(seconds=1)
OLD = DAY.start - timedelta(days=20)
SINCE = DAY.start - timedelta(minutes=20)
"""From when on the window has changed orders."""


def order(number, placed_at=NOON, lines=1, **facts):
    items = [LineFacts(f"SKU-{n}", Decimal(10)) for n in range(lines)]
    return OrderFacts(number, placed_at, items, **facts)


def ids(loaded):
    return column_of(loaded.rows("orders"), "order_id")


def test_orders_of_the_day_changed_and_known_ones_are_read(serve, tmp_path):
    serve(
        order(1, DAY.start),
        order(2, DAY.end - SECOND),
        order(3, OLD, updated_at=SINCE),
        order(
            4,
            OLD,
            updated_at=SINCE - SECOND,
        ),
        order(5, OLD, updated_at=DAY.end),
        order(6, OLD, updated_at=NOW - SECOND),
        order(7, NOON, processed_at=OLD),  # imported, dated back
        order(8, OLD, processed_at=NOON, updated_at=OLD),
        order(9, OLD),
    )
    assert ids(Loadable(tmp_path / "open")) == list("1235678")
    window = {
        "changed_until": DAY.end,
        "also_read": ["9", "10", "1"],
    }
    loaded = Loadable(tmp_path / "closed", **window)
    assert ids(loaded) == list("1235789")
    versions = column_of(loaded.rows("order_versions"), "order_id")
    assert sorted(versions, key=int) == [*"1235789", "10"]


def test_a_small_shop_is_read_by_five_requests(serve, tmp_path):
    """Its orders of the day, the changed ones and known ones are read at once."""
    shop = serve(
        order(1),
        order(2, OLD, updated_at=NOON),
        order(3, OLD),
        payouts=[PayoutFacts(7, NOON), PayoutFacts(8, NOON)],
    )
    loaded = Loadable(tmp_path, also_read=["3"])
    assert ids(loaded) == list("123")
    operations = [request.operation for request in shop.requests]
    assert operations == [
        "Shop",
        "OrdersById",
        "Payouts",
        "BalanceSearches",
        "OldestOrder",
    ]


def test_orders_with_many_lines_are_read_whole(serve, tmp_path):
    """Also one that changes between its pages, one with many parcels, and very many."""
    changed_at = []

    def change(store):
        changed_at.append(datetime.now(UTC))
        lines = [line("11") for _ in range(600)]
        added = build_order(OrderFacts(4, NOON, lines, updated_at=NOW))
        store.orders[added["id"]] = added

    orders = [
        order(
            5,
            shipping=[shipping("1")] * 11,
        )
    ]
    for number, lines in enumerate((50, 51, 250, 600), 1):
        units = [unit(place) for place in range(lines)]
        orders.append(
            order(
                number,
                lines=lines,
                refunds=[refund(*units)],
            )
        )
    shop = serve(*orders, *(order(number) for number in range(6, 271)))
    shop.faults.append(Fault("OrderLines", before=change))
    loaded = Loadable(tmp_path)
    rows = {row["order_id"]: row for row in loaded.rows("orders")}
    counts = {order_id: row["item_count"] for order_id, row in rows.items()}
    many = {
        "1": 50,
        "2": 51,
        "3": 250,
        "4": 600,
    }
    assert counts == {str(number): 1 for number in range(1, 271)} | many
    assert len(loaded.rows("refunds")) == 351
    assert rows["4"]["gross_amount"] == 6600
    assert rows["5"]["shipping_amount"] == 11
    assert loaded.raw.read_at < changed_at[0], "the next read begins there"
    assert loaded.accounts["warnings"] == []


def test_a_throttled_request_waits_for_points_but_not_for_ever(
    serve, tmp_path, monkeypatch
):
    shop = serve(order(1))
    simulated(monkeypatch, shop)
    shop.faults.append(Fault("OrdersById", throttled=True, times=7))
    extract(tmp_path)
    asked = [each for each in shop.requests if each.operation == "OrdersById"]
    assert len(asked) == 8
    shop.faults.append(Fault("OrdersById", throttled=True, times=100_000))
    with pytest.raises(errors.RateLimitedError, match="Shopify throttles the request"):
        extract(tmp_path)


def test_without_personal_data_orders_are_read_with_a_warning(serve, tmp_path):
    facts = OrderFacts(
        1,
        NOON,
        [line("10")],
        email="ann@example.com",
        customer_id=7,
    )
    serve(facts, protectedData=["customer"])
    loaded = Loadable(tmp_path)
    [row] = loaded.rows("orders")
    assert row["country_code"] is None
    assert row["gross_amount"] == 10
    [warning] = loaded.accounts["warnings"]
    assert sentence(warning).startswith("the shop's app may not see ")
    assert warning["fields"] == "billingAddress, email, shippingAddress"
