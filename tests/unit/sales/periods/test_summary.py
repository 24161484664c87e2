"""The sentences, the badge and the subject of a period's report."""

from decimal import Decimal

import pytest

from ecommerce.sales.periods.figures import Compared, Expected, NextPeriod
from ecommerce.sales.periods.texts.summary import subject, summary_texts
from tests.unit.sales.periods import samples

D = Decimal
NOTHING_ELSE = {
    "rising": [],
    "falling": [],
    "channels": [],
    "countries": [],
    "categories": [],
    "shops": [],
    "expected": None,
    "next_period": None,
    "target": None,
    "restated": [],
}


def week_of(value, before=None, year_before=None, **changes):
    """Return a week of these net sales, of which there is nothing else to state."""
    figures = samples.week()
    headline = dict(figures.headline)
    headline["net_sales"] = samples.compared(value, before, year_before)
    return samples.week(headline=headline, **NOTHING_ELSE | changes)


def first_sentence(figures):
    """Return the sentence on net sales."""
    return summary_texts(figures)["sentences"][0]


NET_SALES = {
    "rose": (
        ("1043", "1000"),
        "Net sales rose 4 % to 1,043 USD against the week before.",
    ),
    "fell": (
        ("500", "1000"),
        "Net sales fell 50 % to 500 USD against the week before.",
    ),
    "level": (
        ("1004", "1000"),
        "Net sales were level with the week before at 1,004 USD.",
    ),
    "tenfold": (
        ("12000", "1000"),
        "Net sales rose more than tenfold to 12,000 USD against the week before.",
    ),
    "year before": (
        ("1043", "1000", "800"),
        "Net sales rose 4 % to 1,043 USD against the week before, +30 % vs week 48 of 2025.",
    ),
    "year before of nothing": (
        ("1043", "1000", "0"),
        "Net sales rose 4 % to 1,043 USD against the week before.",
    ),
    "first": (
        ("1043",),
        "Net sales of week 48 were 1,043 USD; there is no complete week before it to "
        "compare with.",
    ),
    "first with a year before": (
        ("1043", None, "800"),
        "Net sales of week 48 were 1,043 USD, +30 % vs week 48 of 2025; there is no "
        "complete week before it to compare with.",
    ),
    "after nothing": (
        ("1043", "0"),
        "Net sales of week 48 were 1,043 USD, after 0 USD (the week before).",
    ),
    "negative": (
        ("-43", "-10", "100"),
        "Net sales of week 48 were \N{MINUS SIGN}43 USD, after \N{MINUS SIGN}10 USD (the week before), "
        "\N{MINUS SIGN}143 % vs week 48 of 2025.",
    ),
    "fell below zero": (
        ("-43", "1000"),
        "Net sales fell 104 % to \N{MINUS SIGN}43 USD against the week before.",
    ),
}


@pytest.mark.parametrize("case", NET_SALES)
def test_the_first_sentence_states_net_sales(case):
    values, sentence = NET_SALES[case]
    assert first_sentence(week_of(*values)) == sentence


def test_the_first_sentence_has_the_target():
    target = samples.PeriodTarget(target=D(2000))
    assert first_sentence(week_of("1043", "1000", "800", target=target)) == (
        "Net sales rose 4 % to 1,043 USD against the week before, +30 % vs week 48 of "
        "2025; 52 % of the target was reached."
    )
    assert first_sentence(week_of("1043", target=target)).endswith(
        "to compare with; 52 % of the target was reached."
    )
    nothing = samples.PeriodTarget(target=D(0))
    assert "target" not in first_sentence(week_of("1043", "1000", target=nothing))


def test_a_period_without_orders_and_one_that_is_incomplete():
    assert summary_texts(samples.empty_week())["sentences"] == [
        "No orders were counted in week 48, after 136,804 USD (the week before)."
    ]
    empty = {name: Compared(value=D(0)) for name in samples.VALUES}
    figures = samples.week(headline=empty, **NOTHING_ELSE)
    assert first_sentence(figures) == "No orders were counted in week 48."
    days = samples.incomplete_week().days
    sentences = summary_texts(week_of("1043", "1000", "800", days=days))["sentences"]
    assert sentences == ["Net sales of week 48 are 1,043 USD so far."]
    # Neither forecast is compared with a part of the week.
    assert summary_texts(samples.incomplete_week())["sentences"][1:] == [
        "Week 49 is forecast at 150,900 USD net sales."
    ]


def test_the_second_sentence_names_the_largest_change_of_each_dimension():
    changes = {
        "countries": samples.rows_of(
            {"DE": ("900", "100"), "US": ("600", "300"), "GB": ("0", "900")}
        ),
        "categories": samples.rows_of({"A": ("350", "50"), "B": ("1", "1")}, None),
        "rising": [samples.product("X", "Pot", "A", "400", "0")],
        "channels": samples.rows_of({"only": ("1043", "1")}),
    }
    sentences = summary_texts(week_of("1043", "1000", **changes))["sentences"]
    assert sentences[1:] == [
        "The increase was largest in Germany (+800), A (+300) and the product Pot (+400)."
    ]
    changes["falling"] = [samples.product("Y", None, "A", "0", "1000")]
    sentences = summary_texts(week_of("900", "1000", **changes))["sentences"]
    assert sentences[1:] == [
        "The decrease was largest in United Kingdom (\N{MINUS SIGN}900) and the product Y "
        "(\N{MINUS SIGN}1,000)."
    ]


