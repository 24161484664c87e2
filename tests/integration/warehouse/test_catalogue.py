"""The product catalogue from its server to the warehouse: what is stored once, asked once, and never lost."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecommerce.catalogue import loading
from ecommerce.core.errors import ContractError
from ecommerce.storage.staging import discard
from ecommerce.warehouse.client import Warehouse
from tests.integration.catalogue_run import (
    Catalogue,
    catalogue,
    prepare,
    refresh,
    stored,
)
from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse.loadable import Folder, Order, at
from tests.unit.catalogue.test_pictures import bomb
from tests.website import drawn, website

TABLES = ("product_pictures", "products")
WHEN = {"first_seen_at", "last_seen_at", "fetched_at", "run_id"}


@pytest.fixture
def shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Catalogue]:
    """A catalogue that this process's connection leads to, and an empty warehouse."""
    with catalogue() as running:
        folders = {
            name: f"file://{tmp_path / name}"
            for name in ("STAGING_URI", "PICTURES_URI")
        }
        for name, value in (running.environment() | folders).items():
            monkeypatch.setenv(name, value)
        yield running


def product(sku: str, image_url: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "sku": sku,
        "name": f"Product {sku}",
        "category": "Toys",
        "image_url": image_url,
    } | fields


def ten_products(shown: Catalogue) -> list[dict[str, Any]]:
    """Ten addresses that lead to six distinct pictures."""
    return [
        product(
            f"P{number}",
            shown.site.put(
                f"/{number}.png", drawn(str(number % 6)), ETag=f'"{number}"'
            ),
        )
        for number in range(10)
    ]


def files(tmp_path: Path) -> dict[str, list[str]]:
    return stored(f"file://{tmp_path / 'PICTURES_URI'}")


def states(shop: Shop) -> dict[str, str]:
    return shop.by("product_pictures", "sku", "state")


