"""The subject and the page of a period: that of a week in full, and what other periods show in its place."""

import pytest

from ecommerce.sales.periods.figures import (
    Cohort,
    Compared,
    Costs,
    Expected,
    PeriodTarget,
    Repeat,
)
from ecommerce.sales.periods.texts.page import page_texts
from tests.rows import column_of
from tests.unit.differences import differences
from tests.unit.sales.periods import samples
from tests.unit.sales.periods.samples import D, rows_of
from tests.unit.sales.report.readable import lines_of_page


def shown(figures):
    """Return the subject and the page as lines."""
    texts = page_texts(figures)
    return f"{texts['subject']}\n{lines_of_page(texts)}"


def costs_known_of(part):
    """Return the costs of a part of the net sales, and no fees."""
    changes = {"coverage": D(part), "fees": None}
    return samples.week().costs.model_copy(update=changes)


def week_with_odd_rows():
    """Return a week with products without a name or with a special one, a name that is new, forecasts of
    gross sales and of some days, and parts that have a row of nothing."""
    coming = {"measure": "gross_sales", "days": 3}
    unnamed = samples.product("SKU-9", None, "Kitchen", "5", "0")
    return samples.week(
        countries=rows_of({"DE": ("5", "0"), "US": ("5", "4")}),
        products=[unnamed],
        rising=[samples.product("X", "Pot | blue", "Kitchen", "90000", "0")],
        expected=Expected(
            measure="gross_sales", forecast=D(1000), actual=D(900), days=1
        ),
        next_period=samples.week().next_period.model_copy(update=coming),
        target=PeriodTarget(target=D(0)),
        repeat=Repeat(customers=0, repeated=0),
        cohort=Cohort(month=samples.week().first, customers=0, repeated=0),
        costs=costs_known_of("0.94"),
    )


def week_of_one_country():
    """Return a week with one country, whose shops are its channels, that missed its target; as many of its
    costs are known as a margin needs."""
    return samples.week(
        countries=rows_of({"DE": ("10", "5")}),
        shops=samples.week().channels,
        target=PeriodTarget(target=D(200000)),
        costs=costs_known_of("0.95"),
    )


def week_of_sales():
    """Return a week of a slice that has no order of its own."""
    headline = dict(samples.week().headline)
    for figure in ("orders", "customers", "average_order_value"):
        del headline[figure]
    return samples.sliced_week(headline=headline, costs=Costs())


def week_after_half_a_year():
    """Return the first week, of which one figure was known a year before, in a currency without decimals and
    with amounts that have no rate."""
    headline = dict(samples.first_week().headline)
    headline["orders"] = Compared(value=D(10), year_before=D(8))
    return samples.week(headline=headline, currency="JPY", unconverted=["AED", "BRL"])


OTHERS = (
    samples.sliced_day,
    samples.first_week,
    samples.incomplete_week,
    samples.empty_week,
    samples.negative_week,
    samples.crowded_month,
    week_with_odd_rows,
    week_of_one_country,
    week_of_sales,
    week_after_half_a_year,
)


def test_the_page_of_a_week(snapshot):
    assert shown(samples.week()) == snapshot


@pytest.mark.parametrize("make", OTHERS)
def test_what_other_pages_show(make, snapshot):
    assert differences(shown(make()), shown(samples.week())) == snapshot


def test_negative_sales_have_no_margin():
    costs = Costs(
        cost_of_goods=D(5), sales_with_cost=D(-20), fees=D(3), sales_with_fees=D(-20)
    )
    page = shown(samples.week(costs=costs))
    assert "Gross margin" not in page
    assert "Payment fees" not in page


def test_the_days_are_drawn_with_their_forecast(snapshot):
    [days, *_] = page_texts(samples.incomplete_week())["sections"]
    assert days["chart"] == snapshot
    [days, *_] = page_texts(samples.month())["sections"]
    labels = column_of(days["chart"]["days"], "label")
    assert labels == [str(number) for number in range(1, 31)]
