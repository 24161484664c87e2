"""Comparisons of a day: with other days, with its month, with the year before."""

from datetime import date
from decimal import Decimal

import pytest

from ecommerce.sales.report.figures import comparisons
from ecommerce.sales.report.figures.model import Figure
from ecommerce.sales.report.figures.quality import Unconverted
from ecommerce.sales.report.queries import limits, missing_days
from tests.unit.sales.report.samples import DAY, before, make_figures

D = Decimal
LONG_AGO = date(2020, 1, 1)
AMOUNTS = (
    "gross_sales",
    "discounts",
    "returns",
    "tax",
    "shipping",
    "units",
    "net_sales",
)


def row(net="100", **values):
    """A row of headline.sql."""
    counts = {"orders": 4, "customers": 3, "new_customers": 1, "complete": True}
    amounts = dict.fromkeys(AMOUNTS, D(1)) | {"net_sales": D(net)}
    return amounts | counts | {"average_order_value": D(30)} | values


def rows(*days, **values):
    return {day: row(**values) for day in days}


def headline(days):
    return comparisons.headline(DAY, days)


def test_each_figure_is_compared_with_yesterday_last_week_the_mean_and_last_year():
    days = {
        DAY: row("150"),
        before(1): row("100"),
        before(7): row("80"),
        before(28): row("60"),
        before(29): row("7000"),
        before(364): row("40"),
        before(365): row("7000"),
    }
    assert headline(days)["net_sales"] == Figure(
        value=D(150),
        day_before=D(100),
        week_before=D(80),
        average=D(80),
        year_before=D(40),
    )
    assert before(364).weekday() == DAY.weekday()


def test_incomplete_days_are_no_comparison_and_reported_themselves():
    incomplete = rows(DAY, before(1), before(7), before(364), net="1", complete=False)
    figure = headline(incomplete | rows(before(2), net="100"))["net_sales"]
    assert figure == Figure(value=D(1), average=D(100))


def test_a_day_without_row_sold_nothing_and_has_no_average_order():
    figures = headline({})
    assert figures["net_sales"] == figures["orders"] == Figure(value=D(0))
    assert figures["average_order_value"].value is None


def test_the_mean_of_average_order_values_leaves_out_days_without_orders():
    days = rows(DAY) | rows(before(1), average_order_value=None)
    days |= rows(before(2), average_order_value=D(50))
    assert headline(days)["average_order_value"].average == 50


def test_means_are_rounded_half_up():
    days = rows(before(1), before(2), net="0.0001") | rows(before(3), net="0.0003")
    assert headline(days | rows(before(4), net="0.0001"))["net_sales"].average == D(
        "0.0002"
    )


@pytest.mark.parametrize(
    ("orders", "note"),
    [
        (
            {"BRL": 3, "CHF": 1},
            "without orders in BRL and CHF, which have no exchange rate",
        ),
        (
            {"A": 1200, "B": 2, "C": 3, "D": 4, "E": 5, "F": 6},
            "without orders in A, B, C and 3 other currencies, which have no exchange rate",
        ),
        ({"BRL": 0}, None),  # refunds alone
    ],
)
def test_the_average_order_says_which_orders_are_not_in_it(orders, note):
    zeros = dict.fromkeys(AMOUNTS[:3], D(0)) | {"net_sales": D(0)}
    unconverted = [
        Unconverted(currency=name, orders=count, **zeros)
        for name, count in orders.items()
    ]
    figures = comparisons.headline(DAY, rows(DAY), unconverted)
    notes = {name: figure.note for name, figure in figures.items() if figure.note}
    assert notes == ({"average_order_value": note} if note else {})


@pytest.mark.parametrize(
    ("since", "day_before", "share"),
    [
        # Customers are known since the day before: on it, everybody was new.
        (before(1), None, D("0.4")),
        (DAY, None, None),
        (None, None, None),
        (LONG_AGO, 8, D("0.4")),
    ],
)
def test_new_customers_are_known_after_the_first_day_with_customers(
    since, day_before, share
):
    days = rows(DAY, customers=10, new_customers=6)
    days |= rows(before(1), customers=8, new_customers=8)
    days = comparisons.with_lacking(days, since)
    figures = headline(days)
    assert (figures["new_customers"].value, figures["returning_customers"].value) == (6, 4)  # fmt: skip
    assert figures["new_customers"].day_before == day_before
    assert figures["customers"].day_before == 8
    bases = comparisons.rate_bases(DAY, days)
    rates = make_figures(headline=figures, rate_bases=bases).rates
    assert rates["repeat_share"].value == share


def test_an_export_without_returns_lacks_them_although_its_rounded_parts_miss_the_total():
    """150.0002 in the day's total, and 150 as the sum of its rounded parts."""
    for parts, lacking in (("150", ["returns"]), ("149.99", [])):
        day = row(gross_sales=D("150.0002"), without_returns=D(parts))
        days = comparisons.with_lacking({DAY: day}, LONG_AGO)
        assert days[DAY]["lacking"] == lacking


