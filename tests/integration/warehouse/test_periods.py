"""The figures of a week and its slices, by an oracle without SQL, and by hand."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from ecommerce.core.headline_figures import HEADLINE, Meaning
from ecommerce.core.periods import Period, parse_period
from ecommerce.sales.periods.figures import Expected, PaidOut
from ecommerce.sales.periods.reader import read_net_sales
from ecommerce.sales.slices import WHOLE, Slice
from tests.integration.warehouse.loadable import (
    Folder,
    at,
    days_from,
    forecast,
    read_folders,
)
from tests.integration.warehouse.random_sales import RandomSales
from tests.oracle_comparisons import Export, History
from tests.oracle_periods import differences

D = Decimal
WEEK = parse_period("2026-W10")
"""With the change to daylight saving time in New York, on its Sunday."""
MONDAY = WEEK.first
MORNING = at("2026-03-09 11:00")
ODD = 'Kid\'s "toys" `sales.orders` \\ \N{SNOWMAN} @x'
"""The name of a category."""
STOREFRONT = Slice(shop=["storefront"])
ACME = Slice(channel=["acme"])
TOYS = Slice(category=["Toys"])
SLICES = [
    WHOLE,
    Slice(country=["DE"]),
    Slice(country=["DE", "US"]),
    Slice(country=["ZZ"]),
    STOREFRONT,
    ACME,
    Slice(channel=["acme", "sales_db"]),
    TOYS,
    Slice(
        category=["Toys", "Garden"],
        country=["US"],
    ),
    Slice(category=["unallocated"]),
    Slice(
        category=[ODD],
        shop=["sales_db"],
    ),
    Slice(country=["PT"]),
    Slice(country=["FR"]),
]


RATES = {
    "USD": Fraction(1),
    "EUR": Fraction(5, 4),
    "GBP": Fraction(12500, 8533),
}
"""The worth of one unit in dollars. The real has none."""
TABLES = yaml.safe_load(Path(__file__).with_name("fortnight_tables.yaml").read_text())
FOLDERS = [folder for [folder] in read_folders("fortnight.yaml").values()]
FRIDAY = MONDAY + timedelta(days=4)


class Fortnight(RandomSales):
    """The sales of the folders, which are not random."""

    days = ()

    def __init__(self):
        self.currency = "USD"
        self.orders = []
        for folder in FOLDERS:
            self.orders += folder.orders
        self.orphans = FOLDERS[0].orphans
        self._settle()

    def rate_of(self, currency, day):
        return RATES.get(currency)


def load(shop):
    """Load the fortnight, and the week of the year before. The storefront was not read on the Friday."""
    days = [*WEEK.year_before.days, *WEEK.before.days, *WEEK.days]
    days.append(MONDAY - timedelta(days=40))
    shop.ran([day for day in days if day != FRIDAY])
    shop.ran([FRIDAY], ["sales_db", "partner_files", "exchange_rates"])
    rates = []
    for day in days:
        rates += [
            (day, "USD", "1.25"),
            (day, "GBP", "0.8533"),
        ]
    rate_folder = Folder(source="exchange_rates", read_at=MORNING, rates=rates)
    shop.load(
        *FOLDERS[:3],
        rate_folder,
        day=WEEK.last,
        off_sources=["shopify"],
    )
    status = {"status": "history", "dag_id": "sales_history_load"}
    shop.load(
        FOLDERS[3],
        day=MONDAY,
        run_id="manual__export",
        **status,
    )


FORECASTS = {
    "total": range(7),
    "channel:acme": range(7),
    "category:Toys": (1, 2, 4),
}
"""The days of the week with a forecast."""


def plan(shop):
    """Insert forecasts of the week and the next one, the rows of `TABLES`, and reads of web events."""
    rows = []
    for series, days in FORECASTS.items():
        for number in days:
            day = MONDAY + timedelta(days=number)
            rows.append(forecast(series, day, at("2026-03-02 05:00")))
    for made_at, amount in (
        ("03-09 04:00", 50),
        ("03-09 05:00", 9),
        ("03-08 05:00", 8),
    ):
        for number in range(7, 13):
            day = MONDAY + timedelta(days=number)
            for series in ("total", "channel:acme"):
                row = forecast(
                    series,
                    day,
                    at(f"2026-{made_at}"),
                    forecast=amount,
                )
                rows.append(row)
    shop.insert("sales_forecasts", rows)
    for table, written in TABLES.items():
        shop.insert(table, written)
    shop.ran(days_from(MONDAY - timedelta(days=6), 13), ["web_events"])


@pytest.fixture(scope="module")
def shop(lend_shop):
    """The warehouse of the fortnight."""
    with lend_shop(environment={"SHOPS": '{"storefront": ["outlet"]}'}) as shop:
        load(shop)
        plan(shop)
        yield shop


@pytest.fixture(scope="module")
def history(shop):
    old = {}
    for days in (-6, -5):
        amounts = {
            "gross_sales": D(11),
            "discounts": D(0),
            "returns": D(0),
        }
        old[MONDAY + timedelta(days=days)] = amounts
    return History(shop.summaries(), [Export(min(old), max(old), old)])


@pytest.fixture(scope="module")
def check(history):
    """Compare figures with the oracle."""
    sales = Fortnight()

    def compare(figures):
        assert (
            differences(
                sales,
                history,
                figures,
                has_shops=True,
            )
            == []
        )

    return compare


@pytest.fixture(scope="module")
def week(shop):
    return shop.period_figures(WEEK, SLICES)


@pytest.mark.parametrize("only", SLICES)
def test_a_week_has_the_figures_of_the_oracle(week, check, only):
    check(week[only])


def test_the_week_before_is_to_the_last_digit_the_sum_of_its_days(week, history):
    days = [history.days[day]["net_sales"] for day in WEEK.before.days]
    assert week[WHOLE].headline["net_sales"].before == sum(days)


def test_what_only_the_whole_shop_has(week):
    whole = week[WHOLE]
    assert (whole.repeat.customers, whole.repeat.repeated) == (3, 2)
    assert whole.cohort.month == MONDAY.replace(day=1)
    assert (whole.cohort.customers, whole.cohort.repeated) == (6, 1)
    steps = [(row.step, row.sessions, row.before) for row in whole.funnel]
    # The events of the Monday before are not loaded, and nobody viewed a product this week.
    assert steps == [
        ("session", 70, None),
        ("purchase", 14, None),
    ]
    [restated] = whole.restated
    assert (restated.day.day, restated.mailed, restated.now) == (3, 90, 99)
    assert whole.target.target == 700


def test_a_week_of_which_events_are_missing_has_no_funnel(shop):
    before = WEEK.before
    rows = shop.warehouse.query(
        "report/periods/funnel.sql",
        slices=[WHOLE.columns],
        report_day=before.last,
        first=before.first,
        before=before.before.first,
        before_last=before.before.last,
    )
    assert rows == []


def test_payments_of_the_shop_and_of_its_slices(week):
    fees = {}
    for only, figures in week.items():
        if figures.costs and figures.costs.fees:
            costs = figures.costs
            fees[only] = (costs.fees, costs.sales_with_fees)
    assert fees == dict.fromkeys([WHOLE, STOREFRONT, TOYS], (1, 20))
    # A partner that sells, without a cost and a payment.
    assert week[ACME].costs is None
    # Of net sales where the refund of the whole order is in no category.
    assert week[TOYS].costs.fee_coverage == D("0.162")
    paid = PaidOut(
        source="storefront", currency="USD", payouts=2, amount=21, unexplained=6
    )
    assert week[WHOLE].payouts == week[STOREFRONT].payouts == [paid]


def test_forecasts_of_the_series_of_a_slice(week):
    whole = week[WHOLE]
    # Not of the Friday, which is not complete.
    complete = [day for day in whole.days if day.complete]
    assert whole.expected.days == 6
    assert whole.expected.measure == "net_sales"
    assert whole.expected.actual == D("371.75") - 22
    assert whole.expected.forecast == sum(day.forecast for day in complete)
    assert 50 < whole.expected.forecast < 60
    assert whole.next_period.days == 6
    assert whole.next_period.first == MONDAY + timedelta(days=7)
    assert 240 < whole.next_period.forecast < 300
    acme = week[ACME]
    assert acme.expected == Expected(
        measure="gross_sales", forecast=60, actual=140, days=6
    )
    assert acme.next_period.forecast == 300
    assert acme.target.target == 70
    assert [day.forecast for day in acme.days] == [None] * 7
    toys = week[TOYS]
    assert toys.expected == Expected(
        measure="gross_sales", forecast=20, actual=90, days=2
    )


def test_what_a_slice_does_not_have(week):
    forecast = {"expected", "next_period", "target"}
    only_whole = {"repeat", "cohort", "funnel", "restated"}
    parts = {"payouts", *forecast, *only_whole}
    expected = dict.fromkeys(SLICES, frozenset())
    expected |= {
        ACME: forecast,
        TOYS: {"expected"},
        STOREFRONT: {"payouts"},
    }
    expected[WHOLE] = parts
    for only, figures in week.items():
        found = {name for name in parts if getattr(figures, name)}
        assert found == expected[only]


def test_a_day_of_slices(shop, check):
    for day in (FRIDAY, WEEK.last):
        figures = shop.period_figures(Period("day", day, day), SLICES[1:9])
        for found in figures.values():
            check(found)
    assert figures[ACME].expected.actual == 0


def test_the_first_month_has_no_new_customers_and_days_that_are_not_known(shop, check):
    figures = shop.period_figures(parse_period("2025-03"), SLICES[:2])
    for found in figures.values():
        check(found)
    assert figures[WHOLE].target is None


def test_net_sales_for_corrections_are_those_of_the_reports(shop, week):
    net_sales = read_net_sales(shop.warehouse, WEEK, SLICES)
    assert net_sales == {only: week[only].value("net_sales") for only in SLICES}
    [before] = read_net_sales(shop.warehouse, WEEK.before, [WHOLE]).values()
    assert before == week[WHOLE].headline["net_sales"].before


def test_a_figure_of_ones_own_is_in_weeks_as_in_days(shop, monkeypatch):
    meaning = Meaning(
        "Units per order",
        "quantity",
        1,
        expression="SAFE_DIVIDE(summary.units, summary.orders)",
        per_order=True,
    )
    monkeypatch.setitem(HEADLINE, "units_per_order", meaning)
    france = Slice(country=["FR"])
    figures = shop.period_figures(WEEK, [WHOLE, STOREFRONT, TOYS, france])
    for only in (WHOLE, STOREFRONT):
        headline = figures[only].headline
        units, orders = headline["units"], headline["orders"]
        expected = round(units.value / orders.value, 4)
        assert headline["units_per_order"].value == expected
    assert "units_per_order" not in figures[TOYS].headline
    assert figures[france].headline["units_per_order"].value is None
