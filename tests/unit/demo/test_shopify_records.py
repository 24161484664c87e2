"""What the API returns for stored records, and to whom."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.services.shopify import (
    LineFacts,
    ManualClock,
    RefundFacts,
    RefundLineFacts,
    Shopify,
    ShopifyStore,
)
from demo.services.shopify.store import PROTECTED_DATA, SCOPES
from tests.unit.demo.shopify_shop import (
    NOW,
    PAGE_QUERY,
    data,
    make_order,
    make_shop,
    run,
)

ORDER = "gid://shopify/Order/1"
REFUND = "gid://shopify/Refund/1001"


def refunded_order() -> dict[str, Any]:
    return make_order(
        refunds=[RefundFacts(NOW, [RefundLineFacts(0)], note="broken")],
        customer_id=7,
        email="a@b.c",
    )


def without(names: tuple[str, ...], *missing: str) -> list[str]:
    return [name for name in names if name not in missing]


def test_the_page_query_returns_an_order_with_its_refund() -> None:
    order = data(make_shop([refunded_order()]), PAGE_QUERY, n=50, q="")["orders"][
        "nodes"
    ][0]
    assert order["legacyResourceId"] == "1"
    assert order["totalPriceSet"] == {"shopMoney": {"amount": "10.0"}}
    assert order["currentTotalDutiesSet"] is None
    refund_line = order["refunds"][0]["refundLineItems"]["nodes"][0]
    assert refund_line["lineItem"]["id"] == order["lineItems"]["nodes"][0]["id"]


def test_a_refund_is_found_by_its_id_with_the_line_and_the_order_it_belongs_to() -> (
    None
):
    shop = make_shop([refunded_order()])
    fields = (
        "note order { name } refundLineItems(first: 9) { nodes { lineItem { sku } } }"
    )
    expected = {
        "note": "broken",
        "order": {"name": "#1"},
        "refundLineItems": {"nodes": [{"lineItem": {"sku": "MUG"}}]},
    }
    assert (
        data(shop, f'{{ refund(id: "{REFUND}") {{ {fields} }} }}')["refund"] == expected
    )
    nodes = f'{{ nodes(ids: ["{REFUND}", "gid://shopify/Refund/2"]) {{ ... on Refund {{ {fields} }} }} }}'
    assert data(shop, nodes)["nodes"] == [expected, None]


def test_nodes_takes_at_most_250_ids() -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    body = run(make_shop([]), query, ids=[ORDER] * 251)
    assert body["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


@pytest.mark.parametrize(
    "wrap",
    [
        list,
        lambda nodes: {"nodes": nodes, "pageInfo": {"hasNextPage": False}},
        lambda nodes: {"edges": [{"node": nodes[0]}]},
    ],
)
def test_a_captured_order_may_keep_the_wrappers_of_its_connections(wrap: Any) -> None:
    line = {
        "id": "gid://shopify/LineItem/5",
        "quantity": 2,
        "originalTotalSet": {"shopMoney": {"amount": "4.0"}},
    }
    shop = make_shop(
        [{"id": ORDER, "createdAt": "2026-11-02T12:00:00Z", "lineItems": wrap([line])}]
    )
    query = """{ order(id: "gid://shopify/Order/1") {
        legacyResourceId displayFinancialStatus refunds { id } totalTaxSet { shopMoney { amount } }
        totalPriceSet { presentmentMoney { amount currencyCode } }
        shippingLines(first: 9) { nodes { id } }
        lineItems(first: 9) { nodes {
            quantity originalTotalSet { presentmentMoney { amount currencyCode } } } } } }"""
    assert data(shop, query)["order"] == {
        "legacyResourceId": "1",
        "displayFinancialStatus": None,
        "refunds": [],
        "totalTaxSet": None,
        "totalPriceSet": {"presentmentMoney": {"amount": "0.0", "currencyCode": "USD"}},
        "shippingLines": {"nodes": []},
        "lineItems": {
            "nodes": [
                {
                    "quantity": 2,
                    "originalTotalSet": {
                        "presentmentMoney": {"amount": "4.0", "currencyCode": "USD"}
                    },
                }
            ]
        },
    }


def test_metafields_and_agreements_of_a_captured_order_are_served() -> None:
    sale = {
        "__typename": "ProductSale",
        "id": "gid://shopify/ProductSale/1",
        "quantity": 1,
        "actionType": "ORDER",
    }
    agreement = {
        "id": "gid://shopify/OrderAgreement/1",
        "happenedAt": "2026-11-02T12:00:00Z",
        "sales": [sale],
    }
    metafields = [
        {"namespace": "custom", "key": key, "value": key.upper()} for key in ("a", "b")
    ]
    shop = make_shop(
        [make_order() | {"agreements": [agreement], "metafields": metafields}]
    )
    query = """{ order(id: "gid://shopify/Order/1") { metafield(namespace: "custom", key: "b") { value }
        metafields(first: 9) { nodes { key } }
        agreements(first: 9) { nodes { __typename happenedAt sales(first: 9) { nodes { quantity } } } } } }"""
    assert data(shop, query)["order"] == {
        "metafield": {"value": "B"},
        "metafields": {"nodes": [{"key": "a"}, {"key": "b"}]},
        "agreements": {
            "nodes": [
                {
                    "__typename": "OrderAgreement",
                    "happenedAt": "2026-11-02T12:00:00Z",
                    "sales": {"nodes": [{"quantity": 1}]},
                }
            ]
        },
    }


def test_removed_shipping_lines_are_listed_on_request() -> None:
    order = make_order() | {
        "shippingLines": [{"id": "gid://shopify/ShippingLine/1", "isRemoved": True}]
    }
    fields = "{ shippingLines(first: 9%s) { nodes { id } } }"
    query = '{ order(id: "gid://shopify/Order/1") ' + fields + " }"
    counts = [
        len(
            data(make_shop([order]), query % argument)["order"]["shippingLines"][
                "nodes"
            ]
        )
        for argument in ("", ", includeRemovals: true")
    ]
    assert counts == [0, 1]


@pytest.mark.parametrize(
    ("scope", "field", "path"),
    [
        ("read_customers", "customer { id }", ["customer"]),
        (
            "read_products",
            "lineItems(first: 1) { nodes { product { id } } }",
            ["lineItems", "nodes", 0, "product"],
        ),
        ("read_returns", "refunds { return { id } }", ["refunds", 0, "return"]),
    ],
)
def test_a_field_without_its_scope_is_null_and_the_rest_is_valid(
    scope: str, field: str, path: list
) -> None:
    shop = make_shop([refunded_order()], accessScopes=without(SCOPES, scope))
    body = run(shop, f'{{ order(id: "{ORDER}") {{ name {field} }} }}')
    assert body["data"]["order"]["name"] == "#1"
    error = body["errors"][0]
    assert error["path"] == ["order", *path]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["extensions"]["requiredAccess"] == f"`{scope}` access scope."
    assert "cost" in body["extensions"]


def test_without_read_orders_all_data_is_null() -> None:
    body = run(
        make_shop([], accessScopes=[]),
        "{ orders(first: 1) { nodes { id } } shop { name } }",
    )
    assert body["data"] is None
    assert body["errors"][0]["path"] == ["orders"]


@pytest.mark.parametrize(
    ("level", "field"),
    [
        ("email", "email"),
        ("address", "shippingAddress { countryCodeV2 }"),
        ("email", "customer { email }"),
    ],
)
def test_protected_data_is_null_without_its_level(level: str, field: str) -> None:
    shop = make_shop([refunded_order()], protectedData=without(PROTECTED_DATA, level))
    body = run(shop, f'{{ order(id: "{ORDER}") {{ name {field} }} }}')
    assert body["data"]["order"]["name"] == "#1"
    assert [error["extensions"]["code"] for error in body["errors"]] == [
        "ACCESS_DENIED"
    ]


def test_without_protected_customer_data_there_are_no_orders() -> None:
    body = run(
        make_shop([refunded_order()], protectedData=[]),
        "{ orders(first: 1) { nodes { id } } }",
    )
    assert body["errors"][0]["message"].startswith(
        "This app is not approved to access the Order object."
    )


def test_the_scopes_of_the_app_can_be_listed() -> None:
    shop = make_shop([], accessScopes=["read_orders"])
    query = "{ currentAppInstallation { accessScopes { handle } } }"
    assert data(shop, query)["currentAppInstallation"]["accessScopes"] == [
        {"handle": "read_orders"}
    ]


def test_the_file_of_a_store_can_be_saved_loaded_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "shop.jsonl"
    store = ShopifyStore(
        [refunded_order(), make_order(2)], {"currencyCode": "EUR"}, ManualClock(NOW)
    )
    store.delete_order("gid://shopify/Order/2")
    store.save(file)
    loaded = ShopifyStore.load(file, ManualClock(NOW))
    assert (loaded.shop, loaded.orders, loaded.events) == (
        store.shop,
        store.orders,
        store.events,
    )
    store.put_order(make_order(3, lines=[LineFacts("CUP", Decimal(5))]))
    store.save(file)
    loaded.reload(file)
    assert loaded.find("gid://shopify/LineItem/3001")["sku"] == "CUP"
    assert list(loaded.indexed(timedelta(seconds=1))) == [ORDER]
    assert list(tmp_path.iterdir()) == [file]


def test_a_server_reloads_a_replaced_file_and_keeps_its_timezone(
    tmp_path: Path,
) -> None:
    file = tmp_path / "shop.jsonl"
    ShopifyStore([make_order(1)]).save(file)
    shop = Shopify(data=file, timezone="Europe/Berlin")
    shop.store.shop = shop.store.shop | {"name": "before"}
    for count in (1, 2):
        ShopifyStore([make_order(1 + number) for number in range(count)]).save(file)
        shop.handle("POST", "/", {}, b"")
        assert len(shop.store.orders) == count
    assert (
        data(shop, "{ shop { ianaTimezone } }")["shop"]["ianaTimezone"]
        == "Europe/Berlin"
    )
