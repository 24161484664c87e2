"""How good forecasts were whose days have ended, and whether they drift (docs/DEFINITIONS.md says how)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core.text import share
from ecommerce.forecast.data.history import KINDS, TOTAL
from ecommerce.forecast.weeks import DAYS

SCORED_DAYS = 56
DRIFT_DAYS = 28
LEAST_SCORED_DAYS = 14
"""Of fewer days nobody can say whether a forecast drifts."""
LARGEST_BIAS = Decimal("0.10")
LEAST_COVERED = Decimal("0.60")
"""Of the days, which should be 80 % in the 80 % interval."""
LARGEST_ERROR = Decimal("1.5")
"""Times the champion's error in its back-test."""
_RATIO = Decimal("0.000001")

Kept = Mapping[tuple[str, date], "Made"]


@dataclass(frozen=True, slots=True)
class Made:
    """A row of `sales_forecasts`: amounts in reporting currency, `made_at` an aware instant. `actual` is None
    where the day has not ended."""

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

    @property
    def is_closed(self) -> bool:
        """Whether nothing at all was expected, because the shop is closed on such days."""
        return self.upper_95 == 0

    def holds(self, level: int) -> bool:
        """Whether the interval of `level` percent holds what came; False where nobody knows what came."""
        lower, upper = (self.lower_80, self.upper_80) if level == 80 else (self.lower_95, self.upper_95)
        return self.actual is not None and lower <= self.actual <= upper


@dataclass(frozen=True, slots=True)
class Score:
    """How good the forecasts of `of` were: `total`, or all series of a kind together. `periods` counts what
    was scored: days of a series, of articles whole weeks. `error` is the WAPE; it, the bias and the parts of
    days in the intervals are None where they cannot be told."""

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
    """The total's score of the last four weeks, the champion's `usual_error`, and sentences that say why the
    forecast drifts: none where it does not, or where too few days are scored."""

    score: Score
    usual_error: Decimal | None
    reasons: list[str]

    @property
    def is_judged(self) -> bool:
        """Whether enough days are scored."""
        return self.score.periods >= LEAST_SCORED_DAYS


def made(rows: Iterable[Mapping[str, Any]]) -> list[Made]:
    """Rows of the warehouse, by column, as `Made`."""
    return [Made(**row) for row in rows]


def in_force(forecasts: Iterable[Made], begins: Callable[[date], datetime]) -> dict[tuple[str, date], Made]:
    """By series and day, what the forecast in force said: the one made last, and not after the day began, for
    all series alike."""
    of_day: dict[date, list[Made]] = {}
    for each in forecasts:
        of_day.setdefault(each.target_date, []).append(each)
    found = {}
    for day, rows in of_day.items():
        in_time = [each for each in rows if each.made_at <= begins(day)]
        newest = max((each.made_at for each in in_time), default=None)
        found.update({(each.series, day): each for each in in_time if each.made_at == newest})
    return found


def scores(kept: Kept, as_of: date, complete: Collection[date]) -> list[Score]:
    """Of the last eight weeks: the total, and categories, channels and articles pooled; those without any
    scored day are left out.

    Args:
        kept: as `in_force`.
        as_of: the day after the last that has ended.
        complete: the days whose sales are all there; others are not scored.
    """
    ended = _ended(kept, as_of, SCORED_DAYS, complete)
    total = [each for each in ended if each.series == TOTAL]
    found = [score(TOTAL, total)]
    for kind in KINDS:
        of_kind = [each for each in ended if each.series.startswith(f"{kind}:")]
        found.append(weekly_score(kind, of_kind, as_of) if kind == "sku" else score(kind, of_kind))
    return [each for each in found if each.periods]


def drift(kept: Kept, as_of: date, complete: Collection[date], usual_error: Decimal | None) -> Drift:
    """Whether the total's forecasts drifted in the four weeks before `as_of`. `usual_error`: the champion's,
    of the total, in its back-test; None where it has none. The others as in `scores`."""
    ended = _ended(kept, as_of, DRIFT_DAYS, complete)
    found = score(TOTAL, [each for each in ended if each.series == TOTAL])
    if found.periods < LEAST_SCORED_DAYS:
        return Drift(found, usual_error, [])
    one = Decimal(1)
    reasons = []
    if found.bias is not None and abs(found.bias) > LARGEST_BIAS:
        much = "too much" if found.bias > 0 else "too little"
        reasons.append(
            f"the forecasts said {share(abs(found.bias), one)} {much}, more than {share(LARGEST_BIAS, one)}"
        )
    if found.covered_80 is not None and found.covered_80 < LEAST_COVERED:
        reasons.append(
            f"only {share(found.covered_80, one)} of the days lay in their 80 % interval, fewer than "
            f"{share(LEAST_COVERED, one)}"
        )
    if found.error is not None and usual_error and found.error > LARGEST_ERROR * usual_error:
        reasons.append(
            f"the error was {share(found.error, one)} of sales, more than {LARGEST_ERROR} times the "
            f"{share(usual_error, one)} of the back-test"
        )
    return Drift(found, usual_error, reasons)


def score(of: str, days: Sequence[Made]) -> Score:
    """The score of days that have ended; days on which nothing was expected are in no interval's part."""
    open_days = [each for each in days if not each.is_closed]
    pairs = [(each.forecast, each.actual) for each in days if each.actual is not None]
    return _score(
        of,
        {each.series for each in days},
        pairs,
        *(_part(sum(each.holds(level) for each in open_days), len(open_days)) for level in (80, 95)),
    )


def weekly_score(of: str, days: Iterable[Made], as_of: date) -> Score:
    """The score of the sums of whole weeks: whether an article that sells now and then sells on a Tuesday,
    nobody can forecast. Weeks are counted back from `as_of`; intervals of their sums are not known."""
    weeks: dict[tuple[str, int], list[Made]] = {}
    for each in days:
        back = ((as_of - each.target_date).days - 1) // DAYS
        weeks.setdefault((each.series, back), []).append(each)
    whole = {key: found for key, found in weeks.items() if len(found) == DAYS}
    pairs = [
        (
            sum((each.forecast for each in found), Decimal(0)),
            sum((each.actual for each in found if each.actual is not None), Decimal(0)),
        )
        for found in whole.values()
    ]
    return _score(of, {series for series, _ in whole}, pairs)


def _ended(kept: Kept, as_of: date, days: int, complete: Collection[date]) -> list[Made]:
    first = as_of - timedelta(days=days)
    return [
        each
        for (_, day), each in sorted(kept.items())
        if first <= day < as_of and day in complete and each.actual is not None
    ]


def _score(
    of: str,
    series: Collection[str],
    pairs: Sequence[tuple[Decimal, Decimal]],
    covered_80: Decimal | None = None,
    covered_95: Decimal | None = None,
) -> Score:
    said = sum((forecast for forecast, _ in pairs), Decimal(0))
    came = sum((actual for _, actual in pairs), Decimal(0))
    missed = sum((abs(forecast - actual) for forecast, actual in pairs), Decimal(0))
    bias = None if came <= 0 else _part(said, came)
    return Score(
        of=of,
        series=len(series),
        periods=len(pairs),
        forecast=said,
        actual=came,
        error=None if came <= 0 else _part(missed, came),
        bias=None if bias is None else bias - 1,
        covered_80=covered_80,
        covered_95=covered_95,
    )


def _part(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(_RATIO, ROUND_HALF_UP) if whole else None
