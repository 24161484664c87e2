"""The page of a period: its tiles and sections, and what a slice leaves out."""

from decimal import Decimal

import pytest

from ecommerce.sales.periods.figures import (
    Cohort,
    Compared,
    Costs,
    Expected,
    PeriodRow,
    PeriodTarget,
    Repeat,
)
from ecommerce.sales.periods.texts.page import page_texts
from tests.unit.sales.periods import samples
from tests.unit.sales.report.readable import lines_of_page

D = Decimal


def rows_of(figures, section_id):
    """Return the rows of a section; None where the page has none."""
    for section in page_texts(figures)["sections"]:
        if section["id"] == section_id:
            return section["rows"]
    return None


def ids(figures):
    """Return the sections of a page."""
    return [section["id"] for section in page_texts(figures)["sections"]]


def test_the_page_of_a_week(snapshot):
    assert lines_of_page(page_texts(samples.week())) == snapshot


def test_the_top_of_a_slice_names_it():
    texts = page_texts(samples.sliced_week())
    assert texts["slice"] == "Austria and Germany"
    assert texts["title"] == "Weekly sales report 2026-W48, Austria and Germany"
    assert texts["footer"] == "Weekly sales report · 2026-W48 · Austria and Germany"
    assert page_texts(samples.month())["title"] == "Monthly sales report 2026-11"


def test_a_section_without_figures_is_left_out():
    assert ids(samples.sliced_week()) == [
        "days",
        "drivers",
        "products",
        "rising",
        "falling",
        "shops",
        "countries",
        "channels",
        "categories",
        "return_reasons",
        "figures",
    ]
    assert ids(samples.empty_week()) == ["days", "falling", "figures"]
    assert "days" not in ids(samples.sliced_day())
    for section in page_texts(samples.sliced_week())["sections"]:
        assert section["empty"] == ""


def test_a_dimension_of_one_name_divides_nothing():
    figures = samples.week(
        countries=samples.rows_of({"DE": ("10", "5")}),
        shops=samples.rows_of(samples.CHANNELS),
    )
    assert "countries" not in ids(figures)
    # The shops are the channels.
    assert "shops" not in ids(figures)
    assert "channels" in ids(figures)


def test_tiles_compare_with_the_period_before_and_the_year_before():
    tiles = page_texts(samples.week())["tiles"]
    assert [tile["label"] for tile in tiles] == [
        "Net sales",
        "Orders",
        "Average order value",
        "Customers",
    ]
    assert tiles[0]["changes"] == [
        {"words": "+4.0 %", "label": "vs week 47", "tone": 1},
        {"words": "+20.3 %", "label": "vs week 48 of 2025", "tone": 1},
        {"words": "103.1 %", "label": "of the target", "tone": 1},
    ]
    assert tiles[0]["change"] == tiles[0]["changes"][0]
    assert len(tiles[1]["changes"]) == 2
    small = {tile["label"]: tile for tile in page_texts(samples.week())["small_tiles"]}
    assert small["Returns"]["change"]["tone"] == -1
    assert small["Discounts"]["change"]["tone"] == 0
    missed = samples.week(target=PeriodTarget(target=D(200000)))
    assert page_texts(missed)["tiles"][0]["changes"][2]["tone"] == -1


def test_tiles_of_a_period_without_one_to_compare_with():
    tiles = page_texts(samples.first_week())["tiles"]
    nothing = {"words": "", "label": "nothing to compare with yet", "tone": 0}
    assert tiles[0]["changes"] == [nothing]
    # Nor with a negative amount.
    negative = page_texts(samples.negative_week())["tiles"][0]
    assert negative["value"] == "\N{MINUS SIGN}5,200.10"
    assert negative["changes"] == [nothing]
    average = page_texts(samples.empty_week())["tiles"][2]
    assert average["value"] == "\N{EN DASH}"
    assert average["change"]["label"] == "no orders to average"


def test_a_figure_that_the_slice_cannot_have_has_no_tile():
    headline = dict(samples.sliced_week().headline)
    for figure in ("orders", "customers", "average_order_value"):
        del headline[figure]
    texts = page_texts(samples.sliced_week(headline=headline))
    labels = [tile["label"] for tile in texts["tiles"]]
    assert labels == ["Net sales", "Gross sales", "Discounts", "Returns"]
    assert len(rows_of(samples.sliced_week(headline=headline), "figures")) == 9


