"""Accuracy of forecasts whose days have ended, and drift (see docs/DEFINITIONS.md)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from ecommerce.forecast.weeks import DAYS
from ecommerce.forecast.wording import KINDS, TOTAL, percent

SCORED_DAYS = 56
DRIFT_DAYS = 28
LEAST_SCORED_DAYS = 14
"""Drift is not judged on fewer days."""
LARGEST_BIAS = Decimal("0.10")
LEAST_COVERED = Decimal("0.60")
"""Of the days within the 80 % interval, nominally 80 %."""
LARGEST_ERROR = Decimal("1.5")
"""Times the champion's error in its back-test."""


class Frozen(BaseModel):
    """A record of the forecast's report."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DayForecast(Frozen):
    """The forecast of one day with its 80 % and 95 % intervals: gross sales in reporting currency."""

    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "DayForecast":
        """Take the amounts of a row of `sales_forecasts`."""
        return cls(**{name: row[name] for name in cls.model_fields})

    def covers(self, level: int, actual: Decimal | None) -> bool:
        """Return whether sales are within the interval of `level` percent; its bounds belong to it."""
        lower, upper = (self.lower_80, self.upper_80) if level == 80 else (self.lower_95, self.upper_95)
        return actual is not None and lower <= actual <= upper


class StoredForecast(DayForecast):
    """A row of `sales_forecasts`: `made_at` aware, `actual` None until the day has ended."""

    series: str
    target_date: date
    model: str
    made_at: datetime
    actual: Decimal | None


class Score(Frozen):
    """The accuracy of the forecasts of `of`: the total, or all series of a kind. `periods` counts scored days
    (for products whole weeks). `error` is the WAPE. The ratios are None without sales."""

    of: str
    series: int
    periods: int
    forecast: Decimal
    actual: Decimal
    error: Decimal | None
    bias: Decimal | None
    covered_80: Decimal | None
    covered_95: Decimal | None


class Drift(Frozen):
    """The total's score of the last four weeks, the champion's back-test error (`usual_error`), and the
    reasons why the forecast drifts: none where it does not, or where too few days are scored."""

    score: Score
    usual_error: Decimal | None
    reasons: list[str]

    @property
    def is_judged(self) -> bool:
        """Whether enough days are scored."""
        return self.score.periods >= LEAST_SCORED_DAYS


def in_force(forecasts: Iterable[StoredForecast], begins: Callable[[date], datetime]) -> list[StoredForecast]:
    """Return the forecasts in force: of each day those made last, and not after the day began, the same for
    all series. `begins` gives the instant at which a day begins."""
    in_time = [each for each in forecasts if each.made_at <= begins(each.target_date)]
    newest: dict[date, datetime] = {}
    for each in in_time:
        newest[each.target_date] = max(each.made_at, newest.get(each.target_date, each.made_at))
    return [each for each in in_time if each.made_at == newest[each.target_date]]


def ended(
    forecasts: Iterable[StoredForecast], as_of: date, complete: set[date], days: int = SCORED_DAYS
) -> list[StoredForecast]:
    """Return the forecasts of days that can be scored.

    Args:
        forecasts: as `in_force` returns them.
        as_of: the day after the last that has ended.
        complete: the days whose sales are complete; others are not scored.
        days: how many days before `as_of`.
    """
    scored = complete & {as_of - timedelta(days=back) for back in range(1, days + 1)}
    return [each for each in forecasts if each.target_date in scored and each.actual is not None]


def scores(forecasts: Iterable[StoredForecast]) -> list[Score]:
    """Return the scores of days that have ended: the total, then categories, channels and products pooled,
    without those that have none."""
    pooled: dict[str, list[StoredForecast]] = defaultdict(list)
    for each in forecasts:
        pooled[each.series.partition(":")[0]].append(each)
    scored = [score(of, pooled[of]) for of in (TOTAL, *KINDS)]
    return [each for each in scored if each.periods]


def drift(forecasts: Iterable[StoredForecast], usual_error: Decimal | None) -> Drift:
    """Return whether the total's forecasts of four ended weeks drifted; `usual_error` is the champion's
    back-test error of the total, None without a back-test."""
    total = score(TOTAL, [each for each in forecasts if each.series == TOTAL])
    bias, covered, error = total.bias or Decimal(0), total.covered_80, total.error or Decimal(0)
    reasons = []
    if abs(bias) > LARGEST_BIAS:
        side = "high" if bias > 0 else "low"
        reasons.append(f"forecasts were {percent(abs(bias))} too {side} (limit {percent(LARGEST_BIAS)})")
    if covered is not None and covered < LEAST_COVERED:
        limit = f"(limit {percent(LEAST_COVERED)})"
        reasons.append(f"only {percent(covered)} of days were within their 80 % interval {limit}")
    if usual_error and error > LARGEST_ERROR * usual_error:
        reasons.append(
            f"the error was {percent(error)} of sales, more than {LARGEST_ERROR} times the "
            f"{percent(usual_error)} of the back-test"
        )
    is_judged = total.periods >= LEAST_SCORED_DAYS
    return Drift(score=total, usual_error=usual_error, reasons=reasons if is_judged else [])


def score(of: str, days: Sequence[StoredForecast]) -> Score:
    """Return the score of days that have ended. Products sell too rarely to be scored by day: their score is
    that of whole weeks, without intervals. Closed days (forecast 0) do not count for the intervals."""
    is_weekly = of == "sku"
    periods: dict[tuple[object, ...], list[StoredForecast]] = {}
    for each in days:
        period = each.target_date.isocalendar()[:2] if is_weekly else each.target_date
        periods.setdefault((each.series, period), []).append(each)
    whole = [rows for rows in periods.values() if len(rows) == DAYS or not is_weekly]
    pairs = [
        (_sum(each.forecast for each in rows), _sum(each.actual or Decimal(0) for each in rows))
        for rows in whole
    ]
    forecast, actual = _sum(pair[0] for pair in pairs), _sum(pair[1] for pair in pairs)
    open_days = [] if is_weekly else [each for each in days if each.upper_95]
    covered_80, covered_95 = (
        _ratio(sum(each.covers(level, each.actual) for each in open_days), len(open_days))
        for level in (80, 95)
    )
    sales = max(actual, Decimal(0))
    forecast_ratio = _ratio(forecast, sales)
    return Score(
        of=of,
        series=len({rows[0].series for rows in whole}),
        periods=len(whole),
        forecast=forecast,
        actual=actual,
        error=_ratio(_sum(abs(expected - sold) for expected, sold in pairs), sales),
        bias=None if forecast_ratio is None else forecast_ratio - 1,
        covered_80=covered_80,
        covered_95=covered_95,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.000001"), ROUND_HALF_UP) if whole else None
