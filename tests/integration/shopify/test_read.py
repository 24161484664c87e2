"""Which orders a run reads from a Shopify shop, page by page, and that each is whole."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from demo.services.shopify import Fault, LineFacts, OrderFacts, ShopifyStore
from ecommerce.core import errors
from ecommerce.core.data_warnings import sentence
from ecommerce.sources import shopify
from ecommerce.sources.shopify import extraction
from tests.integration.shopify.orders import line, refund, unit
from tests.integration.shopify.reading import (
    DAY,
    NOON,
    NOW,
    Loadable,
    simulated,
    window_in,
)

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
OLD = DAY.start - timedelta(days=20)
SINCE = DAY.start - timedelta(minutes=20)
"""From when on the window has changed orders."""


def order(number: int, placed_at=NOON, lines: int = 1, **facts: Any) -> OrderFacts:
    items = [LineFacts(f"SKU-{n}", Decimal(10)) for n in range(lines)]
    return OrderFacts(number, placed_at, items, **facts)


def ids(loaded: Loadable) -> list[str]:
    return [row["order_id"] for row in loaded.rows("orders")]


def test_orders_of_the_day_changed_and_known_ones_are_read(serve, tmp_path):
    serve(
        order(1, DAY.start),
        order(2, DAY.end - SECOND),
        order(3, OLD, updated_at=SINCE),
        order(4, OLD, updated_at=SINCE - SECOND),
        order(5, OLD, updated_at=DAY.end),
        order(6, OLD, updated_at=NOW - SECOND),
        order(7, NOON, processed_at=OLD),  # imported, dated back
        order(8, OLD, processed_at=NOON, updated_at=OLD),
        order(9, OLD),
    )
    assert ids(Loadable(window_in(tmp_path / "open"))) == list("1235678")
    window = window_in(
        tmp_path / "closed", changed_until=DAY.end, known_orders=["9", "10", "1"]
    )
    loaded = Loadable(window)
    assert ids(loaded) == list("1235789")
    versions = [row["order_id"] for row in loaded.rows("order_versions")]
    assert sorted(versions, key=int) == [*"1235789", "10"]


def test_many_orders_take_the_time_of_their_points(serve, tmp_path, monkeypatch):
    orders = []
    for number in range(1, 501):
        refunds = [refund(unit())] if number % 5 == 0 else []
        orders.append(order(number, refunds=refunds))
    shop = serve(*orders)
    available = shop.bucket.status()["currentlyAvailable"]
    shop.bucket.take(available)  # a shop whose bucket is empty
    clock = simulated(monkeypatch, shop)
    began = clock.now
    shopify.extract(window_in(tmp_path))
    points = sum(request.actual_cost or 0 for request in shop.requests)
    assert (clock.now - began).total_seconds() <= 1.2 * points / 100 + 2
    assert {request.status for request in shop.requests} == {200}
    assert len(shop.requests) <= 13


def test_orders_with_many_lines_are_read_whole(load):
    orders = [order(5)]
    for number, lines in enumerate((50, 51, 250, 600), 1):
        units = [unit(place) for place in range(lines)]
        orders.append(order(number, lines=lines, refunds=[refund(*units)]))
    loaded = load(*orders)
    counts = [row["item_count"] for row in loaded.rows("orders")]
    assert counts == [50, 51, 250, 600, 1]
    assert len(loaded.rows("refunds")) == 951
    assert loaded.accounts["warnings"] == []


def edit(store: ShopifyStore) -> None:
    """Change an order while its lines are read."""
    changed_at = NOW - timedelta(minutes=1)
    store.update_order("gid://shopify/Order/1", changed_at, email="new@example.com")


def test_lines_on_two_pages_and_of_an_order_that_changes_count_once(serve, tmp_path):
    shop = serve(order(1, lines=300))

    def repeat(body: bytes) -> bytes:
        answer = json.loads(body)
        nodes = answer["data"]["holder"]["lineItems"]["nodes"]
        last = shop.store.orders["gid://shopify/Order/1"]["lineItems"][249]
        nodes.insert(0, nodes[0] | {"id": last["id"], "sku": last["sku"]})
        return json.dumps(answer).encode()

    shop.faults.append(Fault("OrderLines", before=edit))
    shop.faults.append(Fault("OrderLines", rewrite=repeat))
    loaded = Loadable(window_in(tmp_path))
    assert [row["item_count"] for row in loaded.rows("orders")] == [300]
    assert loaded.accounts["warnings"] == []
    looks = [each for each in shop.requests if each.operation == "OrdersById"]
    assert len(looks) == 3


def test_a_throttled_request_waits_for_points_but_not_for_ever(
    serve, tmp_path, monkeypatch
):
    shop = serve(order(1))
    simulated(monkeypatch, shop)
    shop.faults.append(Fault("OrdersById", throttled=True, times=7))
    shopify.extract(window_in(tmp_path))
    asked = [each for each in shop.requests if each.operation == "OrdersById"]
    assert len(asked) == 8
    shop.faults.append(Fault("OrdersById", throttled=True, times=100_000))
    with pytest.raises(errors.RateLimitedError, match="throttles every request"):
        shopify.extract(window_in(tmp_path))


def test_a_request_that_is_too_expensive_is_cut_in_halves(serve, tmp_path):
    shop = serve(*(order(number) for number in range(1, 41)))
    refusal = {
        "message": "Query cost is 1019, which exceeds the single query max cost limit.",
        "extensions": {"cost": 1019, "maxCost": 1000},
    }
    body = json.dumps({"errors": [refusal]}).encode()
    shop.faults.append(Fault("OrdersById", rewrite=lambda _: body))
    shopify.extract(window_in(tmp_path))
    asked = [
        len(request.variables["ids"])
        for request in shop.requests
        if request.operation == "OrdersById"
    ]
    assert asked == [40, 20, 20]


def test_a_search_that_shopify_does_not_understand_is_an_error(
    serve, tmp_path, monkeypatch
):
    serve(order(1))
    searches = {"created": "made_at:>='2026-11-19'", "changed": "id:1"}
    monkeypatch.setattr(extraction, "_searches", lambda window, until: searches)
    with pytest.raises(errors.ContractError, match="does not understand the search"):
        shopify.extract(window_in(tmp_path))


def test_without_personal_data_orders_are_read_with_a_warning(
    serve, tmp_path, snapshot
):
    facts = OrderFacts(1, NOON, [line("10")], email="ann@example.com", customer_id=7)
    serve(facts, protectedData=["customer"])
    loaded = Loadable(window_in(tmp_path))
    [row] = loaded.rows("orders")
    assert (row["country_code"], row["gross_amount"]) == (None, 10)
    warnings = loaded.accounts["warnings"]
    assert "\n".join(map(sentence, warnings)) == snapshot
