"""The summary of a day: how it went, why, and what is coming."""

from datetime import date

import pytest

from tests.unit.sales.report.parts import (
    D,
    day,
    expectation_of,
    expected,
    figure,
    implausible,
    outlook,
    since,
    target,
)
from tests.unit.sales.report.samples import archived, before, first_day

SALES = {
    "Textiles": (3000, 5172),
    "Lighting": (4000, 5373),
    "Kitchen": (15195, 12952),
    "Toys": (6000, 6390),
}
RISE = since(categories=SALES)
RATES = {"return_rate": figure("0.15", average="0.05")}
MOVED_CHANNELS = (
    "channels that ended or started come first, and drivers are of the others"
)
REASONS = {
    "drivers of the change are followed by those against it": (
        {"categories": SALES},
        "Textiles (+2,172) and Lighting (+1,373) drove the increase; Kitchen lost 2,243.",
    ),
    "the product with most of it is named": (
        {
            "categories": SALES,
            "products": {
                ("Textiles", "T", "Linen"): (0, 1200),
                ("Kitchen", "KN", "Chef's knife"): (6000, 4600),
            },
        },
        "Textiles (+2,172, most of it Linen) and Lighting (+1,373) drove the increase; "
        "Kitchen lost 2,243 (most of it Chef's knife).",
    ),
    "new customers spent less": (
        {
            "customers": {
                "new": (9000, 5900),
                "returning": (20000, 21000),
                "guests": (2000, 1100),
            }
        },
        "New customers (\N{MINUS SIGN}3,100) drove the decrease; returning customers spent 1,000 more.",
    ),
    "more returns cost a part of an increase": (
        {
            "customers": {
                "new": (9000, 10000),
                "returning": (1000, 1000),
                "returns": (-1000, -1300),
            }
        },
        "New customers (+1,000) drove the increase; higher returns cost 300.",
    ),
    "no driver drove a change that leaves a currency out": (
        {
            "customers": {
                "new": (9000, 6000),
                "returning": (1000, 1000),
                "returns": (-1000, -300),
            },
            "unconverted": ["AED"],
        },
        "New customers spent 3,000 less and lower returns saved 700.",
    ),
    "gross sales rose": (
        {
            "measures": {
                "gross_sales": (10500, 11100),
                "discounts": (-1, -1),
                "returns": (-500, -3500),
            }
        },
        "Higher returns (\N{MINUS SIGN}3,000) drove the decrease; gross sales rose by 600.",
    ),
    "nothing drives a level day": (
        {"categories": {"Textiles": (3000, 5172), "Kitchen": (25195, 23128)}},
        "Textiles gained 2,172 and Kitchen lost 2,067.",
    ),
    "what moved in the direction of the change is too small": (
        {
            "categories": {
                "Toys": (1000, 500),
                "Kitchen": (3000, 3299),
                "Books": (3000, 3299),
                "Garden": (3000, 3202),
            }
        },
        "Toys lost 500.",
    ),
    "a channel with the name of a measure": (
        {"channels": {"returns": (6000, 6900), "shop": (4000, 3200)}},
        "Returns gained 900 and Shop lost 800.",
    ),
    "too small in all": (
        {"categories": {"Toys": (5000, 5299), "Kitchen": (5000, 5000)}},
        "",
    ),
    MOVED_CHANNELS: (
        {
            "channels": {
                "old_shop": (25000, 0),
                "sales_db": (0, 14900),
                "bazario": (0, 3000),
                "storefront": (5000, 6100),
            },
            "began": ["bazario", "sales_db"],
            "ended": ["old_shop"],
            "like_for_like": {
                "categories": {"Textiles": (3000, 4400), "Toys": (2000, 1700)}
            },
        },
        "Old shop (\N{MINUS SIGN}25,000) ended; Sales database (+14,900) and Bazario (+3,000) started; "
        "Textiles gained 1,400 and Toys lost 300.",
    ),
    "where every channel moved, they are the only reasons, of an increase those that started first": (
        {
            "channels": {"old_shop": (8000, 0), "sales_db": (0, 9000)},
            "began": ["sales_db"],
            "ended": ["old_shop"],
        },
        "Sales database (+9,000) started; Old shop (\N{MINUS SIGN}8,000) ended.",
    ),
    "of many channels the smallest are counted": (
        {
            "channels": {
                "web": (5000, 5000),
                "a": (0, 906),
                "b": (0, 905),
                "c": (0, 904),
                "d": (0, 903),
                "e": (0, 902),
                "f": (0, 901),
            },
            "began": ["a", "b", "c", "d", "e", "f"],
            "like_for_like": {"channels": {"web": (5000, 5000)}},
        },
        "A (+906), B (+905), C (+904) and 3 more channels started.",
    ),
    "a new channel with three per cent": (
        {
            "channels": {"web": (10000, 10000), "kiosk": (0, 300)},
            "began": ["kiosk"],
            "like_for_like": {"channels": {"web": (10_000, 10_000)}},
        },
        "Kiosk (+300) started.",
    ),
    "a new channel with less": (
        {
            "channels": {"web": (10000, 10000), "kiosk": (0, 299)},
            "began": ["kiosk"],
            "like_for_like": {"channels": {"web": (10_000, 10_000)}},
        },
        "",
    ),
}
"""The amounts before and now of each dimension's names, and the second sentence."""


