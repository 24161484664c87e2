"""What the report finds worth a sentence, and the sentence."""

from datetime import date
from decimal import Decimal

import pytest

from ecommerce.core.text import MINUS
from ecommerce.sales.report.figures.contributions import (
    Changes,
    Contribution,
    LikeForLike,
)
from ecommerce.sales.report.figures.model import Figure, Figures, Finding
from ecommerce.sales.report.figures.quality import Unconverted
from ecommerce.sales.report.findings import findings_of, sentence
from tests.unit.sales.report.figures.test_forecast import expectation_of, expected
from tests.unit.sales.report.samples import make_figures

D = Decimal
BASE = date(2026, 11, 12)
ORDINARY = {
    "gross_sales": ("20000", "20000"),
    "discounts": ("800", "800"),
    "returns": ("1000", "1000"),
}


def parts(**amounts: str) -> list[Contribution]:
    """Contributions by name, `before now` each, the largest change first."""
    found = [
        Contribution(name=name, before=D(both.split()[0]), now=D(both.split()[1]))
        for name, both in amounts.items()
    ]
    return sorted(found, key=lambda each: (-abs(each.now - each.before), each.name))


def changed(before: str, now: str, **kinds: list[Contribution]) -> Changes:
    nothing: dict[str, list[Contribution]] = {
        "categories": [],
        "countries": [],
        "channels": [],
    }
    return Changes(
        base=BASE,
        before=D(before),
        now=D(now),
        rising=[],
        falling=[],
        **{**nothing, **kinds},
    )


def figures(**changes) -> Figures:
    """A day with nothing to say of, but for `changes`; `headline` as value and 28-day average."""
    amounts = ORDINARY | changes.pop("headline", {})
    some = {
        name: Figure(value=D(value), average=D(average))
        for name, (value, average) in amounts.items()
    }
    return make_figures(
        headline={**make_figures().headline, **some}, **{"changes": None, **changes}
    )


def sentences(some: Figures) -> list[str]:
    return [sentence(each, "USD") for each in findings_of(some)]


def test_a_day_of_which_there_is_nothing_to_say_has_no_findings():
    quiet = changed(
        "16120", "16200", categories=parts(Kitchen="6000 6080", Toys="10120 10120")
    )
    ordinary = expectation_of(expected(), expected("channel:storefront"))
    assert (
        findings_of(figures())
        == findings_of(figures(changes=quiet, expectation=ordinary))
        == []
    )


def test_the_category_that_explains_most_of_a_rise_is_named():
    rise = changed(
        "16120", "18093", categories=parts(Kitchen="6000 7204.1", Toys="10120 10888.9")
    )
    (finding,) = findings_of(figures(changes=rise))
    assert finding == Finding(
        kind="contribution",
        about=["category", "Kitchen", "2026-11-12"],
        numbers={
            "change": D("1204.1"),
            "total_change": D("1973"),
            "share": D("0.610289"),
        },
    )
    assert sentence(finding, "USD") == (
        "Kitchen (category): +1,204.10 USD vs Thu 12 Nov, 61 % of the increase in net sales."
    )


def test_a_fall_and_what_grew_against_it():
    fall = changed(
        "10000",
        "9000",
        channels=parts(sales_db="5000 3500", storefront="5000 5500"),
        countries=parts(US="9000 8400", ZZ="1000 600"),
    )
    assert sentences(figures(changes=fall)) == [
        f"Sales database (channel): {MINUS}1,500.00 USD vs Thu 12 Nov, more than all of the decrease in net "
        "sales.",
        f"Unknown (country): {MINUS}400.00 USD vs Thu 12 Nov, 40 % of the decrease in net sales.",
    ]


@pytest.mark.parametrize(
    ("before", "now", "kitchen", "toys", "is_said"),
    [
        ("1000", "1030", "500 520", "500 510", True),
        ("1000", "1029", "500 520", "500 509", False),  # less than 3 %
        ("1000", "1300", "100 200", "900 1100", True),  # exactly a third, of Kitchen
        (
            "1000",
            "1300",
            "100 199",
            "900 1101",
            False,
        ),  # Toys are 67 % of the rise, and 90 % of all sales
        ("0", "300", "0 100", "0 200", True),  # after a day without sales
    ],
)
def test_when_a_contribution_is_worth_a_word(before, now, kitchen, toys, is_said):
    changes = changed(before, now, categories=parts(Kitchen=kitchen, Toys=toys))
    assert bool(findings_of(figures(changes=changes))) is is_said


