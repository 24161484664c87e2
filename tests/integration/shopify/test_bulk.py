"""Very many orders are read by bulk operations, which may fail in many ways."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from demo.services.shopify import BulkFault, Fault, OrderFacts, Shopify
from ecommerce.core import errors
from ecommerce.sources import shopify
from ecommerce.sources.shopify import bulk, extraction
from tests.integration.shopify.orders import line, refund, shipping, unit
from tests.integration.shopify.reading import (
    NOON,
    NOW,
    Loadable,
    simulated,
    window_in,
)


@pytest.fixture
def shop(serve: Callable[..., Shopify], monkeypatch: pytest.MonkeyPatch) -> Shopify:
    """A shop with three orders, read by a bulk operation for each of two searches."""
    monkeypatch.setattr(extraction, "IN_BULK", 1)
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    orders = []
    for number in range(1, 4):
        items = [line("10", sku=f"SKU-{place}", rate="0.1") for place in range(number)]
        refunds = [refund(unit())] if number == 2 else []
        facts = OrderFacts(number, NOON, items, refunds=refunds)
        orders.append(replace(facts, shipping=[shipping("5")]))
    return serve(*orders)


def ids(folder: Path) -> list[str]:
    """The orders that a read leaves in staging."""
    raw = shopify.extract(window_in(folder))
    pages = sorted(Path(raw.file("orders")).glob("*.json"))
    orders = [order for page in pages for order in json.loads(page.read_text())]
    return sorted(order["legacyResourceId"] for order in orders)


def started(shop: Shopify) -> int:
    """How many operations were started."""
    return sum(request.operation == "BulkRun" for request in shop.requests)


def rows(loaded: Loadable) -> list[dict[str, Any]]:
    found = []
    for table in ("orders", "order_lines", "refunds"):
        found += [row | {"read_at": None} for row in loaded.rows(table)]
    return found


def test_orders_read_in_bulk_end_in_the_same_rows_as_page_by_page(
    shop, tmp_path, monkeypatch
):
    shop.bulk.faults.append(BulkFault(count_error=12))
    shop.faults.append(Fault("/bulk/", rewrite=lambda body: body * 2))
    in_bulk = Loadable(window_in(tmp_path / "bulk"))
    assert started(shop) == 2
    assert shop.leaks == []
    monkeypatch.setattr(extraction, "IN_BULK", 3)
    paged = Loadable(window_in(tmp_path / "pages"))
    assert started(shop) == 2
    assert rows(in_bulk) == rows(paged)
    assert len(rows(paged)) == 3 + 6 + 1
    assert in_bulk.accounts["rows_superseded"] == 0


UNUSABLE = {
    "failed": BulkFault("FAILED", error_code="INTERNAL_SERVER_ERROR"),
    "cancelled": BulkFault("CANCELED"),
    "expired": BulkFault("EXPIRED"),
    "one object too many": BulkFault(count_error=1),
    "cut off": BulkFault(kept=0.7),
}


@pytest.mark.parametrize("name", [*UNUSABLE, "lost"])
def test_an_operation_without_a_usable_result_is_started_again(
    name, shop, tmp_path, monkeypatch
):
    simulated(monkeypatch, shop)
    if name == "lost":
        lost = b'{"data":{"bulkOperation":null}}'
        shop.faults.append(Fault("BulkState", rewrite=lambda _: lost))
    else:
        shop.bulk.faults.append(replace(UNUSABLE[name]))
    assert ids(tmp_path) == ["1", "2", "3"]
    assert started(shop) == 3


FAILING = {
    "failed": (UNUSABLE["failed"], 3),
    "cut off": (UNUSABLE["cut off"], 3),
    "denied": (BulkFault("FAILED", error_code="ACCESS_DENIED"), 1),
}


@pytest.mark.parametrize("name", FAILING)
def test_operations_that_all_fail_are_an_error(name, shop, tmp_path, snapshot):
    fault, tries = FAILING[name]
    shop.bulk.faults += [fault] * 3
    with pytest.raises(errors.PipelineError) as failure:
        shopify.extract(window_in(tmp_path))
    assert f"{failure.typename}: {failure.value}" == snapshot
    assert started(shop) == tries


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_an_expired_address_is_not_requested_again(status, shop, tmp_path, monkeypatch):
    simulated(monkeypatch, shop)
    expired = b"<Error><Code>ExpiredToken</Code></Error>"
    gone = Fault("/bulk/1.jsonl", status=status, body=expired, times=99)
    shop.faults.append(gone)
    assert ids(tmp_path) == ["1", "2", "3"]
    paths = [request.path.partition("?")[0] for request in shop.requests]
    downloads = [path for path in paths if "/bulk/" in path]
    assert downloads == ["/bulk/1.jsonl", "/bulk/2.jsonl", "/bulk/3.jsonl"]


def test_an_operation_that_never_ends_is_cancelled_and_reported(
    shop, tmp_path, monkeypatch
):
    monkeypatch.setattr(bulk, "PAUSE", 5.0)
    clock = simulated(monkeypatch, shop)
    shop.bulk.polls = 1_000_000
    with pytest.raises(
        errors.TimedOutError, match="BulkOperation/1 has not ended after 45 minutes"
    ):
        shopify.extract(window_in(tmp_path))
    assert timedelta(minutes=45) <= clock.now - NOW < timedelta(minutes=50)
    assert any(request.operation == "BulkCancel" for request in shop.requests)


@pytest.mark.parametrize("code", ["OPERATION_IN_PROGRESS", "LIMIT_REACHED"])
def test_an_operation_waits_for_others_of_the_app_for_a_while(
    code, shop, tmp_path, monkeypatch
):
    monkeypatch.setattr(bulk, "PAUSE", 5.0)
    simulated(monkeypatch, shop)
    refusal = {"code": code, "message": "Another one is in progress"}
    payload = {"bulkOperation": None, "userErrors": [refusal]}
    refused = json.dumps({"data": {"bulkOperationRunQuery": payload}}).encode()
    busy = Fault("BulkRun", rewrite=lambda _: refused, times=999)
    shop.faults.append(busy)
    with pytest.raises(
        errors.TimedOutError,
        match="other bulk operations of the app have not ended after 45",
    ):
        shopify.extract(window_in(tmp_path))
    busy.times = 2
    assert ids(tmp_path) == ["1", "2", "3"]


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
        shopify.extract(window_in(tmp_path))
    shop.store.clock.advance(60 * minutes)
    with time_machine.travel(NOW + timedelta(minutes=minutes)):
        assert ids(tmp_path) == ["1", "2", "3"]
    assert started(shop) == operations
