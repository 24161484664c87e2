"""What the report pages query in the warehouse."""

from datetime import timedelta
from types import SimpleNamespace

from ecommerce.pages import day_status
from ecommerce.pages.views import quality
from ecommerce.pages.warehouse_queries import WarehouseQueries
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import Folder, Order, delivered_file
from tests.rows import column_by, column_of, columns_of
from tests.source_names import PARTNER_FILES, SALES_DB, STOREFRONT

ONE_DAY = timedelta(days=1)
ORDERS = [
    Order("1", "2026-03-02 15:00"),
    Order("2", "2026-03-02 16:00"),
]


def delivered(file, received):
    """A read that found one file, without orders."""
    files = [delivered_file(file, received)]
    return Folder(
        source=PARTNER_FILES,
        read_at=received,
        files=files,
    )


def totals(shop, day=MONDAY):
    first = day - timedelta(days=quality.DAYS - 1)
    return quality.load_totals(shop.warehouse, first, day)


def test_the_pages_see_what_was_loaded_rejected_and_read(shop):
    rejected = {"reason": "invalid_number", "detail": "price = twelve", "order_id": "7"}
    shop.load(
        Folder(
            ORDERS,
            rejected=[rejected] * 5,
            totals={"source_orders": 3},
        ),
        delivered("acme_2026-03-02.csv", "2026-03-03 10:00"),
    )
    newest = MONDAY + ONE_DAY
    far = MONDAY + timedelta(days=quality.DAYS)
    tuesday = [Order("3", "2026-03-03 15:00")]
    newer = [rejected | {"order_id": "8"}]
    later = Folder(
        tuesday,
        read_at="2026-03-04 11:00",
        rejected=newer,
    )
    late = delivered("acme_2026-03-01.csv", "2026-03-04 10:00")
    shop.load(
        later,
        late,
        day=newest,
        run_id="tuesday",
    )

    page = SimpleNamespace(warehouse=WarehouseQueries(lambda: shop.warehouse, 60))
    days = day_status.load_days(page, MONDAY - ONE_DAY, newest)
    assert days.first == MONDAY
    orders = {day: each.figures["orders"] for day, each in days.days.items()}
    assert orders == {MONDAY: 2, newest: 1}

    of_shop = [row for row in totals(shop, newest) if row["source"] == SALES_DB]
    counts = columns_of(of_shop, "source_orders", "orders_loaded")
    assert counts == [
        (3, 2),
        (1, 1),
    ]
    texts = quality.page_texts(shop.warehouse, newest, "USD")
    rows = column_by(texts["sections"], "id", "rows")
    # The order that is not loaded is the rejected one.
    assert rows["differences"] == rows["restated"] == []
    assert rows["rejected"][0][1:4] == ["Invalid number", "6", "order 8"]
    assert len(rows["rejected"]) == 5
    assert rows["partners"][0][1:3] == [
        "acme_2026-03-01.csv",
        "2026-03-04 10:00:00 UTC",
    ]
    read = ["Sales database", "2026-03-04 11:00:00 UTC", "Tue 3 Mar"]
    assert rows["freshness"][0] == read

    assert set(column_of(totals(shop, far), "business_date")) == {newest}
    assert totals(shop, far + ONE_DAY) == []


def test_a_read_that_failed_is_not_hidden_by_what_the_sync_read_of_the_running_day(
    shop,
):
    def states():
        return {row["source"]: quality.state(row) for row in totals(shop)}

    begun = Order("9", "2026-03-02 15:00", source=STOREFRONT)
    during = Folder(
        [begun],
        STOREFRONT,
        read_at="2026-03-02 20:30",
    )
    shop.load(during, run_id="sync")
    assert states() == {}  # the day was not over
    shop.load(
        Folder(ORDERS),
        run_id="daily",
        missing_sources=[STOREFRONT],
    )
    assert states() == {SALES_DB: "agrees", STOREFRONT: "failed"}
    again = Folder(source=STOREFRONT, read_at="2026-03-03 13:00")
    shop.load(again, run_id="again")
    assert states() == {SALES_DB: "agrees", STOREFRONT: "agrees"}
