"""Reads the figures of one day's report from the warehouse, by the queries of include/sql/report."""

from collections.abc import Sequence
from datetime import date

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.errors import TransientError
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.days.quality import Provenance
from ecommerce.sales.days.state import doubtful_sources
from ecommerce.sales.report.figures import daily
from ecommerce.sales.report.figures.daily import Figures
from ecommerce.sales.report.texts.summary import summarized
from ecommerce.warehouse.client import Warehouse

MOST_ATTEMPTS = 3


def figures_of_day(
    warehouse: Warehouse,
    day: date,
    origin: Provenance,
    warnings: Sequence[DataWarning] = (),
) -> Figures:
    """Return the current figures of business day `day`, with their summary. `warnings` are of extracts,
    transforms and checks.

    Raises:
        TransientError: loads kept changing the figures while they were read.
        PipelineError: as `Warehouse.query`.
    """
    # Another run may commit between two queries, so the recent days must be the same before and after. Older
    # days are in the comparisons alone: a load of history does not delay the report.
    for _ in range(MOST_ATTEMPTS):
        queries = DayQueries(
            warehouse,
            day_window(day, warehouse.settings.shop_timezone),
            doubtful_sources=doubtful_sources(warehouse, day),
            warnings=warnings,
        )
        before = queries.days
        figures = daily.read(queries, origin)
        after = queries.rows("days")
        if after == list(before.values()):
            return summarized(figures)
    raise TransientError(
        f"other runs kept loading while the figures of {day} were read"
    )
