"""Accuracy of forecasts whose days have ended, and drift (see docs/DEFINITIONS.md)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from ecommerce.core.text import share
from ecommerce.forecast.data.history import KINDS, TOTAL
from ecommerce.forecast.weeks import DAYS

SCORED_DAYS = 56
DRIFT_DAYS = 28
LEAST_SCORED_DAYS = 14
"""Drift is not judged on fewer days."""
LARGEST_BIAS = Decimal("0.10")
LEAST_COVERED = Decimal("0.60")
"""Of the days within the 80 % interval, nominally 80 %."""
LARGEST_ERROR = Decimal("1.5")
"""Times the champion's error in its back-test."""
_RATIO = Decimal("0.000001")
_ZERO, _ONE = Decimal(0), Decimal(1)

InForce = Mapping[tuple[str, date], "StoredForecast"]


@dataclass(frozen=True, slots=True)
class StoredForecast:
    """A row of `sales_forecasts`: amounts in reporting currency, `made_at` aware, `actual` None until the day
    has ended."""

    series: str
    target_date: date
    model: str
    made_at: datetime
    forecast: Decimal
    lower_80: Decimal
    upper_80: Decimal
    lower_95: Decimal
    upper_95: Decimal
    actual: Decimal | None

    def covers(self, level: int) -> bool:
        """Return whether the actual sales are within the interval of `level` percent."""
        lower, upper = (self.lower_80, self.upper_80) if level == 80 else (self.lower_95, self.upper_95)
        return self.actual is not None and lower <= self.actual <= upper


@dataclass(frozen=True, slots=True)
class Score:
    """The accuracy of the forecasts of `of`: the total, or all series of a kind. `periods` counts scored days
    (for products whole weeks). `error` is the WAPE. The ratios are None without sales."""

    of: str
    series: int
    periods: int
    forecast: Decimal
    actual: Decimal
    error: Decimal | None
    bias: Decimal | None
    covered_80: Decimal | None = None
    covered_95: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """The total's score of the last four weeks, the champion's back-test error (`usual_error`), and the
    reasons why the forecast drifts: none where it does not, or where too few days are scored."""

    score: Score
    usual_error: Decimal | None
    reasons: list[str]

    @property
    def is_judged(self) -> bool:
        """Whether enough days are scored."""
        return self.score.periods >= LEAST_SCORED_DAYS


def in_force(
    forecasts: Iterable[StoredForecast], begins: Callable[[date], datetime]
) -> dict[tuple[str, date], StoredForecast]:
    """Return the forecasts in force by series and day: those made last, and not after the day began, the same
    for all series. `begins` gives the instant at which a day begins."""
    of_day: dict[date, list[StoredForecast]] = {}
    for each in forecasts:
        if each.made_at <= begins(each.target_date):
            of_day.setdefault(each.target_date, []).append(each)
    newest = {day: max(each.made_at for each in rows) for day, rows in of_day.items()}
    return {
        (each.series, day): each
        for day, rows in of_day.items()
        for each in rows
        if each.made_at == newest[day]
    }


def scores(forecasts: InForce, as_of: date, complete: Collection[date]) -> list[Score]:
    """Return the scores of the last eight weeks: the total, then categories, channels and products pooled,
    without those that have no scored day.

    Args:
        forecasts: as `in_force` returns them.
        as_of: the day after the last that has ended.
        complete: the days whose sales are complete; others are not scored.
    """
    ended = _ended(forecasts, as_of, SCORED_DAYS, complete)
    found = [score(TOTAL, [each for each in ended if each.series == TOTAL])]
    for kind in KINDS:
        of_kind = [each for each in ended if each.series.startswith(f"{kind}:")]
        found.append(weekly_score(kind, of_kind, as_of) if kind == "sku" else score(kind, of_kind))
    return [each for each in found if each.periods]


def drift(forecasts: InForce, as_of: date, complete: Collection[date], usual_error: Decimal | None) -> Drift:
    """Return whether the total's forecasts drifted in the four weeks before `as_of`.

    Args:
        forecasts: as in `scores`.
        as_of: as in `scores`.
        complete: as in `scores`.
        usual_error: the champion's back-test error of the total; None without a back-test.
    """
    ended = _ended(forecasts, as_of, DRIFT_DAYS, complete)
    total = score(TOTAL, [each for each in ended if each.series == TOTAL])
    judged = Drift(total, usual_error, [])
    if not judged.is_judged:
        return judged
    reasons = []
    if total.bias is not None and abs(total.bias) > LARGEST_BIAS:
        side = "high" if total.bias > 0 else "low"
        reasons.append(
            f"forecasts were {share(abs(total.bias), _ONE)} too {side} (limit {share(LARGEST_BIAS, _ONE)})"
        )
    if total.covered_80 is not None and total.covered_80 < LEAST_COVERED:
        reasons.append(
            f"only {share(total.covered_80, _ONE)} of days were within their 80 % interval "
            f"(limit {share(LEAST_COVERED, _ONE)})"
        )
    if total.error is not None and usual_error and total.error > LARGEST_ERROR * usual_error:
        reasons.append(
            f"the error was {share(total.error, _ONE)} of sales, more than {LARGEST_ERROR} times the "
            f"{share(usual_error, _ONE)} of the back-test"
        )
    return Drift(total, usual_error, reasons)


def score(of: str, days: Sequence[StoredForecast]) -> Score:
    """Return the score of days that have ended. Closed days (forecast 0) do not count for the intervals."""
    open_days = [each for each in days if each.upper_95 != 0]
    pairs = [(each.forecast, each.actual) for each in days if each.actual is not None]
    covered = [_ratio(sum(each.covers(level) for each in open_days), len(open_days)) for level in (80, 95)]
    return _score(of, {each.series for each in days}, pairs, *covered)


def weekly_score(of: str, days: Iterable[StoredForecast], as_of: date) -> Score:
    """Return the score of whole weeks, counted back from `as_of`, without intervals. Products sell too rarely
    to be scored by day."""
    weeks: dict[tuple[str, int], list[StoredForecast]] = {}
    for each in days:
        back = ((as_of - each.target_date).days - 1) // DAYS
        weeks.setdefault((each.series, back), []).append(each)
    whole = {key: rows for key, rows in weeks.items() if len(rows) == DAYS}
    pairs = [
        (_sum(each.forecast for each in rows), _sum(each.actual or _ZERO for each in rows))
        for rows in whole.values()
    ]
    return _score(of, {series for series, _ in whole}, pairs)


def _ended(forecasts: InForce, as_of: date, days: int, complete: Collection[date]) -> list[StoredForecast]:
    first = as_of - timedelta(days=days)
    return [
        each
        for (_, day), each in sorted(forecasts.items())
        if first <= day < as_of and day in complete and each.actual is not None
    ]


def _score(
    of: str,
    series: Collection[str],
    pairs: Sequence[tuple[Decimal, Decimal]],
    covered_80: Decimal | None = None,
    covered_95: Decimal | None = None,
) -> Score:
    forecast, actual = _sum(forecast for forecast, _ in pairs), _sum(actual for _, actual in pairs)
    errors = _sum(abs(forecast - actual) for forecast, actual in pairs)
    sales = max(actual, _ZERO)
    bias = _ratio(forecast, sales)
    return Score(
        of=of,
        series=len(series),
        periods=len(pairs),
        forecast=forecast,
        actual=actual,
        error=_ratio(errors, sales),
        bias=None if bias is None else bias - 1,
        covered_80=covered_80,
        covered_95=covered_95,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)


def _ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(_RATIO, ROUND_HALF_UP) if whole else None
