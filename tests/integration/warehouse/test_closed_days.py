"""A shop that is closed on Sundays: what a day is compared with, where an export knows no such day."""

from datetime import date, timedelta
from decimal import Decimal

from tests.integration.warehouse.loadable import daily_summary
from tests.oracle_comparisons import days_of

FIRST, LAST = date(2025, 2, 1), date(2026, 2, 14)
"""Of the export; both are Saturdays. The daily runs begin on the Monday after."""
DAY = date(2026, 3, 5)
NOT_RUN = date(2026, 2, 24)
"""A day without a run, after the last day of another export."""


def sell(shop):
    """100.00 in two orders on every day but Sundays, as loads leave it: an export, then daily runs."""
    rows = []
    for day in days_of(FIRST, DAY):
        if day == NOT_RUN:
            continue
        if day.weekday() != 6:
            rows.append(daily_summary(day, 100, orders=2, average_order_value=50))
        elif day > LAST + timedelta(days=1):
            rows.append(daily_summary(day, 0))
    shop.insert("daily_summary", rows)
    shop.exported("old_shop", FIRST, LAST)
    before = NOT_RUN - timedelta(days=1)
    shop.exported("other", before, before)


def test_a_day_without_orders_in_an_exports_range_is_a_day_of_zero(shop):
    sell(shop)
    figures = shop.report(DAY)

    # 5 to 14 February are the export's, the 15th is the Sunday before the first run.
    trend = {each.business_date: each.net_sales for each in figures.trend}
    assert [day for day, net in trend.items() if net == 0] == [
        date(2026, 2, 8),
        date(2026, 2, 15),
        date(2026, 2, 22),
        date(2026, 3, 1),
    ]
    assert [day for day, net in trend.items() if net is None] == [NOT_RUN]
    assert figures.averaged_days == 27
    assert figures.averaged_days_without_sales == 4
    assert figures.headline["net_sales"].average == Decimal("85.1852")  # 2,300 / 27
    assert figures.headline["average_order_value"].average == 50
    assert figures.month.unfinished == 0
    for month in (figures.month.now, figures.month.last_month, figures.month.last_year):
        assert month.net_sales == 400
        assert month.days_without_sales == 1

    # A closed day is compared with closed days.
    figures = shop.report(date(2026, 3, 1))
    net = figures.headline["net_sales"]
    assert net.value == 0
    assert net.day_before == 100
    assert net.week_before == 0
    assert net.year_before == 0
    assert figures.trend[-1].weekday_mean == 0


def test_a_weekday_that_sold_four_weeks_before_was_not_closed(shop):
    sell(shop)
    after = LAST + timedelta(days=1)
    assert after in shop.by("known_days", "business_date", "is_complete")
    open_sunday = after - timedelta(weeks=4)
    shop.insert("daily_summary", [daily_summary(open_sunday, 100)])
    assert after not in shop.by("known_days", "business_date", "is_complete")
