"""The forecast in force of the day, and whether the day is within its intervals. All amounts are gross sales
in reporting currency; the DAG `weekly_sales_forecast` loads the table `sales_forecasts`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from pydantic import Field

from ecommerce.core.business_day import BusinessDay
from ecommerce.reporting import interval_verdict
from ecommerce.sales.report.figures.base import Part, Query, Row

TOTAL, CHANNEL, CATEGORY = "total", "channel", "category"
KINDS = (TOTAL, CHANNEL, CATEGORY)
BOUNDS = ("lower_80", "upper_80", "lower_95", "upper_95")
FIGURES = ("forecast", *BOUNDS, "actual")
"""The figures of one series; all are amounts."""


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
    verdict: interval_verdict.Verdict | None = None


class Expectation(Part):
    """The forecast in force of one day: the total first, then channels and categories, the largest first.
    `made_at` (UTC) is the midnight in the shop before the first day of that forecast, and nothing later was
    known to it. `unforecast` are the series that sold and have no forecast. `without`: currencies without an
    exchange rate on this day, which neither the forecasts nor the actual sales have."""

    made_at: datetime
    model: str
    series: list[Expected]
    unforecast: list[str] = Field(default_factory=list)
    without: list[str] = Field(default_factory=list)

    @property
    def total(self) -> Expected | None:
        """The forecast of all sales of the day."""
        return next((each for each in self.series if each.series == TOTAL), None)


def expectation_of(query: Query, day: BusinessDay, actual: Mapping[str, Decimal]) -> Expectation | None:
    """Return the forecast in force of `day`, without verdicts; None where no forecast covers the day.

    Args:
        query: runs a query of the report by its name.
        day: the report's.
        actual: gross sales of the day by series.
    """
    rows = query("forecast", {"begins_at": day.start})
    if not rows:
        return None
    names = ("series", "forecast", *BOUNDS)
    series = [
        Expected(**{name: row[name] for name in names}, actual=actual.get(row["series"], Decimal(0)))
        for row in rows
    ]
    known = {each.series for each in series}
    return Expectation(
        made_at=rows[0]["made_at"],
        model=rows[0]["model"],
        series=sorted(series, key=lambda each: (_place(each.series), -each.forecast, each.series)),
        unforecast=sorted(
            (name for name, gross in actual.items() if gross and name not in known),
            key=lambda name: (_place(name), name),
        ),
    )


def without(expectation: Expectation, currencies: Sequence[str], rows: Iterable[Row]) -> Expectation:
    """Return `expectation` without the share that `currencies` have of each series: they have no exchange
    rate on the day, so the actual sales lack them, too.

    Args:
        expectation: the forecast in force.
        currencies: those without an exchange rate.
        rows: of `currency_shares.sql`, of the days that the shares are taken from.
    """
    gross: dict[str, Decimal] = defaultdict(Decimal)
    excluded: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for series in (TOTAL, f"{CHANNEL}:{row['channel']}", f"{CATEGORY}:{row['category']}"):
            gross[series] += row["gross_sales"]
            excluded[series] += row["excluded"]

    def less(each: Expected) -> Expected:
        if gross[each.series] <= 0 or not excluded[each.series]:
            return each
        kept = 1 - excluded[each.series] / gross[each.series]
        values = {name: _cents(getattr(each, name) * kept) for name in ("forecast", *BOUNDS)}
        return each.model_copy(update=values)

    return expectation.model_copy(
        update={"series": [less(each) for each in expectation.series], "without": list(currencies)}
    )


def judged(expectation: Expectation | None, *, complete: bool) -> Expectation | None:
    """Return `expectation` with a verdict on each series, or without any where the day is not complete."""
    if expectation is None:
        return None
    series = [each.model_copy(update={"verdict": verdict(each)}) for each in expectation.series]
    return expectation.model_copy(update={"series": series}) if complete else expectation


def verdict(each: Expected) -> interval_verdict.Verdict:
    """Return whether the actual sales are within the intervals."""
    return interval_verdict.verdict(
        each.actual, (each.lower_80, each.upper_80), (each.lower_95, each.upper_95)
    )


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _place(series: str) -> int:
    return KINDS.index(series.partition(":")[0])
