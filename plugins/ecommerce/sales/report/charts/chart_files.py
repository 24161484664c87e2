"""The report's charts: their files, which of them a day has, and their alternative texts.

They never distinguish by colour alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecommerce.core import text
from ecommerce.reporting.drawing import save, save_png, style
from ecommerce.sales.report.charts import bars, time_charts
from ecommerce.sales.report.figures.base import DIMENSIONS, Dimension
from ecommerce.sales.report.figures.model import Figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TREND, EXPECTED, OUTLOOK, FUNNEL = "trend.svg", "expected.svg", "outlook.svg", "funnel.svg"
TREND_PNG = "trend.png"
"""The trend for mail programs, on white, to be shown at half of its pixels."""
TREND_LOW = "trend-low.svg"
"""The trend for a full page one; not archived."""
_HEIGHT, _LOW_HEIGHT = 64.0, 50.0
"""Of the trend, in millimetres."""
_DOTS_PER_INCH = 280


class Chart(NamedTuple):
    """A chart over time: the rows that it draws of a day, how, and its alternative text."""

    rows: Callable[[Figures], Any]
    draw: Callable[[Figures], Figure]
    alternative: Callable[[Figures], str]


def drawn(figures: Figures) -> list[str]:
    """Return the charts that this day has rows for."""
    return [name for name, chart in CHARTS.items() if chart.rows(figures)]


def alternatives(figures: Figures) -> dict[str, str]:
    """Return the alternative text of each chart that is drawn of this day."""
    return {name: CHARTS[name].alternative(figures) for name in drawn(figures)}


def draw(figures: Figures, folder: Path) -> list[Path]:
    """Write the charts `drawn(figures)` and `TREND_PNG` into `folder`; returns all their paths."""
    names = drawn(figures)
    with style():
        for name in names:
            save(CHARTS[name].draw(figures), folder / name)
        save_png(CHARTS[TREND].draw(figures), folder / TREND_PNG, _DOTS_PER_INCH)
    return [folder / name for name in (*names, TREND_PNG)]


def draw_low_trend(figures: Figures, folder: Path) -> Path:
    """Write `TREND_LOW` into `folder`."""
    with style():
        save(time_charts.trend(figures, _LOW_HEIGHT), folder / TREND_LOW)
    return folder / TREND_LOW


def changes_chart(dimension: Dimension) -> str:
    """Return the file with the contributions by `dimension`."""
    return f"changes-{dimension.plural}.svg"


def sales_chart(dimension: Dimension) -> str:
    """Return the file with the net sales by `dimension`."""
    return f"{dimension.plural}.svg"


def _trend(figures: Figures) -> str:
    currency = figures.currency
    known = [day for day in figures.trend if day.net_sales is not None]
    loaded = f"{len(known)} loaded days of the {len(figures.trend)} days"
    if len(known) in (0, len(figures.trend)):
        loaded = f"{len(figures.trend)} days"
    title = f"Net sales of the {loaded} up to {text.short_day(figures.business_date)}"
    if not known:
        return f"{title}: none is loaded."
    ends = ", ".join(
        f"{name} {text.amount(day.net_sales, currency)} on {text.short_day(day.business_date)}"
        for name, pick in (("lowest", min), ("highest", max))
        for day in [pick(known, key=lambda day: day.net_sales or 0)]
    )
    average = figures.headline["net_sales"].average
    name = text.average_name(figures.averaged_days, figures.averaged_days_without_sales)
    mean = f"; {name}: {text.amount(average, currency)}" if average is not None else ""
    gap = f"; {text.count(len(figures.gaps))} not loaded" if figures.gaps else ""
    return f"{title}: {ends}{mean}{gap}."


def _expected(figures: Figures) -> str:
    total = figures.expectation.total if figures.expectation else None
    values = (total.actual, total.forecast, total.lower_80, total.upper_80) if total else ()
    amounts = [text.amount(value, figures.currency) for value in values]
    return "Gross sales {}; forecast {}, 80 % interval {} \N{EN DASH} {}.".format(*amounts) if total else ""


def _outlook(figures: Figures) -> str:
    days = [
        f"{text.short_day(each.day)} {text.amount(each.forecast, figures.currency)}"
        for each in (figures.outlook.days if figures.outlook else ())
    ]
    return f"Forecast of gross sales: {', '.join(days)}."


CHARTS: dict[str, Chart | bars.BarChart] = {
    TREND: Chart(lambda figures: figures.trend, partial(time_charts.trend, height=_HEIGHT), _trend),
    EXPECTED: Chart(
        lambda figures: figures.expectation and figures.expectation.series, time_charts.expected, _expected
    ),
    **{sales_chart(each): bars.net_sales(each) for each in DIMENSIONS},
    **{changes_chart(each): bars.contributions(each) for each in DIMENSIONS},
    FUNNEL: bars.funnel(),
    OUTLOOK: Chart(lambda figures: figures.outlook and figures.outlook.days, time_charts.outlook, _outlook),
}
"""By their files, in reading order."""
