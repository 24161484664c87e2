"""What ORDER_ATTRIBUTES names of a Shopify order reaches the orders table."""

import json

import pytest

from demo.services.shopify import build_order
from tests.integration.shopify.orders import line, order

NAMED = (
    "tags,Gift_message,_ref,utm_campaign,custom__gift_note,sourceName,email,customer"
)
FULL = {
    "tags": ["vip", "b2b"],
    "attributes": {"Gift message": "Hi", "_ref": "42", "other": "x"},
    "utm": {"campaign": "spring", "source": "mail"},
    "customer_id": 7,
    "email": "ann@example.com",
}
STORED = {
    "tags": "vip, b2b",
    "Gift_message": "Hi",
    "_ref": "42",
    "utm_campaign": "spring",
    "custom__gift_note": "wrap",
    "sourceName": "web",
    "email": "<e-mail>",
}
VALUES = {
    "it's \"so\" \\ {'a': 1}": "it's \"so\" \\ {'a': 1}",
    "line\nof ann@example.com\t🎁": "line\nof <e-mail>\t🎁",
    "x" * 70_000: "x" * 70_000,
    "  ": None,
}


@pytest.fixture(autouse=True)
def _named(monkeypatch, read_in_bulk):
    monkeypatch.setenv("ORDER_ATTRIBUTES", NAMED)
    # A bulk operation cannot ask for metafields.
    read_in_bulk(1)


def with_note(number, note, **facts):
    """An order with three metafields."""
    metafields = [
        {"namespace": "custom", "key": "gift_note", "value": note},
        {"namespace": "custom", "key": "other", "value": "x"},
        {"namespace": "other", "key": "gift_note", "value": "x"},
    ]
    built = build_order(order(line("10"), **facts))
    return built | {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "metafields": metafields,
    }


def attributes(loaded):
    """The attributes by order, as stored."""
    stored = {}
    for row in loaded.rows("orders"):
        stored[row["order_id"]] = json.loads(row["attributes"])
    return stored


def test_fields_tags_custom_attributes_utm_parameters_and_metafields(load):
    orders = [with_note(1, "wrap", **FULL), with_note(2, "") | {"metafields": []}]
    expected = {"1": STORED, "2": {"sourceName": "web"}}
    for number, (value, stored) in enumerate(VALUES.items(), 3):
        written = {
            "attributes": {"Gift message": value},
            "utm": {"campaign": value},
        }
        orders.append(
            with_note(
                number,
                value,
                tags=[value],
                **written,
            )
        )
        names = ("tags", "Gift_message", "utm_campaign", "custom__gift_note")
        texts = dict.fromkeys(names, stored) if stored else {}
        expected[str(number)] = texts | {"sourceName": "web"}
    assert attributes(load(*orders)) == expected
