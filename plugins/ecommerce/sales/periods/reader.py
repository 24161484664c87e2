"""Reads the figures of a period from the warehouse, by the queries of include/sql/report/periods."""

from collections import ChainMap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any

from more_itertools import map_reduce

from ecommerce.core.errors import TransientError
from ecommerce.core.periods import Period
from ecommerce.core.values import Row, Values
from ecommerce.sales.day_queries import MOST_MOVERS, MOST_PRODUCTS
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.periods.figures import PeriodFigures
from ecommerce.sales.report.figures.returns import by_reason
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage.report_archive import Provenance
from ecommerce.warehouse.client import Warehouse

MOST_ATTEMPTS = 3
SINGLE_PARTS = ("repeat", "cohort", "costs", "expected", "next_period", "target")
"""The fields of `PeriodFigures` that are one part. Each query adds its columns."""


def read_figures(
    warehouse: Warehouse,
    period: Period,
    slices: Collection[Slice],
    origin: Provenance,
) -> dict[Slice, PeriodFigures]:
    """Return the figures of each of `slices`, at least one; the number of queries does not depend on how many
    there are.

    Raises:
        TransientError: loads kept changing the figures while they were read.
        PipelineError: as `Warehouse.query`.
    """
    queries = _Queries(warehouse, period, list(dict.fromkeys(slices)))
    rows_of = map_reduce(queries.read_unchanged(), itemgetter("slice"))
    figures = {}
    for number, only in enumerate(queries.slices):
        figures[only] = PeriodFigures.of(
            asdict(period) | _parts(rows_of[number]),
            only=only,
            currency=warehouse.settings.reporting_currency,
            provenance=origin,
        )
    return figures


def read_net_sales(
    warehouse: Warehouse, period: Period, slices: Collection[Slice]
) -> dict[Slice, Decimal]:
    """Return net sales of each of `slices`, at least one, as `read_figures` has them: by one query, or by two
    where a slice has categories, because returns are parts of orders of other days.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    queries = _Queries(warehouse, period, list(dict.fromkeys(slices)))
    read_days = period.days
    if any(only.category for only in queries.slices):
        orders = queries.run("order_days", days=period.days)
        read_days = [row["business_date"] for row in orders]
    rows = queries.run("net_sales", days=period.days, read_days=read_days)
    return {queries.slices[row["slice"]]: row["net_sales"] for row in rows}


@dataclass(frozen=True)
class _Queries:
    """The queries of a period's report."""

    warehouse: Warehouse
    period: Period
    slices: Sequence[Slice]

    def run(
        self, name: str, days: Collection[date] | None = None, **values: Any
    ) -> list[Row]:
        """Run a query for all slices; by default of all days of the period and those before it."""
        period = self.period
        before = period.before
        year_before = period.year_before
        return self.warehouse.query(
            f"report/periods/{name}.sql",
            spec=ORDERS,
            slices=[only.columns for only in self.slices],
            days=days or [*year_before.days, *before.days, *period.days],
            report_day=period.last,
            first=period.first,
            before=before.first,
            before_last=before.last,
            year_before=year_before.first,
            year_before_last=year_before.last,
            next_first=period.next.first,
            next_last=period.next.last,
            **values,
        )

    def read_unchanged(self) -> list[Row]:
        """Return the rows of all queries, with their slice and part; raises as `read_figures`."""
        for _ in range(MOST_ATTEMPTS):
            orders = self.run("order_days")
            rows = self._read([row["business_date"] for row in orders])
            # What was the same before and after was the same in between.
            products = self.run("products", most=MOST_PRODUCTS, most_movers=MOST_MOVERS)
            if products[0]["state"] == orders[0]["state"]:
                return rows + products
        raise TransientError(
            f"other runs kept loading while the figures of {self.period} were read"
        )

    def _read(self, read_days: Collection[date]) -> list[Row]:
        """Return the rows of all queries but the products: of a day, what all slices have."""
        period = self.period
        rows = self.run("sales", read_days=read_days)
        if period.kind == "day":
            return rows
        if any(not only.country for only in self.slices):
            rows += self.run("payments", days=period.days, read_days=read_days)
            rows += self.run("plans")
        if WHOLE in self.slices:
            for name in ("customers", "funnel", "restated"):
                rows += self.run(name)
        return rows


def _parts(rows: Iterable[Row]) -> Values:
    """Return the fields of `PeriodFigures` from the rows of a slice."""
    parts: Values = dict(map_reduce(rows, itemgetter("part")))
    parts["headline"] = {row["name"]: row for row in parts["headline"]}
    parts["return_reasons"] = by_reason(parts.get("return_reasons", []))
    parts["unconverted"] = [row["name"] for row in parts.get("unconverted", [])]
    for part in SINGLE_PARTS:
        if part in parts:
            parts[part] = dict(ChainMap(*parts[part]))
    return parts
