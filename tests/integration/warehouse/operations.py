"""What runs at the same time in a shop: one small load of each kind, on any warehouse."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.core.errors import ConfigurationError
from ecommerce.events.loading import EVENTS
from ecommerce.forecast.loading import FORECASTS
from ecommerce.sales.erasure import forget
from ecommerce.sales.history.undo import undo
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.staging_tables import HISTORY
from tests.integration.warehouse.conftest import MONDAY, Shop
from tests.integration.warehouse.loadable import (
    at,
    forecast,
    picture,
    read_folders,
    staged_rows,
)
from tests.integration.warehouse.test_load_in_any_order import NEWER, OLDER, TUESDAY
from tests.integration.warehouse.web_events import Website

ADDRESS = "ann@customers.test"
KINDS = (
    "day",
    "another day",
    "sync",
    "history",
    "undo",
    "forget",
    "events",
    "catalogue",
    "forecast",
)
FOLDERS = read_folders("interleaved.yaml")


Operation = Callable[[Shop], Any]


def loads(manifests, kind, *, day=TUESDAY, spec=ORDERS, **options):
    def operation(shop):
        run = {
            "spec": spec,
            "day": day,
            "run_id": kind,
            "dag_id": kind,
        }
        shop.load_staged(
            manifests,
            **run,
            **options,
        )

    return operation


def undo_export(shop):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BIGQUERY_DATASET", shop.dataset)
        with suppress(ConfigurationError):  # no export is loaded
            undo("old_shop")


def operations(shop, root):
    """Stage what each kind of operation loads, and return the operations."""
    website = Website(replace(shop, folder=root / "events"))
    for number in range(3):
        website.add(
            f"event {number}",
            at(f"2026-03-03 1{number}:00"),
            visitor_id=f"visitor {number}",
        )
    window = at("2026-03-03 05:00"), at("2026-03-04 05:00"), at("2026-03-04 06:00")
    events = website.staged(TUESDAY, *window, run_id="events")
    seen = at("2026-03-04 06:00")
    of_day = {"day": TUESDAY, "read_at": seen}
    pictures = {
        "product_pictures": [picture(sku, seen) for sku in ("toys-1", "toys-2")]
    }
    days = [date(2026, 3, day) for day in (3, 4, 5)]
    forecasts = {"sales_forecasts": [forecast("total", day, seen) for day in days]}

    def of(kind, *folders, day=TUESDAY, **options):
        return loads(
            [each.publish(root, day, kind) for each in folders],
            kind,
            day=day,
            **options,
        )

    return {
        "day": of("day", *NEWER),
        "another day": of("another day", *OLDER, day=MONDAY),
        "sync": of("sync", *FOLDERS["synced"]),
        "history": of(
            "history", *FOLDERS["export"], day=date(2024, 5, 6), status=HISTORY
        ),
        "undo": undo_export,
        "forget": lambda shop: forget(ADDRESS, shop.warehouse),
        "events": loads([events], "events", spec=EVENTS),
        "catalogue": loads(
            [
                staged_rows(
                    CATALOGUE,
                    root,
                    pictures,
                    **of_day,
                )
            ],
            "catalogue",
            spec=CATALOGUE,
        ),
        "forecast": loads(
            [
                staged_rows(
                    FORECASTS,
                    root,
                    forecasts,
                    **of_day,
                )
            ],
            "forecast",
            spec=FORECASTS,
        ),
    }