def test_the_largest_parts_of_a_change_leave_room_for_what_is_unusual():
    one = parts(A="100 1100", B="900 900")
    rise = changed("1000", "2000", categories=one, channels=one, countries=one)
    unusual = {"discounts": ("1600", "800")}
    assert [
        each.kind for each in findings_of(figures(changes=rise, headline=unusual))
    ] == [
        "contribution",
        "contribution",
        "unusual_rate",
    ]


def test_a_day_outside_its_forecast_is_weightier_than_a_small_contribution():
    high = expectation_of(
        expected("total", "20000", "23000", "2000", "4000"),
        expected("category:Kitchen", "1", "9000", "0", "0"),
    )
    rise = changed(
        "16120", "18093", categories=parts(Kitchen="6000 7204.1", Toys="10120 10888.9")
    )
    assert sentences(figures(changes=rise, expectation=high)) == [
        "Gross sales are above the 80 % interval: 23,000.00, +15.0 % vs forecast "
        "(forecast 20,000.00, 80 % interval 18,000.00 \N{EN DASH} 22,000.00).",
        "Kitchen (category): +1,204.10 USD vs Thu 12 Nov, 61 % of the increase in net sales.",
    ]


def test_where_the_whole_is_as_expected_the_series_that_missed_most_is_named():
    some = expectation_of(
        expected("total", "20000", "20000", "2000", "4000"),
        expected("channel:sales_db", "5000", "6000", "100", "999"),
        expected("category:Kitchen", "5000", "3000", "100", "1000"),
        expected("category:Toys", "5000", "9000", "100", "5000"),  # unusual only
        expected(
            "category:Pins", "1000", "1599", "10", "20"
        ),  # less than 3 % of the day
    )
    assert sentences(figures(expectation=some)) == [
        f"Gross sales of Kitchen are below the 95 % interval: 3,000.00, {MINUS}40.0 % vs forecast "
        "(forecast 5,000.00, 80 % interval 4,900.00 \N{EN DASH} 5,100.00)."
    ]
    small = some.model_copy(update={"series": [some.series[0], some.series[4]]})
    assert findings_of(figures(expectation=small)) == []


def test_a_channel_that_ended_has_not_missed_its_forecast_as_well():
    some = expectation_of(
        expected("total", "20000", "20000", "2000", "4000"),
        expected("channel:storefront", "5000", "0", "100", "1000"),
    )
    whole = changed("20000", "20000").model_copy(update={"ended": ["storefront"]})
    assert [each.kind for each in findings_of(figures(expectation=some))] == [
        "unusual_sales"
    ]
    assert findings_of(figures(changes=whole, expectation=some)) == []


@pytest.mark.parametrize(
    ("returns", "average", "days", "is_said"),
    [
        ("1600", "1000", 28, True),  # 8 % against 5 %
        (
            "1600",
            "1200",
            28,
            False,
        ),  # 8 % against 6 %: two points, and a third of the average
        ("300", "100", 28, False),  # 1.5 % against 0.5 %: a point
        ("0", "1000", 28, True),
        ("1600", "1000", 9, False),
    ],
)
def test_when_a_rate_is_unusual(returns, average, days, is_said):
    found = sentences(
        figures(headline={"returns": (returns, average)}, averaged_days=days)
    )
    assert bool(found) is is_said
    if returns == "1600" and is_said:
        assert found == [
            "Returns are 8.0 % of gross sales; the 28-day average is 5.0 %."
        ]


