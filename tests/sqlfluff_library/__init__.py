"""What sqlfluff needs of the pipeline to read the templates of include/sql."""

import sys
from datetime import date, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "plugins"))

from ecommerce.core.headline_figures import HEADLINE, LEAST_COST_COVERAGE
from ecommerce.core.text import decimals
from ecommerce.warehouse.rendering import columns

headline_figures = HEADLINE
least_cost_coverage = LEAST_COST_COVERAGE
reporting_decimals = partial(decimals, "USD")
week = timedelta(weeks=1)
run_day = [date(2026, 3, 2)]


def days_compared():
    return run_day


def former_holidays(days):
    return dict.fromkeys(days, "Decoration Day")


__all__ = [
    "columns",
    "days_compared",
    "former_holidays",
    "headline_figures",
    "least_cost_coverage",
    "reporting_decimals",
    "run_day",
    "week",
]
