"""The report's charts: which there are, which of them a day has, and their files. They use the colours of
`documents.drawing` alone, so that a page may swap them, and say nothing by colour alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ecommerce.documents.drawing import save, save_png, style
from ecommerce.sales.report.figures import Figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
"""In reading order; a day has those that it has figures for."""
TREND_PNG = "trend.png"
"""The trend for mail programs, on white: `PNG_WIDTH` pixels wide, to be shown at half of that."""

TREND_HEIGHTS = {"trend-high.svg": 66.0, TREND: 56.0, "trend-low.svg": 48.0}
"""Millimetres. Page one takes the highest one that it has room for; only `TREND` is kept."""
_DOTS_PER_INCH = 280


def drawn(figures: Figures) -> list[str]:
    """Those of `CHARTS` that this day has figures for."""
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
    from ecommerce.sales.report.charts_trend import trend

    names = drawn(figures)
    with style():
        for name in names:
            save(_drawing(name)(figures), folder / name)
        save_png(trend(figures, TREND_HEIGHTS[TREND]), folder / TREND_PNG, _DOTS_PER_INCH)
    return [folder / name for name in (*names, TREND_PNG)]


def draw_trends(figures: Figures, folder: Path) -> list[Path]:
    """Write the trend in its other `TREND_HEIGHTS` into `folder`, for a page that has more or less room."""
    from ecommerce.sales.report.charts_trend import trend

    names = [name for name in TREND_HEIGHTS if name != TREND]
    with style():
        for name in names:
            save(trend(figures, TREND_HEIGHTS[name]), folder / name)
    return [folder / name for name in names]


def _drawing(name: str) -> Callable[[Figures], Figure]:
    from ecommerce.sales.report import charts_bars, charts_forecast
    from ecommerce.sales.report.charts_trend import trend

    return {
        TREND: lambda figures: trend(figures, TREND_HEIGHTS[TREND]),
        EXPECTED: charts_forecast.expected,
        OUTLOOK: charts_forecast.outlook,
        CHANNELS: charts_bars.channels,
        CATEGORIES: charts_bars.categories,
        COUNTRIES: charts_bars.countries,
        CHANGES_CATEGORIES: charts_bars.changed_categories,
        CHANGES_COUNTRIES: charts_bars.changed_countries,
        CHANGES_CHANNELS: charts_bars.changed_channels,
        FUNNEL: charts_bars.funnel,
    }[name]
