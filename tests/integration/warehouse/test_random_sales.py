"""Random sales have the rows of an oracle without SQL: in the views of customers, orders, returns, coupons
and products, in the contributions to the change of net sales, and in the breakdowns of a day."""

from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from ecommerce.sales.loading import ORDERS
from tests.integration.conftest import FULL_MATRIX
from tests.integration.customer_views import check_views
from tests.integration.warehouse.loadable import Folder, Order, daily_sales
from tests.integration.warehouse.random_sales import (
    DAYS,
    EXPORT,
    LAST,
    RandomSales,
    assert_near,
)
from tests.oracle_periods import reasons
from tests.rows import column_of, columns_of

WEEK = timedelta(days=7)
INCOMPLETE = {DAYS[3], DAYS[8]}
"""Each is compared itself. The day after the first has no day to compare with."""
PRODUCTS_QUERY = "report/daily_sales/products.sql"
REPORTING_CURRENCIES = ("USD", "JPY", "KWD")
TIMEZONES = ("America/New_York", "Pacific/Auckland", "Asia/Kolkata")
"""Days begin after, half a day before, and at no full hour of those in UTC."""
FACTS = {"began", "ended", "unconverted"}
AMOUNTS = ("units", "gross_sales", "discounts", "returns", "net_sales")


@pytest.fixture(
    scope="module",
    params=range(9) if FULL_MATRIX else [3],
)
def loaded(request, lend_shop):
    """A warehouse with random sales, and the truth about them."""
    zone, place = divmod(request.param, len(REPORTING_CURRENCIES))
    currency = REPORTING_CURRENCIES[place]
    timezone = TIMEZONES[zone]
    # Views have the currency and the timezone with which they were made.
    name = f"sales_in_{currency}_{zone}"
    attributes = dict.fromkeys(("ORDER_ATTRIBUTES", "REPORT_ATTRIBUTE"), "group")
    with lend_shop(name, attributes, currency=currency, timezone=timezone) as shop:
        sales = RandomSales(request.param, currency)
        sales.load(shop, [day for day in DAYS if day not in INCOMPLETE])
        yield shop, sales


def test_every_view_has_the_rows_of_the_oracle(loaded):
    shop, sales = loaded
    check_views(shop.rows, sales.customers)
    segments = set(column_of(shop.rows("customer_value", "segment"), "segment"))
    assert len(segments) >= 6


def base_of(day):
    """The day that a day is compared with, or None."""
    for base in (day - WEEK, day - timedelta(days=1)):
        if base in DAYS and base not in INCOMPLETE:
            return base
    return None


def read(shop, name, day, **values):
    """The rows of a query of the report, which reads the days of the refunded orders only."""
    days = {day, *values.values()}
    refunded = shop.warehouse.query(
        "report/daily_sales/refunded_order_days.sql", days=days
    )
    order_days = days | set(column_of(refunded, "business_date"))
    if name == "attributes":
        days = order_days
    values |= {
        "report_day": day,
        "days": days,
        "read_days": order_days,
    }
    return shop.warehouse.query(
        f"report/daily_sales/{name}.sql",
        spec=ORDERS,
        **values,
    )


def contributions(shop):
    """What the report of the last day has of the changes since the week before."""
    return read(
        shop,
        "contributions",
        LAST,
        base=LAST - WEEK,
    )


def amounts(rows):
    """Both amounts by scope, dimension and name, without the rows that are no part of net sales."""
    parts = {}
    for row in rows:
        if row["dimension"] not in FACTS:
            key = row["scope"], row["dimension"], row["name"]
            assert key not in parts
            parts[key] = row["before"], row["now"]
    return parts


def facts(rows, dimension):
    """The names of the rows that are no part of net sales."""
    return {row["name"] for row in rows if row["dimension"] == dimension}


def assert_same(parts, expected):
    """Both have the same amounts, up to rounding."""
    for key in parts.keys() | expected.keys():
        stored = parts.get(key, (0, 0))
        for amount, exact in zip(
            stored,
            expected.get(key, (0, 0)),
            strict=True,
        ):
            assert_near(amount, exact)


