"""Forecasts of gross sales in reporting currency: the one in force of the day, whether the day is within its
intervals, and the seven days after it. The DAG `weekly_sales_forecast` loads the table `sales_forecasts`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from pydantic import Field

from ecommerce.core.business_day import BusinessDay
from ecommerce.reporting.named_weeks import event, named_week, usual_week
from ecommerce.sales.report.figures.base import (
    CATEGORY,
    CHANNEL,
    ZERO,
    Part,
    Query,
    Row,
)

Verdict = Literal["as expected", "unusual", "very unusual"]
TOTAL = "total"
KINDS = (TOTAL, CHANNEL.name, CATEGORY.name)
BOUNDS = ("lower_80", "upper_80", "lower_95", "upper_95")
FIGURES = ("forecast", *BOUNDS, "actual")
"""The figures of one series; all are amounts."""
OUTLOOK_FIGURES = ("forecast", "lower_80", "upper_80")
DAYS = 7
"""Of the outlook."""


class Expected(Part):
    """The forecast, intervals and actual sales of one series. `series`: `total`, `channel:<name>` or
    `category:<name>`. `verdict` is None where the day is not complete, or may not be."""

    series: str
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal
    actual: Decimal
    verdict: Verdict | None = None


class Expectation(Part):
    """The forecast in force of one day: the total first, then channels and categories, the largest first. It
    was made with data until `made_at` (UTC). `unforecast` are the series that sold and have no forecast,
    `without` the currencies without an exchange rate on this day, in neither forecasts nor actual sales."""

    made_at: datetime
    model: str
    series: list[Expected]
    unforecast: list[str] = Field(default_factory=list)
    without: list[str] = Field(default_factory=list)

    @property
    def total(self) -> Expected | None:
        """The forecast of all sales of the day."""
        return next((each for each in self.series if each.series == TOTAL), None)


class OutlookDay(Part):
    """Forecast gross sales of one day, and its 80 % interval."""

    day: date
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal


class Outlook(Part):
    """The newest forecast that was made by the end of the business day, of at most seven days after it.
    `made_at` as in `Expectation`; `event` begins on one of these days, and `event_week` is its calendar week,
    which may have begun before; `last_week`: gross sales of the seven days up to the business day, None where
    one of them is not complete; `usual_week`: the median of the eight calendar weeks before that of the next
    day, without those that are not complete."""

    made_at: datetime
    model: str
    days: list[OutlookDay]
    event: str | None = None
    event_week: list[OutlookDay] = Field(default_factory=list)
    last_week: Decimal | None = None
    usual_week: Decimal | None = None


def expectation_of(
    query: Query, day: BusinessDay, actual: Mapping[str, Decimal]
) -> Expectation | None:
    """Return the forecast in force of `day`, without verdicts; None where no forecast covers the day.
    `actual`: gross sales of the day by series."""
    rows = query("forecast", {"begins_at": day.start})
    if not rows:
        return None
    series = [Expected.of(row, actual=actual.get(row["series"], ZERO)) for row in rows]
    unforecast = {name for name, gross in actual.items() if gross} - {
        each.series for each in series
    }
    return Expectation(
        made_at=rows[0]["made_at"],
        model=rows[0]["model"],
        series=sorted(
            series, key=lambda each: (_place(each.series), -each.forecast, each.series)
        ),
        unforecast=sorted(unforecast, key=lambda name: (_place(name), name)),
    )


def without(
    expectation: Expectation, currencies: Sequence[str], rows: Iterable[Row]
) -> Expectation:
    """Return the forecast in force without the share that `currencies` have of each series: they have no
    exchange rate on the day, so the actual sales lack them, too. `rows`: of `currency_shares.sql`, of the
    days that the shares are taken from."""
    gross: dict[str, Decimal] = defaultdict(Decimal)
    excluded: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for series in (
            TOTAL,
            f"channel:{row['channel']}",
            f"category:{row['category']}",
        ):
            gross[series] += row["gross_sales"]
            excluded[series] += row["excluded"]

    def less(each: Expected) -> Expected:
        if gross[each.series] <= 0 or not excluded[each.series]:
            return each
        kept = 1 - excluded[each.series] / gross[each.series]
        values = {name: getattr(each, name) * kept for name in ("forecast", *BOUNDS)}
        cents = {
            name: value.quantize(Decimal("0.0001"), ROUND_HALF_UP)
            for name, value in values.items()
        }
        return each.model_copy(update=cents)

    return expectation.model_copy(
        update={
            "series": [less(each) for each in expectation.series],
            "without": list(currencies),
        }
    )


def judged(expectation: Expectation | None, *, complete: bool) -> Expectation | None:
    """Return `expectation` with a verdict on each series, or without any where the day is not complete."""
    if expectation is None or not complete:
        return expectation
    series = [
        each.model_copy(update={"verdict": verdict(each)})
        for each in expectation.series
    ]
    return expectation.model_copy(update={"series": series})


def verdict(each: Expected) -> Verdict:
    """Return `unusual` outside the 80 % interval, `very unusual` outside the 95 % interval; the bounds are
    inside."""
    if each.lower_80 <= each.actual <= each.upper_80:
        return "as expected"
    return (
        "unusual" if each.lower_95 <= each.actual <= each.upper_95 else "very unusual"
    )


def outlook_of(
    query: Query, day: BusinessDay, days: Mapping[date, Row], calendar: str
) -> Outlook | None:
    """Return the outlook from the end of `day`; None where no forecast covers a day after it. `days`: the
    rows of `headline.sql`; `calendar`: as in `Settings.holiday_calendar`, for the event."""
    coming = [day.date + timedelta(days=later) for later in range(1, DAYS + 1)]
    week = named_week(coming, calendar)
    wanted = sorted({*coming, *week})
    rows = query(
        "upcoming_forecast", {"ends_at": day.end}, first=wanted[0], last=wanted[-1]
    )
    ahead = [OutlookDay.of(row) for row in rows if row["day"] in coming]
    if not ahead:
        return None
    event_week = [OutlookDay.of(row) for row in rows if row["day"] in week]
    is_whole = len(event_week) == DAYS
    complete = {
        each: row["gross_sales"] for each, row in days.items() if row["complete"]
    }
    last_days = [day.date - timedelta(days=back) for back in range(DAYS)]
    past = [complete[each] for each in last_days if each in complete]
    return Outlook(
        made_at=rows[0]["made_at"],
        model=rows[0]["model"],
        days=ahead,
        event=event(week, calendar) if is_whole else None,
        event_week=event_week if is_whole else [],
        last_week=sum(past, ZERO) if len(past) == DAYS else None,
        usual_week=usual_week(complete, coming[0]),
    )


def _place(series: str) -> int:
    return KINDS.index(series.partition(":")[0])
