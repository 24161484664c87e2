"""The report's charts: their files, and which of them a day has. They use the colours of `reporting.drawing`
alone, so that pages may replace them, and never distinguish by colour alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ecommerce.reporting.drawing import save, save_png, style
from ecommerce.sales.report.charts import bars
from ecommerce.sales.report.figures.model import Figures

TREND, EXPECTED, OUTLOOK = "trend.svg", "expected.svg", "outlook.svg"
CHANNELS, CATEGORIES, COUNTRIES = "channels.svg", "categories.svg", "countries.svg"
CHANGES_CATEGORIES, CHANGES_COUNTRIES, CHANGES_CHANNELS = (
    "changes-categories.svg",
    "changes-countries.svg",
    "changes-channels.svg",
)
FUNNEL = "funnel.svg"
CHARTS = (
    TREND,
    EXPECTED,
    CHANNELS,
    CATEGORIES,
    COUNTRIES,
    CHANGES_CATEGORIES,
    CHANGES_COUNTRIES,
    CHANGES_CHANNELS,
    FUNNEL,
    OUTLOOK,
)
"""In reading order."""
TREND_PNG = "trend.png"
"""The trend for mail programs, on white, to be shown at half of its pixels."""

TREND_LOW = "trend-low.svg"
"""The trend for a full page one; not archived."""
_HEIGHT, _LOW_HEIGHT = 64.0, 50.0
"""Of the trend, in millimetres."""
_DOTS_PER_INCH = 280
_BARS: dict[str, Callable[[Figures], str]] = {
    CHANNELS: bars.channels,
    CATEGORIES: bars.categories,
    COUNTRIES: bars.countries,
    CHANGES_CATEGORIES: bars.changed_categories,
    CHANGES_COUNTRIES: bars.changed_countries,
    CHANGES_CHANNELS: bars.changed_channels,
    FUNNEL: bars.funnel,
}


def drawn(figures: Figures) -> list[str]:
    """Return the charts that this day has figures for."""
    changes, site = figures.changes, figures.website
    has = {
        EXPECTED: figures.expectation is not None and figures.expectation.series,
        OUTLOOK: figures.outlook is not None and figures.outlook.days,
        CHANNELS: figures.channels,
        CATEGORIES: figures.categories,
        COUNTRIES: figures.countries,
        CHANGES_CATEGORIES: changes and changes.categories,
        CHANGES_COUNTRIES: changes and changes.countries,
        CHANGES_CHANNELS: changes and changes.channels,
        FUNNEL: site is not None and site.steps,
    }
    return [name for name in CHARTS if has.get(name, True)]


def draw(figures: Figures, folder: Path) -> list[Path]:
    """Write the charts `drawn(figures)` and `TREND_PNG` into `folder`; returns all their paths."""
    from ecommerce.sales.report.charts import forecast
    from ecommerce.sales.report.charts.trend import trend

    names = drawn(figures)
    with style():
        for name, draw_bars in _BARS.items():
            if name in names:
                (folder / name).write_text(draw_bars(figures), encoding="utf-8")
        if EXPECTED in names:
            save(forecast.expected(figures), folder / EXPECTED)
        if OUTLOOK in names:
            save(forecast.outlook(figures), folder / OUTLOOK)
        month = trend(figures, _HEIGHT)
        save_png(month, folder / TREND_PNG, _DOTS_PER_INCH)
        save(month, folder / TREND)
    return [folder / name for name in (*names, TREND_PNG)]


def draw_low_trend(figures: Figures, folder: Path) -> Path:
    """Write `TREND_LOW` into `folder`."""
    from ecommerce.sales.report.charts.trend import trend

    with style():
        save(trend(figures, _LOW_HEIGHT), folder / TREND_LOW)
    return folder / TREND_LOW