def sentences(*net_sales, **changes):
    return day(*net_sales, **changes).summary.sentences


@pytest.mark.parametrize("rule", REASONS)
def test_the_reasons(rule):
    amounts, sentence = REASONS[rule]
    changes = since(**amounts)
    _, *reasons = sentences(changes.now, changes.before, changes=changes)
    assert reasons == [sentence] * bool(sentence)


@pytest.mark.parametrize(
    ("value", "week_before", "result"),
    [
        ("29887.4", "28195", "rose 6 % to 29,887 USD against last Thursday"),
        ("28300", "28195", "were level with last Thursday at 28,300 USD"),
        ("28054", "28195", "fell 1 % to 28,054 USD against last Thursday"),
        ("309000", "28195", "rose 996 % to 309,000 USD against last Thursday"),
        (
            "350000",
            "28195",
            "rose more than tenfold to 350,000 USD against last Thursday",
        ),
        ("-50", "100", "fell 150 % to \N{MINUS SIGN}50 USD against last Thursday"),
        # Where there is no change in percent, both amounts are stated.
        ("16000", "0", "were 16,000 USD, after 0 USD (last Thursday)"),
        (
            "50",
            "-100",
            "were 50 USD, after \N{MINUS SIGN}100 USD (last Thursday)",
        ),
        (
            "-200000",
            "10000",
            "were \N{MINUS SIGN}200,000 USD, after 10,000 USD (last Thursday)",
        ),
    ],
)
def test_the_result_in_whole_units_against_last_week(value, week_before, result):
    first, *_ = sentences(value, week_before, changes=RISE)
    assert first == f"Net sales {result}."


@pytest.mark.parametrize(
    ("bases", "back", "has_reasons", "words"),
    [
        ({"week_before": "28195", "day_before": "1"}, 7, True, "last Thursday"),
        ({"day_before": "28195", "average": "1"}, 1, True, "Wed 18 Nov"),
        ({"average": "28195", "year_before": "1"}, 7, False, "the 28-day average"),
        ({"year_before": "28195"}, 7, False, "Thu 20 Nov 2025"),
        ({"week_before": "0", "day_before": "28195"}, 7, False, "Wed 18 Nov"),
    ],
)
def test_result_and_reasons_are_against_the_same_day(bases, back, has_reasons, words):
    """Changes are since the day so many days `back`. Last week's day may be complete without sales: changes
    are since then, percentages are not."""
    changes = RISE.model_copy(update={"base": before(back)})
    headline = {"net_sales": figure("29887", **bases)}
    first, *others = sentences(headline=headline, changes=changes)
    assert first == f"Net sales rose 6 % to 29,887 USD against {words}."
    assert bool(others) is has_reasons


def test_without_a_complete_day_there_is_no_comparison():
    alone = "Net sales were 18,343 USD; there is no complete day to compare with."
    assert first_day().summary.sentences == [alone]
    # One day is no average.
    net_sales = figure("10000", average="9000")
    (sentence,) = sentences(headline={"net_sales": net_sales}, averaged_days=1)
    assert sentence.endswith("there is no complete day to compare with.")


@pytest.mark.parametrize(
    ("value", "week_before", "words"),
    [
        (
            "0",
            "28195",
            "No orders were counted on Thu 19 Nov, after 28,195 USD (last Thursday).",
        ),
        ("0", None, "No orders were counted on Thu 19 Nov."),
        (
            "-500",
            None,
            "No orders were counted on Thu 19 Nov and net sales were \N{MINUS SIGN}500 USD.",
        ),
    ],
)
def test_a_day_without_orders_has_no_reasons(value, week_before, words):
    none = {"orders": figure("0"), "gross_sales": figure("0")}
    assert sentences(value, week_before, headline=none, changes=RISE) == [words]


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        ({"complete": False}, "Net sales of Thu 19 Nov are 5,000 USD so far."),
        (
            {"doubtful_sources": ["storefront"]},
            "Net sales fell 44 % to 5,000 USD against last Thursday.",
        ),
    ],
)
def test_a_day_that_is_or_may_be_incomplete_has_no_reasons_but_implausible_amounts(
    quality, words
):
    facts = {"changes": RISE, "rates": RATES} | quality
    assert sentences("5000", "9000", **facts) == [words]
    error = [implausible("discount", "600")]
    assert sentences("5000", "9000", implausible=error, **facts)[1] == (
        "Sales database order 1001 has a discount of 620 on 20: net sales are 600 lower."
    )


