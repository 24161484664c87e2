"""A load reads the days that may hold its orders, and no others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse import load_history
from ecommerce.warehouse.load import look_up
from ecommerce.warehouse.staging_tables import Staging, stage
from tests.integration.warehouse.conftest import Shop
from tests.integration.warehouse.loadable import Folder, Order, at

FIRST = date(2026, 2, 1)
DAYS = [FIRST + timedelta(number) for number in range(10)]
LATER = at("2026-03-04 11:00")
ASCENDING = [str(995 + number) for number in range(10)]
RANDOM = ["8f", "1c", "e0", "02", "b7", "5d", "99", "a1", "3e", "c4"]


def orders(ids: Sequence[str], source: str) -> list[Order]:
    return [
        Order(each, at(f"{day} 15:00"), source=source, customer=each)
        for each, day in zip(ids, DAYS, strict=True)
    ]


def read_days(shop: Shop, *folders: Folder) -> dict[str, Any]:
    """The days of stored rows that the load of these folders reads, by name."""
    manifests = [each.publish(shop.folder, DAYS[-1], "later") for each in folders]
    staging = Staging(shop.warehouse, ORDERS, manifests, DAYS[-1], "later", "daily")
    stage(staging)
    found: dict[str, Any] = {}
    rendered = Staging.rendered

    def rendering(
        self: Staging, statement: str, *arguments: Any, **options: Any
    ) -> str:
        found.update(options.get("stored", {}))
        return rendered(self, statement, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Staging, "rendered", rendering)
        look_up(staging)
    return found


@pytest.mark.slow
def test_only_the_days_of_ascending_ids_are_read(shop: Shop) -> None:
    known = orders(ASCENDING, "sales_db")
    shop.load(Folder(known), Folder(orders(RANDOM, "storefront"), source="storefront"))
    changed = replace(
        known[2], status="refunded", refunds=[("r", at("2026-02-08 15:00"), "1.00")]
    )
    later = Folder(
        [changed, Order("1999", at("2026-02-10 15:00"))],
        removed=[ASCENDING[7]],
        read_at=LATER,
    )

    found = read_days(shop, later)
    assert (found["orders"], found.get("refunds")) == ([DAYS[2], DAYS[7]], None)

    shop.load(later, day=DAYS[-1], run_id="later")
    moved = replace(changed, ordered_at=at("2026-02-09 15:00"))
    found = read_days(shop, Folder([moved], read_at=at("2026-03-05 11:00")))
    assert (found["orders"], found["refunds"]) == ([DAYS[2]], [date(2026, 2, 8)])
    assert not read_days(
        shop, Folder([Order("2000", at("2026-02-10 15:00"))], read_at=LATER)
    ).get("orders")


def test_random_ids_are_found_too(shop: Shop) -> None:
    known = orders(RANDOM, "storefront")
    shop.load(Folder(known, source="storefront"))
    moved = replace(known[4], ordered_at=at("2026-02-01 16:00"))
    later = Folder([moved], source="storefront", read_at=LATER)

    assert read_days(shop, later)["orders"] == [
        DAYS[4]
    ]  # one order a day: its range is its id
    shop.load(later, day=DAYS[-1], run_id="later")
    assert shop.by("orders", "order_id", "business_date") == dict(
        zip(RANDOM, DAYS, strict=True)
    ) | {RANDOM[4]: FIRST}
    # The first day now has the ids from 8f to b7.
    between = replace(
        later, orders=[replace(moved, order_id="90")], read_at=at("2026-03-05 11:00")
    )
    assert read_days(shop, between)["orders"] == [FIRST]


def test_changes_by_others_are_noticed(shop: Shop) -> None:
    folder = Folder(orders(ASCENDING, "sales_db"))
    shop.load(folder)
    state = shop.state()
    for hour, change in enumerate(
        (
            "DELETE FROM `shop.stored_order_ids` WHERE business_date = '2026-02-03'",
            "DROP TABLE `shop.stored_order_ids`",
            "DELETE FROM `shop.orders` WHERE business_date = '2026-02-03'",
        )
    ):
        shop.warehouse.run(change, "another release, or a person")
        later = LATER + timedelta(hours=hour)
        shop.load(replace(folder, read_at=later), run_id=f"again_{hour}")
        assert shop.state() == state, change


def test_lines_and_refunds_of_orders_are_found_on_every_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_history, "_opened", lambda: shop.warehouse)
    monkeypatch.setattr(load_history, "IDS_PER_QUERY", 3)
    known = orders(ASCENDING, "storefront")
    known[2] = replace(known[2], refunds=[("r", at("2026-02-08 15:00"), "1.00")])
    shop.load(Folder(known, source="storefront"))
    for change in (
        "SELECT 1 AS nothing",
        "DELETE FROM `shop.stored_order_ids` WHERE TRUE",
    ):
        shop.warehouse.run(change, "a person")
        found = [
            load_history.known_lines("storefront", ["1", *ASCENDING]),
            load_history.known_refunds("storefront", ASCENDING),
        ]
        ids = [sorted(set(rows.column("order_id").to_pylist())) for rows in found]
        assert ids == [sorted(ASCENDING), [ASCENDING[2]]]