def without(total, sales, currencies, channels):
    """Net sales of a day without some currencies and channels, by its rows of `daily_sales`."""
    for row in sales:
        if row["currency"] in currencies or row["channel"] in channels:
            total -= row["net_sales_reporting"] or 0
    return total


def rows_by_day(shop, table):
    """The rows of each business day."""
    by_day = defaultdict(list)
    for row in shop.rows(table):
        by_day[row["business_date"]].append(row)
    return by_day


def assert_adds_up(parts, totals):
    """Every dimension has the `totals` of its scope, to the last digit."""
    sums = defaultdict(Counter)
    for (scope, dimension, _), (before, now) in parts.items():
        sums[scope, dimension].update(
            before=before,
            now=now,
        )
    for (scope, dimension), both in sums.items():
        assert (both["before"], both["now"]) == totals[scope], (scope, dimension)


def test_the_view_has_the_contributions_of_every_day_that_can_be_compared(loaded):
    shop, sales = loaded
    by_day = rows_by_day(shop, "sales_contributions")
    stored = rows_by_day(shop, "daily_sales")
    net_sales = shop.by("daily_summary", "business_date", "net_sales")
    compared = [day for day in DAYS if base_of(day)]
    assert set(compared) <= by_day.keys()
    for day in compared:
        rows = by_day[day]
        base = base_of(day)
        assert set(column_of(rows, "base_date")) == {base}
        began, ended = sales.moved_channels(day, base)
        assert facts(rows, "began") == began
        assert facts(rows, "ended") == ended
        currencies = sales.unconverted(day, base)
        assert facts(rows, "unconverted") == currencies
        parents = {"": None} | sales.parents(day, base)
        for row in rows:
            if (row["scope"], row["dimension"]) == ("all", "product"):
                # A product that was only returned has the category of the return.
                assert row["parent"] == parents.get(row["name"], row["parent"])
        parts = amounts(rows)
        assert_same(parts, sales.contributions(day, base))
        totals = defaultdict(tuple)
        for each in (base, day):
            of_day = net_sales[each], stored[each], currencies
            totals["all"] += (without(*of_day, set()),)
            totals["like_for_like"] += (without(*of_day, began | ended),)
        assert_adds_up(parts, totals)
    # The report reads the rows of the view.
    assert {row["scope"] for row in by_day[LAST]} == {"all", "like_for_like"}
    columns = ("scope", "dimension", "name", "parent", "before", "now")
    of_view = columns_of(by_day[LAST], *columns)
    of_report = columns_of(contributions(shop), *columns)
    assert sorted(map(repr, of_report)) == sorted(map(repr, of_view))


def test_breakdowns_have_the_rows_of_the_oracle(loaded):
    """Attributes add up to the headline, and the largest is first."""
    shop, sales = loaded
    headlines = shop.summaries()
    for day in DAYS[-7:]:
        attributes = read(shop, "attributes", day)
        for name in AMOUNTS:
            total = sum(row[name] for row in attributes)
            assert total == headlines[day][name]
        keys = [(-row["net_sales"], row["name"]) for row in attributes]
        assert keys == sorted(keys)
        if day not in DAYS[-3:]:
            continue
        rows = read(shop, "breakdowns", day)
        for row in attributes:
            name = None if row["name"] == "(none)" else row["name"]
            rows.append({**row, "dimension": "attribute", "name": name})
        expected = sales.breakdowns(day)
        assert set(columns_of(rows, "dimension", "name")) == expected.keys()
        for row in rows:
            sums = expected[row["dimension"], row["name"]]
            is_category = row["dimension"] == "category"
            assert row["orders"] == (None if is_category else sums["orders"])
            for name in AMOUNTS:
                assert_near(row[name], sums[name])
    figures = shop.report(LAST)
    assert figures.attribute == "group"
    of_report = [(row.name, row.orders) for row in figures.attributes]
    assert of_report == columns_of(attributes, "name", "orders")


def test_the_view_for_tools_has_the_amounts_in_reporting_currency(loaded):
    shop, _ = loaded
    expected = []
    for row in shop.rows("daily_sales"):
        columns = {}
        for name, value in row.items():
            if f"{name}_reporting" not in row:
                columns[name.removesuffix("_reporting")] = value
        expected.append(columns)
    stored = shop.rows("daily_sales_reporting")
    assert stored == sorted(expected, key=repr)