def test_the_days_have_their_forecast_and_state():
    rows = rows_of(samples.incomplete_week(), "days")
    assert rows[0] == ["Mon 23 Nov", "18,000.00", "150", "19,000.00", "complete"]
    assert rows[5][-1] == "incomplete"
    nothing = "\N{EN DASH}"
    assert rows[6] == ["Sun 29 Nov", nothing, nothing, "19,300.00", "not loaded"]


def chart_of(figures):
    """Return the chart of the days."""
    return page_texts(figures)["sections"][0]["chart"]


def test_the_days_are_drawn_with_their_forecast():
    chart = chart_of(samples.incomplete_week())
    assert chart["file"] == "days.svg"
    assert chart["mean_name"] == "Forecast"
    days = chart["days"]
    assert days[0]["label"] == "Mon 23 Nov"
    assert days[0]["mean"] == 19000
    assert [day["complete"] for day in days] == [True] * 5 + [False] * 2
    assert [day["missing"] for day in days] == [False] * 6 + [True]
    assert chart["alt"] == (
        "Net sales by day: lowest 18,000.00 USD on Mon 23 Nov, highest 21,245.00 USD "
        "on Fri 27 Nov."
    )
    labels = [day["label"] for day in chart_of(samples.month())["days"]]
    assert labels == [str(number) for number in range(1, 31)]
    unknown = [
        day.model_copy(update={"complete": False}) for day in samples.week().days
    ]
    assert chart_of(samples.week(days=unknown))["alt"].endswith("none is complete.")


def test_a_breakdown_shows_the_change_of_each_name():
    rows = rows_of(samples.week(), "countries")
    assert rows[1] == [
        "Germany",
        "301",
        "700",
        "31,900.00",
        "500.00",
        "400.00",
        "31,000.00",
        "21.8 %",
        "24,100.00",
        "+28.6 %",
    ]
    rows = rows_of(samples.week(), "categories")
    assert rows[3][0] == "Returns of whole orders"
    # A percentage of a negative amount would mislead.
    assert rows[3][-2:] == ["\N{MINUS SIGN}2,000.00", "\N{EN DASH}"]
    new = samples.rows_of({"DE": ("5", "0"), "US": ("5", "4")})
    assert rows_of(samples.week(countries=new), "countries")[0][-1] == "new"
    assert len(rows_of(samples.first_week(), "countries")[0]) == 8


def test_a_long_breakdown_ends_with_all_others():
    rows = [samples.period_row(f"c{number}", D(number), D(1)) for number in range(20)]
    figures = samples.week(channels=rows)
    shown = rows_of(figures, "channels")
    assert len(shown) == 10
    assert shown[-1][0] == "11 others"
    assert shown[-1][6] == f"{sum(range(11))}.00"


def test_the_drivers_are_ranked():
    assert rows_of(samples.week(), "drivers") == [
        ["Lighting", "category", "+9,100.00"],
        ["Germany", "country", "+6,900.00"],
        ["Pendant lamp", "product", "+6,500.00"],
        ["Shopify", "channel", "+6,100.20"],
        ["Shopify de", "shop", "+6,100.20"],
    ]
    named = samples.product("X", "Pot | blue", "Kitchen", "90000", "0")
    assert rows_of(samples.week(rising=[named]), "drivers")[0][0] == "Pot / blue"


def test_an_incomplete_period_has_no_drivers():
    assert rows_of(samples.incomplete_week(), "drivers") is None
    assert rows_of(samples.first_week(), "drivers") is None


OUTLOOK = {
    "Target": "138,000.00",
    "Reached": "103.1 %",
    "Forecast": "138,100.00",
    "Actual": "142,300.50",
    "Actual vs forecast": "+3.0 %",
    "Forecast of week 49": "150,900.00",
}


def test_the_outlook_has_target_and_forecasts():
    assert dict(rows_of(samples.week(), "outlook")) == OUTLOOK
    expected = Expected(measure="gross_sales", forecast=D(1000), actual=D(900), days=1)
    following = samples.week().next_period.model_copy(
        update={"measure": "gross_sales", "days": 3}
    )
    nothing = PeriodTarget(target=D(0))
    figures = samples.week(expected=expected, next_period=following, target=nothing)
    assert dict(rows_of(figures, "outlook")) == {
        "Forecast gross sales (1 day)": "1,000.00",
        "Actual gross sales (1 day)": "900.00",
        "Actual vs forecast": "\N{MINUS SIGN}10.0 %",
        "Forecast gross sales of week 49 (3 days)": "150,900.00",
    }


