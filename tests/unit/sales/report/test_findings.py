"""What the report finds worth a sentence, and the sentence: docs/DEFINITIONS.md, Findings."""

from datetime import date
from decimal import Decimal

import pytest

from ecommerce.sales.report.figures.contributions import (
    Changes,
    Contribution,
    LikeForLike,
)
from ecommerce.sales.report.figures.model import Figure, ImplausibleAmount
from ecommerce.sales.report.figures.quality import Unconverted
from ecommerce.sales.report.findings import findings_of, sentence
from tests.unit.sales.report.figures.test_forecast import expectation_of, expected
from tests.unit.sales.report.samples import archived, make_figures
from tests.unit.sales.tables import cells

D = Decimal
ORDINARY = {
    "gross_sales": ("20000", "20000"),
    "discounts": ("800", "800"),
    "returns": ("1000", "1000"),
}


def parts(**amounts):
    """Contributions by name, `before now` each, the largest change first."""
    rows = []
    for name, both in amounts.items():
        before, now = map(D, both.split())
        rows.append(Contribution(name=name, before=before, now=now))
    return sorted(rows, key=lambda each: (-abs(each.now - each.before), each.name))


def since(before, now, **values):
    """The change of net sales since Thu 12 Nov; contributions as of `parts`."""
    nothing = dict.fromkeys(("categories", "countries", "channels"), ())
    fields = nothing | {"base": date(2026, 11, 12), "rising": [], "falling": []}
    return Changes(before=D(before), now=D(now), **fields | values)


def lasting(before, now, **kinds):
    nothing = dict.fromkeys(("categories", "countries", "channels"), ())
    return LikeForLike(before=D(before), now=D(now), **nothing | kinds)


def unconverted(**orders):
    amounts = dict.fromkeys(("gross_sales", "discounts", "returns", "net_sales"), D(0))
    return [
        Unconverted(currency=name, orders=count, **amounts)
        for name, count in orders.items()
    ]


def implausible(kind, excess, order="1001"):
    amount = -D(excess) if kind == "negative_discount" else D(excess) + 20
    values = {"amount": amount, "base_amount": D(20), "excess": D(excess)}
    return ImplausibleAmount(kind=kind, source="sales_db", order_id=order, **values)


def figures(**changes):
    """A day with nothing to say of, but for `changes`; `headline` as value and 28-day average."""
    amounts = ORDINARY | changes.pop("headline", {})
    headline = dict(archived("full").headline)
    for name, (value, average) in amounts.items():
        headline[name] = Figure(value=D(value), average=D(average))
    return make_figures(headline=headline, **{"changes": None} | changes)


RISE = since(
    "16120", "18093", categories=parts(Kitchen="6000 7204.1", Toys="10120 10888.9")
)
SLUMP = since(
    "10000",
    "5000",
    channels=parts(storefront="6000 1000", sales_db="4000 4000"),
    unconverted=["AED", "BRL"],
)
HIGH = expectation_of(
    expected("total", "20000", "23000", "2000", "4000"),
    expected("category:Kitchen", "1", "9000", "0", "0"),
)
QUIET = expected("total", "20000", "20000", "2000", "4000")
SMALL = expected("category:Pins", "1000", "1599", "10", "20")
MISSED = expectation_of(
    QUIET,
    expected("channel:sales_db", "5000", "6000", "100", "999"),
    expected("category:Kitchen", "5000", "3000", "100", "1000"),
    expected("category:Toys", "5000", "9000", "100", "5000"),
    SMALL,
)
GONE = expectation_of(QUIET, expected("channel:storefront", "5000", "0", "100", "1000"))
INCOMPLETE = {
    "complete": False,
    "missing_sources": ["storefront", "partner_files: alpenmarkt"],
    "empty_sources": ["sales_db"],
}
MOVED = since(
    "30078",
    "20400",
    channels=parts(old_shop="25078 0", sales_db="0 13900", storefront="5000 6500"),
    categories=parts(Kitchen="28000 16000"),
    began=["sales_db"],
    ended=["old_shop"],
    like_for_like=lasting(
        "5000",
        "6500",
        channels=parts(storefront="5000 6500"),
        categories=parts(Textiles="3000 4400", Toys="2000 2100"),
    ),
)
TOGETHER = [
    implausible("discount", "400"),
    implausible("negative_discount", "300", "7"),
    implausible("refund", "250", "8"),
]
DAYS = {
    "a category explains most of a rise": figures(changes=RISE),
    "a fall, and what grew against it": figures(
        changes=since(
            "10000",
            "9000",
            channels=parts(sales_db="5000 3500", storefront="5000 5500"),
            countries=parts(US="9000 8400", ZZ="1000 600"),
        )
    ),
    "a miss of the forecast outweighs a small contribution": figures(
        changes=RISE, expectation=HIGH
    ),
    "an unusual rate outweighs a small contribution": figures(
        changes=RISE, headline={"returns": ("2400", "1000")}
    ),
    "the whole is within its interval, a series is not": figures(expectation=MISSED),
    "returns and discounts are high": figures(
        headline={"returns": ("1600", "1000"), "discounts": ("2000", "800")}
    ),
    "an incomplete day has no other findings": figures(
        changes=SLUMP, unconverted=unconverted(BRL=3, CHF=1), **INCOMPLETE
    ),
    "an incomplete day has implausible amounts": figures(
        complete=False,
        missing_sources=["storefront"],
        implausible=[implausible("discount", "600")],
    ),
    "refunds alone have no rate": figures(unconverted=unconverted(BRL=0)),
    "comparisons without currencies": figures(
        unconverted=unconverted(BRL=2),
        changes=SLUMP,
        expectation=expectation_of(
            expected("total", "20000", "17000", "2000", "4000"), without=["AED", "BRL"]
        ),
    ),
    "channels began and ended": figures(changes=MOVED),
    "implausible amounts in one direction": figures(implausible=TOGETHER),
    "an implausible amount on a day without sales": figures(
        headline={"gross_sales": ("0", "0")}, implausible=[implausible("refund", "1")]
    ),
}


