"""The forecast of the coming days, in net sales, and the week of a coming event."""

from collections.abc import Sequence

from ecommerce.core import text
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.named_weeks import week_name
from ecommerce.core.templates import render_rows
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.sections import Section, name, number, quiet, table
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.outlook import Outlook, OutlookDay
from ecommerce.sales.report.texts.forecast import interval, origin

CHART = "outlook.svg"


def tables(figures: Figures) -> list[Section]:
    """Return the forecast of the coming days."""
    outlook = figures.outlook
    rows: list[list[str]] = []
    note = ""
    chart = None
    remarks = []
    if outlook:
        week = outlook.named_week
        title = week_title(outlook)
        facts = {
            "outlook": outlook,
            "week": week,
            "title": title,
            "currency": figures.currency,
            "interval": interval,
        }
        rows = render_rows("tables/outlook.txt", facts)
        chart = _chart(outlook.net_days, rows)
        if week and week.parts:
            remarks.append(f"{title}: {week.parts}.")
        note = f"net sales in {figures.currency}; {origin(outlook, figures)}"
    return [
        table(
            "outlook",
            "The coming days",
            [name("Day"), number("Forecast"), quiet("80 % interval")],
            rows,
            empty="No forecast of net sales covers the coming days.",
            note=note,
            remarks=remarks,
            chart=chart,
        )
    ]


def week_title(outlook: Outlook | None) -> str:
    """Return the name of the week of the coming event; empty without one."""
    week = outlook.named_week if outlook else None
    if outlook is None or week is None:
        return ""
    return week_name(outlook.event or "", calendar_week(week.first))


def _chart(days: Sequence[OutlookDay], rows: Sequence[Sequence[str]]) -> Chart:
    chart_days = []
    for day in days:
        label = f"{text.short_weekday(day.day)}\n{day.day.day}"
        chart_days.append(day.model_dump(exclude={"day"}) | {"label": label})
    # Sums follow the rows of the days.
    described = ", ".join(f"{day} {forecast}" for day, forecast, _ in rows[: len(days)])
    return charts.intervals(CHART, f"Forecast of net sales: {described}.", chart_days)
