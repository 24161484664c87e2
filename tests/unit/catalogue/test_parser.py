"""From pages of JSON to products: a broken entry costs no other."""

import json
import re

import pytest

from ecommerce.catalogue import parser
from ecommerce.catalogue.parser import parse_pages
from ecommerce.core.errors import ContractError

MUG = {
    "sku": "MUG-01",
    "name": "Stoneware mug",
    "category": "Tableware",
    "price": "14.00",
    "currency": "USD",
    "image_url": "/pictures/mug.png",
    "updated_at": "2026-11-01T10:00:00Z",
}


@pytest.fixture(autouse=True)
def set_connection(monkeypatch):
    """The connection to the catalogue; call it with another extra."""

    def connect(extra):
        value = {"conn_type": "http", "host": "https://shop.example", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_CATALOGUE_API", json.dumps(value))

    connect({})
    return connect


def encoded(*pages):
    """The bytes of pages: JSON values, or bytes."""
    bodies = []
    for page in pages:
        bodies.append(page if isinstance(page, bytes) else json.dumps(page).encode())
    return bodies


def read(*pages):
    return parse_pages(encoded(*pages))


@pytest.fixture
def parse(publish):
    """Parse a staged folder of one page, when these SKUs were known before."""

    def parse_page(page, known="", *, accept_shrunk=False):
        raw = publish({"page-0001.json": json.dumps(page).encode()})
        uri = f"{raw.uri}-parsed"
        return parser.parse(raw, uri, set(known), accept_shrunk=accept_shrunk)

    return parse_page


def results(*entries):
    return {"count": len(entries), "next": None, "results": list(entries)}


def test_a_product_is_read_and_its_address_made_whole():
    (product,) = read(results(MUG)).products
    assert product.model_dump(mode="json") == {
        "sku": "MUG-01",
        "name": "Stoneware mug",
        "category": "Tableware",
        "image_url": "https://shop.example/pictures/mug.png",
        "updated_at": "2026-11-01T10:00:00Z",
    }


def test_pages_follow_each_other_and_only_the_sku_is_needed():
    last_page = results({"sku": 17}, {"sku": " A ", "image_url": 5})
    catalogue = read(results({"sku": "B"}), last_page)
    pictures = {product.sku: product.image_url for product in catalogue.products}
    assert pictures == {"17": None, "A": "https://shop.example/5", "B": None}
    assert list(pictures) == ["17", "A", "B"]


SECRET = "https://a.example/b.png?token=secret&x=1"
WRONG = (
    ({"sku": None, "name": "ask ann@example.com", "image_url": SECRET}, "invalid_sku"),
    ({"sku": ""}, "invalid_sku"),
    ({"sku": "  "}, "invalid_sku"),
    ({"sku": {"a": 1}}, "invalid_sku"),
    ({"sku": True}, "invalid_sku"),
    ({"sku": "x" * 201}, "invalid_sku"),
    ({"sku": "a\nb"}, "invalid_sku"),
    ({"name": ["a"]}, "invalid_name"),
    ({"name": "x" * 2001}, "invalid_name"),
    ({"name": "a\0b"}, "invalid_name"),
    ({"name": "\ud800"}, "invalid_sku"),
    ({"price": -3}, "invalid_price"),
    ({"price": "free"}, "invalid_price"),
    ({"price": "x" * 230 + " ann@example.com"}, "invalid_price"),
    ({"image_url": SECRET + "\1"}, "invalid_image_url"),
    ({"price": float("nan")}, "invalid_price"),
    ({"currency": "Dollar"}, "invalid_currency"),
    ({"image_url": {"url": "https://shop.example/a.png"}}, "invalid_image_url"),
    ({"image_url": "x" * 4001}, "invalid_image_url"),
    ({"updated_at": "yesterday"}, "invalid_updated_at"),
    ({"updated_at": "2026-11-01T10:00:00"}, "invalid_updated_at"),
)


def test_what_is_wrong_with_one_product_rejects_that_product():
    entries = [None, ["sku"]]
    expected = [(2, "invalid_sku"), (3, "invalid_sku")]
    for number, (change, reason) in enumerate(WRONG, 4):
        entries.append(MUG | {"sku": f"M{number}"} | change)
        expected.append((number, reason))
    catalogue = read(results({"sku": "A"}, *entries, {"sku": "C"}))
    rejected = [(entry.row_number, entry.reason) for entry in catalogue.rejected]
    assert rejected == expected
    assert [product.sku for product in catalogue.products] == ["A", "C"]
    for entry in catalogue.rejected:
        assert entry.file == "page 1"
        assert len(entry.raw) <= 1_000
        assert not re.search("ann@|secret", entry.raw + entry.detail)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_several_with_one_sku_the_last_updated_counts(order):
    entries = [
        MUG | {"name": "old", "updated_at": "2026-11-01T10:00:00+00:00"},
        MUG | {"name": "new", "updated_at": "2026-11-01T12:00:00+01:00"},
        MUG | {"name": "undated", "updated_at": None},
    ]
    one_a_page = [results(entries[number]) for number in order]
    catalogue = read(*one_a_page)
    assert [product.name for product in catalogue.products] == ["new"]
    assert catalogue.superseded == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "page 2 is not JSON"),
        (b'{"results": [', "page 2 is not JSON"),
        ({}, "page 2 has no list at `results`: name the path"),
        ({"results": {"sku": "A"}}, "page 2 has no list at `results`"),
    ],
    ids=range(4),
)
def test_a_page_of_another_layout_is_named(body, message):
    with pytest.raises(ContractError, match=message):
        read(results(MUG), body)


def test_an_empty_catalogue_is_refused_unless_somebody_says_so(parse):
    with pytest.raises(ContractError, match="has 0 products and 0 rejected entries"):
        parse(results())
    message = r"1 rejected entry \(the first: invalid_sku, sku None\)"
    with pytest.raises(ContractError, match=message):
        parse(results({"name": "a"}))
    assert parse(results(), "A", accept_shrunk=True).rows == 0


def test_a_catalogue_that_lost_more_than_half_is_refused_unless_somebody_says_so(parse):
    half = results({"sku": "A"}, {"sku": "B"}, {"sku": "X"})
    message = "has 3 products and .* 3 of the 5 products it had before are missing"
    with pytest.raises(ContractError, match=message):
        parse(half, "ABCDE")
    assert parse(half, "ABCDE", accept_shrunk=True).rows == 3
    assert parse(half, "ABCD").rows == 3


def test_rejected_products_are_not_missing(parse):
    page = results({"sku": "A"}, {"sku": "B", "price": -1}, {"sku": "C", "name": ["a"]})
    assert parse(page, "ABC").control_totals == {
        "rows_read": 3,
        "rows_accepted": 1,
        "rows_rejected": 2,
        "rows_superseded": 0,
    }
    assert [entry.sku for entry in read(page).rejected] == ["B", "C"]


def test_the_connection_names_another_layout(set_connection):
    set_connection({"entries": "data.items"})
    assert read({"data": {"items": [MUG]}}).products
    assert read([MUG]).products, "a page may be the list itself"
