"""Whether a day is unusual, and what is coming."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.core.text import MINUS
from ecommerce.sales.report.figures import forecast
from ecommerce.sales.report.figures.forecast import Expectation, Expected
from ecommerce.sales.report.findings import sentences
from ecommerce.sales.report.view.forecast_tables import verdict_line
from tests.unit.sales.report import readable
from tests.unit.sales.report.samples import make_figures
from tests.unit.sales.tables import cells

D = Decimal
MONDAY = datetime(2026, 11, 16, 5, tzinfo=UTC)


def expected(series="total", forecast="1000", actual="1000", near="100", far="200"):
    """A forecast whose 80 % interval reaches `near` to both sides, its 95 % interval `far`."""
    middle = D(forecast)
    return Expected(
        series=series,
        forecast=middle,
        lower_80=middle - D(near),
        upper_80=middle + D(near),
        lower_95=middle - D(far),
        upper_95=middle + D(far),
        actual=D(actual),
    )


def expectation_of(*series, complete=True, **values):
    whole = Expectation(made_at=MONDAY, model="blend", series=list(series), **values)
    return forecast.judged(whole, complete=complete)


# The ends of an interval belong to it: 900 to 1,100, and 800 to 1,200.
VERDICTS = """
actual    | verdict      | words                    | tone
1000      | as expected  | Within the 80 % interval | 0
1100      | as expected  | Within the 80 % interval | 0
900       | as expected  | Within the 80 % interval | 0
1100.0001 | unusual      | Above the 80 % interval  | 1
899.9999  | unusual      | Below the 80 % interval  | -1
1200      | unusual      | Above the 80 % interval  | 1
800       | unusual      | Below the 80 % interval  | -1
1200.0001 | very unusual | Above the 95 % interval  | 1
799.9999  | very unusual | Below the 95 % interval  | -1
"""


@pytest.mark.parametrize("case", cells(VERDICTS), ids=lambda case: case["actual"])
def test_a_day_is_unusual_outside_the_intervals(case):
    judged = expectation_of(expected(actual=case["actual"]))
    assert judged.series[0].verdict == case["verdict"]
    line = verdict_line(make_figures(expectation=judged))
    assert (line["verdict"], str(line["tone"])) == (case["words"], case["tone"])


@pytest.mark.parametrize(
    ("actual", "verdict"), [("0", "as expected"), ("5", "very unusual")]
)
def test_a_closed_day_has_a_verdict_and_no_percentage(actual, verdict):
    closed = expected(forecast="0", actual=actual, near="0", far="0")
    judged = expectation_of(closed)
    assert judged.series[0].verdict == verdict
    line = verdict_line(make_figures(expectation=judged))
    words = f"gross sales {actual}.00 USD, forecast of 0.00 (80 % interval"
    assert line["words"].startswith(words)


def test_an_incomplete_day_has_no_verdict():
    judged = expectation_of(expected(actual="300"), complete=False)
    assert judged.series[0].verdict is None


def test_a_series_from_which_nothing_was_expected_is_listed_when_something_was_sold():
    silent = expected("channel:a", "0", "0", "0", "0")
    back = expected("channel:b", "0", "5", "0", "0")
    figures = make_figures(expectation=expectation_of(silent, back))
    text = readable.sections(figures, "forecast")
    assert "Channel: A" not in text
    assert "Channel: B | 0.00 |" in text
    assert "| 5.00 | above the 95 % interval" in text


def test_a_forecast_is_compared_without_the_part_of_currencies_that_the_day_lacks():
    series = [expected(), expected("channel:web"), expected("category:Toys")]
    whole = Expectation(made_at=MONDAY, model="blend", series=series)
    web = {"channel": "web", "category": "Kitchen"}
    app = {"channel": "app", "category": "Toys"}
    rows = [
        web | {"gross_sales": D(600), "excluded": D(150)},
        app | {"gross_sales": D(900), "excluded": D(0)},
    ]
    rest = forecast.without(whole, ["BRL"], rows)
    assert rest.without == ["BRL"]
    assert [(each.forecast, each.lower_80, each.upper_95) for each in rest.series] == [
        (900, 810, 1080),  # a tenth of all sales were in BRL
        (750, 675, 900),
        (1000, 900, 1200),
    ]


@pytest.mark.parametrize(
    ("day", "ends_at"),
    [
        ("2026-03-08", "2026-03-09T04:00"),
        ("2026-11-01", "2026-11-02T05:00"),
        ("2028-02-29", "2028-03-01T05:00"),
    ],
)
def test_the_outlook_begins_when_the_day_ends_also_where_clocks_change(day, ends_at):
    asked = {}

    def query(name, parameters, **values):
        asked.update(values, name=name, **parameters)
        return []

    window = day_window(date.fromisoformat(day), "America/New_York")
    assert forecast.outlook_of(query, window, {}, "") is None
    assert asked["ends_at"] == datetime.fromisoformat(ends_at).replace(tzinfo=UTC)
    days = tuple(window.date + timedelta(days) for days in (1, 7))
    assert (asked["first"], asked["last"]) == days


WEEK = (15100, 14800, 15600, 17000, 19900, 22100, 20500)
"""Forecast gross sales of Monday to Sunday, 125,000 together."""


def outlook_on(last, gross="100000", complete=True, days=7):
    """The outlook of the report of `last`, of whose last nine weeks each sold `gross`."""
    sold = {"gross_sales": D(gross) / 7, "complete": complete}
    before = {last - timedelta(days=back): sold for back in range(63)}
    rows = []
    for ahead in range(-6, days + 1):
        day = last + timedelta(days=ahead)
        amounts = dict.fromkeys(forecast.OUTLOOK_FIGURES, D(WEEK[day.weekday()]))
        rows.append({"made_at": MONDAY, "model": "blend", "day": day} | amounts)

    def query(_name, _parameters, *, first, last):
        return [row for row in rows if first <= row["day"] <= last]

    return forecast.outlook_of(query, day_window(last, "UTC"), before, "US")


EXPECTED = "125,000 USD gross sales expected"
MORE = "+25.0 % vs a usual week."
BLACK_FRIDAY = (
    f"Week of Black Friday (Mon 23 Nov \N{EN DASH} Sun 29 Nov): {EXPECTED}, {MORE}"
)
NEXT = f"Next 7 days: {EXPECTED}"


@pytest.mark.parametrize(
    ("last", "shop", "words"),
    [
        ("2026-11-22", {}, BLACK_FRIDAY),
        ("2026-11-26", {}, BLACK_FRIDAY),
        ("2026-11-27", {}, f"{NEXT}, {MORE}"),
        ("2026-12-20", {}, "Week of Christmas (Mon 21 Dec "),
        # A week that the forecast does not cover is not named.
        ("2026-11-21", {}, NEXT),
        ("2026-11-21", {"days": 8}, BLACK_FRIDAY),
        ("2026-12-05", {"gross": "200000"}, f"{NEXT}, {MINUS}37.5 % vs a usual week."),
        ("2026-12-05", {"complete": False}, f"{NEXT}."),
        ("2026-12-05", {"days": 1}, "Sun 6 Dec: 20,500 USD gross sales expected."),
    ],
)
def test_the_week_of_an_event_to_come_or_the_coming_days(last, shop, words):
    outlook = outlook_on(date.fromisoformat(last), **shop)
    figures = make_figures(findings=[], outlook=outlook)
    assert sentences(figures)[-1].startswith(words)


def test_gross_sales_of_the_last_week_are_known_when_all_its_days_are_complete():
    outlook = outlook_on(date(2026, 12, 5))
    assert round(outlook.last_week or 0) == 100_000
    incomplete = outlook_on(date(2026, 12, 5), complete=False)
    assert (incomplete.last_week, incomplete.usual_week) == (None, None)