@pytest.mark.parametrize("name", DAYS)
def test_findings(name, snapshot):
    lines = []
    for finding in findings_of(DAYS[name]):
        numbers = [f"{key} {value}" for key, value in finding.numbers.items()]
        lines.append(sentence(finding, "USD"))
        lines.append(f"  {finding.kind}: {', '.join([*finding.about, *numbers])}")
    assert "\n".join(lines) == snapshot


CONTRIBUTIONS = """
before | now  | kitchen | toys     | found | # why
1000   | 1030 | 500 520 | 500 510  | yes   |
1000   | 1029 | 500 520 | 500 509  | no    | less than 3 %
1000   | 1300 | 100 200 | 900 1100 | yes   | exactly a third, of Kitchen
1000   | 1300 | 100 199 | 900 1101 | no    | Toys are 67 % of the rise, and 90 % of all sales
0      | 300  | 0 100   | 0 200    | yes   | after a day without sales
"""


@pytest.mark.parametrize("case", cells(CONTRIBUTIONS), ids=lambda case: case["kitchen"])
def test_when_a_contribution_is_a_finding(case):
    categories = parts(Kitchen=case["kitchen"], Toys=case["toys"])
    changes = since(case["before"], case["now"], categories=categories)
    assert bool(findings_of(figures(changes=changes))) is (case["found"] == "yes")


RATES = """
returns | average | days | found | # why
1600    | 1000    | 28   | yes   | 8 % against 5 %
1600    | 1200    | 28   | no    | two points, and a third of the average
300     | 100     | 28   | no    | a point
0       | 1000    | 28   | yes   |
1600    | 1000    | 10   | yes   |
1600    | 1000    | 9    | no    |
"""


@pytest.mark.parametrize("case", cells(RATES), ids=lambda case: " ".join(case.values()))
def test_when_a_rate_is_a_finding(case):
    headline = {"returns": (case["returns"], case["average"])}
    day = figures(headline=headline, averaged_days=int(case["days"]))
    assert bool(findings_of(day)) is (case["found"] == "yes")


@pytest.mark.parametrize(("days", "kinds"), [(10, ["unusual_rate"]), (9, [])])
def test_a_rate_is_compared_with_the_days_that_can_have_it(days, kinds):
    """The other days are of an export without returns: 1,000 of 10,000 on average, not of 20,000."""
    base = Figure(value=D(20000), average=D(10000), days=days)
    day = figures(
        headline={"returns": ("1600", "500")}, rate_bases={"return_rate": base}
    )
    assert day.rates["return_rate"].average == D("0.05")
    assert [each.kind for each in findings_of(day)] == kinds


@pytest.mark.parametrize("kind", ["discount", "refund", "negative_discount"])
def test_an_amount_of_three_per_cent_of_gross_sales_is_a_finding(kind):
    assert findings_of(figures(implausible=[implausible(kind, "600.00")]))
    assert not findings_of(figures(implausible=[implausible(kind, "599.99")]))


CHANNELS = parts(sales_db="10000 10000", kiosk="0 299")
BEGAN = {"began": ["kiosk"], "like_for_like": lasting("10000", "10000")}


@pytest.mark.parametrize(
    "day",
    [
        figures(),
        figures(
            changes=since(
                "16120",
                "16200",
                categories=parts(Kitchen="6000 6080", Toys="10120 10120"),
            ),
            expectation=expectation_of(QUIET, expected("channel:storefront")),
        ),
        figures(expectation=expectation_of(QUIET, SMALL)),
        # It ended, so it has not missed its forecast as well.
        figures(
            changes=since("20000", "20000", ended=["storefront"]), expectation=GONE
        ),
        # Less than 3 % of the day before.
        figures(changes=since("10000", "10299", channels=CHANNELS, **BEGAN)),
    ],
)
def test_days_of_which_there_is_nothing_to_say(day):
    assert findings_of(day) == []


def test_a_channel_of_three_per_cent_and_a_missed_channel_are_findings():
    channels = parts(sales_db="10000 10000", kiosk="0 300")
    changes = since("10000", "10300", channels=channels, **BEGAN)
    assert [each.kind for each in findings_of(figures(changes=changes))] == ["channels"]
    (finding,) = findings_of(figures(expectation=GONE))
    assert finding.about == ["channel:storefront", "very unusual"]