def tables(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """Both tables, but for when and by which run a row was read."""
    return {
        name: sorted(
            (
                {k: v for k, v in row.items() if k not in WHEN}
                for row in shop.rows(name)
            ),
            key=repr,
        )
        for name in TABLES
    }


def test_ten_addresses_of_six_pictures_make_six_files_and_a_second_run_downloads_nothing(
    shown: Catalogue, shop: Shop, tmp_path: Path
) -> None:
    shown.show(*ten_products(shown))
    first = refresh("first")
    kept = files(tmp_path)
    hashes = {hashlib.sha256(drawn(str(number))).hexdigest() for number in range(6)}
    assert kept == {
        name: sorted(f"{each}.png" for each in hashes)
        for name in ("originals", "thumbnails")
    }
    assert (first["downloaded"], len(first["new"]), len(first["shown"])) == (10, 10, 6)
    assert len({row["thumbnail_uri"] for row in shop.rows("products")}) == 6
    before = tables(shop)
    shown.site.sent.clear()

    second = refresh("second")

    assert not [path for path in shown.site.sent if path.endswith(".png")], (
        "no picture was sent again"
    )
    assert (second["downloaded"], second["is_news"]) == (0, False)
    assert (tables(shop), files(tmp_path)) == (before, kept)


@pytest.mark.slow
def test_only_what_has_changed_is_told_and_downloaded(
    shown: Catalogue, shop: Shop
) -> None:
    entries = ten_products(shown)
    shown.show(*entries)
    refresh("first")
    shown.site.sent.clear()
    shown.site.put("/3.png", drawn("another"), ETag='"3b"')
    shown.show(
        *entries[:8],
        product("P8", entries[8]["image_url"], name="Renamed"),
        product("NEW"),
    )

    found = refresh("second")

    assert (found["new"], found["changed"], found["gone"]) == (
        ["NEW"],
        ["P3", "P8"],
        ["P9"],
    )
    assert [path for path in shown.site.sent if path.endswith(".png")] == ["/3.png"]
    assert [each["sku"] for each in found["shown"]] == ["P3"]
    assert states(shop)["NEW"] == "no_picture"
    assert states(shop)["P9"] == "gone"
    pictures = shop.by("products", "sku", "picture_uri")
    assert pictures["P9"], "a product that is gone keeps its picture"
    assert pictures["NEW"] is None
    assert shop.by("products", "sku", "name")["P8"] == "Renamed"
    shown.show(*entries)
    assert refresh("third")["new"] == ["P9"]


def test_a_hostile_catalogue_leaves_good_pictures_and_a_list_of_the_rest(
    shown: Catalogue, shop: Shop, tmp_path: Path
) -> None:
    site, svg = (
        shown.site,
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    )
    good = drawn("good")
    with website("127.0.0.2", site.port) as private:
        private.put("/secret.png", drawn("secret"))
        broken = {
            "redirect": (
                site.redirect("/r.png", f"http://127.0.0.2:{site.port}/secret.png"),
                "its host is in a private network (PICTURE_NETWORKS would allow it)",
            ),
            "private": (
                "http://169.254.169.254/latest/",
                "its host is in a private network (PICTURE_NETWORKS would allow it)",
            ),
            "endless": (site.endless("/5gb.jpg"), "it is larger than 0 MB"),
            "html": (
                site.put("/a.jpg", b"<html>gone", "image/jpeg"),
                "its content is no JPEG, PNG, WebP or GIF picture",
            ),
            "svg": (
                site.put("/a.svg", svg, "image/svg+xml"),
                "its content is no JPEG, PNG, WebP or GIF picture",
            ),
            "svg called png": (
                site.put("/s.png", svg),
                "its content is no JPEG, PNG, WebP or GIF picture",
            ),
            "bomb": (
                site.put("/bomb.png", bomb(60_000, 60_000)),
                "it has more than 20 million pixels",
            ),
            "missing": (f"{site.url}/404.png", "its host returned HTTP 404"),
            "unwell": (
                site.put("/500.png", b"", status=500),
                "its host returned HTTP 500",
            ),
            "slow": (site.dripping("/slow.png"), "it did not arrive within 2 s"),
            "file": (
                "file:///etc/passwd",
                "its address begins with neither http:// nor https://",
            ),
            "nonsense": ("http://[::1", "its address is no web address"),
        }
        twice = site.put("/twice.png", good)
        webp = site.put("/good.webp", drawn("webp", "WEBP"), "image/webp")
        site.put("/etc/cron.d/up.png", drawn("up"), ETag='"../../x"')
        up = f"{site.url}/../../../etc/cron.d/up.png"
        shown.show(
            product("good", webp, updated_at="2026-01-01T00:00:00Z"),
            product("twice", twice),
            product("../../twice", twice),
            product("up", up),
            product("none"),
            *(product(sku, url) for sku, (url, _) in broken.items()),
            {"name": "no sku"},
            product("good", twice, updated_at="2020-01-01T00:00:00Z"),
        )
        found = refresh("hostile")
        assert private.requests == []
    reasons = {sku: why for sku, (_, why) in broken.items()}
    assert {
        line.partition(" (")[0]: line.partition("): ")[2] for line in found["broken"]
    } == reasons
    assert states(shop) == dict.fromkeys(broken, "broken") | dict.fromkeys(
        ("good", "twice", "../../twice", "up"), "ok"
    ) | {"none": "no_picture"}
    assert found["rejected"] == ["page 6, entry 18: missing_value (sku)"]
    names = files(tmp_path)
    assert len(names["originals"]) == len(names["thumbnails"]) == 3
    written = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.suffix in (".png", ".webp", ".jpg")
    ]
    assert len(written) == 6, "nothing was written beside"


@pytest.mark.slow
def test_a_broken_picture_leaves_the_one_that_was_there_and_heals(
    shown: Catalogue, shop: Shop
) -> None:
    url = shown.site.put("/a.png", drawn("a"), ETag='"a"')
    shown.show(product("A", url))
    refresh("first")
    healthy = tables(shop)
    shown.site.put("/a.png", b"", status=500)
    assert [line[:3] for line in refresh("second")["broken"]] == ["A ("]
    assert shop.one("products", "picture_uri", "thumbnail_uri") == {
        name: healthy["products"][0][name] for name in ("picture_uri", "thumbnail_uri")
    }
    assert not refresh("third")["is_news"], "it was told before"
    shown.site.put("/a.png", drawn("a"), ETag='"a"')
    assert refresh("fourth")["downloaded"] == 0, "its server knows it again"
    assert tables(shop) == healthy


