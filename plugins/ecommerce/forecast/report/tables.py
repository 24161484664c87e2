"""The tables of the forecast report, defined once for the PDF, the page and the mail. Forecasts are shown in
whole units of the currency: cents would promise an accuracy that no forecast has."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core import text
from ecommerce.forecast.report import charts
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.forecast.weeks import WEEKS
from ecommerce.forecast.wording import (
    KIND_NAMES,
    series_name,
    signed_percent,
)
from ecommerce.reporting.sections import (
    Section,
    name,
    number,
    sentences,
    table,
    word,
)

MOST_NAMED = 20


def sections(figures: ForecastFigures) -> list[Section]:
    """Return all tables in reading order."""
    return [
        _weeks(figures),
        _last_week(figures),
        _promotions(figures),
        _scores(figures),
        _series(figures),
        _notes(figures),
    ]


def _weeks(figures: ForecastFigures) -> Section:
    rows = []
    if figures.total is not None:
        usual = figures.total.usual_week
        for week, forecast in enumerate(figures.total.weeks):
            label = text.short_day(figures.as_of + timedelta(weeks=week))
            event = figures.events[week]
            if event:
                label += f" ({event})"
            rows.append(_cells(label, forecast, usual, text.change(forecast, usual)))
    return table(
        "weeks",
        "Next four weeks",
        [
            name("Week from"),
            number("Forecast"),
            number("Usual week"),
            number("Change"),
        ],
        rows,
        empty="No forecast: no category has enough history.",
        chart=charts.SVG,
    )


def _last_week(figures: ForecastFigures) -> Section:
    rows = []
    for day in figures.last_week:
        verdict = day.mark
        if day.actual is not None and not day.complete:
            verdict = "incomplete"
        change = text.change(day.actual, day.forecast)
        rows.append(_cells(day.day, day.forecast, day.actual, change, verdict))
    forecast, actual = figures.last_week_forecast, figures.last_week_sales
    change = text.change(actual, forecast)
    rows.append(_cells("Week", forecast, actual, change, ""))
    return table(
        "last-week",
        "Last week: forecast vs actual",
        [
            name("Day"),
            number("Forecast"),
            number("Actual"),
            number("Change"),
            word("Verdict"),
        ],
        rows,
        empty="",
    )


def _promotions(figures: ForecastFigures) -> Section:
    products = defaultdict(list)
    for promotion in figures.promotions:
        label = "Whole shop"
        if promotion.sku is not None:
            label = series_name(f"sku:{promotion.sku}", figures.products)
        days = text.span(promotion.first, promotion.last)
        discount = f"{text.quantity(promotion.discount_percent)} %"
        products[days, discount].append(label)
    rows = []
    for (days, discount), labels in products.items():
        rows.append([days, text.listed(labels, MOST_NAMED), discount])
    return table(
        "promotions",
        "Promotions in the next four weeks",
        [word("When"), name("Products"), number("Discount")],
        rows,
        empty="No promotions are announced.",
    )


def _scores(figures: ForecastFigures) -> Section:
    rows = []
    for score in figures.scores:
        name_of_kind = KIND_NAMES.get(score.of, "Total")
        error = text.share(score.error)
        covered = text.share(score.covered_80)
        bias = signed_percent(score.bias)
        rows.append([name_of_kind, text.count(score.periods), error, bias, covered])
    return table(
        "scores",
        "Forecast accuracy",
        [
            name("Kind"),
            number("Scored"),
            number("Error (WAPE)"),
            number("Bias"),
            number("In 80 %"),
        ],
        rows,
        empty="No day that has ended had a forecast.",
        note="days of the last eight weeks; of products, weeks",
    )


def _series(figures: ForecastFigures) -> Section:
    mondays = [figures.as_of + timedelta(weeks=week) for week in range(WEEKS)]
    headings = ["Usual week", *map(text.short_day, mondays), "Change"]
    columns = [name("Series"), word("Kind"), *map(number, headings)]
    rows = []
    for series in figures.series:
        row = _cells(
            series_name(series.name, figures.products),
            KIND_NAMES.get(series.name.partition(":")[0], ""),
            series.usual_week,
            *series.weeks,
            text.change(series.weeks[0], series.usual_week),
        )
        rows.append(row)
    return table(
        "series",
        "Every series by week",
        columns,
        rows,
        empty="None.",
        note="usual week: the median of the previous 8 weeks; change: of the first week",
    )


def _notes(figures: ForecastFigures) -> Section:
    notes = []
    for series, reason in figures.skipped.items():
        name_of_series = series_name(series, figures.products)
        notes.append(f"No forecast of {name_of_series}: {text.clean(reason)}")
    notes += map(text.clean, figures.warnings)
    return sentences("notes", "Data notes", notes, empty="None.")


def _cells(*values: str | date | Decimal | int | None) -> list[str]:
    """Return a row of texts, days, and amounts in whole units."""
    cells = []
    for value in values:
        if isinstance(value, str):
            cells.append(value)
        elif isinstance(value, date):
            cells.append(text.short_day(value))
        else:
            cells.append(text.count(value))
    return cells
