"""The product catalogue from its server to the warehouse: what is stored once, asked once, and never lost."""

import hashlib

import pytest

from ecommerce.catalogue import loading
from tests.integration.catalogue_run import catalogue, refresh, stored
from tests.rows import column_of
from tests.website import drawn

WHEN = {"first_seen_at", "last_seen_at", "fetched_at", "run_id"}


@pytest.fixture
def shown(shop, monkeypatch, tmp_path):
    """A catalogue that this process's connection leads to, and an empty warehouse."""
    with catalogue() as running:
        environment = running.environment()
        for name in ("STAGING_URI", "PICTURES_URI"):
            environment[name] = f"file://{tmp_path / name}"
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield running


def product(sku, image_url=None, **fields):
    entry = {
        "sku": sku,
        "name": f"Product {sku}",
        "category": "Toys",
    }
    return entry | {"image_url": image_url} | fields


def files(tmp_path):
    return stored(f"file://{tmp_path / 'PICTURES_URI'}")


def has_news(summary):
    return any(summary[name] for name in ("new", "changed", "gone"))


def products(shop):
    """The products and their pictures, but for when and by which run they were read."""
    rows = [*shop.rows("product_pictures"), *shop.rows("products")]
    return [{name: row[name] for name in row if name not in WHEN} for row in rows]


def test_a_catalogue_from_day_to_day(shown, shop, tmp_path):
    """Ten addresses of six pictures; then changes, and a host that fails."""
    site = shown.site
    entries = []
    for number in range(10):
        picture = drawn(str(number % 6))
        url = site.put(
            f"/{number}.png?token=secret",
            picture,
            ETag=f'"{number}"',
        )
        entries.append(product(f"P{number}", url))
    shown.show(*entries)
    first = refresh("first")
    kept = files(tmp_path)
    hashes = [hashlib.sha256(drawn(str(number))).hexdigest() for number in range(6)]
    names = sorted(f"{each}.png" for each in hashes)
    assert kept == {"originals": names, "thumbnails": names}
    assert len([path for path in site.sent if ".png" in path]) == 10
    assert len(first["new"]) == 10
    assert len(set(column_of(shop.rows("products"), "thumbnail_uri"))) == 6
    known = loading.stored_products()["P0"]
    url = entries[0]["image_url"]
    assert known["image_url_hash"] == hashlib.sha256(url.encode()).hexdigest()
    assert "secret" not in repr(known)
    before = products(shop)
    site.sent.clear()

    second = refresh("second")
    assert not [path for path in site.sent if ".png" in path], (
        "no picture is sent again"
    )
    assert not has_news(second)
    assert products(shop) == before
    assert files(tmp_path) == kept

    # One is gone, one new, one has another picture, the host of one fails.
    # The picture of one has moved to an address where it is not yet.
    site.put("/3.png?token=secret", drawn("another"), ETag='"3b"')
    site.put("/4.png?token=secret", b"", status=500)
    bad = product(
        "P7",
        entries[7]["image_url"],
        price="free",
    )
    moved = product("P1", site.put("/moved.png", b"", status=404))
    shown.show(
        entries[0],
        moved,
        *entries[2:7],
        bad,
        entries[8],
        product("NEW"),
    )
    third = refresh("third")
    assert third["new"] == ["NEW"]
    assert third["gone"] == ["P9"]
    assert "P3" in third["changed"]
    assert [line[:4] for line in third["broken"]] == ["P1 (", "P4 ("]
    assert column_of(shop.rows("rejected_rows"), "reason") == ["invalid_price"]
    pictures = shop.by("products", "sku", "picture_uri")
    assert hashes[1] in pictures["P1"], "kept, until its new one is there"
    assert hashes[4] in pictures["P4"], "kept, although its host fails"

    assert not has_news(refresh("fourth")), "it was told before"
    # The picture at the new address has the old one's ETag: what counts is the address.
    site.put("/moved.png", drawn("moved"), ETag='"1"')
    refresh("fifth")
    pictures = shop.by("products", "sku", "picture_uri")
    assert hashlib.sha256(drawn("moved")).hexdigest() in pictures["P1"]
