"""The day against its forecast: whether it is within its intervals.

Forecasts are of gross sales, because returns follow days later. Page one states the forecast of the whole
shop in net sales, the measure of the headline; the annex has the gross forecast of every series.
"""

from typing import Any

from ecommerce.core import text
from ecommerce.core.business_day import shop_day
from ecommerce.core.templates import render_lines
from ecommerce.core.values import Values
from ecommerce.reporting import charts
from ecommerce.reporting.sections import Section, rendered_table, table
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
    day = shop_day(forecast.made_at, figures.provenance.timezone).date
    return (
        f"from data before {text.short_day(day)}, model: {text.clean(forecast.model)}"
    )


def _day(figures: Figures) -> Section:
    facts = {"figures": figures, "interval": interval}
    section = rendered_table("tables/expected.txt", facts)
    if figures.net_expected:
        day, forecast, band, _ = (amount for _, amount in section["rows"])
        words = f"Net sales {day}; forecast {forecast}, 80 % interval {band}."
        drawn = figures.net_expected.model_dump()
        section["chart"] = charts.interval(CHART, words, drawn)
    return section


def _series(figures: Figures) -> Section:
    expectation = figures.expectation
    if expectation is None:
        empty = f"No forecast covers {figures.business_date}."
        return table("forecast", "Forecast and actual", [], [], empty=empty)
    series = [row for row in expectation.series if row.upper_95 or row.actual]
    facts = {
        "figures": figures,
        "series": series[:MOST_SERIES],
        "hidden": len(series) - MOST_SERIES,
        "unforecast": [series_name(name) for name in expectation.unforecast],
        "interval": interval,
        "origin": origin,
        "series_name": series_name,
        "verdict_words": verdict_words,
        "without_amounts": terms.without_amounts,
    }
    remarks = render_lines("remarks/forecast.txt", facts)
    return rendered_table("tables/forecast.txt", facts, remarks=remarks)
