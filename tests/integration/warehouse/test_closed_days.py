"""A shop that is closed on Sundays: what a day is compared with, where an export knows no such day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ecommerce.sales.report.texts.page import page_texts
from tests.oracle_comparisons import days_of

FIRST, LAST = date(2025, 2, 1), date(2026, 2, 14)
"""Of the export; both are Saturdays. The daily runs begin on the Monday after."""
DAY = date(2026, 3, 5)
NOT_RUN = date(2026, 2, 24)
D = Decimal
AUDIT = "business_date, source, run_id, status, read_at, window_start, window_end"


@pytest.fixture
def closed_on_sundays(shop):
    """100.00 on every day but Sundays, as loads leave it: first an export, then daily runs, one of which did
    not take place."""
    run = [day for day in days_of(LAST + timedelta(2), DAY) if day != NOT_RUN]
    rows = [(day, 0 if day.weekday() == 6 else 100) for day in run]
    rows += [(day, 100) for day in days_of(FIRST, LAST) if day.weekday() != 6]
    shop.insert(
        "daily_summary",
        "business_date, orders, units, customers, gross_sales, discounts, returns, net_sales, tax, shipping, "
        "average_order_value, new_customers, unconverted_orders, complete",
        [
            f"('{day}', {net // 50}, 1, 1, {net}, 0, 0, {net}, 0, 0, {50 if net else 'NULL'}, 0, 0, TRUE)"
            for day, net in rows
        ],
    )
    midnights = f"'{FIRST} 05:00:00+00', '{LAST + timedelta(1)} 05:00:00+00'"
    export = f"('{FIRST}', 'old_shop', 'export', 'history', '2026-02-15 12:00:00+00', {midnights})"
    # The export of a shop that closed on the evening before a day without a run.
    other = f"('{FIRST}', 'other', 'export', 'history', '2026-02-25 12:00:00+00', "
    other += f"'{NOT_RUN - timedelta(1)} 05:00:00+00', '{NOT_RUN} 05:00:00+00')"
    shop.insert("load_audit", AUDIT, [export, other])
    shop.ran(run)
    return shop


def test_a_day_without_orders_in_an_exports_range_is_a_day_of_zero(closed_on_sundays):
    figures = closed_on_sundays.report(DAY)

    # 5 to 14 February are the export's, the 15th is the Sunday before the first run.
    trend = {each.business_date: each.net_sales for each in figures.trend}
    assert [day for day, net in trend.items() if net == 0] == [
        date(2026, 2, 8),
        date(2026, 2, 15),
        date(2026, 2, 22),
        date(2026, 3, 1),
    ]
    assert [day for day, net in trend.items() if net is None] == [NOT_RUN]
    assert (figures.averaged_days, figures.averaged_days_without_sales) == (27, 4)
    assert figures.headline["net_sales"].average == D("85.1852")  # 2,300 in 27 days
    assert figures.headline["average_order_value"].average == 50
    found = figures.month
    assert found.unfinished == 0
    for month in (found.now, found.last_month, found.last_year):
        assert (month.net_sales, month.days_without_sales) == (400, 1)

    shown = page_texts(figures)
    sections = {each["id"]: each for each in shown["sections"]}
    assert "27-day average, 4 days without sales." in shown["footnote"]
    for month in ("Mar 2026", "Feb 2026", "Mar 2025"):
        assert f"{month}: 1 day without sales." in sections["month"]["remarks"]

    # A closed day is compared with closed days.
    figures = closed_on_sundays.report(date(2026, 3, 1))
    net = figures.headline["net_sales"]
    assert (net.value, net.day_before) == (0, 100)
    assert (net.week_before, net.year_before) == (0, 0)
    assert figures.trend[-1].weekday_mean == 0

    # After its last day, nothing is expected of an export.
    of_export = [LAST, LAST + timedelta(1)]
    closed_on_sundays.insert(
        "sales_forecasts",
        "series, target_date, made_at, model, run_id, forecast, lower_80, upper_80, lower_95, upper_95",
        [
            f"('channel:old_shop', '{day}', '2026-02-09 05:00:00+00', 'm', 'r', 9, 8, 10, 7, 11)"
            for day in of_export
        ],
    )
    reports = [closed_on_sundays.report(day) for day in of_export]
    assert [bool(figures.expectation) for figures in reports] == [True, False]

    # An export that was undone covers no day.
    undone = f"('{FIRST}', 'old_shop', 'undo__old_shop', 'history', '2026-03-06 12:00:00+00', NULL, NULL)"
    closed_on_sundays.insert("load_audit", AUDIT, [undone])
    trend = closed_on_sundays.report(DAY).trend
    zero = [each.business_date for each in trend if each.net_sales == 0]
    assert zero == [date(2026, 2, 22), date(2026, 3, 1)]
