"""What ORDER_ATTRIBUTES names of a Shopify order reaches the orders table."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.services.shopify import LineFacts, OrderFacts, build_order
from ecommerce.sources.shopify import bulk, extraction
from tests.integration.shopify.reading import NOON, Loadable, window_in

NAMED = (
    "tags,Gift_message,_ref,utm_campaign,custom__gift_note,sourceName,email,customer"
)


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_ATTRIBUTES", NAMED)


def order(number: int = 1, note: str | None = None, **facts: Any) -> dict[str, Any]:
    built = build_order(
        OrderFacts(number, NOON, [LineFacts("MUG", Decimal(10))], **facts)
    )
    metafields = [
        ("custom", "gift_note", note),
        ("custom", "other", "x"),
        ("other", "gift_note", "x"),
    ]
    return built | {
        "metafields": [
            {"namespace": space, "key": key, "value": value}
            for space, key, value in metafields
        ]
        if note
        else []
    }


def attributes(loaded: Loadable) -> dict[str, Any]:
    """The attributes by order, as stored."""
    rows = loaded.rows("orders")
    return {
        row["order_id"]: row["attributes"] and json.loads(row["attributes"])
        for row in rows
    }


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


def test_fields_tags_custom_attributes_utm_parameters_and_metafields(load) -> None:
    assert attributes(load(order(1, "wrap", **FULL), order(2))) == {
        "1": STORED,
        "2": {"sourceName": "web"},
    }


def test_more_orders_than_are_read_one_by_one_have_their_metafields(
    serve, tmp_path: Path, monkeypatch
) -> None:
    serve(*(order(number, "wrap", **FULL) for number in range(1, 21)))
    monkeypatch.setattr(extraction, "IN_BULK", 10)
    monkeypatch.setattr(bulk, "PAUSE", 0.0)
    assert attributes(Loadable(window_in(tmp_path))) == {
        str(number): STORED for number in range(1, 21)
    }


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("it's \"so\" \\ {'a': 1}", "it's \"so\" \\ {'a': 1}"),
        ("line\nof ann@example.com\t🎁", "line\nof <e-mail>\t🎁"),
        ("x" * 70_000, "x" * 70_000),
        ("  ", None),
    ],
    ids=["quotes", "a newline and an address", "long", "blank"],
)
def test_a_value_is_stored_as_text_without_addresses(
    value: str, stored: str | None, load
) -> None:
    hostile = order(
        1,
        value,
        tags=[value],
        attributes={"Gift message": value},
        utm={"campaign": value},
    )
    named = ("tags", "Gift_message", "utm_campaign", "custom__gift_note")
    found = attributes(load(hostile))["1"]
    assert {name: found.get(name) for name in named} == dict.fromkeys(named, stored)
