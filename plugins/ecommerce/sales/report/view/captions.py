"""The alternative texts of the report's charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ecommerce.core import text
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.figures.model import Breakdown, Figures
from ecommerce.sales.report.figures.website import STEPS

_MOST_NAMES = 4
"""The table has all."""


def alternatives(figures: Figures) -> dict[str, str]:
    """Return the alternative text of each chart that is drawn of this day."""
    return {name: _CAPTIONS[name](figures) for name in chart_files.drawn(figures)}


def _trend(figures: Figures) -> str:
    currency = figures.currency
    known = [day for day in figures.trend if day.net_sales is not None]
    title = f"Net sales of the {len(figures.trend)} days up to {text.short_day(figures.business_date)}"
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
    if total is None:
        return ""
    actual, forecast, low, high = (
        text.amount(value, figures.currency)
        for value in (total.actual, total.forecast, total.lower_80, total.upper_80)
    )
    return f"Gross sales {actual}; forecast {forecast}, 80 % interval {low} \N{EN DASH} {high}."


def _outlook(figures: Figures) -> str:
    days = [
        f"{text.short_day(each.day)} {text.amount(each.forecast, figures.currency)}"
        for each in (figures.outlook.days if figures.outlook else ())
    ]
    return f"Forecast of gross sales: {', '.join(days)}."


def _breakdown(figures: Figures, rows: Sequence[Breakdown], by: str, name_of: Callable[[str], str]) -> str:
    amounts = [f"{name_of(row.name)} {text.amount(row.net_sales, figures.currency)}" for row in rows]
    return f"Net sales by {by}: {text.listed(amounts, _MOST_NAMES)}."


def _changed(figures: Figures, kind: str, by: str, name_of: Callable[[str], str]) -> str:
    rows: list[Contribution] = getattr(figures.changes, kind)
    amounts = [f"{name_of(row.name)} {text.signed(row.now - row.before, figures.currency)}" for row in rows]
    return f"Contribution to the change of net sales by {by}: {text.listed(amounts, _MOST_NAMES)}."


def _funnel(figures: Figures) -> str:
    steps = figures.website.steps if figures.website else []
    sessions = [f"{STEPS[each.step]} {text.count(each.sessions)}" for each in steps]
    return f"Sessions by the step that they reached: {', '.join(sessions)}."


_CAPTIONS: dict[str, Callable[[Figures], str]] = {
    chart_files.TREND: _trend,
    chart_files.EXPECTED: _expected,
    chart_files.OUTLOOK: _outlook,
    chart_files.CHANNELS: lambda all_: _breakdown(all_, all_.channels, "channel", text.source_name),
    chart_files.CATEGORIES: lambda all_: _breakdown(all_, all_.categories, "category", text.category),
    chart_files.COUNTRIES: lambda all_: _breakdown(all_, all_.countries, "country", text.country),
    chart_files.CHANGES_CATEGORIES: lambda all_: _changed(all_, "categories", "category", text.category),
    chart_files.CHANGES_COUNTRIES: lambda all_: _changed(all_, "countries", "country", text.country),
    chart_files.CHANGES_CHANNELS: lambda all_: _changed(all_, "channels", "channel", text.source_name),
    chart_files.FUNNEL: _funnel,
}
