"""Accuracy of forecasts whose days have ended, and drift (see docs/DEFINITIONS.md). Days are rows of
`forecast/report_rows.sql` with actual sales; amounts are Decimals."""

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from ecommerce.core import text
from ecommerce.forecast.report.figures import DayForecast, Drift, Known, Score
from ecommerce.forecast.weeks import DAYS
from ecommerce.forecast.wording import KINDS, TOTAL, signed_percent

COLUMNS = ["series", "target_date", *DayForecast.model_fields, "actual"]
SCORED_DAYS = 56
DRIFT_DAYS = 28
LEAST_SCORED_DAYS = 14
"""Drift is not judged on fewer days."""
LARGEST_BIAS = Decimal("0.10")
LEAST_COVERED = Decimal("0.60")
"""Of the days within the 80 % interval, nominally 80 %."""
LARGEST_ERROR = Decimal("1.5")
"""Times the champion's error in its back-test."""


def scores(days: pd.DataFrame) -> list[Score]:
    """Return the scores of the total, then of categories, channels and products pooled, without those that
    have none."""
    kind_scores = [score(kind, days) for kind in (TOTAL, *KINDS)]
    return [kind_score for kind_score in kind_scores if kind_score.periods]


def score(kind: str, days: pd.DataFrame) -> Score:
    """Return the score of the days of one kind of series, or of the total.

    Products sell too rarely to be scored by day: their score is that of whole weeks, without intervals.
    Closed days (forecast 0) do not count for the intervals.
    """
    periods = days[days["series"].str.startswith(kind)]
    open_days = periods[periods["upper_95"] > 0]
    if kind == "sku":
        open_days = open_days[:0]
        periods = _whole_weeks(periods)
    errors = periods["forecast"] - periods["actual"]
    forecast = sum(periods["forecast"], Decimal(0))
    actual = sum(periods["actual"], Decimal(0))
    sales = max(actual, Decimal(0))
    return Score(
        of=kind,
        series=periods["series"].nunique(),
        periods=len(periods),
        forecast=forecast,
        actual=actual,
        error=_ratio(sum(errors.abs(), Decimal(0)), sales),
        bias=_ratio(forecast - actual, sales),
        covered_80=_coverage(open_days, "80"),
        covered_95=_coverage(open_days, "95"),
    )


def _whole_weeks(days: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of each series' calendar weeks of which all seven days are known."""
    mondays = pd.to_datetime(days["target_date"]).dt.to_period("W").rename("week")
    weeks = days.groupby(["series", mondays])[["forecast", "actual"]]
    return weeks.sum()[weeks.size() == DAYS].reset_index()


def _coverage(days: pd.DataFrame, level: str) -> Known:
    """Return the share of days with sales in their interval, or on its bounds; None without days."""
    is_inside = days["actual"].between(days[f"lower_{level}"], days[f"upper_{level}"])
    return _ratio(Decimal(int(is_inside.sum())), Decimal(len(days)))


def _ratio(part: Decimal, whole: Decimal) -> Known:
    if not whole:
        return None
    return (part / whole).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def drift(days: pd.DataFrame, usual_error: Known) -> Drift:
    """Return whether the total's forecasts of `days`, the last four weeks, drifted; `usual_error` is the
    champion's back-test error of the total, None without a back-test."""
    total = score(TOTAL, days)
    covered = total.covered_80
    reasons = []
    if total.bias and abs(total.bias) > LARGEST_BIAS:
        reasons.append(
            f"the bias of the forecasts was {signed_percent(total.bias)} "
            f"(limit ±{text.share(LARGEST_BIAS)})"
        )
    if covered is not None and covered < LEAST_COVERED:
        reasons.append(
            f"only {text.share(covered)} of days were within their 80 % interval "
            f"(limit {text.share(LEAST_COVERED)})"
        )
    if usual_error and total.error and total.error > LARGEST_ERROR * usual_error:
        reasons.append(
            f"the error was {text.share(total.error)} of sales, more than {LARGEST_ERROR} times "
            f"the {text.share(usual_error)} of the back-test"
        )
    if total.periods < LEAST_SCORED_DAYS:
        reasons = []
    return Drift(score=total, usual_error=usual_error, reasons=reasons)
