"""The day against its forecast: whether it is within its intervals.

Forecasts are of gross sales, because returns follow days later. Page one states the forecast of the whole
shop in net sales, the measure of the headline; the annex has the gross forecast of every series.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from ecommerce.core.values import Row
from ecommerce.reporting.parts import Part, net_figures
from ecommerce.sales.day_queries import DayQueries

Verdict = Literal["as expected", "unusual", "very unusual"]
TOTAL = "total"
FIGURES = ("forecast", "lower_80", "upper_80", "lower_95", "upper_95", "actual")
"""The figures of one series; all are amounts."""


class Expected(Part):
    """The forecast, intervals and actual sales of one series. `series`: `total`, `channel:<name>` or
    `category:<name>`, of gross sales, or `net`, the net sales of the whole shop. `verdict` is None where the
    day is not complete, or may not be."""

    series: str
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal
    actual: Decimal
    verdict: Verdict | None = None

    @property
    def direction(self) -> int:
        """1 above the 80 % interval, -1 below it, 0 within."""
        return int(self.actual > self.upper_80) - int(self.actual < self.lower_80)


class Expectation(Part):
    """The forecast in force of one day: the total first, then channels and categories, the largest first. It
    was made with data until `made_at` (UTC). `net`: the total in net sales. `unforecast` are the series that
    sold and have no forecast, `without` the currencies without an exchange rate on this day, in neither
    forecasts nor actual sales."""

    made_at: datetime
    model: str
    series: list[Expected]
    net: Expected | None = None
    unforecast: list[str] = []
    without: list[str] = []


class Forecast(Part):
    """`expectation` is None where no forecast covers the day."""

    expectation: Expectation | None = None

    @property
    def net_expected(self) -> Expected | None:
        """The forecast of net sales of the whole shop."""
        return self.expectation.net if self.expectation else None


def read(queries: DayQueries) -> Forecast:
    """Return the forecast in force."""
    rows = queries.rows("expectation")
    forecasts = [row for row in rows if row["forecast"] is not None]
    if not forecasts:
        return Forecast()
    is_judged = queries.today["complete"] and not queries.doubtful_sources
    net = None
    if forecasts[0]["series"] == TOTAL:
        of_shop = net_figures(forecasts[0]) | {"series": "net"}
        net = _expected(of_shop, is_judged)
    expectation = Expectation.of(
        forecasts[0],
        series=[_expected(row, is_judged) for row in forecasts],
        net=net,
        unforecast=[row["series"] for row in rows if row["forecast"] is None],
        without=[row["name"] for row in queries.breakdown("currency")],
    )
    return Forecast(expectation=expectation)


def _expected(row: Row, is_judged: bool) -> Expected:
    return Expected.of(row, verdict=row["verdict"] if is_judged else None)
