"""What the report pages query in the warehouse."""

from datetime import timedelta

from ecommerce.core.settings import load_settings
from ecommerce.pages import day_status
from ecommerce.pages.views import quality
from ecommerce.sources import STOREFRONT
from tests.integration.warehouse.conftest import MONDAY, Shop
from tests.integration.warehouse.loadable import Folder, Order, at

ONE_DAY = timedelta(days=1)
REJECTED = {
    "reason": "invalid_number",
    "detail": "unit_price = twelve",
    "order_id": "7",
}
ORDERS = [Order("1", at("2026-03-02 15:00")), Order("2", at("2026-03-02 16:00"))]
TUESDAY = [Order("3", at("2026-03-03 15:00"))]


def rows_of(texts, section):
    return next(each["rows"] for each in texts["sections"] if each["id"] == section)


def test_the_pages_see_what_was_loaded_rejected_and_read(shop: Shop):
    shop.load(Folder(ORDERS, rejected=[REJECTED], totals={"source_orders": 3}))
    shop.load(
        Folder(TUESDAY, read_at=at("2026-03-04 11:00")),
        day=MONDAY + ONE_DAY,
        run_id="tuesday",
    )
    newest = MONDAY + ONE_DAY

    days = day_status.load_days(shop.warehouse, MONDAY - ONE_DAY, newest)
    assert (days.first, days.last) == (MONDAY, newest)
    assert {day: each.figure("orders") for day, each in days.days.items()} == {
        MONDAY: 2,
        newest: 1,
    }
    assert [each.mails for each in days.days.values()] == [0, 0]

    found = quality.load_facts(shop.warehouse, newest)
    assert [
        (row["business_date"], row["source_orders"], row["orders_loaded"])
        for row in found.totals
    ] == [
        (MONDAY, 3, 2),
        (newest, 1, 1),
    ]
    texts = quality.page_texts(found, at("2026-03-04 12:00"), load_settings())
    assert rows_of(texts, "differences") == [], (
        "the order that is not loaded is the rejected one"
    )
    [rejected] = rows_of(texts, "rejected")
    assert rejected[1:3] == ["Invalid number", "1"]
    assert "order 7" in rejected[3]
    assert rows_of(texts, "freshness")[0] == [
        "Sales database",
        "2026-03-04 11:00:00 UTC",
        "60 min",
        "Tue 3 Mar",
    ]
    assert rows_of(texts, "restated") == []


def test_days_outside_the_span_are_not_seen(shop: Shop):
    shop.load(Folder(ORDERS))
    far = MONDAY + timedelta(days=quality.DAYS)
    assert day_status.load_days(shop.warehouse, MONDAY + ONE_DAY, far).days == {}
    assert quality.load_facts(shop.warehouse, far).totals == []
    assert quality.load_facts(shop.warehouse, far - ONE_DAY).totals != []


def test_a_read_that_failed_is_not_hidden_by_what_the_sync_read_of_the_running_day(
    shop: Shop,
):
    begun = Order("9", at("2026-03-02 15:00"), source=STOREFRONT)
    shop.load(
        Folder([begun], STOREFRONT, read_at=at("2026-03-02 20:30")), run_id="sync"
    )
    assert quality.load_facts(shop.warehouse, MONDAY).totals == [], (
        "the day was not over"
    )
    shop.load(Folder(ORDERS), run_id="daily", missing_sources=[STOREFRONT])
    states = {
        row["source"]: quality.state(row)
        for row in quality.load_facts(shop.warehouse, MONDAY).totals
    }
    assert states == {"sales_db": "agrees", STOREFRONT: "failed"}
    again = Folder(source=STOREFRONT, read_at=at("2026-03-03 13:00"))
    shop.load(again, run_id="again")
    states = {
        row["source"]: quality.state(row)
        for row in quality.load_facts(shop.warehouse, MONDAY).totals
    }
    assert states == {"sales_db": "agrees", STOREFRONT: "agrees"}
