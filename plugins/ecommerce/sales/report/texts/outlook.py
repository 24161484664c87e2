"""The forecast of the coming days, in net sales, and the week of a coming event."""

from collections.abc import Sequence

from ecommerce.core import text
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.named_weeks import week_name
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.parts import total
from ecommerce.reporting.sections import Section, name, number, quiet, table
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.figures.outlook import Outlook, OutlookDay
from ecommerce.sales.report.texts.forecast import interval, origin

CHART = "outlook.svg"


def tables(figures: Figures) -> list[Section]:
    """Return the forecast of the coming days."""
    outlook = figures.outlook
    currency = figures.currency
    rows = []
    note = ""
    chart = None
    remarks = []
    if outlook:
        days = outlook.net_days
        for day in days:
            forecast = text.amount(day.forecast, currency)
            band = interval(day, 80, currency)
            rows.append([text.short_day(day.day), forecast, band])
        chart = _chart(days, rows)
        if len(days) > 1:
            forecast = text.amount(total(days, "forecast"), currency)
            rows.append([f"All {len(days)} days", forecast, ""])
        week = outlook.named_week
        if week:
            title = week_title(outlook)
            rows.append([title, text.amount(week.net_sales, currency), ""])
            if week.parts:
                remarks.append(f"{title}: {week.parts}.")
        note = f"net sales in {currency}; {origin(outlook, figures)}"
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
    described = ", ".join(f"{day} {forecast}" for day, forecast, _ in rows)
    return charts.intervals(CHART, f"Forecast of net sales: {described}.", chart_days)
