"""What the report's charts show, in words: for those who cannot see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ecommerce.core import text
from ecommerce.sales.report.charts import chart_files
from ecommerce.sales.report.figures import website
from ecommerce.sales.report.figures.contributions import Contribution
from ecommerce.sales.report.figures.model import Breakdown, Figures
from ecommerce.sales.report.view.forecast_tables import expectation_total

_NAMED = 3
"""So many of the first rows are named; the table has all."""


def alternatives(figures: Figures) -> dict[str, str]:
    """The alternative text of each chart that is drawn of this day."""
    return {name: _WORDS[name](figures) for name in chart_files.drawn(figures)}


def _trend(figures: Figures) -> str:
    known = [day for day in figures.trend if day.net_sales is not None]
    said = f"Net sales of the {len(figures.trend)} days up to {text.short_day(figures.business_date)}"
    if not known:
        return f"{said}: none is loaded."
    lowest, highest = (pick(known, key=lambda day: day.net_sales or 0) for pick in (min, max))
    ends = ", ".join(
        f"{name} {text.amount(day.net_sales, figures.currency)} on {text.short_day(day.business_date)}"
        for name, day in (("lowest", lowest), ("highest", highest))
    )
    average = figures.headline["net_sales"].average
    name = text.average_name(figures.averaged_days, figures.averaged_days_without_sales)
    mean = f"; {name}: {text.amount(average, figures.currency)}"
    gap = f"; {text.count(len(figures.gaps))} not loaded" if figures.gaps else ""
    return f"{said}: {ends}{mean if average is not None else ''}{gap}."


def _expected(figures: Figures) -> str:
    total = expectation_total(figures)
    if total is None:
        return ""
    actual, forecast, low, high = (
        text.amount(value, figures.currency)
        for value in (total.actual, total.forecast, total.lower_80, total.upper_80)
    )
    return f"Gross sales {actual}; forecast {forecast}, 80 % interval {low} \N{EN DASH} {high}."


def _outlook(figures: Figures) -> str:
    said = [
        f"{text.short_day(each.day)} {text.amount(each.forecast, figures.currency)}"
        for each in (figures.outlook.days if figures.outlook else ())
    ]
    return f"Forecast of gross sales: {', '.join(said)}."


def _breakdown(figures: Figures, rows: Sequence[Breakdown], by: str, name_of: Callable[[str], str]) -> str:
    said = [f"{name_of(row.name)} {text.amount(row.net_sales, figures.currency)}" for row in rows[:_NAMED]]
    return f"Net sales by {by}: {', '.join(said)}{_more(rows)}."


def _changed(figures: Figures, kind: str, by: str, name_of: Callable[[str], str]) -> str:
    rows: list[Contribution] = getattr(figures.changes, kind)
    said = [
        f"{name_of(row.name)} {text.signed(row.now - row.before, figures.currency)}" for row in rows[:_NAMED]
    ]
    return f"Contribution to the change of net sales by {by}: {', '.join(said)}{_more(rows)}."


def _funnel(figures: Figures) -> str:
    steps = figures.website.steps if figures.website else []
    said = [f"{website.STEPS[each.step]} {text.count(each.sessions)}" for each in steps]
    return f"Sessions by the step that they reached: {', '.join(said)}."


def _more(rows: Sequence[object]) -> str:
    return f" and {text.count(len(rows) - _NAMED)} more" if len(rows) > _NAMED else ""


_WORDS: dict[str, Callable[[Figures], str]] = {
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
