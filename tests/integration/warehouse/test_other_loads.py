"""The loads of the catalogue and of forecasts: what a second one replaces, in any order."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import yaml

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.forecast.loading import FORECASTS
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    at,
    forecast,
    picture,
    read_folders,
    rejection,
    staged_rows,
)

FIRST, SECOND = at("2026-03-03 06:00"), at("2026-03-04 06:00")
CATALOGUES = yaml.safe_load(Path(__file__).with_name("catalogues.yaml").read_text())
SOURCE = "product_catalogue"


def load_rows(shop, spec, run_id="run", day=MONDAY, **rows):
    """Load rows by table; `read_at` says when they were read."""
    read_at = rows.pop("read_at", FIRST)
    options = {"day": day, "read_at": read_at, "run_id": run_id}
    manifest = staged_rows(spec, shop.folder, rows, **options)
    shop.load_staged([manifest], spec=spec, day=day, run_id=run_id)


def pictures(name, seen, run_id):
    """The rows of a catalogue of catalogues.yaml."""
    return [picture(seen=seen, run_id=run_id, **row) for row in CATALOGUES[name]]


def described(sku, name):
    """A product as the sales database describes it."""
    changed = at("2026-03-01 10:00")
    return {"sku": sku, "name": name, "category": "Sold", "updated_at": changed}


def test_a_catalogue_replaces_an_older_one_and_never_what_a_shop_says(
    shop, second_shop
):
    older = {
        "read_at": FIRST,
        "product_pictures": pictures("older", FIRST, "1st"),
        "rejected_rows": [rejection(SOURCE, MONDAY, "1st")],
    }
    newer = {
        "read_at": SECOND,
        "product_pictures": pictures("newer", SECOND, "2nd"),
    }
    for each in (shop, second_shop):
        each.load(Folder([Order("1", FIRST)], products=[described("sold", "Shop's")]))
    load_rows(shop, CATALOGUE, "1st", **older)
    load_rows(shop, CATALOGUE, "2nd", **newer)

    stored = {row["sku"]: row for row in shop.rows("product_pictures")}
    stays, gone = stored["stays"], stored["gone"]
    assert (stays["first_seen_at"], stays["last_seen_at"]) == (FIRST, SECOND)
    assert (stays["state"], stays["sha256"], stays["etag"]) == ("no_picture", None, "e")
    assert (gone["state"], gone["reason"], gone["picture_uri"]) == ("gone", None, "p")
    assert gone["last_seen_at"] == FIRST
    assert CATALOGUES["newer"][1].items() <= stored["renamed"].items()
    assert shop.rows("rejected_rows") == [], "of the day, as it was read last"
    products = {row["sku"]: row for row in shop.rows("products")}
    named = {sku: (row["name"], row["category"]) for sku, row in products.items()}
    assert named == {
        "stays": ("Stays", "Toys"),
        "renamed": ("New", "Games"),
        "gone": ("Gone", "Toys"),
        "new": ("New", "Toys"),
        "sold": ("Shop's", "Sold"),
    }
    uris = {
        sku: row["picture_uri"] for sku, row in products.items() if row["picture_uri"]
    }
    assert uris == {"gone": "p"}, "the catalogue alone sets and removes pictures"
    assert products["sold"]["updated_at"] == at("2026-03-01 10:00")

    load_rows(second_shop, CATALOGUE, "2nd", **newer)
    state = second_shop.state(("product_pictures", "products"))
    load_rows(second_shop, CATALOGUE, "1st", **older)
    assert second_shop.state(("product_pictures", "products")) == state
    assert second_shop.rows("rejected_rows") == []

    # What the catalogue had said itself it changes, what a shop says since then it does not.
    renamed = described("renamed", "Shop's too")
    same = described("stays", "Stays") | {"category": "Toys"}
    shop.load(Folder(products=[renamed, same], read_at=SECOND), run_id="later")
    third = pictures("third", SECOND, "3rd")
    load_rows(shop, CATALOGUE, "3rd", read_at=SECOND, product_pictures=third)
    products = {row["sku"]: row for row in shop.rows("products")}
    named = {sku: (row["name"], row["category"]) for sku, row in products.items()}
    assert named["renamed"] == ("Shop's too", "Sold")
    assert named["stays"] == ("Stays", "Toys")
    assert named["gone"] == ("Back", "Toys")
    assert shop.by("product_pictures", "sku", "state") == {
        **dict.fromkeys(("renamed", "gone", "stays"), "no_picture"),
        **dict.fromkeys(("new", "sold"), "gone"),
    }


def test_a_forecast_replaces_that_of_its_origin_and_learns_the_actual_sales(shop):
    days = [MONDAY + timedelta(days=number) for number in range(3)]
    oldest = MONDAY - timedelta(days=34)
    earlier, origin = at("2026-01-25 05:00"), at("2026-03-01 05:00")
    shop.load(*read_folders("other_loads.yaml")["day"])
    series = ("total", "category:Toys", "channel:sales_db", "sku:toys-1", "sku:none")
    load_rows(
        shop,
        FORECASTS,
        "week",
        sales_forecasts=[forecast("total", day, earlier) for day in [oldest, *days]],
    )
    first = [
        forecast(name, day, origin, model="old") for name in series for day in days
    ]
    load_rows(shop, FORECASTS, "week 2", sales_forecasts=first)
    second = [forecast(name, day, origin) for name in series for day in days]
    load_rows(shop, FORECASTS, "week 2", sales_forecasts=second)

    rows = shop.rows("sales_forecasts")
    assert len(rows) == 1 + len(days) * (1 + len(series))
    assert {row["model"] for row in rows} == {"median"}
    # 10.00 CHF at 1.1 / 0.9; Wednesday was not loaded.
    chf = Decimal("12.2222")
    assert {
        (row["made_at"], row["series"]): row["actual"]
        for row in rows
        if row["target_date"] == MONDAY
    } == {
        (earlier, "total"): 15 + chf,
        (origin, "total"): 15 + chf,
        (origin, "category:Toys"): 10 + chf,
        (origin, "channel:sales_db"): 15,
        (origin, "sku:toys-1"): 10 + chf,
        (origin, "sku:none"): 0,
    }
    of_total = {
        row["target_date"]: row["actual"] for row in rows if row["series"] == "total"
    }
    _, tuesday, wednesday = days
    assert (of_total[oldest], of_total[tuesday]) == (10, 10)
    assert {row["actual"] for row in rows if row["target_date"] == wednesday} == {None}
