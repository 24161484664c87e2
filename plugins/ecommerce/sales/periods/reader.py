"""Reads the figures of a period from the warehouse, by the queries of include/sql/report/periods."""

from collections.abc import Collection

from ecommerce.core.periods import Period
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.slices import Slice
from ecommerce.storage.report_archive import Provenance
from ecommerce.warehouse.client import Warehouse


def read_figures(
    warehouse: Warehouse,
    period: Period,
    slices: Collection[Slice],
    origin: Provenance,
) -> dict[Slice, PeriodFigures]:
    """Return the figures of each slice; the number of queries does not depend on how many there are.

    Raises:
        TransientError: loads kept changing the figures while they were read.
        PipelineError: as `Warehouse.query`.
    """
    raise NotImplementedError
