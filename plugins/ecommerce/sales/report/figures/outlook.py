"""The forecast of the coming days, in net sales, and the week of a coming event."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from ecommerce.core.business_day import days_between
from ecommerce.core.named_weeks import event, named_week
from ecommerce.core.values import Values
from ecommerce.reporting.expected_week import ExpectedWeek
from ecommerce.reporting.parts import Part, net_figures, total
from ecommerce.sales.day_queries import DayQueries

DAYS = 7
FIGURES = ("forecast", "lower_80", "upper_80")


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
    net_days: list[OutlookDay] = []
    event: str | None = None
    event_week: list[OutlookDay] = []
    net_event_week: list[OutlookDay] = []
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


def read(queries: DayQueries) -> ComingDays:
    """Return the forecast of the coming days."""
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
        return ComingDays()
    fields: Values = {}
    if week and len(of_week) == DAYS:
        fields["event"] = event(week, calendar)
        fields["event_week"] = OutlookDay.list_of(of_week)
        fields["net_event_week"] = OutlookDay.list_of(map(net_figures, of_week))
        fields["expected_week"] = ExpectedWeek.of_days(of_week)
    outlook = Outlook.of(
        rows[0],
        days=OutlookDay.list_of(of_days),
        net_days=OutlookDay.list_of(map(net_figures, of_days)),
        **fields,
    )
    return ComingDays(outlook=outlook)