def test_amounts_and_rates_leave_out_exports_that_have_no_returns():
    def day(gross, returned, export=0, shipping=0):
        without = {"without_returns": D(export), "without_shipping": D(shipping)}
        return row(gross_sales=D(gross), returns=D(returned), **without)

    days = {
        DAY: day(100, 5),
        before(1): day(100, 0, export=100),
        before(2): day(300, 10),
        before(3): day(200, 4, export=100),  # half of it is of the export
        before(4): day(0, 0),  # closed, as the shop before it
        before(5): day(50, 0, export=100, shipping=50),
    }
    days = comparisons.with_lacking(days, LONG_AGO)
    bases = comparisons.rate_bases(DAY, days)
    assert list(bases) == ["return_rate"]
    base = bases["return_rate"]
    assert (base.value, base.day_before, base.days) == (100, None, 2)
    figures = make_figures(headline=headline(days), rate_bases=bases, averaged_days=5)
    rate = figures.rates["return_rate"]
    assert (rate.day_before, rate.average) == (None, D("0.035"))  # 14 of 400

    # The amounts follow the same rule, and are named for their days.
    returns = figures.headline["returns"]
    assert (returns.day_before, returns.average, returns.days) == (None, 7, 2)
    assert figures.headline["shipping"].days == 3


def test_rates_are_those_of_the_days_of_their_figures():
    rates = make_figures().rates
    assert rates["discount_rate"].value == D("0.039297")  # 802.10 of 20,411.06
    assert rates["discount_rate"].average == D("0.041176")  # 700 of 17,000
    assert rates["return_rate"].week_before == D("0.049438")  # 880 of 17,800
    assert rates["repeat_share"].day_before == D("0.693878")  # 136 of 196


def test_the_mean_of_a_weekday_is_of_complete_days_before_alone():
    days = rows(DAY, net="999") | rows(before(7), net="10") | rows(before(14), net="20")
    days |= rows(before(21), net="1", complete=False)
    days |= rows(before(35), net="500") | rows(before(1), net="7")
    trend = {day.business_date: day for day in comparisons.trend(DAY, days)}
    assert (len(trend), min(trend), max(trend)) == (28, before(27), DAY)
    assert trend[DAY].weekday_mean == 15
    assert trend[before(7)].weekday_mean == 260  # of 20 and 500, four weeks before it
    assert trend[before(1)].weekday_mean is None
    assert (trend[before(2)].net_sales, trend[before(2)].complete) == (None, False)


@pytest.mark.parametrize(
    ("day", "last_month", "last_year"),
    [
        ("2026-11-19", "2026-10-19", "2025-11-19"),
        ("2026-03-31", "2026-02-28", "2025-03-31"),
        ("2028-02-29", "2028-01-29", "2027-02-28"),
        ("2026-01-01", "2025-12-01", "2025-01-01"),
    ],
)
def test_the_month_so_far_ends_on_the_same_day_of_other_months(
    day, last_month, last_year
):
    spans = comparisons.spans(date.fromisoformat(day))
    assert [str(last) for _, last in spans] == [day, last_month, last_year]
    assert {first.day for first, _ in spans} == {1}


def test_half_a_span_is_no_base_and_the_month_adds_up_what_is_there():
    day = date(2026, 3, 4)
    days = rows(*comparisons.days_of(date(2026, 2, 1), date(2026, 2, 4)), net="10")
    days[date(2026, 2, 2)]["orders"] = 0
    days |= rows(date(2026, 3, 2), day, net="10")
    days |= rows(date(2026, 3, 3), net="10", complete=False)
    days |= rows(*comparisons.days_of(date(2025, 3, 1), date(2025, 3, 3)))
    month = comparisons.month_to_date(day, days)
    spans = (month.now, month.last_month, month.last_year)
    assert [span.net_sales for span in spans] == [30, 40, None]
    assert [span.orders for span in spans] == [12, 12, None]
    assert [span.days_without_sales for span in spans[:2]] == [0, 1]
    assert month.unfinished == 2


def test_days_without_run_are_missing_only_after_the_first_day_ever_loaded():
    assert missing_days(DAY, []) == []
    assert missing_days(DAY, [DAY]) == []
    assert missing_days(DAY, [DAY, before(3)]) == [before(2), before(1)]
    all_days = [before(back) for back in range(28, 0, -1)]
    assert missing_days(DAY, [DAY, LONG_AGO]) == all_days


def test_the_limits_are_those_of_the_sources_in_use(monkeypatch, snapshot):
    from ecommerce.core.settings import load_settings

    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("REFUND_LOOKBACK_DAYS", "9")
    monkeypatch.setenv("RECONCILE_DAYS", "21")
    settings = load_settings()
    assert limits({"partner_files"}, settings) == []
    sources = {"sales_db", "storefront", "partner_files"}
    assert "\n".join(limits(sources, settings)) == snapshot