def test_reasons_have_the_refunds_of_the_oracle(loaded):
    shop, sales = loaded
    for day in DAYS[-7:]:
        query = "report/daily_sales/return_reasons.sql"
        rows = shop.warehouse.query(query, report_day=day)
        entries = [entry for entry in sales.entries if entry.day == day]
        expected = reasons(entries)
        assert set(column_of(rows, "reason")) == expected.keys()
        for row in rows:
            refunds, amount = expected[row["reason"]]
            assert row["refunds"] == refunds
            assert_near(row["amount"], amount)


def test_products_are_compared_without_currencies_that_have_no_rate_on_a_day(loaded):
    shop, sales = loaded
    base = LAST - WEEK
    days = {
        "days": {LAST, base},
        "report_day": LAST,
        "base": base,
    }
    rows = shop.warehouse.query(
        PRODUCTS_QUERY,
        most=100,
        most_movers=5,
        **days,
    )
    excluded = sales.unconverted(LAST, base)
    assert excluded
    sold = sales.products(LAST)
    compared = sales.products(LAST, excluded)
    before = sales.products(base, excluded)
    assert {row["sku"] for row in rows if row["sales"] is not None} == sold.keys()
    for row in rows:
        sku = row["sku"]
        assert_near(row["units"] or 0, sold[sku]["units"])
        assert_near(row["sales"] or 0, sold[sku]["sales"])
        assert_near(row["now"], compared[sku]["sales"])
        assert_near(row["before"], before[sku]["sales"])


STOPPED = [13, 12, 11, 10, 9]
"""Five of the seven days up to the day a week before, as days before `LAST`."""
MOVES = {
    "since today": ([0], "began"),
    "since tomorrow of the base": ([6, 0], "began"),
    "gone today": ([6], None),
    "as on the base": ([7, 0], None),
    "sold 91 days before the base": ([98, 0], None),
    "sold 92 days before the base": ([99, 0], "began"),
    "stopped on the base": ([*STOPPED, 7], "ended"),
    "stopped before the base": (STOPPED, None),
    "stopped three days ago": ([*STOPPED, 7, 3], "ended"),
    "stopped two days ago": ([*STOPPED, 7, 2], None),
    "four days of the week": ([12, 11, 10, 7], None),
    "five days of the week": ([12, 11, 10, 8, 7], "ended"),
    "a day before the week": ([14, 12, 11, 10, 7], None),
    "export": ([7, 1], "ended"),
    "all the time": (range(100), None),
}
"""Days before `LAST` on which a channel sells, and whether it began or ended since the base."""


def sell(shop, channel, days):
    """Insert 10.00 of a channel on days before `LAST`."""
    source = EXPORT if channel == "export" else "sales_db"
    rows = []
    for back in days:
        day = LAST - timedelta(days=back)
        rows.append(
            daily_sales(
                day,
                source,
                10,
                channel=channel,
            )
        )
    shop.insert("daily_sales", rows)


def test_channels_begin_and_end_by_the_days_on_which_they_sell(shop):
    for channel, (days, _) in MOVES.items():
        sell(shop, channel, days)
    shop.exported(EXPORT, LAST, LAST)
    found = dict.fromkeys(MOVES)
    for row in contributions(shop):
        if row["dimension"] in ("began", "ended"):
            found[row["name"]] = row["dimension"]
    assert found == {channel: move for channel, (_, move) in MOVES.items()}


def test_a_channel_has_not_ended_while_the_whole_shop_is_closed(shop):
    for channel in ("web", "till"):
        sell(shop, channel, [*STOPPED, 7])
    found = contributions(shop)
    assert set(column_of(found, "scope")) == {"all"}


def test_the_report_has_the_products_of_the_50_largest_changes(shop):
    orders = []
    for number in range(1, 61):
        order = Order(
            str(number),
            f"{LAST} 17:00",
            [("Toys", "1", number)],
        )
        order.products = [f"sku {number}"]
        orders.append(order)
    shop.load(Folder(orders))
    rows = contributions(shop)
    changes = [row["now"] for row in rows if row["dimension"] == "product"]
    assert changes == list(range(60, 10, -1))
