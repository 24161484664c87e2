"""The month so far, and against its target."""

from ecommerce.sales.report.figures import month
from tests.unit.sales.report.parts import target
from tests.unit.sales.report.readable import section
from tests.unit.sales.report.samples import make_figures
from tests.unit.sales.report.texts.answers import Answers


def span(name, first, last, unfinished_days, net_sales="100"):
    """A row of months.sql. A span with unfinished days has no sums, except the month itself."""
    return {
        "span": name,
        "first": first,
        "last": last,
        "unfinished_days": unfinished_days,
        "net_sales": net_sales,
        "orders": net_sales and 3,
        "days_without_sales": 1,
    }


def test_spans_without_sums_are_named_and_not_compared():
    spans = [
        span("now", "2026-11-01", "2026-11-19", 2),
        span("last_month", "2026-10-01", "2026-10-19", 0),
        span("last_year", "2025-11-01", "2025-11-19", 1, None),
    ]
    found = month.read(Answers.of(months=spans))
    assert found.month.unfinished == 2
    table = section(make_figures(**dict(found)), "month")
    assert [row[0] for row in table["rows"]] == ["Nov 2026", "Oct 2026"]
    assert table["remarks"] == [
        "Days 1 to 19 of each month.",
        "Incomplete or not loaded: 2 of them.",
        "Nov 2026: 1 day without sales.",
        "Oct 2026: 1 day without sales.",
        "Nov 2025: not every day is loaded and complete.",
    ]


def test_the_first_day_of_a_month_is_one_day():
    spans = [
        span("now", "2026-11-01", "2026-11-01", 0),
        span("last_month", "2026-10-01", "2026-10-01", 0),
        span("last_year", "2025-11-01", "2025-11-01", 0),
    ]
    figures = make_figures(**dict(month.read(Answers.of(months=spans))))
    assert section(figures, "month")["remarks"][0] == "Day 1 of each month."


def test_a_day_that_no_month_is_known_of_has_its_targets():
    row = target().model_dump()
    found = month.read(Answers.of(targets=[row]))
    assert (found.month, found.targets) == (None, [target()])
    assert (
        section(make_figures(month=None), "month")["empty"] == "Not known for this day."
    )
