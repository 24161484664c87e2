"""The day against its forecast: whether it is within its intervals.

Forecasts are of gross sales, because returns follow days later. Page one states the forecast of the whole
shop in net sales, the measure of the headline; the annex has the gross forecast of every series.
"""

from typing import Any
from zoneinfo import ZoneInfo

from ecommerce.core import text
from ecommerce.core.templates import render_lines
from ecommerce.core.values import Values
from ecommerce.reporting import charts
from ecommerce.reporting.sections import (
    Section,
    amounts,
    column_table,
    name,
    named,
    number,
    table,
    word,
)
from ecommerce.sales import terms
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.forecast import (
    TOTAL,
    Expected,
)
from ecommerce.sales.report.texts.base import CATEGORY, CHANNEL

MOST_SERIES = 20
"""Rows of the table."""
CHART = "expected.svg"


def tables(figures: Figures) -> list[Section]:
    """Return the day's net sales with their forecast, and for the annex every series in gross sales."""
    return [_day(figures), _series(figures) | {"annex": True}]


def verdict_line(figures: Figures) -> Values | None:
    """Return the `verdict` on the day for page one, and its `tone` (1 above the interval, -1 below, else 0);
    None without a forecast."""
    expected = figures.net_expected
    if expected is None:
        return None
    if expected.verdict is None:
        return {"verdict": f"No verdict: {figures.caveat}", "tone": 0}
    words = terms.capital(verdict_words(expected))
    return {"verdict": words, "tone": expected.direction}


def verdict_words(expected: Expected) -> str:
    """Return, for example, `within the 80 % interval` or `below the 95 % interval`; empty without a
    verdict."""
    if expected.verdict is None:
        return ""
    if expected.verdict == "as expected":
        return "within the 80 % interval"
    where = "above" if expected.direction > 0 else "below"
    level = 95 if expected.verdict == "very unusual" else 80
    return f"{where} the {level} % interval"


def series_name(series: str) -> str:
    """Return the name of a series without its kind: `All sales`, `Storefront`, `Garden`."""
    kind, _, value = series.partition(":")
    if kind == TOTAL:
        return "All sales"
    if kind == CHANNEL.name:
        return CHANNEL.label(value)
    return CATEGORY.label(value)


def interval(day: Any, level: int, currency: str) -> str:
    """Return the interval of `level` percent as two amounts."""
    lower = text.amount(getattr(day, f"lower_{level}"), currency)
    upper = text.amount(getattr(day, f"upper_{level}"), currency)
    return f"{lower} \N{EN DASH} {upper}"


def origin(forecast: Any, figures: Figures) -> str:
    """Return what a forecast was made from: `from data before Mon 16 Nov, model: blend`."""
    timezone = ZoneInfo(figures.provenance.timezone)
    day = forecast.made_at.astimezone(timezone).date()
    return (
        f"from data before {text.short_day(day)}, model: {text.clean(forecast.model)}"
    )


def _day(figures: Figures) -> Section:
    expected = figures.net_expected
    currency = figures.currency
    rows: list[list[str]] = []
    chart = None
    if expected:
        rows = [
            ["This day", text.amount(expected.actual, currency)],
            ["Forecast", text.amount(expected.forecast, currency)],
            ["80 % interval", interval(expected, 80, currency)],
            ["95 % interval", interval(expected, 95, currency)],
        ]
        day, forecast, band = (row[1] for row in rows[:3])
        words = f"Net sales {day}; forecast {forecast}, 80 % interval {band}."
        chart = charts.interval(CHART, words, expected.model_dump())
    return table(
        "expected",
        "Forecast",
        [name(""), number("Net sales")],
        rows,
        empty="No forecast of net sales covers this day.",
        note=f"net sales in {currency}",
        chart=chart,
    )


def _series(figures: Figures) -> Section:
    expectation = figures.expectation
    currency = figures.currency
    if expectation is None:
        empty = f"No forecast covers {figures.business_date}."
        return table("forecast", "Forecast and actual", [], [], empty=empty)
    series = [row for row in expectation.series if row.upper_95 or row.actual]
    note = f"gross sales in {currency}, before discounts and returns; {origin(expectation, figures)}"
    note += terms.without_amounts(expectation.without)
    facts = {
        "caveat": figures.caveat,
        "hidden": len(series) - MOST_SERIES,
        "currency": currency,
        "unforecast": [series_name(name) for name in expectation.unforecast],
    }
    return column_table(
        "forecast",
        "Forecast and actual",
        series[:MOST_SERIES],
        named("Series", "series", _label),
        amounts("Forecast", "forecast", currency),
        (number("80 % interval"), lambda row: interval(row, 80, currency)),
        (number("95 % interval"), lambda row: interval(row, 95, currency)),
        amounts("This day", "actual", currency),
        (word("Verdict"), lambda row: verdict_words(row) or text.NOTHING),
        empty="No sales were forecast, and there were none.",
        note=note,
        remarks=render_lines("remarks/forecast.txt", facts),
    )


def _label(series: str) -> str:
    kind = series.partition(":")[0]
    if kind == TOTAL:
        return series_name(series)
    return f"{terms.capital(kind)}: {series_name(series)}"
