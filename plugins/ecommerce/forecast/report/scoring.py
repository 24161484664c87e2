"""Accuracy of forecasts whose days have ended, and drift (see docs/DEFINITIONS.md). Rows are those of
`forecast/report_rows.sql`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.forecast.report.figures import DayForecast, Drift, Score
from ecommerce.forecast.weeks import DAYS
from ecommerce.forecast.wording import KINDS, TOTAL

Rows = Sequence[Mapping[str, Any]]

SCORED_DAYS = 56
DRIFT_DAYS = 28
LEAST_SCORED_DAYS = 14
"""Drift is not judged on fewer days."""
LARGEST_BIAS = Decimal("0.10")
LEAST_COVERED = Decimal("0.60")
"""Of the days within the 80 % interval, nominally 80 %."""
LARGEST_ERROR = Decimal("1.5")
"""Times the champion's error in its back-test."""


def scores(rows: Rows) -> list[Score]:
    """Return the scores of the total, then of categories, channels and products pooled, without those that
    have none."""
    scored = [
        score(of, [row for row in rows if row["series"].startswith(of)])
        for of in (TOTAL, *KINDS)
    ]
    return [each for each in scored if each.periods]


def drift(rows: Rows, usual_error: Decimal | None) -> Drift:
    """Return whether the total's forecasts of the last four weeks drifted; `usual_error` is the champion's
    back-test error of the total, None without a back-test."""
    total = score(TOTAL, [row for row in rows if row["series"] == TOTAL])
    bias, covered, error = (
        total.bias or Decimal(0),
        total.covered_80,
        total.error or Decimal(0),
    )
    reasons = []
    if abs(bias) > LARGEST_BIAS:
        size = f"{text.share(abs(bias))} too {'high' if bias > 0 else 'low'}"
        reasons.append(f"forecasts were {size} (limit {text.share(LARGEST_BIAS)})")
    if covered is not None and covered < LEAST_COVERED:
        limit = f"(limit {text.share(LEAST_COVERED)})"
        reasons.append(
            f"only {text.share(covered)} of days were within their 80 % interval {limit}"
        )
    if usual_error and error > LARGEST_ERROR * usual_error:
        reasons.append(
            f"the error was {text.share(error)} of sales, more than {LARGEST_ERROR} times the "
            f"{text.share(usual_error)} of the back-test"
        )
    is_judged = total.periods >= LEAST_SCORED_DAYS
    return Drift(
        score=total, usual_error=usual_error, reasons=reasons if is_judged else []
    )


def score(of: str, rows: Rows) -> Score:
    """Return the score of days that have ended. Products sell too rarely to be scored by day: their score is
    that of whole weeks, without intervals. Closed days (forecast 0) do not count for the intervals."""
    is_weekly = of == "sku"
    periods: dict[tuple[object, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        day = row["target_date"]
        periods[row["series"], day.isocalendar()[:2] if is_weekly else day].append(row)
    whole = {
        key: part for key, part in periods.items() if len(part) == DAYS or not is_weekly
    }
    pairs = [
        [_sum(row[name] for row in part) for name in ("forecast", "actual")]
        for part in whole.values()
    ]
    forecast, actual = _sum(pair[0] for pair in pairs), _sum(pair[1] for pair in pairs)
    shown = [row for row in rows if row["upper_95"] and not is_weekly]
    open_days = [(DayForecast.model_validate(row), row["actual"]) for row in shown]
    covered_80, covered_95 = (
        _ratio(sum(day.covers(level, sold) for day, sold in open_days), len(open_days))
        for level in (80, 95)
    )
    sales = max(actual, Decimal(0))
    return Score(
        of=of,
        series=len({series for series, _ in whole}),
        periods=len(whole),
        forecast=forecast,
        actual=actual,
        error=_ratio(_sum(abs(expected - sold) for expected, sold in pairs), sales),
        bias=_ratio(forecast - actual, sales),
        covered_80=covered_80,
        covered_95=covered_95,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    return (
        (Decimal(part) / whole).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        if whole
        else None
    )
