"""The forecast of the coming days, in net sales, and the week of a coming event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field

from ecommerce.core import text
from ecommerce.core.business_day import days_between
from ecommerce.core.calendar_days import calendar_week
from ecommerce.core.named_weeks import event, named_week, week_name
from ecommerce.reporting import charts
from ecommerce.reporting.charts import Chart
from ecommerce.reporting.expected_week import ExpectedWeek
from ecommerce.reporting.parts import Part, Row, total
from ecommerce.reporting.sections import Section, name, number, quiet, table
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.report.sections.base import Cell, cells_of
from ecommerce.sales.report.sections.forecast import interval, origin

if TYPE_CHECKING:
    from ecommerce.sales.report.figures import Figures

DAYS = 7
FIGURES = ("forecast", "lower_80", "upper_80")
CHART = "outlook.svg"


class OutlookDay(Part):
    """The forecast of one day, and its 80 % interval."""

    day: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal


class Outlook(Part):
    """The newest forecast that was made by the end of the business day, of at most seven days after it.
    `made_at` as in `Expectation`; `event` begins on one of these days, and `event_week` is its calendar week,
    which may have begun before; `expected_week`: its net sales so far and to come. `last_week`: sales of the
    seven days up to the business day, None where one of them is not complete; `usual_week`: the median of the
    eight calendar weeks before that of the next day, without those that are not complete. Fields without
    `net_` are of gross sales, except `expected_week`."""

    made_at: datetime
    model: str
    days: list[OutlookDay]
    net_days: list[OutlookDay] = Field(default_factory=list)
    event: str | None = None
    event_week: list[OutlookDay] = Field(default_factory=list)
    net_event_week: list[OutlookDay] = Field(default_factory=list)
    expected_week: ExpectedWeek | None = None
    last_week: Decimal | None = None
    usual_week: Decimal | None = None
    net_usual_week: Decimal | None = None

    @property
    def named_week(self) -> ExpectedWeek | None:
        """The expected net sales of the event's week; of an earlier version's report, the forecast alone."""
        if self.expected_week or not self.net_event_week:
            return self.expected_week
        forecast = total(self.net_event_week, "forecast")
        return ExpectedWeek(first=self.net_event_week[0].day, forecast=forecast)


class ComingDays(Part):
    """`outlook` is None where no forecast covers the next day."""

    outlook: Outlook | None = None


def read(queries: DayQueries) -> dict[str, Any]:
    """Return the fields of `ComingDays`."""
    calendar = queries.settings.holiday_calendar
    first = queries.day + timedelta(days=1)
    coming = days_between(first, queries.day + timedelta(days=DAYS))
    week = named_week(coming, calendar)
    wanted = sorted({*coming, *week})
    rows = queries.rows(
        "outlook", {"ends_at": queries.window.end}, first=wanted[0], last=wanted[-1]
    )
    of_days = [row for row in rows if row["day"] in coming]
    of_week = [row for row in rows if row["day"] in week]
    if not of_days:
        return {}
    fields: dict[str, Any] = {}
    if week and len(of_week) == DAYS:
        fields["event"] = event(week, calendar)
        fields["event_week"] = _days(of_week, "")
        fields["net_event_week"] = _days(of_week, "net_")
        fields["expected_week"] = ExpectedWeek.of_days(of_week)
    outlook = Outlook.of(
        rows[0],
        days=_days(of_days, ""),
        net_days=_days(of_days, "net_"),
        **fields,
    )
    return {"outlook": outlook}


def _days(rows: Sequence[Row], prefix: str) -> list[OutlookDay]:
    days = []
    for row in rows:
        values = {figure: row[f"{prefix}{figure}"] for figure in FIGURES}
        days.append(OutlookDay(day=row["day"], **values))
    return days


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
            title = week_name(outlook.event or "", calendar_week(week.first))
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


def cells(figures: Figures) -> Iterator[Cell]:
    """Yield the coming days, in gross and in net sales, for `figures.csv`."""
    if figures.outlook:
        yield from cells_of("outlook", figures.outlook.days, "day", *FIGURES)
        yield from cells_of("outlook_net", figures.outlook.net_days, "day", *FIGURES)


def _chart(days: Sequence[OutlookDay], rows: Sequence[Sequence[str]]) -> Chart:
    chart_days = []
    for day in days:
        label = f"{text.short_weekday(day.day)}\n{day.day.day}"
        chart_days.append(day.model_dump(exclude={"day"}) | {"label": label})
    described = ", ".join(f"{day} {forecast}" for day, forecast, _ in rows)
    return charts.intervals(CHART, f"Forecast of net sales: {described}.", chart_days)
