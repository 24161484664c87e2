"""Accuracy of forecasts whose days have ended, and drift (see docs/DEFINITIONS.md)."""

from decimal import Decimal

from ecommerce.core.templates import render_lines
from ecommerce.core.values import Values
from ecommerce.forecast.report.figures import Drift, Known, Score

SCORED_DAYS = 56
"""Eight weeks, of which a usual one is the median: a mean would rise with a season under way."""
DRIFT_DAYS = 28
LIMITS: Values = {
    # Drift is not judged on fewer days.
    "least_scored_days": 14,
    "largest_bias": Decimal("0.10"),
    # Of the days within the 80 % interval, nominally 80 %.
    "least_covered": Decimal("0.60"),
    # Times the champion's error in its back-test.
    "largest_error": Decimal("1.5"),
}
"""What include/templates/forecast/drift.txt states."""


def drift(score: Score, usual_error: Known) -> Drift:
    """Return whether forecasts drifted; `score` is the total's of the last four weeks, `usual_error` the
    champion's back-test error of the total, None without a back-test."""
    facts = LIMITS | {"score": score, "usual_error": usual_error}
    return Drift(
        score=score,
        usual_error=usual_error,
        reasons=render_lines("forecast/drift.txt", facts),
    )