def test_the_customers():
    assert dict(rows_of(samples.week(), "customers")) == {
        "New": "604 of 1,101 (54.9 %)",
        "Returning": "497 of 1,101 (45.1 %)",
        "Ordered again within 90 days": "23 of 120 (19.2 %)",
        "First order in November 2026": "431 customers, 31 of them ordered again",
    }
    nobody = {
        "repeat": Repeat(customers=0, repeated=0),
        "cohort": Cohort(month=samples.week().first, customers=0, repeated=0),
    }
    assert len(rows_of(samples.week(**nobody), "customers")) == 2


COSTS = {
    "all": (
        {},
        {
            "Cost of goods": "88,000.00",
            "Gross profit": "53,000.00",
            "Gross margin": "37.6 %",
            "Payment fees": "3,120.45, 2.6 % of 120,300.00 with known fees",
        },
    ),
    "few costs": (
        {"coverage": D("0.94"), "fees": None},
        {"Cost of goods": "known of 94.0 % of net sales; a margin needs 95 %"},
    ),
    "enough costs": (
        {"coverage": D("0.95"), "fees": None},
        {
            "Cost of goods": "88,000.00",
            "Gross profit": "53,000.00",
            "Gross margin": "37.6 %",
        },
    ),
}


@pytest.mark.parametrize("case", COSTS)
def test_margin_and_fees(case):
    changes, words = COSTS[case]
    costs = samples.week().costs.model_copy(update=changes)
    assert dict(rows_of(samples.week(costs=costs), "costs")) == words


def test_no_costs_are_no_section():
    assert rows_of(samples.week(costs=Costs()), "costs") is None


def test_payouts_funnel_returns_and_restated_days():
    figures = samples.week()
    assert rows_of(figures, "payouts") == [
        ["Shopify", "5", "58,010.11 USD", "\N{MINUS SIGN}12.50"]
    ]
    assert rows_of(figures, "funnel")[1] == [
        "Viewed a product",
        "27,000",
        "67.3 %",
        "26,500",
        "+1.9 %",
    ]
    assert rows_of(figures, "return_reasons") == [
        ["Arrived broken", "31", "3,510.20", "58.3 %"],
        ["No reason given", "14", "2,509.00", "41.7 %"],
    ]
    assert rows_of(figures, "restated") == [
        ["Mon 23 Nov", "18,716.13", "20,373.40", "+8.9 %"]
    ]


def test_all_figures_have_the_bases_that_are_known():
    rows = rows_of(samples.week(), "figures")
    assert rows[0] == [
        "Net sales",
        "142,300.50",
        "136,804.12",
        "+4.0 %",
        "118,250.00",
        "+20.3 %",
    ]
    assert rows[1][:3] == ["Orders", "1,204", "1,150"]
    assert rows_of(samples.first_week(), "figures")[0] == ["Net sales", "142,300.50"]
    headline = dict(samples.first_week().headline)
    headline["orders"] = Compared(value=D(10), year_before=D(8))
    rows = rows_of(samples.week(headline=headline), "figures")
    assert rows[1] == ["Orders", "10", "8", "+25.0 %"]
    assert rows[0] == ["Net sales", "142,300.50", "\N{EN DASH}", "\N{EN DASH}"]


def test_products_without_a_name_have_their_sku():
    unnamed = samples.product("SKU-9", None, "Kitchen", "5", "0")
    rows = rows_of(samples.week(products=[unnamed]), "products")
    assert rows == [["SKU-9", "SKU-9", "Kitchen", "120", "5.00", "0.00", "new"]]


def test_amounts_have_the_decimals_of_their_currency():
    assert page_texts(samples.yen_week())["tiles"][0]["value"] == "142,301"
    row = PeriodRow(
        name="x",
        orders=None,
        units=D(1),
        gross_sales=D(1),
        discounts=D(0),
        returns=D(0),
        net_sales=D(1),
    )
    figures = samples.yen_week().model_copy(update={"categories": [row, row]})
    assert "categories" not in ids(figures)
