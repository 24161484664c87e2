"""Very many orders are read by bulk operations, which may fail in many ways."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from demo.services.shopify import BulkFault, Fault, OrderFacts
from ecommerce.core import errors
from tests.integration.shopify.orders import line, refund, shipping, unit
from tests.integration.shopify.reading import (
    NOON,
    NOW,
    Loadable,
    extract,
    simulated,
)


@pytest.fixture
def shop(serve, monkeypatch, read_in_bulk):
    """A shop with three orders, read by a bulk operation for each of two searches."""
    read_in_bulk(1)
    orders = []
    for number in range(1, 4):
        items = [
            line(
                "10",
                sku=f"SKU-{place}",
                rate="0.1",
            )
            for place in range(number)
        ]
        refunds = [refund(unit())] if number == 2 else []
        facts = OrderFacts(
            number,
            NOON,
            items,
            refunds=refunds,
            gateway="paypal",
        )
        orders.append(
            replace(
                facts,
                shipping=[shipping("5")],
            )
        )
    shop = serve(*orders)
    simulated(monkeypatch, shop)
    return shop


def ids(folder):
    """The orders that a read leaves in staging."""
    return ids_in(extract(folder))


def ids_in(raw):
    pages = sorted(Path(raw.file("orders")).glob("*.json"))
    orders = [order for page in pages for order in json.loads(page.read_text())]
    return sorted(order["legacyResourceId"] for order in orders)


def started(shop):
    """How many operations were started."""
    return sum(request.operation == "BulkRun" for request in shop.requests)


def rows(loaded):
    found = []
    for table in ("orders", "order_lines", "refunds", "payments"):
        found += [row | {"read_at": None} for row in loaded.rows(table)]
    return found


def test_orders_read_in_bulk_end_in_the_same_rows_as_page_by_page(
    shop, tmp_path, read_in_bulk
):
    shop.bulk.faults.append(BulkFault(count_error=12))
    shop.faults.append(
        Fault(
            "/bulk/",
            rewrite=lambda body: body * 2,
        )
    )
    in_bulk = Loadable(tmp_path / "bulk")
    assert started(shop) == 2
    assert shop.leaks == []
    read_in_bulk(3)
    paged = Loadable(tmp_path / "pages")
    assert started(shop) == 2
    assert rows(in_bulk) == rows(paged)
    assert len(rows(paged)) == 3 + 6 + 1 + 4
    assert in_bulk.accounts["rows_superseded"] == 0


UNUSABLE = {
    "failed": BulkFault("FAILED", error_code="INTERNAL_SERVER_ERROR"),
    "cancelled": BulkFault("CANCELED"),
    "expired": BulkFault("EXPIRED"),
    "one object too many": BulkFault(count_error=1),
    "cut off": BulkFault(kept=0.7),
}


@pytest.mark.parametrize("name", [*UNUSABLE, "lost"])
def test_an_operation_without_a_usable_result_is_started_again(name, shop, tmp_path):
    if name == "lost":
        lost = b'{"data":{"bulkOperation":null}}'
        shop.faults.append(Fault("BulkState", rewrite=lambda _: lost))
    else:
        shop.bulk.faults.append(replace(UNUSABLE[name]))
    assert ids(tmp_path) == ["1", "2", "3"]
    assert started(shop) == 3


def test_an_operation_that_never_ends_is_cancelled_and_reported(shop, tmp_path):
    shop.bulk.polls = 1_000_000
    sentence = "BulkOperation/1 has not ended after 45 minutes"
    with pytest.raises(errors.TimedOutError, match=sentence):
        extract(tmp_path)
    waited = shop.store.clock.now - NOW
    assert timedelta(minutes=45) <= waited < timedelta(minutes=50)
    assert any(request.operation == "BulkCancel" for request in shop.requests)


@pytest.mark.parametrize(
    ("polls", "minutes", "operations"),
    [
        (2, 5, 2),  # completed meanwhile
        (9, 59, 2),  # still running
        (2, 61, 3),  # too old
    ],
)
def test_the_operation_of_a_killed_task_is_taken_over(
    polls, minutes, operations, shop, tmp_path
):
    shop.bulk.polls = polls
    killed = {"message": "Killed", "path": ["bulkOperation"]}
    shop.faults.append(Fault("BulkState", error=killed))
    with pytest.raises(errors.ContractError, match="Killed"):
        extract(tmp_path)
    shop.store.clock.advance(60 * minutes)
    with time_machine.travel(NOW + timedelta(minutes=minutes)):
        raw = extract(tmp_path)
    assert ids_in(raw) == ["1", "2", "3"]
    assert started(shop) == operations
    # Later changes are not in the result of the operation.
    assert (raw.read_at <= NOW) == (operations == 2)
