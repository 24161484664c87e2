"""What a run reads from a Shopify shop, and how."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from demo.services.shopify import (
    CLIENT_ID,
    CLIENT_SECRET,
    BulkFault,
    Fault,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    Shopify,
)
from ecommerce.core import errors
from ecommerce.sources import shopify
from ecommerce.sources.shopify import bulk, extraction
from tests.integration.shopify.reading import (
    DAY,
    NOON,
    NOW,
    Loadable,
    connect,
    simulated,
    window_in,
)

HOUR = timedelta(hours=1)


def order(number: int, created_at=NOON, lines: int = 1, **facts) -> OrderFacts:
    items = [LineFacts(f"SKU-{n}", Decimal(10), discounts=[]) for n in range(lines)]
    return OrderFacts(number, created_at, items, **facts)


def ids(loaded: Loadable) -> list[str]:
    return [row["order_id"] for row in loaded.rows("orders")]


def test_orders_of_the_day_and_changed_ones_are_read(
    serve: Callable[..., Shopify], tmp_path: Path
) -> None:
    old = DAY.start - timedelta(days=20)
    serve(
        order(1, DAY.start),
        order(2, DAY.end - timedelta(seconds=1)),
        order(3, old, updated_at=NOON),
        order(4, old, updated_at=DAY.end + HOUR),
        order(5, old),
        order(6, NOON, processed_at=old),  # imported, dated back
        order(7, old, processed_at=NOON, updated_at=old),
    )
    assert ids(Loadable(window_in(tmp_path))) == ["1", "2", "3", "4", "6", "7"]


def test_a_day_of_200_orders_takes_few_requests(
    serve: Callable[..., Shopify], tmp_path: Path
) -> None:
    shop = serve(*(order(number) for number in range(1, 201)))
    loaded = Loadable(window_in(tmp_path))
    assert len(loaded.rows("orders")) == 200
    assert len(shop.requests) <= 6


def test_known_orders_are_read_and_missing_ones_reported(serve, tmp_path: Path) -> None:
    old = DAY.start - timedelta(days=20)
    serve(order(1), order(2, old))
    window = window_in(tmp_path, changed_until=DAY.end, known_orders=["2", "3", "1"])
    loaded = Loadable(window)
    assert ids(loaded) == ["1", "2"]
    versions = [row["order_id"] for row in loaded.rows("order_versions")]
    assert sorted(versions) == ["1", "2", "3"]


@pytest.mark.parametrize("lines", [50, 51, 250, 600])
def test_an_order_with_many_lines_is_read_whole(
    lines: int, load: Callable[..., Loadable]
) -> None:
    loaded = load(
        order(
            1,
            lines=lines,
            refunds=[RefundFacts(NOON, [RefundLineFacts(n) for n in range(lines)])],
        ),
        order(2),
    )
    assert [row["item_count"] for row in loaded.rows("orders")] == [lines, 1]
    assert len(loaded.rows("refunds")) == lines
    assert loaded.accounts["warnings"] == []


def test_an_order_that_changes_between_its_pages_is_read_again(
    serve, tmp_path: Path
) -> None:
    shop = serve(order(1, lines=300))

    def change(store) -> None:
        store.update_order(
            "gid://shopify/Order/1", NOW - timedelta(minutes=1), email="new@example.com"
        )

    shop.faults.append(Fault("OrderLines", before=change))
    loaded = Loadable(window_in(tmp_path))
    assert [row["item_count"] for row in loaded.rows("orders")] == [300]
    assert sum(request.operation == "OrdersById" for request in shop.requests) == 3


def test_many_orders_are_read_in_bulk_and_end_in_the_same_rows(
    serve, tmp_path: Path, monkeypatch
) -> None:
    orders = [
        order(
            n,
            lines=1 + n % 3,
            refunds=[RefundFacts(NOON, [RefundLineFacts(0)])] if n % 4 == 0 else [],
        )
        for n in range(1, 41)
    ]
    shop = serve(*orders)
    paged = Loadable(window_in(tmp_path / "pages"))
    monkeypatch.setattr(extraction, "IN_BULK", 10)
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    in_bulk = Loadable(window_in(tmp_path / "bulk"))
    assert any(request.operation == "BulkRun" for request in shop.requests)
    assert shop.leaks == []
    for table in ("orders", "order_lines", "refunds"):
        without = [
            [
                {k: v for k, v in row.items() if k != "read_at"}
                for row in each.rows(table)
            ]
            for each in (paged, in_bulk)
        ]
        assert without[0] == without[1]


@pytest.fixture
def bulk_shop(serve, monkeypatch) -> Shopify:
    """A shop whose orders are read by a bulk operation for each of two searches."""
    monkeypatch.setattr(extraction, "IN_BULK", 1)
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    return serve(*(order(n) for n in range(1, 4)))


def operations_started(shop: Shopify) -> int:
    return sum(request.operation == "BulkRun" for request in shop.requests)


UNUSABLE = {
    "failed": BulkFault("FAILED", error_code="INTERNAL_SERVER_ERROR"),
    "cancelled": BulkFault("CANCELED"),
    "expired": BulkFault("EXPIRED"),
    "one object too many": BulkFault(count_error=1),
    "cut off": BulkFault(kept=0.7),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_bulk_operation_without_a_usable_result_is_started_again(
    name: str, bulk_shop: Shopify, tmp_path: Path, monkeypatch
) -> None:
    simulated(monkeypatch, bulk_shop)
    bulk_shop.bulk.faults.append(UNUSABLE[name])
    assert ids(Loadable(window_in(tmp_path))) == ["1", "2", "3"]
    assert operations_started(bulk_shop) == 3


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (
            UNUSABLE["failed"],
            errors.TransientError,
            "a bulk operation is FAILED: INTERNAL_SERVER_ERROR",
        ),
        (UNUSABLE["cut off"], errors.TransientError, "is cut off, or no JSON lines"),
        (
            BulkFault("FAILED", error_code="ACCESS_DENIED"),
            errors.CredentialsError,
            "lacks an access scope",
        ),
    ],
)
def test_bulk_operations_that_all_fail_are_an_error(
    fault, kind, sentence, bulk_shop: Shopify, tmp_path: Path
) -> None:
    bulk_shop.bulk.faults += [fault] * bulk.RUNS
    with pytest.raises(kind, match=sentence):
        shopify.extract(window_in(tmp_path))
    assert operations_started(bulk_shop) == (
        1 if kind is errors.CredentialsError else bulk.RUNS
    )


def test_a_large_result_of_a_bulk_operation_is_refused(
    bulk_shop: Shopify, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_BYTES", 1_000)
    with pytest.raises(
        errors.ContractError, match=r"the answer has more than 1,000 bytes$"
    ):
        shopify.extract(window_in(tmp_path))


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_an_expired_address_is_not_requested_again(
    status: int, bulk_shop: Shopify, tmp_path: Path, monkeypatch
) -> None:
    simulated(monkeypatch, bulk_shop)
    expired = b"<Error><Code>ExpiredToken</Code></Error>"
    bulk_shop.faults.append(
        Fault("/bulk/1.jsonl", status=status, body=expired, times=99)
    )
    assert ids(Loadable(window_in(tmp_path))) == ["1", "2", "3"]
    paths = [
        request.path.partition("?")[0]
        for request in bulk_shop.requests
        if "/bulk/" in request.path
    ]
    assert paths == ["/bulk/1.jsonl", "/bulk/2.jsonl", "/bulk/3.jsonl"]


def test_a_bulk_operation_that_shopify_lost_is_started_again(
    bulk_shop: Shopify, tmp_path: Path, monkeypatch
) -> None:
    simulated(monkeypatch, bulk_shop)
    lost = b'{"data":{"bulkOperation":null}}'
    bulk_shop.faults.append(Fault("BulkState", rewrite=lambda body: lost))
    assert ids(Loadable(window_in(tmp_path))) == ["1", "2", "3"]


def test_a_bulk_operation_that_never_ends_is_cancelled_and_reported(
    bulk_shop: Shopify, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(bulk, "PAUSE", 5.0)
    clock = simulated(monkeypatch, bulk_shop)
    bulk_shop.bulk.polls = 1_000_000
    with pytest.raises(
        errors.TimedOutError, match="BulkOperation/1 has not ended after 45 minutes"
    ):
        shopify.extract(window_in(tmp_path))
    assert timedelta(minutes=45) <= clock.now - NOW < timedelta(minutes=50)
    assert any(request.operation == "BulkCancel" for request in bulk_shop.requests)


def test_waiting_for_other_bulk_operations_ends(
    bulk_shop: Shopify, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(bulk, "PAUSE", 5.0)
    simulated(monkeypatch, bulk_shop)
    refusal = {"code": "LIMIT_REACHED", "message": "Bulk operations limit reached"}
    refused = {
        "data": {
            "bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [refusal]}
        }
    }
    bulk_shop.faults.append(
        Fault("BulkRun", rewrite=lambda body: json.dumps(refused).encode(), times=999)
    )
    with pytest.raises(
        errors.TimedOutError,
        match="other bulk operations of the app have not ended after 45",
    ):
        shopify.extract(window_in(tmp_path))


@pytest.mark.parametrize("polls", [2, 9], ids=["completed meanwhile", "still running"])
def test_the_bulk_operation_of_a_killed_task_is_taken_over(
    polls: int, serve, tmp_path: Path, monkeypatch
) -> None:
    shop = serve(*(order(n) for n in range(1, 41)))
    shop.bulk.polls = polls
    monkeypatch.setattr(extraction, "IN_BULK", 10)
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    shop.faults.append(
        Fault("BulkState", error={"message": "Killed", "path": ["bulkOperation"]})
    )
    with pytest.raises(errors.ContractError, match="Killed"):
        shopify.extract(window_in(tmp_path))
    shop.store.clock.advance(300)
    assert len(ids(Loadable(window_in(tmp_path)))) == 40
    assert sum(request.operation == "BulkRun" for request in shop.requests) == 2


def test_a_bulk_operation_waits_for_others_of_the_app(
    serve, tmp_path: Path, monkeypatch
) -> None:
    shop = serve(*(order(n) for n in range(1, 41)))
    monkeypatch.setattr(extraction, "IN_BULK", 10)
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    refusal = {
        "code": "OPERATION_IN_PROGRESS",
        "message": "A bulk query operation is already in progress",
    }
    refused = {
        "data": {
            "bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [refusal]}
        }
    }
    shop.faults.append(
        Fault("BulkRun", rewrite=lambda body: json.dumps(refused).encode(), times=2)
    )
    assert len(ids(Loadable(window_in(tmp_path)))) == 40


def test_client_credentials_are_exchanged_for_tokens(
    serve, tmp_path: Path, monkeypatch
) -> None:
    shop = serve(order(1))
    connect(monkeypatch, shop, login=CLIENT_ID, password=CLIENT_SECRET)
    assert ids(Loadable(window_in(tmp_path))) == ["1"]


DENIED = {
    "message": "Access denied for refunds field. Required access: `read_orders` access scope.",
    "path": ["nodes", 0, "refunds"],
    "extensions": {
        "code": "ACCESS_DENIED",
        "requiredAccess": "`read_orders` access scope.",
    },
}
BROKEN = {
    "message": "Internal error. Looks like something went wrong on our end.",
    "path": ["nodes", 0, "lineItems"],
    "extensions": {"code": "INTERNAL_SERVER_ERROR"},
}
ODD_ERROR = (
    b'{"errors":[{"message":"Odd","path":7,"extensions":"none"}],"extensions":["none"]}'
)
FAULTS = {
    "wrong token": (
        Fault(status=401, body=b'{"errors":"[API] Invalid API key"}', times=99),
        errors.CredentialsError,
        'shopify_api: shop answered 401 \'{"errors":"[API] Invalid API key"}\': check the access token',
    ),
    "frozen": (
        Fault(status=402, body=b"{}", times=99),
        errors.CredentialsError,
        "shopify_api: shop answered 402: the shop is frozen: its owner has to settle the bill",
    ),
    "locked": (
        Fault(status=423, body=b"{}", times=99),
        errors.CredentialsError,
        "shopify_api: shop answered 423: Shopify has locked the shop",
    ),
    "no such shop": (
        Fault(status=404, body=b"Not Found", times=99),
        errors.ContractError,
        "is the host of the connection the shop's own address, https://<shop>.myshopify.com?",
    ),
    "unavailable": (
        Fault(status=502, times=99),
        errors.TransientError,
        "shopify_api: shop answered 502 Bad Gateway: the server is unavailable",
    ),
    "html": (
        Fault(body=b"<html>Busy</html>", status=200, times=99),
        errors.TransientError,
        "shopify_api: shop is no JSON object; it begins with '<html>Busy</html>'",
    ),
    "truncated JSON": (
        Fault("OrderIds", rewrite=lambda body: body[:-20], times=99),
        errors.TransientError,
        "shopify_api: order_ids is no JSON object; it begins with",
    ),
    "another site": (
        Fault(status=302, headers={"Location": "https://other.example/"}, times=99),
        errors.ConfigurationError,
        "redirects to https://other.example, which is another site",
    ),
    "no data": (
        Fault("OrderIds", rewrite=lambda body: b'{"data":null}', times=99),
        errors.ContractError,
        "shopify_api: order_ids: the answer has no data",
    ),
    "errors as a text": (
        Fault(
            "OrderIds",
            rewrite=lambda body: b'{"errors":"Something is wrong"}',
            times=99,
        ),
        errors.ContractError,
        "shopify_api: order_ids: 'Something is wrong'",
    ),
    "errors as an object": (
        Fault(
            "OrderIds",
            rewrite=lambda body: b'{"errors":{"query":"is missing"}}',
            times=99,
        ),
        errors.ContractError,
        """shopify_api: order_ids: "{'query': 'is missing'}\"""",
    ),
    "errors of other types": (
        Fault("OrderIds", rewrite=lambda body: ODD_ERROR, times=99),
        errors.ContractError,
        "shopify_api: order_ids: 'Odd'",
    ),
    "cut off": (
        Fault("OrdersById", cut=True, times=99),
        errors.TransientError,
        "shopify_api: orders_by_id failed: the server closed the connection",
    ),
    "a field of the amounts is hidden": (
        Fault("OrdersById", error=DENIED, times=99),
        errors.CredentialsError,
        "the app lacks an access scope: `read_orders` access scope.",
    ),
    "an error beside the data": (
        Fault("OrdersById", error=BROKEN, times=99),
        errors.TransientError,
        "shopify_api: orders_by_id: 'Internal error. Looks like something went wrong on our end.'",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_failure_is_an_error_of_its_kind(
    name: str, serve, tmp_path: Path, monkeypatch
) -> None:
    fault, kind, sentence = FAULTS[name]
    shop = serve(order(1))
    simulated(monkeypatch, shop)
    shop.faults.append(replace(fault))
    with pytest.raises(kind) as failure:
        shopify.extract(window_in(tmp_path))
    assert sentence in str(failure.value)
    assert "shpat" not in str(failure.value)
    assert not list(tmp_path.rglob("_manifest.json"))
