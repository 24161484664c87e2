"""What the storefront's extract reads: the same from servers of all three kinds, over real HTTP."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sources import STOREFRONT
from tests.integration.storefront.days import (
    CHANGED_ON_THE_DAY,
    LOOKED_BACK_AT,
    OF_THE_DAY,
    storefront_days,
)
from tests.integration.storefront.reading import (
    ALL,
    FALL_BACK,
    MODES,
    NEW_YORK,
    pages,
    truth,
    what_was_read,
)
from tests.memory import LINES, REFUNDS, Remembered
from tests.parquet import read_rows
from tests.rows import column_of

SPRING = day_window(date(2025, 3, 9), NEW_YORK)
SUMMER = day_window(date(2025, 6, 3), "UTC")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("day", "site"),
    [
        (FALL_BACK, NEW_YORK),
        (SPRING, "Asia/Tokyo"),
        (SUMMER, "America/Los_Angeles"),
    ],
    ids=str,
)
def test_the_newest_day_is_read_alike_from_every_server(
    serve,
    read,
    mode,
    day,
    site,
):
    store = storefront_days(day)
    serve(store, mode, timezone=site)
    manifest = read(day)
    assert what_was_read(manifest) == truth(store, ALL)
    refunds = column_of(pages(manifest, "refunds"), "id")
    assert len(refunds) == len(set(refunds))


@pytest.mark.parametrize("mode", MODES)
def test_an_older_day_reads_what_was_created_or_changed_in_it_and_no_more(
    serve, read, mode
):
    store = storefront_days(FALL_BACK)
    serve(store, mode)
    manifest = read(later=True)
    shown = (
        LOOKED_BACK_AT - {42} if mode == "11" else {41, 43} if mode == "11c" else set()
    )
    assert what_was_read(manifest) == truth(
        store, OF_THE_DAY | CHANGED_ON_THE_DAY | shown
    )
    assert manifest.window_start == FALL_BACK.start
    assert manifest.window_end == FALL_BACK.end


def test_the_manifest_has_the_storefronts_totals(serve, read):
    store = storefront_days(FALL_BACK)
    line = store.orders[2].lines[0]
    store.orders[3].currency = " usd"
    store.orders[1].lines[0].subtotal = Decimal(10) ** 15  # beyond all reason
    store.orders[2].lines.append(
        replace(
            line,
            id=29,
            subtotal=Decimal(-3),
        )
    )
    serve(store)
    manifest = read()
    assert manifest.control_totals == {
        "source_orders": 21,
        "source_lines": 22,
        "source_refunds": 123,
        "source_amount": "390.0000",
        "source_amounts": [{"currency": "USD", "amount": "390.0000"}],
        "source_refund_amount": "43.9100",
        "warnings": [],
    }
    assert manifest.window_start == FALL_BACK.start - timedelta(hours=2)
    assert manifest.window_end == manifest.read_at
    products = pages(manifest, "products")
    categories = {item["sku"]: item["categories"][0]["name"] for item in products}
    assert categories == {"MUG": "Kitchen", "TEA": "Grocery"}
    assert all(item["name"] and item["date_modified_gmt"] for item in products)
    orders = pages(manifest, "orders")
    refunds = pages(manifest, "refunds")
    assert manifest.rows == len(orders) + len(refunds) + 2


def test_of_known_orders_only_those_that_are_gone_are_removed(serve, window):
    store = storefront_days(FALL_BACK)
    long_ago = {
        number: replace(
            store.orders[50],
            id=number,
        )
        for number in range(1000, 1101)
    }
    store.orders |= long_ago
    serve(store)
    known = [*map(str, long_ago), "999"]
    manifest = STOREFRONT.source().extract(replace(window(later=True), also_read=known))
    assert read_rows(manifest.file("removed_orders.parquet")) == [("999",)]


def test_refunds_that_are_known_are_not_read_again(serve, read):
    store = storefront_days(FALL_BACK)
    shop = serve(store)
    asked = []
    in_doubt = []

    def of_no_line(source, order_ids):
        in_doubt.append((order_ids, datetime.now(UTC)))
        return LINES.empty_table()

    def as_loaded(table, source, order_ids):
        """What the warehouse has of single refunds: nothing of order 43."""
        asked.append(sorted(order_ids))
        rows = []
        for number in (6, 24, 41):
            [refund] = store.orders[number].refunds
            row = {
                "refund_id": str(refund.id),
                "order_id": str(number),
                "merchandise_amount": refund.amount - Decimal("0.01"),
                "tax_amount": Decimal("0.01"),
            }
            rows.append(row)
        return pa.Table.from_pylist(rows, REFUNDS)

    earlier_reads = Remembered(stored_rows=as_loaded, known_lines=of_no_line)
    manifest = read(earlier_reads=earlier_reads)
    [(of_unknown_products, asked_at)] = in_doubt
    assert of_unknown_products == ["8"]
    assert manifest.read_at < asked_at, "the next read begins there"
    assert asked == [["24", "41", "43", "6"]], "42 has none any more"
    known = read_rows(manifest.file("known_refunds.parquet"), "refund_id")
    assert known == [("901",), ("903",), ("904",)]
    assert set(column_of(pages(manifest, "refunds"), "order_id")) == {"43"}
    assert len(pages(manifest, "refunds")) == 120
    assert not [request for request in shop.requests if "/orders/41/refunds" in request]
