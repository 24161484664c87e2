"""The report's charts: their files, which of them a day has, and their alternative texts.

They never distinguish by colour alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ecommerce.core import text
from ecommerce.reporting.drawing import save, save_png, style
from ecommerce.reporting.sections import with_others
from ecommerce.sales.report import plots, terms
from ecommerce.sales.report.figures.base import DIMENSIONS, Dimension, total
from ecommerce.sales.report.figures.model import Figures, TrendDay
from ecommerce.sales.report.figures.website import STEPS
from ecommerce.sales.report.plots import Bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TREND, EXPECTED, OUTLOOK, FUNNEL = (
    "trend.svg",
    "expected.svg",
    "outlook.svg",
    "funnel.svg",
)
TREND_PNG = "trend.png"
"""The trend for mail programs, on white, to be shown at half of its pixels."""
MOST_BARS = 6
"""Of one chart; the last of more adds up the others."""
_DOTS_PER_INCH = 280


class Chart(NamedTuple):
    """A chart: the rows that it draws of a day, how, and its alternative text."""

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
    """Write the charts `drawn(figures)` and `TREND_PNG` into `folder`; return the paths of the former."""
    names = drawn(figures)
    with style():
        for name in names:
            save(CHARTS[name].draw(figures), folder / name)
        save_png(CHARTS[TREND].draw(figures), folder / TREND_PNG, _DOTS_PER_INCH)
    return [folder / name for name in names]


def changes_chart(dimension: Dimension) -> str:
    """Return the file with the contributions by `dimension`."""
    return f"changes-{dimension.plural}.svg"


def sales_chart(dimension: Dimension) -> str:
    """Return the file with the net sales by `dimension`."""
    return f"{dimension.plural}.svg"


def own_change(row: Any) -> str:
    """Return the change of a row in percent, or `new`; there is none from a negative amount."""
    return (
        "new"
        if row.now and not row.before
        else text.change(row.now, max(row.before, Decimal(0)))
    )


def _trend(figures: Figures) -> str:
    currency = figures.currency
    known = [day for day in figures.trend if day.net_sales is not None]
    title = f"Net sales of the last {len(figures.trend)} days"
    if not known:
        return f"{title}: none is loaded."
    complete = [
        day for day in known if day.complete
    ] or known  # part of a day is no lowest one
    lowest = min(complete, key=lambda day: day.net_sales or 0)
    highest = max(known, key=lambda day: day.net_sales or 0)

    def point(day: TrendDay) -> str:
        amount = text.amount(day.net_sales, currency)
        return f"{amount} on {text.short_day(day.business_date)}"

    words = f"{title}: lowest {point(lowest)}, highest {point(highest)}"
    average = figures.average("net_sales")
    if average is not None:
        closed = figures.averaged_days_without_sales
        name = terms.average_name(figures.averaged_days, closed)
        words += f"; {name}: {text.amount(average, currency)}"
    return f"{words}."


def _expected(figures: Figures) -> str:
    total = figures.expected_total
    if total is None:
        return ""
    values = (total.actual, total.forecast, total.lower_80, total.upper_80)
    amounts = [text.amount(value, figures.currency) for value in values]
    return "Gross sales {}; forecast {}, 80 % interval {} \N{EN DASH} {}.".format(
        *amounts
    )


def _outlook(figures: Figures) -> str:
    days = [
        f"{text.short_day(each.day)} {text.amount(each.forecast, figures.currency)}"
        for each in (figures.outlook.days if figures.outlook else ())
    ]
    return f"Forecast of gross sales: {', '.join(days)}."


def _net_sales(figures: Figures, dimension: Dimension) -> list[Bar]:
    """Return net sales by `dimension`, each with its share."""
    rows = dimension.rows(figures)
    sales = total(rows, "net_sales")

    def bar(row: Any) -> Bar:
        amount, share = (
            text.amount(row.net_sales, figures.currency),
            text.share(row.net_sales, sales),
        )
        return Bar(dimension.label(row.name), float(row.net_sales), amount, share)

    return _largest(rows, ("net_sales",), lambda row: row.net_sales, bar)


def _contributions(figures: Figures, dimension: Dimension) -> list[Bar]:
    """Return the contributions to the change of net sales by `dimension`, and the change of each."""
    rows = dimension.rows(figures.changes)

    def bar(row: Any) -> Bar:
        change = row.now - row.before
        amount = terms.signed(change, figures.currency)
        return Bar(dimension.label(row.name), float(change), amount, own_change(row))

    moved = [row for row in rows if row.now != row.before] or rows
    return _largest(moved, ("before", "now"), lambda row: row.now - row.before, bar)


def _funnel(figures: Figures) -> list[Bar]:
    """Return the sessions that reached each step, and their share of all."""
    steps = figures.website.steps if figures.website else []
    shares = [
        text.share(Decimal(each.sessions), Decimal(steps[0].sessions)) for each in steps
    ]
    return [
        Bar(STEPS[each.step], each.sessions, text.count(each.sessions), share)
        for each, share in zip(steps, shares, strict=True)
    ]


def _largest(
    rows: Sequence[Any],
    sums: Sequence[str],
    size: Callable[[Any], Decimal],
    bar: Callable[[Any], Bar],
) -> list[Bar]:
    """Return the bars of at most `MOST_BARS` rows; the one of the others has no length."""
    shown = with_others(rows, MOST_BARS, sums, size=size, alone=terms.UNALLOCATED)
    bars = list(map(bar, shown))
    if len(shown) < len(rows):
        bars[-1] = bars[-1]._replace(label=shown[-1].name, length=0)
    return bars


def _bar_chart(title: str, bars: Callable[[Figures], list[Bar]]) -> Chart:
    def alternative(figures: Figures) -> str:
        return f"{title}: {text.listed(f'{bar.label} {bar.figure}' for bar in bars(figures))}."

    return Chart(bars, lambda figures: plots.bars(bars(figures)), alternative)


CHARTS: dict[str, Chart] = {
    TREND: Chart(lambda figures: figures.trend, plots.trend, _trend),
    EXPECTED: Chart(
        lambda figures: figures.expectation and figures.expectation.series,
        plots.expected,
        _expected,
    ),
    **{
        sales_chart(each): _bar_chart(
            f"Net sales by {each.name}", partial(_net_sales, dimension=each)
        )
        for each in DIMENSIONS
    },
    **{
        changes_chart(each): _bar_chart(
            f"Contribution to the change of net sales by {each.name}",
            partial(_contributions, dimension=each),
        )
        for each in DIMENSIONS
    },
    FUNNEL: _bar_chart("Sessions by the step that they reached", _funnel),
    OUTLOOK: Chart(
        lambda figures: figures.outlook and figures.outlook.days,
        plots.outlook,
        _outlook,
    ),
}
"""By their files, in reading order."""
