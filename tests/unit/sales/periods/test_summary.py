"""The sentences and the badge of a period's report; the page of each sample, in test_page.py, has more."""

import pytest

from ecommerce.sales.periods.figures import Compared, Expected, NextPeriod, PeriodTarget
from ecommerce.sales.periods.texts.page import page_texts
from tests.unit.sales.periods import samples
from tests.unit.sales.periods.samples import D, rows_of

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
MINUS = "\N{MINUS SIGN}"
AFTER_A_LOSS = f"of week 48 were {MINUS}43 USD, after {MINUS}10 USD (the week before)"


def week_of(values, **changes):
    """Return a week of these net sales, of which there is nothing else to state. `values`: of the week, the
    week before and the year before, as far as they are known."""
    headline = dict(samples.week().headline)
    headline["net_sales"] = samples.compared(*values)
    return samples.week(headline=headline, **NOTHING_ELSE | changes)


def sentences_of(figures):
    """Return the sentences of the summary."""
    return page_texts(figures)["summary"]["sentences"]


NOT_COMPARED = "there is no complete week before it to compare with"
NET_SALES = {
    ("1043", "1000"): "rose 4 % to 1,043 USD against the week before.",
    ("500", "1000"): "fell 50 % to 500 USD against the week before.",
    ("1004", "1000"): "were level with the week before at 1,004 USD.",
    ("12000", "1000"): "rose more than tenfold to 12,000 USD against the week before.",
    ("-43", "1000"): f"fell 104 % to {MINUS}43 USD against the week before.",
    (
        "1043",
        "1000",
        "800",
    ): "rose 4 % to 1,043 USD against the week before, +30 % vs week 48 of 2025.",
    ("1043", "1000", "0"): "rose 4 % to 1,043 USD against the week before.",
    ("1043",): f"of week 48 were 1,043 USD; {NOT_COMPARED}.",
    (
        "1043",
        None,
        "800",
    ): f"of week 48 were 1,043 USD, +30 % vs week 48 of 2025; {NOT_COMPARED}.",
    ("1043", "0"): "of week 48 were 1,043 USD, after 0 USD (the week before).",
    (
        "-43",
        "-10",
        "100",
    ): f"{AFTER_A_LOSS}, {MINUS}143 % vs week 48 of 2025.",
}


@pytest.mark.parametrize("values", NET_SALES)
def test_the_first_sentence_states_net_sales(values):
    assert sentences_of(week_of(values)) == [f"Net sales {NET_SALES[values]}"]


TARGET = {"target": PeriodTarget(target=D(2000))}
DRIVERS = {
    "countries": rows_of({"DE": ("800", "1"), "US": ("1", "1")}),
    "categories": rows_of({"A": ("700", "1"), "B": ("1", "1")}, None),
    "channels": rows_of({"X": ("900", "100"), "Y": ("1", "1")}),
}
PRODUCTS = {
    "countries": rows_of({"DE": ("900", "100"), "GB": ("0", "900")}),
    "channels": rows_of({"only": ("1043", "1")}),
    "falling": [samples.product("Y", None, "A", "0", "1000")],
}
SHOPS = {
    "shops": rows_of({"sales_db": ("900", "100"), "storefront": ("1", "1")}),
    "channels": rows_of({"sales_db": ("900", "100"), "agora": ("1", "1")}),
}
SMALL = {"DE": ("129", "100"), "ZZ": ("900", "100"), "US": ("14", "15")}
LARGER = SMALL | {"DE": ("132", "100")}
IN_LINE = Expected(measure="net_sales", forecast=D(1000), actual=D(1001), days=7)
COMING = NextPeriod(
    first=samples.week().period.next.first,
    last=samples.week().period.next.last,
    measure="gross_sales",
    forecast=D(160000),
    days=7,
)
CASES = {
    # By the end of the summary: the two net sales, and what else there is.
    "against the week before; 52 % of the target was reached.": ("1043", TARGET),
    "against the week before.": ("1043", {"target": PeriodTarget(target=D(0))}),
    "The increase was largest in the channel X (+800), Germany (+799) and A (+699).": (
        "1043",
        DRIVERS,
    ),
    "The increase was largest in Sales database (+800).": ("1043", SHOPS),
    f"in United Kingdom ({MINUS}900) and the product Y ({MINUS}1,000); Germany gained 800.": (
        "900",
        PRODUCTS,
    ),
    "The increase was largest in Germany (+11,070); Austria lost 8,138.": (
        "3932",
        {"countries": rows_of({"DE": ("12070", "1000"), "AT": ("862", "9000")})},
    ),
    "level with the week before at 1,000 USD. A gained 50; B lost 50.": (
        "1000",
        {"categories": rows_of({"A": ("60", "10"), "B": ("0", "50")})},
    ),
    "to 1,050 USD against the week before.": ("1050", {"countries": rows_of(SMALL)}),
    "The increase was largest in Germany (+32).": (
        "1043",
        {"countries": rows_of(LARGER)},
    ),
    "Net sales were in line with the forecast.": ("1043", {"expected": IN_LINE}),
    "Week 49 is forecast at 160,000 USD gross sales, +1 % vs week 48.": (
        "1043",
        {"next_period": COMING},
    ),
}


@pytest.mark.parametrize("end", CASES)
def test_what_the_other_sentences_state(end):
    value, changes = CASES[end]
    figures = week_of((value, "1000"), **changes)
    assert " ".join(sentences_of(figures)).endswith(end)


def test_a_week_that_cannot_be_compared_has_no_drivers():
    figures = week_of(("1043",), **DRIVERS | TARGET)
    [sentence] = sentences_of(figures)
    assert sentence.endswith("to compare with; 52 % of the target was reached.")


def test_the_first_week_may_be_without_orders():
    headline = {name: Compared(value=D(0)) for name in samples.VALUES}
    figures = samples.week(headline=headline, **NOTHING_ELSE)
    assert sentences_of(figures) == ["No orders were counted in week 48."]


def test_the_badge_of_a_slice_names_no_source():
    days = samples.incomplete_week().days
    badge = page_texts(samples.sliced_week(days=days))["summary"]["trust"]
    assert badge["words"] == "Sat 28 Nov and Sun 29 Nov are not complete"
    badge = page_texts(samples.sliced_day(days=days[5:6]))["summary"]["trust"]
    assert badge["words"] == "the day is not complete"
