"""Accuracy of forecasts whose days have ended, and drift (see docs/DEFINITIONS.md)."""

from datetime import date
from decimal import Decimal

from ecommerce.core.text import share
from ecommerce.forecast.report.figures import Drift, Known, Score
from ecommerce.forecast.wording import signed_percent
from ecommerce.warehouse.client import Warehouse

SCORED_DAYS = 56
"""Eight weeks, of which a usual one is the median: a mean would rise with a season under way."""
DRIFT_DAYS = 28
LEAST_SCORED_DAYS = 14
"""Drift is not judged on fewer days."""
LARGEST_BIAS = Decimal("0.10")
LEAST_COVERED = Decimal("0.60")
"""Of the days within the 80 % interval, nominally 80 %."""
LARGEST_ERROR = Decimal("1.5")
"""Times the champion's error in its back-test."""


def read_scores(warehouse: Warehouse, first: date, last: date) -> list[Score]:
    """Return the scores of the days from `first` to `last`: of the total, then of categories, channels and
    products pooled. A kind without scored days has no `periods`."""
    rows = warehouse.query("forecast/scores.sql", first=first, day=last)
    return [Score.model_validate(row) for row in rows]


def drift(score: Score, usual_error: Known) -> Drift:
    """Return whether forecasts drifted; `score` is the total's of the last four weeks, `usual_error` the
    champion's back-test error of the total, None without a back-test."""
    covered = score.covered_80
    reasons = []
    if score.bias and abs(score.bias) > LARGEST_BIAS:
        reasons.append(
            f"the bias of the forecasts was {signed_percent(score.bias)} "
            f"(limit ±{share(LARGEST_BIAS)})"
        )
    if covered is not None and covered < LEAST_COVERED:
        reasons.append(
            f"only {share(covered)} of days were within their 80 % interval "
            f"(limit {share(LEAST_COVERED)})"
        )
    if usual_error and score.error and score.error > LARGEST_ERROR * usual_error:
        reasons.append(
            f"the error was {share(score.error)} of sales, more than {LARGEST_ERROR} times "
            f"the {share(usual_error)} of the back-test"
        )
    if score.periods < LEAST_SCORED_DAYS:
        reasons = []
    return Drift(score=score, usual_error=usual_error, reasons=reasons)
