"""From pages of JSON to products: a broken entry costs no other."""

import json
from datetime import UTC, date, datetime

import pytest

from ecommerce.catalogue import parser
from ecommerce.catalogue.parser import read_pages
from ecommerce.core.errors import ContractError
from ecommerce.storage import staging

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
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
def _connection(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    set_connection(monkeypatch)


def set_connection(monkeypatch, **extra):
    value = {"conn_type": "http", "host": "https://shop.example", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_CATALOGUE_API", json.dumps(value))


@pytest.fixture
def pages(tmp_path):
    """Publish a raw folder of these pages: JSON values, or bytes."""

    def publish(*bodies):
        uri = f"file://{tmp_path}/raw"
        with staging.publish(uri) as draft:
            for number, body in enumerate(bodies, start=1):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                (draft.path / f"page-{number:04d}.json").write_bytes(data)
            draft.seal(
                source="product_catalogue",
                business_date=date(2026, 11, 20),
                rows=len(bodies),
                columns={
                    f"page-{number:04d}.json": []
                    for number in range(1, len(bodies) + 1)
                },
                **dict.fromkeys(("read_at", "window_start", "window_end"), NOW),
            )
        return staging.read_manifest(uri)

    return publish


def results(*entries):
    return {"count": len(entries), "next": None, "results": list(entries)}


def test_a_product_is_read_and_its_address_made_whole(pages):
    (product,) = read_pages(pages(results(MUG))).products
    assert (product.sku, product.name, product.category) == (
        "MUG-01",
        "Stoneware mug",
        "Tableware",
    )
    assert product.image_url == "https://shop.example/pictures/mug.png"
    assert product.updated_at == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_pages_follow_each_other_and_only_the_sku_is_needed(pages):
    catalogue = read_pages(
        pages(
            results({"sku": "B"}), results({"sku": 17}, {"sku": " A ", "image_url": 5})
        )
    )
    assert [product.sku for product in catalogue.products] == ["17", "A", "B"]
    assert [product.image_url for product in catalogue.products] == [
        None,
        "https://shop.example/5",
        None,
    ]


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


def test_what_is_wrong_with_one_product_rejects_that_product(pages):
    entries = [None, ["sku"]]
    reasons = ["invalid_sku"] * 2
    for number, (change, reason) in enumerate(WRONG):
        entries.append(MUG | {"sku": f"M{number}"} | change)
        reasons.append(reason)
    catalogue = read_pages(pages(results({"sku": "A"}, *entries, {"sku": "C"})))
    assert [each.reason for each in catalogue.rejected] == reasons
    assert [each.row_number for each in catalogue.rejected] == [
        *range(2, len(reasons) + 2)
    ]
    assert [product.sku for product in catalogue.products] == ["A", "C"]
    for entry in catalogue.rejected:
        assert len(entry.raw) <= 1_000
        shown = entry.raw + entry.detail
        assert "ann@" not in shown
        assert "secret" not in shown
    assert catalogue.rejected[0].file == "page 1"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_several_with_one_sku_the_last_updated_counts(pages, order):
    entries = [
        MUG | {"name": "old", "updated_at": "2026-11-01T10:00:00+00:00"},
        MUG | {"name": "new", "updated_at": "2026-11-01T12:00:00+01:00"},
        MUG | {"name": "undated", "updated_at": None},
    ]
    catalogue = read_pages(pages(*(results(entries[number]) for number in order)))
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
def test_a_page_of_another_layout_is_named(pages, body, message):
    with pytest.raises(ContractError, match=message):
        read_pages(pages(results(MUG), body))


def parse(manifest, known, *, accept_shrunk=False):
    return parser.parse(
        manifest, f"{manifest.uri}-parsed", known, accept_shrunk=accept_shrunk
    )


def test_an_empty_catalogue_is_refused_unless_somebody_says_so(pages):
    with pytest.raises(
        ContractError, match="the catalogue has 0 products and 0 rejected entries"
    ):
        parse(pages(results()), set())
    with pytest.raises(
        ContractError,
        match=r"1 rejected entry \(the first: invalid_sku, sku None\)",
    ):
        parse(pages(results({"name": "a"})), set())
    assert parse(pages(results()), {"A"}, accept_shrunk=True).rows == 0


def test_a_catalogue_that_lost_more_than_half_is_refused_unless_somebody_says_so(
    pages,
):
    known = {"A", "B", "C", "D", "E"}
    half = pages(results(*({"sku": sku} for sku in "ABX")))
    with pytest.raises(
        ContractError,
        match=r"has 3 products and .* 3 of the 5 products it had before are missing",
    ):
        parse(half, known)
    assert parse(half, known, accept_shrunk=True).rows == 3
    assert parse(half, {"A", "B", "C", "D"}).rows == 3


@pytest.mark.parametrize("wrong", [{"price": -1}, {"name": ["a"]}])
def test_a_rejected_product_is_not_missing(pages, wrong):
    raw = pages(results({"sku": "A"}, {"sku": "B"} | wrong))
    assert [entry.sku for entry in read_pages(raw).rejected] == ["B"]
    assert parse(raw, {"A", "B"}).control_totals == {
        "rows_read": 2,
        "rows_accepted": 1,
        "rows_rejected": 1,
        "rows_superseded": 0,
    }


def test_another_layout_is_told_by_the_connection(pages, monkeypatch):
    set_connection(monkeypatch, entries="data.items")
    assert read_pages(pages({"data": {"items": [MUG]}})).products
    assert read_pages(pages([MUG])).products, "a page may be the list itself"
