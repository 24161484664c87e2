"""A shop deletes products: their order lines, read again, keep what the warehouse has of them."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from demo.ledger import STOREFRONT, Ledger
from demo.services.storefront import WooStore
from tests.integration.company import Company
from tests.integration.daily_run import morning_after, run_day
from tests.integration.warehouse_contents import Row, differences

pytestmark = pytest.mark.slow

DAY = date(2026, 9, 1)


def test_lines_of_deleted_products_keep_sku_name_and_category_however_often_they_are_read(
    start_company: Any,
) -> None:
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=60, seed=8).as_of(morning_after(DAY)))
    run_day(DAY, sources=[STOREFRONT])
    shop = company.storefront.store
    deleted, trashed = categorised_best_sellers(shop)
    bought = {
        number: [line.id for line in lines_of(shop, number)]
        for number in (deleted, trashed)
    }
    first = stored(company)

    shop.delete_product(deleted)
    del shop.products[
        trashed
    ]  # in the trash: lines keep its id and SKU, and nothing gives its category
    assert {line.sku for line in all_lines(shop) if line.id in bought[deleted]} == {
        None
    }
    for hours in (2, 4):  # what the second read kept, the third one keeps as well
        loaded = run_day(
            DAY, morning_after(DAY) + timedelta(hours=hours), sources=[STOREFRONT]
        )
        assert loaded.rows["order_lines"] == len(first["order_lines"]), (
            "every line was read again"
        )
        again = stored(company)
        assert differences(first, again) == ""
    for number in (deleted, trashed):
        kept = [
            row for row in again["order_lines"] if row["line_number"] in bought[number]
        ]
        assert len(kept) == len(bought[number]) > 0
        assert all(row["sku"] and row["product_name"] for row in kept)
        assert "uncategorised" not in {row["category"] for row in kept}


def all_lines(shop: WooStore) -> list[Any]:
    return [line for order in shop.orders.values() for line in order.lines]


def lines_of(shop: WooStore, product_id: int) -> list[Any]:
    return [line for line in all_lines(shop) if line.product_id == product_id]


def categorised_best_sellers(shop: WooStore) -> tuple[int, int]:
    """The ids of the two products with a category that are on most lines."""
    sold = Counter(
        line.product_id
        for line in all_lines(shop)
        if shop.products[line.product_id].categories
    )
    (first, _), (second, _) = sold.most_common(2)
    return first, second


def stored(company: Company) -> dict[str, list[Row]]:
    """What tells of products: lines, and sales by category."""
    tables = company.warehouse()
    return {name: tables[name] for name in ("order_lines", "daily_sales")}