@pytest.mark.slow
def test_a_host_that_is_silent_is_not_asked_for_ever(
    shown: Catalogue, shop: Shop
) -> None:
    products = [
        product(f"S{number:02}", shown.site.silent(f"/{number}.png"))
        for number in range(40)
    ]
    shown.show(*products)
    found = refresh("first")
    assert len(found["broken"]) == 40
    assert (
        len([path for path, _ in shown.site.requests if path.endswith(".png")]) <= 5 + 4
    )


@pytest.mark.slow
def test_a_file_that_somebody_removed_is_fetched_again(
    shown: Catalogue, shop: Shop, tmp_path: Path
) -> None:
    shown.show(product("A", shown.site.put("/a.png", drawn("a"), ETag='"a"')))
    refresh("first")
    kept = files(tmp_path)
    (tmp_path / "PICTURES_URI" / "thumbnails" / kept["thumbnails"][0]).unlink()
    refresh("second")
    assert files(tmp_path) == kept


@pytest.mark.slow
def test_a_sources_own_description_stays_and_replaces_the_catalogues(
    shown: Catalogue, shop: Shop
) -> None:
    described = {
        "sku": "A",
        "name": "Shop's name",
        "category": "Shop's",
        "updated_at": at("2026-03-01 10:00"),
    }
    shop.load(Folder([Order("1", at("2026-03-02 15:00"))], products=[described]))
    shown.show(
        product("A", shown.site.put("/a.png", drawn("a"))), product("B"), product("C")
    )
    refresh("first")
    rows = {row["sku"]: row for row in shop.rows("products")}
    assert (rows["A"]["name"], rows["A"]["category"]) == ("Shop's name", "Shop's")
    assert rows["A"]["updated_at"] == described["updated_at"]
    assert rows["A"]["thumbnail_uri"]
    assert (rows["B"]["name"], rows["B"]["updated_at"]) == ("Product B", None)

    later = {
        "sku": "B",
        "name": "Shop's B",
        "category": "Toys",
        "updated_at": at("2026-03-03 10:00"),
    }
    same = later | {"sku": "C", "name": "Product C"}
    shop.load(
        Folder([Order("2", at("2026-03-03 15:00"))], products=[later, same]),
        run_id="next",
    )
    shown.show(*(product(sku, name="Catalogue's") for sku in "ABC"))
    refresh("second")
    assert shop.by("products", "sku", "name") == {
        "A": "Shop's name",
        "B": "Shop's B",
        "C": "Product C",
    }
    assert shop.by("products", "sku", "picture_uri") == dict.fromkeys("ABC")


@pytest.mark.slow
def test_a_shrunk_catalogue_changes_nothing_unless_somebody_says_so(
    shown: Catalogue, shop: Shop
) -> None:
    shown.show(*(product(sku) for sku in "ABCDE"))
    refresh("first")
    before = tables(shop)
    shown.show(product("A"), product("B"))
    with pytest.raises(
        ContractError, match="3 of the 5 products it had before are missing"
    ):
        refresh("second")
    assert tables(shop) == before
    refresh("third", accept_shrunk=True)
    assert sorted(sku for sku, state in states(shop).items() if state == "gone") == [
        "C",
        "D",
        "E",
    ]
    shown.show()
    refresh("fourth", accept_shrunk=True)
    assert set(states(shop).values()) == {"gone"}


@pytest.mark.slow
def test_a_rejected_product_keeps_what_is_known_of_it(
    shown: Catalogue, shop: Shop
) -> None:
    url = shown.site.put("/a.png", drawn("a"), ETag='"a"')
    shown.show(product("A", url), product("B"))
    refresh("first")
    before = tables(shop)
    shown.show(product("A", url, price="free"), product("B"))
    found = refresh("second")
    assert (found["gone"], found["is_news"]) == ([], True)
    assert tables(shop) == before
    assert [row["reason"] for row in shop.rows("rejected_rows")] == ["invalid_number"]
    assert not refresh("third")["is_news"], "the same was rejected the time before"
    assert [row["run_id"] for row in shop.rows("rejected_rows")] == ["third"], (
        "of the day, as it was read last"
    )


