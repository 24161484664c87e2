"""What page, mail and notices choose to show; `test_texts` has their words in full."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.reporting.sections import with_others
from ecommerce.sales.report import chart_files
from ecommerce.sales.report.figures.model import Figure, Target
from ecommerce.sales.report.view import forecast_tables, mail, notices
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report.samples import (
    archived,
    breakdown,
    make_figures,
    trend_with,
)
from tests.unit.sales.tables import records

D = Decimal
HEADLINE = archived("full").headline


def compared(value="20642.52", **bases):
    """Return a day whose figures have this value and are known on `bases` only."""
    known = {name: D(base) for name, base in bases.items()}
    figure = Figure(value=D(value), **known)
    return make_figures(headline=dict.fromkeys(HEADLINE, figure))


CHANGES = """
week_before | day_before | average | year_before | change   | base            | value
20377.6     | 1          | 1       | 1           | +1.3 %   | Thu 12 Nov      | 20,377.60
            | 20377.6    | 1       |             | +1.3 %   | Wed 18 Nov      | 20,377.60
0           |            | 20377.6 | 1           | +1.3 %   | 28-day average  | 20,377.60
            |            |         | 10321.26    | +100.0 % | Thu 20 Nov 2025 | 10,321.26
"""


@pytest.mark.parametrize("case", records(dict, CHANGES), ids=lambda case: case["base"])
def test_the_change_is_against_the_weekday_before_or_the_next_there_is(case):
    change, base, value = case.pop("change"), case.pop("base"), case.pop("value")
    figures = compared(**case)
    headline = "net sales 20,642.52 USD"
    assert mail.subject(figures) == f"Thu 19 Nov: {headline}, {change} vs {base}"
    line = f"Net sales of Thu 19 Nov: 20,642.52 USD, {change} vs {base} ({value} USD)."
    assert mail.first_line(figures) == line
    tile = page_texts(figures)["small_tiles"][0]
    assert (tile["change"]["words"], tile["change"]["label"]) == (change, f"vs {base}")


def test_a_base_of_zero_is_nothing_to_compare_with():
    figures = compared(week_before="0")
    assert mail.subject(figures) == "Thu 19 Nov: net sales 20,642.52 USD"
    tile = page_texts(figures)["tiles"][0]
    assert tile["shown"] == [tile["change"]]
    assert tile["change"]["label"] == "nothing to compare with yet"


def test_one_day_is_no_average():
    figures = compared(average="55").model_copy(update={"averaged_days": 1})
    assert "average" not in str(page_texts(figures)["tiles"])
    assert "average" not in chart_files.alternatives(figures)[chart_files.TREND]
    assert mail.subject(figures) == "Thu 19 Nov: net sales 20,642.52 USD"


def test_a_day_that_is_loaded_in_part_is_not_the_lowest():
    trend = trend_with(back_24={"net_sales": D(1), "complete": False})
    words = chart_files.alternatives(make_figures(trend=trend))[chart_files.TREND]
    assert "lowest 14,874.00 on Tue 17 Nov" in words


@pytest.mark.parametrize(
    ("hours", "words"),
    [(23, " (23 hours)"), (24, ""), (25, " (25 hours)")],
)
def test_a_day_on_which_the_clocks_change_says_its_hours(hours, words):
    start = make_figures().provenance.window_start
    figures = make_figures(window_end=start + timedelta(hours=hours))
    scope = page_texts(figures)["scope"][1]
    assert scope == f"Midnight to midnight{words}, America/New_York"


@pytest.mark.parametrize(
    ("missing", "empty", "words"),
    [
        ("partner_files: a", "", "a has delivered no valid file for Thu 19 Nov"),
        (
            "partner_files: a, partner_files: b, partner_files: c",
            "",
            "a and 2 others have delivered no valid file for Thu 19 Nov",
        ),
        ("storefront", "", "Storefront was not read"),
        (
            "partner_files: a, storefront",
            "sales_db",
            "a has delivered no valid file for Thu 19 Nov, Storefront was not read, "
            "Sales database has no orders",
        ),
        ("", "partner_files: a, storefront", "a and Storefront have no orders"),
        ("", "", "not every source of this day was read"),
    ],
)
def test_an_incomplete_day_says_in_few_words_why(missing, empty, words):
    figures = make_figures(
        complete=False,
        missing_sources=missing.split(", ") if missing else [],
        empty_sources=empty.split(", ") if empty else [],
        doubtful_sources=["partner_files: z"],
    )
    assert notices.missing_words(figures) == words
    assert mail.subject(figures).startswith(f"INCOMPLETE: {words[:60]}")
    assert [each["title"] for each in notices.notices(figures)] == ["INCOMPLETE"]


def test_a_long_reason_leaves_the_headline_of_the_subject_room():
    sources = [f"partner_files: {'x' * 300}"]
    figures = make_figures(complete=False, missing_sources=sources)
    headline = "Thu 19 Nov: net sales 18,342.56 USD, +13.8 % vs Thu 12 Nov"
    assert mail.subject(figures) == f"INCOMPLETE: {'x' * 90}… · {headline}"


def test_channels_of_a_mail_that_have_no_room_are_added_up():
    thirteen = [breakdown(f"p{number}", "10") for number in range(13)]
    rows = mail.mail_texts(make_figures(channels=thirteen))["channels"]
    assert (len(rows), rows[-1]) == (12, ["2 others", "20", "20.00"])
    rows = mail.mail_texts(make_figures(channels=thirteen[:12]))["channels"]
    assert rows[-1] == ["P11", "10", "10.00"]


@pytest.mark.parametrize(
    ("amounts", "most", "shown"),
    [
        ("a=5 b=4 c=-9", 3, "a=5 b=4 c=-9"),
        ("a=5 b=4 c=3 d=2", 3, "a=5 b=4 2 others=5"),
        # A large negative amount would make the sum of the others negative.
        ("a=5 b=4 c=3 d=-9", 3, "a=5 d=-9 2 others=7"),
        ("a=5 b=4 c=3 unallocated=-1", 3, "a=5 unallocated=-1 2 others=7"),
    ],
)
def test_the_smallest_rows_are_added_up(amounts, most, shown):
    pairs = [pair.split("=") for pair in amounts.split()]
    rows = [breakdown(name, net) for name, net in pairs]
    found = with_others(
        rows, most, ("net_sales",), size=lambda row: row.net_sales, alone="unallocated"
    )
    assert " ".join(f"{row.name}={row.net_sales}" for row in found) == shown


def target(channel="total", lower="731000.4", upper="765000.5"):
    values = {
        "target": D(720_000),
        "target_to_date": D(554_400),
        "expected_share": D("0.77"),
        "net_sales": D(590_400),
        "landing": D(748_000),
        "landing_lower_80": lower and D(lower),
        "landing_upper_80": upper and D(upper),
    }
    return Target(channel=channel, **values)


@pytest.mark.parametrize(
    ("targets", "interval"),
    [
        ([target(), target("web")], " (80 % interval 731,000 to 765,000)"),
        ([target(lower=None, upper=None)], ""),
    ],
)
def test_the_target_of_the_shop_is_one_sentence_of_page_and_mail(targets, interval):
    sentence = (
        "November is at 82 % of its 720,000 USD target with 77 % of the expected sales behind it; "
        f"expected landing 748,000 USD{interval}."
    )
    figures = make_figures(targets=targets)
    assert page_texts(figures)["findings"][0] == sentence
    assert mail.mail_texts(figures)["findings"][0] == sentence


def test_the_month_is_shown_with_its_target_and_landing():
    section = forecast_tables.month(make_figures(targets=[target()]))
    assert section["rows"][-2:] == [
        ["Target to date", "554,400.00", "\N{MINUS SIGN}40.2 %", ""],
        ["Landing", "748,000.00", "+3.9 %", ""],
    ]
    remark = "The landing is compared with the month's target of 720,000 USD."
    assert section["remarks"][-1] == remark


def test_a_month_of_which_days_are_missing_has_no_sentence_of_its_target():
    figures = make_figures(targets=[target()])
    for unfinished, shown in ((1, True), (2, False)):
        month = figures.month.model_copy(update={"unfinished": unfinished})
        findings = page_texts(figures.model_copy(update={"month": month}))["findings"]
        assert ("target" in repr(findings)) is shown


def test_without_a_target_of_the_shop_there_is_no_sentence():
    for targets in ([], [target("web")]):
        findings = page_texts(make_figures(targets=targets))["findings"]
        assert "target" not in repr(findings)
