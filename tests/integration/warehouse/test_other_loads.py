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
from tests.rows import column_of

FIRST = at("2026-03-03 06:00")
SECOND = at("2026-03-04 06:00")
CATALOGUES = yaml.safe_load(Path(__file__).with_name("catalogues.yaml").read_text())
SOURCE = "product_catalogue"
SERIES = ("total", "category:Toys", "channel:sales_db", "sku:toys-1", "sku:none")


def load_rows(shop, spec, run_id="run", day=MONDAY, **rows):
    """Load rows by table; `read_at` says when they were read."""
    read_at = rows.pop("read_at", FIRST)
    options = {
        "day": day,
        "read_at": read_at,
        "run_id": run_id,
    }
    manifest = staged_rows(
        spec,
        shop.folder,
        rows,
        **options,
    )
    shop.load_staged(
        [manifest],
        spec=spec,
        day=day,
        run_id=run_id,
    )


def load_catalogue(shop, name, read_at, **rows):
    """Load a catalogue of catalogues.yaml."""
    pictures = []
    for row in CATALOGUES[name]:
        pictures.append(
            picture(
                seen=read_at,
                run_id=name,
                **row,
            )
        )
    rows |= {"read_at": read_at, "product_pictures": pictures}
    load_rows(
        shop,
        CATALOGUE,
        name,
        **rows,
    )


def load_older(shop):
    rejected = [rejection(SOURCE, MONDAY, "older")]
    load_catalogue(
        shop,
        "older",
        FIRST,
        rejected_rows=rejected,
    )


def described_as(shop):
    """Name and category of each product."""
    rows = shop.tuples(
        "products",
        "sku",
        "name",
        "category",
    )
    return {sku: names for sku, *names in rows}


def described(sku, name):
    """A product as the sales database describes it."""
    changed = at("2026-03-01 10:00")
    return {
        "sku": sku,
        "name": name,
        "category": "Sold",
        "updated_at": changed,
    }


def test_a_catalogue_replaces_an_older_one_and_never_what_a_shop_says(
    shop, second_shop
):
    for each in (shop, second_shop):
        each.load(Folder([Order("1", FIRST)], products=[described("toys-1", "Shop's")]))
    load_older(shop)
    load_catalogue(shop, "newer", SECOND)

    stored = {row["sku"]: row for row in shop.rows("product_pictures")}
    stays = stored["stays"]
    gone = stored["gone"]
    assert stays["first_seen_at"] == FIRST
    assert stays["last_seen_at"] == SECOND
    assert stays["state"] == "no_picture"
    assert stays["sha256"] is None
    assert stays["etag"] == "e"
    assert gone["state"] == "gone"
    assert gone["reason"] is None
    assert gone["picture_uri"] == "p"
    assert gone["last_seen_at"] == FIRST
    assert CATALOGUES["newer"][1].items() <= stored["renamed"].items()
    assert shop.rows("rejected_rows") == [], "of the day, as it was read last"
    assert described_as(shop) == {
        "stays": ["Stays", "Toys"],
        "renamed": ["New", "Games"],
        "gone": ["Gone", "Toys"],
        "new": ["New", "Toys"],
        "toys-1": ["Shop's", "Sold"],
    }
    # The catalogue alone sets and removes pictures, and leaves the rest of a shop's product.
    uris = dict.fromkeys(("stays", "renamed", "new", "toys-1")) | {"gone": "p"}
    assert shop.by("products", "sku", "picture_uri") == uris
    updated = shop.by("products", "sku", "updated_at")
    assert updated["toys-1"] == at("2026-03-01 10:00")

    load_catalogue(second_shop, "newer", SECOND)
    state = second_shop.state(("product_pictures", "products"))
    load_older(second_shop)
    assert second_shop.state(("product_pictures", "products")) == state
    assert second_shop.rows("rejected_rows") == []

    # What the catalogue had said itself it changes, what a shop says since then it does not.
    renamed = described("renamed", "Shop's too")
    same = described("stays", "Stays") | {"category": "Toys"}
    shop.load(
        Folder(
            products=[renamed, same],
            read_at=SECOND,
        ),
        run_id="later",
    )
    load_catalogue(shop, "third", SECOND)
    products = described_as(shop)
    assert products["renamed"] == ["Shop's too", "Sold"]
    assert products["stays"] == ["Stays", "Toys"]
    assert products["gone"] == ["Back", "Toys"]
    states = dict.fromkeys(("renamed", "gone", "stays"), "no_picture")
    states |= dict.fromkeys(("new", "toys-1"), "gone")
    assert shop.by("product_pictures", "sku", "state") == states


def test_a_forecast_replaces_that_of_its_origin_and_learns_the_actual_sales(shop):
    oldest = MONDAY - timedelta(days=34)
    tuesday = MONDAY + timedelta(days=1)
    wednesday = MONDAY + timedelta(days=2)
    days = [MONDAY, tuesday, wednesday]
    earlier = at("2026-01-25 05:00")
    origin = at("2026-03-01 05:00")
    shop.load(*read_folders("other_loads.yaml")["day"])

    def predict(made_at, days, *series, **values):
        rows = []
        for name in series:
            rows += [
                forecast(
                    name,
                    day,
                    made_at,
                    **values,
                )
                for day in days
            ]
        load_rows(
            shop,
            FORECASTS,
            str(made_at),
            sales_forecasts=rows,
        )

    predict(earlier, [oldest, *days], "total")
    predict(
        origin,
        days,
        *SERIES,
        model="old",
    )
    predict(origin, days, *SERIES)

    rows = shop.rows("sales_forecasts")
    assert len(rows) == 1 + len(days) * (1 + len(SERIES))
    assert set(column_of(rows, "model")) == {"median"}
    actual = {}
    for row in rows:
        actual[row["made_at"], row["series"], row["target_date"]] = row["actual"]
    # 10.00 CHF at 1.1 / 0.9; Wednesday was not loaded.
    chf = Decimal("12.2222")
    assert actual[earlier, "total", oldest] == 10
    for made_at in (earlier, origin):
        assert actual[made_at, "total", MONDAY] == 15 + chf
        assert actual[made_at, "total", tuesday] == 10
    assert actual[origin, "category:Toys", MONDAY] == 10 + chf
    assert actual[origin, "channel:sales_db", MONDAY] == 15
    assert actual[origin, "sku:toys-1", MONDAY] == 10 + chf
    assert actual[origin, "sku:none", MONDAY] == 0
    assert {row["actual"] for row in rows if row["target_date"] == wednesday} == {None}