@pytest.mark.slow
def test_loaded_twice_the_tables_are_the_same(shown: Catalogue, shop: Shop) -> None:
    shown.show(*ten_products(shown), product("bad", price=-1))
    prepared = prepare("run")
    prepared.load()
    names = (*TABLES, "load_audit", "rejected_rows")
    before = shop.state(names)
    prepared.load()
    assert shop.state(names) == before


@pytest.mark.slow
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_runs_end_in_the_same_tables_whichever_loads_first(
    shown: Catalogue, shop: Shop, order: tuple[int, int], tmp_path: Path
) -> None:
    entries = ten_products(shown)
    shown.show(*entries, product("OLD", price="x"))
    runs = [prepare("earlier")]
    shown.show(*entries[1:], product("NEW"))
    runs.append(prepare("later"))
    for number in order:
        runs[number].load()
    expected = dict.fromkeys((f"P{number}" for number in range(1, 10)), "ok") | {
        "NEW": "no_picture"
    }
    assert {
        sku: state for sku, state in states(shop).items() if sku != "P0"
    } == expected
    assert states(shop).get("P0", "gone") == "gone"
    assert shop.rows("rejected_rows") == []
    assert len(files(tmp_path)["originals"]) == 6


@pytest.mark.slow
def test_a_run_that_commits_in_between_is_noticed(
    shown: Catalogue, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.show(product("A"), product("B"))
    earlier = prepare("earlier")
    shown.show(product("B"), product("C"))
    later = prepare("later")
    run, met = Warehouse.run, []

    def interfering(
        self: Warehouse, sql: str, what: str, *rest: Any, **options: Any
    ) -> Any:
        rows = run(self, sql, what, *rest, **options)
        if what == "look up touched days" and not met:
            met.append(what)
            later.load()
        return rows

    monkeypatch.setattr(Warehouse, "run", interfering)
    monkeypatch.setattr(
        "ecommerce.warehouse.load._load_staged.retry.sleep", lambda seconds: None
    )
    earlier.load()
    assert states(shop) == {"B": "no_picture", "C": "no_picture"}


@pytest.mark.slow
def test_a_crash_between_pictures_and_load_costs_nothing(
    shown: Catalogue, shop: Shop, tmp_path: Path
) -> None:
    shown.show(*ten_products(shown))
    discard(prepare("crashed").loadable.uri)
    assert shop.rows("product_pictures") == []
    kept = files(tmp_path)
    assert len(refresh("next")["new"]) == 10
    assert files(tmp_path) == kept
    assert set(states(shop).values()) == {"ok"}


@pytest.mark.slow
def test_a_crash_within_the_load_leaves_nothing(
    shown: Catalogue, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.show(product("A"))
    refresh("first")
    names = (*TABLES, "load_audit", "rejected_rows")
    before = shop.state(names)
    shown.show(product("B", price=-1), product("A", name="Renamed"), product("C"))
    prepared, run = prepare("second"), Warehouse.run

    def crashing(self: Warehouse, sql: str, *rest: Any, **options: Any) -> Any:
        return run(
            self,
            sql.replace("COMMIT", "SELECT ERROR('crash'); COMMIT"),
            *rest,
            **options,
        )

    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "run", crashing)
        with pytest.raises(ContractError, match="crash"):
            prepared.load()
    assert shop.state(names) == before
    prepared.load()
    assert shop.by("products", "sku", "name") == {"A": "Renamed", "C": "Product C"}


@pytest.mark.slow
def test_no_address_is_kept_in_the_warehouse(shown: Catalogue, shop: Shop) -> None:
    url = shown.site.put("/a.png?token=secret", drawn("a"))
    shown.show(product("A", url))
    refresh("first")
    known = loading.last_catalogue().products["A"]
    assert known["image_url_hash"] == hashlib.sha256(url.encode()).hexdigest()
    assert "secret" not in repr(known)
