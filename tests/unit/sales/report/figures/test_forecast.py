"""Whether a day is unusual, where the report says so, and what is coming."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader

from ecommerce.core.business_day import day_window
from ecommerce.core.named_weeks import week_sentence
from ecommerce.core.text import MINUS, NOTHING
from ecommerce.sales import delivery
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures import forecast
from ecommerce.sales.report.figures.breakdowns import gross_sales_by_series
from ecommerce.sales.report.figures.forecast import Expectation, Expected
from ecommerce.sales.report.figures.model import Figures, figures_hash
from ecommerce.sales.report.figures_csv import figures_csv
from ecommerce.sales.report.findings import sentences
from ecommerce.sales.report.view.forecast_tables import series, verdict_line
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report import samples
from tests.unit.sales.report.samples import DAY, NASTY, crowded, make_figures

D = Decimal
MONDAY = datetime(2026, 11, 16, 5, tzinfo=UTC)


def expected(
    series="total", forecast="1000", actual="1000", near="100", far="200"
) -> Expected:
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


def expectation_of(*series: Expected, complete=True, **values) -> Expectation:
    found = Expectation(made_at=MONDAY, model="blend", series=list(series), **values)
    judged = forecast.judged(found, complete=complete)
    assert judged
    return judged


ORDINARY = expectation_of(
    expected("total", "19800", "20411.06", "2000", "4000"),
    expected("channel:storefront", "9000", "9815.11"),
    expected("category:Kitchen", "6000", "5815"),
    unforecast=["category:Toys"],
)


def test_a_forecast_is_compared_without_the_part_of_currencies_that_the_day_lacks():
    some = Expectation(
        made_at=MONDAY,
        model="blend",
        series=[expected(), expected("channel:web"), expected("category:Toys")],
    )
    rows = [
        {
            "channel": "web",
            "category": "Kitchen",
            "gross_sales": D(600),
            "excluded": D(150),
        },
        {"channel": "app", "category": "Toys", "gross_sales": D(900), "excluded": D(0)},
    ]
    found = forecast.without(some, ["BRL"], rows)
    assert found.without == ["BRL"]
    assert [(each.forecast, each.lower_80, each.upper_95) for each in found.series] == [
        (900, 810, 1080),  # a tenth of all sales were in BRL
        (750, 675, 900),
        (1000, 900, 1200),
    ]


def test_a_series_from_which_nothing_was_expected_is_listed_when_something_was_sold():
    silent, back = (
        expected(f"channel:{name}", "0", actual, "0", "0")
        for name, actual in (("a", "0"), ("b", "5"))
    )
    rows = series(make_figures(expectation=expectation_of(silent, back)))["rows"]
    assert [(each[0], each[-1]) for each in rows] == [
        ("Channel: B", "above the 95 % interval")
    ]


def row(series, forecast="100", made_at=MONDAY, model="blend", **bounds):
    numbers = {
        "lower_80": "90",
        "upper_80": "110",
        "lower_95": "80",
        "upper_95": "120",
    } | bounds
    amounts = {
        name: D(value) for name, value in {"forecast": forecast, **numbers}.items()
    }
    return {"made_at": made_at, "model": model, "series": series} | amounts


@pytest.mark.parametrize(
    ("actual", "verdict", "words", "tone"),
    [
        ("1000", "as expected", "Within the 80 % interval", 0),
        (
            "1100",
            "as expected",
            "Within the 80 % interval",
            0,
        ),  # the ends of an interval belong to it
        ("900", "as expected", "Within the 80 % interval", 0),
        ("1100.0001", "unusual", "Above the 80 % interval", 1),
        ("899.9999", "unusual", "Below the 80 % interval", -1),
        ("1200", "unusual", "Above the 80 % interval", 1),
        ("800", "unusual", "Below the 80 % interval", -1),
        ("1200.0001", "very unusual", "Above the 95 % interval", 1),
        ("799.9999", "very unusual", "Below the 95 % interval", -1),
    ],
)
def test_a_day_is_unusual_outside_the_intervals(actual, verdict, words, tone):
    found = expectation_of(expected(actual=actual))
    assert found.series[0].verdict == verdict
    line = verdict_line(make_figures(expectation=found))
    assert line is not None
    assert (line["verdict"], line["tone"]) == (words, tone)


@pytest.mark.parametrize(
    ("actual", "verdict"), [("0", "as expected"), ("5", "very unusual")]
)
def test_a_closed_day_has_a_verdict_and_no_percentage(actual, verdict):
    found = expectation_of(expected(forecast="0", actual=actual, near="0", far="0"))
    assert found.series[0].verdict == verdict
    line = verdict_line(make_figures(expectation=found))
    assert line is not None
    assert line["words"].startswith(
        f"gross sales {actual}.00 USD, forecast of 0.00 (80 % interval"
    )


def test_an_incomplete_day_has_no_verdict_and_says_why():
    found = expectation_of(expected(actual="300"), complete=False)
    assert found.series[0].verdict is None
    figures = make_figures(expectation=found, complete=False)
    assert verdict_line(figures) == {
        "verdict": "No verdict",
        "words": "the day is incomplete; gross sales 300.00 USD so far, forecast 1,000.00 "
        "(80 % interval 900.00 \N{EN DASH} 1,100.00)",
        "tone": 0,
        "changed": "the day is incomplete",
    }
    texts = series(figures)
    assert texts["rows"][0][-1] == NOTHING
    assert texts["remarks"] == ["The day is incomplete, so there is no verdict."]


def test_a_day_without_forecast_is_left_out_of_page_one_and_the_details_say_why():
    texts = page_texts(make_figures())
    assert texts["expected"] is None
    section = next(each for each in texts["sections"] if each["id"] == "forecast")
    assert (section["rows"], section["empty"]) == ([], f"No forecast covers {DAY}.")


def test_what_is_asked_for_is_the_forecast_known_when_the_day_began():
    asked = []

    def ask(name, parameters):
        asked.append((name, parameters))
        return []

    assert (
        forecast.expectation_of(
            ask, day_window(DAY, "America/New_York"), {"total": D(5)}
        )
        is None
    )
    assert asked == [("forecast", {"begins_at": datetime(2026, 11, 19, 5, tzinfo=UTC)})]


def test_the_total_comes_first_then_channels_and_categories_the_largest_first():
    rows = [
        row("category:Garden", "50"),
        row("category:Toys", "60"),
        row("channel:storefront", "110"),
        row("total", "110"),
    ]
    actual = {
        "total": D("130"),
        "channel:storefront": D("130"),
        "category:Toys": D("130"),
    }
    found = forecast.expectation_of(
        lambda *_: rows, day_window(DAY, "UTC"), actual | {"category:New": D("1")}
    )
    assert found
    assert [(each.series, each.forecast, each.actual) for each in found.series] == [
        ("total", 110, 130),
        ("channel:storefront", 110, 130),
        ("category:Toys", 60, 130),
        ("category:Garden", 50, 0),  # forecast, and not sold
    ]
    assert (found.made_at, found.model, found.unforecast) == (
        MONDAY,
        "blend",
        ["category:New"],
    )


def test_actual_sales_are_gross_sales_by_the_names_of_the_forecasts():
    found = gross_sales_by_series(make_figures())
    assert found["total"] == D("20411.06")
    assert found["channel:storefront"] == D("9815.11")
    assert found["category:Kitchen"] == 6015


def test_the_report_says_it_on_page_one_and_in_the_details(tmp_path):
    archive.write_document(make_figures(expectation=ORDINARY), tmp_path)
    first, _, details, *_ = (
        " ".join(page.extract_text().split())
        for page in PdfReader(tmp_path / archive.PDF).pages
    )
    for text in (
        "Within the 80 % interval +3.1 % vs forecast",
        "80 % interval 17,800.00 \N{EN DASH} 21,800.00",
    ):
        assert text in first
    to = NOTHING
    for text in (
        "Forecast and actual gross sales in USD; from data before Mon 16 Nov, model: blend",
        f"All sales 19,800.00 17,800.00 {to} 21,800.00 15,800.00 {to} 23,800.00 20,411.06 within the 80 %",
        f"Channel: Storefront 9,000.00 8,900.00 {to} 9,100.00 8,800.00 {to} 9,200.00 9,815.11 above the 95 %",
        f"Category: Kitchen 6,000.00 5,900.00 {to} 6,100.00 5,800.00 {to} 6,200.00 5,815.00 below the 80 %",
        "No forecast: Category Toys.",
    ):
        assert text in details


def test_page_one_stays_one_page(tmp_path):
    huge = [
        expected(f"category:{name}", "-123456789012.3456", "123456789012.3456")
        for name in NASTY
    ]
    total = expected(forecast="-123456789012.3456", actual="123456789012.3456")
    strained = crowded().model_copy(
        update={"expectation": expectation_of(total, *huge, complete=False)}
    )
    archive.write_document(strained, tmp_path)
    pages = [page.extract_text() for page in PdfReader(tmp_path / archive.PDF).pages]
    assert "No verdict the day is incomplete" in " ".join(pages[0].split())
    assert "All definitions" in pages[0]
    assert "What changed" in pages[1]


def test_the_mail_says_it_in_a_sentence():
    low = expectation_of(expected(forecast="30000", actual="20411.06"))
    for kind in ("plain", "html"):
        body = (
            delivery.report_message(make_figures(expectation=low), b"")
            .get_body((kind,))
            .get_content()
        )
        body = " ".join(body.split())
        assert "Below the 95 % interval" in body
        assert (
            f": gross sales 20,411.06 USD, {MINUS}32.0 % vs the forecast of 30,000.00 "
            "(80 % interval 29,900.00 \N{EN DASH} 30,100.00)." in body
        )
        without = (
            delivery.report_message(make_figures(), b"").get_body((kind,)).get_content()
        )
        assert "forecast" not in without


def test_a_forecast_that_comes_later_does_not_mail_the_day_again():
    assert figures_hash(make_figures(expectation=ORDINARY)) == figures_hash(
        make_figures()
    )


def test_figures_hold_it_and_those_archived_before_can_be_read():
    figures = make_figures(expectation=ORDINARY)
    assert Figures.model_validate_json(figures.model_dump_json(indent=1)) == figures
    older = make_figures().model_dump(mode="json", exclude={"expectation"})
    assert Figures.model_validate(older) == make_figures()


def test_csv_has_the_amounts_of_each_series():
    rows = csv.DictReader(io.StringIO(figures_csv(make_figures(expectation=ORDINARY))))
    cells = {
        (row["name"], row["figure"]): (row["value"], row["currency"])
        for row in rows
        if row["section"] == "expectation"
    }
    assert len(cells) == 3 * 6
    assert cells["total", "forecast"] == ("19800", "USD")
    assert cells["total", "actual"] == ("20411.06", "USD")
    assert cells["category:Kitchen", "lower_80"] == ("5900", "USD")
    assert cells["category:Kitchen", "upper_95"] == ("6200", "USD")


def outlook_on(
    last: date,
    *,
    gross: str = "100000",
    complete: bool = True,
    days: int = 7,
    calendar: str = "US",
) -> forecast.Outlook | None:
    """The outlook of the report of `last`, of whose last nine weeks each sold `gross`."""
    row = {"gross_sales": D(gross) / 7, "complete": True}
    before = {
        last - timedelta(days=back): {**row, "complete": complete} for back in range(63)
    }
    ahead = samples.outlook(last - timedelta(days=7), days + 7)
    rows = [
        {"made_at": ahead.made_at, "model": ahead.model} | dict(each)
        for each in ahead.days
    ]

    def query(
        _: str, __: object, *, first: date, last: date
    ) -> list[dict[str, object]]:
        return [row for row in rows if first <= row["day"] <= last]

    return forecast.outlook_of(query, day_window(last, "UTC"), before, calendar)


def said(last: date, **shop: Any) -> str:
    """The sentence of that report."""
    return sentences(make_figures(findings=[], outlook=outlook_on(last, **shop)))[-1]


BLACK_FRIDAY = "Black Friday week (Mon 23 Nov \N{EN DASH} Sun 29 Nov): 125,000 USD gross sales expected, "


@pytest.mark.parametrize(
    ("last", "beginning"),
    [
        ("2026-11-22", BLACK_FRIDAY),
        ("2026-11-23", BLACK_FRIDAY),
        ("2026-11-26", BLACK_FRIDAY),
        ("2026-11-27", "Next 7 days: "),
        ("2026-12-20", "Christmas week (Mon 21 Dec \N{EN DASH} Sun 27 Dec): "),
        ("2026-12-28", "Week of New Year's Day (Mon 28 Dec \N{EN DASH} Sun 3 Jan): "),
    ],
)
def test_the_week_of_an_event_to_come_is_named_with_the_sum_of_monday_to_sunday(
    last, beginning
):
    assert said(date.fromisoformat(last)).startswith(beginning)


def test_on_every_day_of_a_named_week_both_reports_have_one_number_and_one_baseline():
    lead = week_sentence(BLACK_FRIDAY.partition(":")[0], D(125000), D(100000), "USD")
    for day in (22, 23, 24, 25, 26):
        assert (
            said(date(2026, 11, day))
            == lead
            == f"{BLACK_FRIDAY}+25.0 % vs a usual week."
        )
    page = page_texts(make_figures(outlook=outlook_on(date(2026, 11, 24))))
    (rows,) = [
        section["rows"] for section in page["sections"] if section["id"] == "outlook"
    ]
    assert rows[-1][:2] == [BLACK_FRIDAY.partition(":")[0], "125,000.00"]


def test_a_week_that_the_forecast_does_not_cover_is_not_named():
    assert said(date(2026, 11, 21), days=7).startswith("Next 7 days: ")
    assert said(date(2026, 11, 21), days=8).startswith("Black Friday week")


def test_without_a_usual_week_or_a_whole_week_ahead_there_is_no_comparison():
    last = date(2026, 12, 5)
    assert (
        said(last)
        == "Next 7 days: 125,000 USD gross sales expected, +25.0 % vs a usual week."
    )
    assert said(last, gross="200000").endswith(f"{MINUS}37.5 % vs a usual week.")
    assert (
        said(last, complete=False) == "Next 7 days: 125,000 USD gross sales expected."
    )
    assert said(last, days=3) == "Next 3 days: 50,400 USD gross sales expected."
    assert said(last, days=1) == "Sun 6 Dec: 20,500 USD gross sales expected."


def test_without_a_forecast_nothing_is_said():
    assert sentences(make_figures(findings=[], outlook=None)) == []