def test_the_second_sentence_names_three_drivers_and_a_product_among_them():
    rows = {"X": ("900", "100"), "Y": ("1", "1")}
    changes = {
        "countries": samples.rows_of({"DE": ("800", "1"), "US": ("1", "1")}),
        "categories": samples.rows_of({"A": ("700", "1"), "B": ("1", "1")}, None),
        "channels": samples.rows_of(rows),
    }
    sentences = summary_texts(week_of("1043", "1000", **changes))["sentences"]
    assert sentences[1].endswith("X (+800), Germany (+799) and A (+699).")
    changes["rising"] = [samples.product("P", "Pot", "A", "400", "0")]
    sentences = summary_texts(week_of("1043", "1000", **changes))["sentences"]
    assert sentences[1].endswith("X (+800), Germany (+799) and the product Pot (+400).")


def test_small_changes_and_names_of_nothing_are_no_drivers():
    rows = {"DE": ("129", "100"), "ZZ": ("900", "100"), "US": ("14", "15")}
    figures = week_of("1043", "1000", countries=samples.rows_of(rows))
    assert len(summary_texts(figures)["sentences"]) == 1
    rows["DE"] = ("132", "100")
    figures = week_of("1043", "1000", countries=samples.rows_of(rows))
    assert "Germany (+32)." in summary_texts(figures)["sentences"][1]
    assert (
        len(summary_texts(week_of("1043", countries=figures.countries))["sentences"])
        == 1
    )


FORECASTS = {
    "above": (
        ("net_sales", "1000", "1043", 7),
        "Net sales were 4 % above the forecast.",
    ),
    "below": (
        ("gross_sales", "1000", "900", 7),
        "Gross sales were 10 % below the forecast.",
    ),
    "in line": (
        ("net_sales", "1000", "1001", 7),
        "Net sales were in line with the forecast.",
    ),
    "of some days": (
        ("net_sales", "1000", "1043", 5),
        "Net sales were 4 % above the forecast of 5 days.",
    ),
}


@pytest.mark.parametrize("case", FORECASTS)
def test_the_third_sentence_compares_with_the_forecast(case):
    (measure, forecast, actual, days), sentence = FORECASTS[case]
    expected = Expected(
        measure=measure, forecast=D(forecast), actual=D(actual), days=days
    )
    figures = week_of("1043", "1000", expected=expected)
    assert summary_texts(figures)["sentences"][1:] == [sentence]


def coming(figures, **changes):
    """Return the forecast of the week that follows."""
    fields = {
        "first": figures.period.next.first,
        "last": figures.period.next.last,
        "measure": "net_sales",
        "forecast": D(1200),
        "days": 7,
    }
    return NextPeriod(**fields | changes)


def test_the_third_sentence_has_the_forecast_of_the_next_period():
    week = samples.week()
    cases = {
        "Week 49 is forecast at 1,200 USD net sales, +15 % vs week 48.": {},
        "5 of the 7 days of week 49 are forecast at 1,200 USD net sales.": {"days": 5},
        "Week 49 is forecast at 160,000 USD gross sales, +1 % vs week 48.": {
            "measure": "gross_sales",
            "forecast": D(160000),
        },
    }
    for sentence, changes in cases.items():
        figures = week_of("1043", "1000", next_period=coming(week, **changes))
        assert summary_texts(figures)["sentences"][1:] == [sentence]
    both = week_of(
        "1043",
        "1000",
        next_period=coming(week),
        expected=Expected(
            measure="net_sales", forecast=D(1000), actual=D(1043), days=7
        ),
    )
    assert summary_texts(both)["sentences"][1:] == [
        "Net sales were 4 % above the forecast; week 49 is forecast at 1,200 USD net "
        "sales, +15 % vs week 48."
    ]


def trust_of(figures):
    """Return state, label and words of the badge."""
    return tuple(summary_texts(figures)["trust"].values())


def test_the_badge_names_the_days_that_are_not_complete():
    assert trust_of(samples.incomplete_week()) == (
        "incomplete",
        "Incomplete",
        "Sat 28 Nov and Sun 29 Nov are not complete; without Shopify; Mon 23 Nov has "
        "changed since its report was mailed",
    )
    day = samples.sliced_day().days[0].model_copy(update={"complete": False})
    assert trust_of(samples.sliced_day(days=[day]))[2] == "the day is not complete"
    assert trust_of(samples.sliced_day())[2] == "the day is complete"


def test_the_badge_of_a_slice_names_no_source():
    days = samples.incomplete_week().days
    words = trust_of(samples.sliced_week(days=days))[2]
    assert words == "Sat 28 Nov and Sun 29 Nov are not complete"


def test_the_badge_of_amounts_without_a_rate():
    assert trust_of(week_of("1", unconverted=["AED", "BRL"])) == (
        "may_change",
        "May change",
        "all 7 days are complete; without amounts in AED and BRL",
    )
    assert trust_of(samples.first_week())[:2] == ("complete", "Complete")


SUBJECTS = {
    "week": (samples.week, "Sales week 48: 142,301 USD, +4 % vs the week before"),
    "month": (
        samples.month,
        "Sales November 2026: 142,301 USD, +4 % vs the month before",
    ),
    "slice": (
        samples.sliced_day,
        "Sales Sat 28 Nov, Austria and Germany: 142,301 USD, +4 % vs last Saturday",
    ),
    "incomplete": (
        samples.incomplete_week,
        "Sales week 48: 142,301 USD (incomplete)",
    ),
    "first": (samples.first_week, "Sales week 48: 142,301 USD"),
    "negative": (samples.negative_week, "Sales week 48: \N{MINUS SIGN}5,200 USD"),
    "no orders": (samples.empty_week, "Sales week 48, Austria and Germany: 0 USD"),
    "yen": (samples.yen_week, "Sales week 48: 142,301 JPY, +4 % vs the week before"),
}


@pytest.mark.parametrize("case", SUBJECTS)
def test_the_subject_is_the_result_in_one_line(case):
    sample, line = SUBJECTS[case]
    assert subject(sample()) == line