@pytest.mark.parametrize(
    ("actual", "verdict", "end"),
    [
        ("12000", "unusual", ", above the forecast of 10,000"),
        ("8000", "very unusual", ", below the forecast of 10,000"),
        ("12000", None, ""),
        ("10900", "as expected", ""),
    ],
)
def test_the_result_names_the_forecast_that_it_misses(actual, verdict, end):
    net = expected("net", "10000", actual, verdict, near="1000", far="1500")
    (sentence,) = sentences(expectation=expectation_of(net=net))
    assert sentence == f"Net sales were level with last Thursday at 10,000 USD{end}."


@pytest.mark.parametrize(
    ("days", "usual_week", "words"),
    [
        (
            7,
            "130000",
            "The next 7 days are forecast at 140,000 USD, 8 % above a usual week.",
        ),
        (
            7,
            "150000",
            "The next 7 days are forecast at 140,000 USD, 7 % below a usual week.",
        ),
        (
            7,
            "140600",
            "The next 7 days are forecast at 140,000 USD, like a usual week.",
        ),
        (7, None, "The next 7 days are forecast at 140,000 USD."),
        (3, "130000", "The next 3 days are forecast at 60,000 USD."),
        (1, "130000", "The next day is forecast at 20,000 USD."),
    ],
)
def test_the_coming_days(days, usual_week, words):
    coming = outlook(*["20000"] * days, net_usual_week=usual_week and D(usual_week))
    assert sentences(outlook=coming)[1:] == [words]


TARGET = "November 2026 is heading for 748,000 USD, 104 % of its target."


def test_the_target_of_the_shop_follows_the_coming_days():
    targets = [target(), target("storefront", landing="1")]
    _, coming = sentences(targets=targets, outlook=outlook("20000"))
    assert coming == f"The next day is forecast at 20,000 USD; {TARGET}"
    assert sentences(targets=targets[1:])[1:] == []
    _, over = sentences(targets=targets, business_date=date(2026, 11, 30))
    assert over == TARGET.replace("is heading for", "ended at")


@pytest.mark.parametrize(("number", "stated"), [(20, [TARGET]), (19, [])])
def test_of_a_month_with_missing_days_the_target_is_not_judged(number, stated):
    """Two, where a tenth of its days so far may be missing."""
    month = archived("full").month.model_copy(update={"unfinished": 2})
    day_of_month = date(2026, 11, number)
    found = sentences(targets=[target()], month=month, business_date=day_of_month)
    assert found[1:] == stated


def test_something_unusual_takes_the_place_of_the_third_driver_also_in_the_facts():
    figures = day("29887", "28195", changes=RISE, rates=RATES)
    assert figures.summary.sentences[1] == (
        "Textiles (+2,172) drove the increase; Kitchen lost 2,243; "
        "returns are 15 % of gross sales (usually 5 %)."
    )
    facts = []
    for finding in figures.findings:
        numbers = [f"{name} {number:.0f}" for name, number in finding.numbers.items()]
        facts.append(f"{finding.kind}: {', '.join([*finding.about, *numbers])}")
    assert facts == [
        "contribution: category, Kitchen, change -2243, total_change 1692",
        "contribution: category, Textiles, change 2172, total_change 1692",
        "return_rate: returns, amount 1000",
    ]


def test_the_change_that_a_driver_is_part_of_is_that_of_the_same_channels():
    amounts, _ = REASONS[MOVED_CHANNELS]
    changes = since(**amounts)
    findings = day(changes.now, changes.before, changes=changes).findings
    assert [dict(finding.numbers) for finding in findings] == [
        {"change": 1400, "total_change": 1100},
        {"change": -300, "total_change": 1100},
    ]


def test_a_sentence_that_ends_with_a_date_has_one_full_stop(monkeypatch):
    monkeypatch.setenv("REPORT_LOCALE", "de_DE")
    assert sentences("11000")[0].endswith("against Do., 12. Nov.")