def test_what_is_incomplete_comes_first_and_half_a_day_has_no_other_findings():
    nothing = dict.fromkeys(("gross_sales", "discounts", "returns", "net_sales"), D(0))
    rest = [Unconverted(currency=name, orders=2, **nothing) for name in ("BRL", "CHF")]
    fall = changed(
        "10000", "5000", channels=parts(storefront="6000 1000", sales_db="4000 4000")
    )
    some = figures(
        complete=False,
        missing_sources=["storefront", "partner_files: alpenmarkt"],
        empty_sources=["sales_db"],
        unconverted=rest,
        changes=fall,
    )
    assert sentences(some) == [
        "Not all data of alpenmarkt and Storefront is loaded, so the figures of this day will change.",
        "Sales database unusually had no orders, so the figures of this day may change.",
        "4 orders in BRL and CHF are counted, but excluded from all amounts: there is no exchange rate.",
    ]
    whole = figures(unconverted=[rest[0].model_copy(update={"orders": 1})])
    assert sentences(whole) == [
        "1 order in BRL is counted, but excluded from all amounts: there is no exchange rate."
    ]
    refunds_only = figures(unconverted=[rest[0].model_copy(update={"orders": 0})])
    assert sentences(refunds_only) == [
        "Returns in BRL are excluded from all amounts: there is no exchange rate."
    ]


def test_a_rate_is_compared_with_the_days_that_can_have_it():
    """14 of 28 days are of an export without returns: 1,000 of 10,000 on average, not of 20,000."""
    base = Figure(value=D(20000), average=D(10000), days=14)
    some = figures(
        headline={"returns": ("1600", "500")}, rate_bases={"return_rate": base}
    )
    assert some.rates["return_rate"].average == D("0.05")
    assert sentences(some) == [
        "Returns are 8.0 % of gross sales; the 14-day average is 5.0 %."
    ]
    few = base.model_copy(update={"days": 9})
    assert (
        findings_of(some.model_copy(update={"rate_bases": {"return_rate": few}})) == []
    )


def test_channels_that_began_or_ended_are_said_once_and_are_no_cause():
    channels = parts(old_shop="25078 0", sales_db="0 13900", storefront="5000 6500")
    rest = {
        "countries": [],
        "categories": parts(Textiles="3000 4400", Toys="2000 2100"),
    }
    moved = changed(
        "30078", "20400", channels=channels, categories=parts(Kitchen="28000 16000")
    )
    lasting = LikeForLike(
        before=D(5000), now=D(6500), channels=parts(storefront="5000 6500"), **rest
    )
    some = figures(
        changes=moved.model_copy(
            update={
                "began": ["sales_db"],
                "ended": ["old_shop"],
                "like_for_like": lasting,
            }
        )
    )
    assert sentences(some) == [
        "Channels since Thu 12 Nov: Sales database is new (+13,900.00 USD), Old shop has ended "
        f"({MINUS}25,078.00 USD).",
        "Textiles (category): +1,400.00 USD vs Thu 12 Nov, 93 % of the increase in net sales, without Old "
        "shop and Sales database.",
    ]


def test_a_small_channel_that_began_is_no_finding():
    channels = parts(sales_db="10000 10000", kiosk="0 299")
    lasting = LikeForLike(
        before=D(10000), now=D(10000), channels=[], countries=[], categories=[]
    )
    some = changed("10000", "10299", channels=channels)
    small = some.model_copy(update={"began": ["kiosk"], "like_for_like": lasting})
    assert findings_of(figures(changes=small)) == []


def test_a_comparison_names_the_currencies_that_it_is_without():
    fall = changed(
        "10000", "5000", channels=parts(storefront="6000 1000", sales_db="4000 4000")
    )
    low = expectation_of(
        expected("total", "20000", "17000", "2000", "4000"), without=["AED", "BRL"]
    )
    nothing = dict.fromkeys(("gross_sales", "discounts", "returns", "net_sales"), D(0))
    some = figures(
        unconverted=[Unconverted(currency="BRL", orders=2, **nothing)],
        changes=fall.model_copy(update={"unconverted": ["AED", "BRL"]}),
        expectation=low,
    )
    assert sentences(some) == [
        "2 orders in BRL are counted, but excluded from all amounts: there is no exchange rate.",
        f"Storefront (channel): {MINUS}5,000.00 USD vs Thu 12 Nov, 100 % of the decrease in net sales, "
        "without amounts in AED and BRL.",
        f"Gross sales are below the 80 % interval: 17,000.00, {MINUS}15.0 % vs forecast, "
        "without amounts in AED and BRL "
        "(forecast 20,000.00, 80 % interval 18,000.00 \N{EN DASH} 22,000.00).",
    ]
