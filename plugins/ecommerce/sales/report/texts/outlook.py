"""The forecast of the coming days, in net sales, and the week of a coming event."""

from collections.abc import Sequence

from ecommerce.core import text
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.named_weeks import week_name
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.sections import Section, rendered_table
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.outlook import Outlook, OutlookDay
from ecommerce.sales.report.texts.forecast import interval, origin

CHART = "outlook.svg"


def tables(figures: Figures) -> list[Section]:
    """Return the forecast of the coming days."""
    title = week_title(figures.outlook)
    facts = {"figures": figures, "title": title, "interval": interval, "origin": origin}
    chart = None
    remarks = []
    if figures.outlook:
        chart = _chart(figures.outlook.net_days, figures.currency)
        week = figures.outlook.named_week
        if week and week.parts:
            remarks.append(f"{title}: {week.parts}.")
    return [rendered_table("tables/outlook.txt", facts, chart=chart, remarks=remarks)]


def week_title(outlook: Outlook | None) -> str:
    """Return the name of the week of the coming event; empty without one."""
    week = outlook.named_week if outlook else None
    if outlook is None or week is None:
        return ""
    return week_name(outlook.event or "", calendar_week(week.first))


def _chart(days: Sequence[OutlookDay], currency: str) -> Chart:
    chart_days = []
    forecasts = []
    for day in days:
        label = f"{text.short_weekday(day.day)}\n{day.day.day}"
        chart_days.append(day.model_dump(exclude={"day"}) | {"label": label})
        forecast = text.amount(day.forecast, currency)
        forecasts.append(f"{text.short_day(day.day)} {forecast}")
    alt = f"Forecast of net sales: {', '.join(forecasts)}."
    return charts.intervals(CHART, alt, chart_days)
