"""The client of Shopify's API: documents, pace, and what the API refuses."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from graphql import build_schema, parse, validate

from demo.layout import REPOSITORY
from demo.services.shopify import (
    Fault,
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
)
from ecommerce.core import errors
from ecommerce.sources import shopify
from ecommerce.sources.shopify import extraction
from ecommerce.sources.shopify.client import document
from tests.integration.shopify.reading import (
    DAY,
    NOON,
    NOW,
    Loadable,
    connect,
    simulated,
    window_in,
)

DOCUMENTS = [
    *(
        "shop",
        "order_ids",
        "orders_by_id",
        "order_lines",
        "refund_lines",
        "oldest_order",
    ),
    *("bulk_run", "bulk_state", "bulk_recent", "bulk_orders", "bulk_cancel"),
]
WHOLE_SCHEMA = REPOSITORY.parent / "shared" / "shopify" / "admin-2026-07.graphql.zst"
SUBSET = REPOSITORY / "demo" / "services" / "shopify" / "schema.graphql"


def order(number: int = 1, **facts) -> OrderFacts:
    return OrderFacts(
        number, facts.pop("created_at", NOON), [LineFacts("MUG", Decimal(10))], **facts
    )


def test_every_document_is_listed() -> None:
    files = {
        path.stem
        for path in (REPOSITORY / "include" / "sql" / "extract" / "shopify").glob(
            "*.graphql"
        )
    }
    assert files == {*DOCUMENTS, "fragments"}


@pytest.mark.parametrize(
    "schema",
    [
        SUBSET,
        pytest.param(
            WHOLE_SCHEMA,
            marks=pytest.mark.skipif(
                not WHOLE_SCHEMA.exists(), reason="the whole schema is not published"
            ),
        ),
    ],
    ids=["subset", "whole"],
)
def test_every_document_is_valid(schema: Path) -> None:
    compression = "zstd" if schema == WHOLE_SCHEMA else None
    text = pa.input_stream(schema, compression=compression).read()
    built = build_schema(text.decode(), assume_valid=True)
    for name in DOCUMENTS:
        wrong = validate(built, parse(document(name).replace("%s", '"id:1"')))
        assert not wrong, f"{name}: {wrong}"


def test_many_orders_take_the_time_of_their_points(
    serve, tmp_path: Path, monkeypatch
) -> None:
    orders = [
        order(
            n, refunds=[RefundFacts(NOON, [RefundLineFacts(0)])] if n % 5 == 0 else []
        )
        for n in range(1, 1001)
    ]
    shop = serve(*orders)
    shop.bucket.take(
        shop.bucket.status()["currentlyAvailable"]
    )  # a shop whose bucket is empty
    clock = simulated(monkeypatch, shop)
    began = clock.now
    shopify.extract(window_in(tmp_path))
    points = sum(request.actual_cost or 0 for request in shop.requests)
    assert (clock.now - began).total_seconds() <= 1.2 * points / 100 + 2
    assert all(request.status == 200 for request in shop.requests)


def test_a_throttled_request_waits_for_points(
    serve, tmp_path: Path, monkeypatch
) -> None:
    shop = serve(order())
    simulated(monkeypatch, shop)
    shop.faults.append(Fault("OrdersById", throttled=True, times=7))
    assert [
        row["order_id"] for row in Loadable(window_in(tmp_path)).rows("orders")
    ] == ["1"]


def test_throttling_without_end_is_an_error(serve, tmp_path: Path, monkeypatch) -> None:
    shop = serve(order())
    simulated(monkeypatch, shop)
    shop.faults.append(Fault("OrdersById", throttled=True, times=100_000))
    with pytest.raises(
        errors.RateLimitedError, match="Shopify throttles every request"
    ):
        shopify.extract(window_in(tmp_path))


def test_a_request_that_is_too_expensive_is_cut_in_halves(
    serve, tmp_path: Path
) -> None:
    shop = serve(*(order(n) for n in range(1, 41)))
    refusal = {
        "message": "Query cost is 1019, which exceeds the single query max cost limit (1000).",
        "extensions": {"cost": 1019, "maxCost": 1000},
    }
    shop.faults.append(
        Fault(
            "OrdersById",
            rewrite=lambda body: json.dumps({"errors": [refusal]}).encode(),
            times=1,
        )
    )
    assert len(Loadable(window_in(tmp_path)).rows("orders")) == 40


def test_a_search_that_shopify_does_not_understand_is_an_error(
    serve, tmp_path: Path, monkeypatch
) -> None:
    serve(order())
    monkeypatch.setattr(
        extraction,
        "_searches",
        lambda window, read_at: {
            "created": "made_at:>='2026-11-19'",
            "changed": "id:1",
        },
    )
    with pytest.raises(errors.ContractError, match="does not understand the search"):
        shopify.extract(window_in(tmp_path))


def test_without_personal_data_orders_are_read_with_a_warning(
    serve, tmp_path: Path
) -> None:
    serve(order(email="ann@example.com", customer_id=7), protectedData=["customer"])
    loaded = Loadable(window_in(tmp_path))
    assert [row["country_code"] for row in loaded.rows("orders")] == [None]
    assert [each["kind"] for each in loaded.accounts["warnings"]] == ["fields_hidden"]


def test_older_orders_need_a_scope(serve, tmp_path: Path) -> None:
    serve(order(), accessScopes=["read_orders", "read_products", "read_returns"])
    shopify.extract(window_in(tmp_path))
    from ecommerce.core.business_day import day_window

    old = day_window((NOW - timedelta(days=70)).date(), DAY.timezone)
    with pytest.raises(errors.ConfigurationError, match="read_all_orders"):
        shopify.extract(window_in(tmp_path / "old", old))


def test_another_version_of_the_api_is_an_error(serve, tmp_path: Path) -> None:
    shop = serve(order())
    shop.versions = ("2026-10", "2027-01")
    with pytest.raises(
        errors.ContractError,
        match="answered by version 2026-10 of the API in place of 2026-07",
    ):
        shopify.extract(window_in(tmp_path))


def test_a_secret_is_in_no_message(serve, tmp_path: Path, monkeypatch) -> None:
    shop = serve(order())
    connect(monkeypatch, shop, login="demo-client-id", password="shpss_wrong")
    with pytest.raises(errors.CredentialsError) as refused:
        shopify.extract(window_in(tmp_path))
    assert "shpss" not in str(refused.value)
