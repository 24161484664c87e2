"""Reads the figures of a period from the warehouse, by the queries of include/sql/report/periods."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import TransientError
from ecommerce.core.periods import Period
from ecommerce.core.values import Row, Values
from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import MOST_MOVERS, MOST_PRODUCTS
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.periods.figures import (
    Cohort,
    Compared,
    Costs,
    Expected,
    FunnelStep,
    NextPeriod,
    PaidOut,
    PeriodDay,
    PeriodFigures,
    PeriodProduct,
    PeriodReason,
    PeriodRow,
    PeriodTarget,
    Repeat,
    RestatedDay,
)
from ecommerce.sales.report.figures.returns import by_reason
from ecommerce.sales.slices import DIMENSIONS, WHOLE, Slice
from ecommerce.storage.report_archive import Provenance
from ecommerce.warehouse.client import Warehouse

MOST_ATTEMPTS = 3

P = TypeVar("P", bound=Part)


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
    if not slices:
        return {}
    queries = _Queries(warehouse, period, list(dict.fromkeys(slices)))
    for _ in range(MOST_ATTEMPTS):
        rows = queries.read()
        if rows is not None:
            by_slice: dict[int, dict[str, list[Row]]]
            by_slice = defaultdict(lambda: defaultdict(list))
            for row in rows:
                by_slice[row["slice"]][row["part"]].append(row)
            figures = {}
            for number, only in enumerate(queries.slices):
                figures[only] = _figures(queries, only, by_slice[number], origin)
            return figures
    raise TransientError(
        f"other runs kept loading while the figures of {period} were read"
    )


def read_net_sales(
    warehouse: Warehouse, period: Period, slices: Collection[Slice]
) -> dict[Slice, Decimal]:
    """Return net sales of each slice, as `read_figures` has them: by one query, or by two where a slice has
    categories, because returns are parts of orders of other days.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    if not slices:
        return {}
    queries = _Queries(warehouse, period, list(slices))
    read_days = set(period.days)
    if any(only.category for only in slices):
        read_days |= _order_days(queries.run("order_days", days=period.days))
    rows = queries.run("net_sales", days=period.days, read_days=read_days)
    return {queries.slices[row["slice"]]: row["net_sales"] for row in rows}


@dataclass(frozen=True)
class _Queries:
    """The queries of a period's report."""

    warehouse: Warehouse
    period: Period
    slices: Sequence[Slice]

    def run(self, name: str, **values: Any) -> list[Row]:
        """Run a query for all slices; by default of all days of the period and those before it."""
        period = self.period
        before = period.before
        year_before = period.year_before
        limits = []
        for only in self.slices:
            limits.append({DIMENSIONS[name]: names for name, names in only.limits()})
        given: Values = {
            "spec": ORDERS,
            "slices": limits,
            "days": [*year_before.days, *before.days, *period.days],
            "report_day": period.last,
            "first": period.first,
            "before": before.first,
            "before_last": before.last,
            "year_before": year_before.first,
            "year_before_last": year_before.last,
        }
        return self.warehouse.query(f"report/periods/{name}.sql", **given | values)

    def read(self) -> list[Row] | None:
        """Return the rows of all queries, with their slice and part; None where a load has changed the days
        meanwhile."""
        orders = self.run("order_days")
        read_days = _order_days(orders) | set(self.period.days)
        rows = self.run("sales", read_days=read_days)
        if self.period.kind != "day":
            rows += self._read_further(read_days)
        # What was the same before and after was the same in between.
        products = self.run("products", most=MOST_PRODUCTS, most_movers=MOST_MOVERS)
        if products[0]["state"] != orders[0]["state"]:
            return None
        return rows + products

    def _read_further(self, read_days: Collection[date]) -> list[Row]:
        """Return the rows of what only the whole shop and a few slices have."""
        rows: list[Row] = []
        period = self.period
        if any(not only.country for only in self.slices):
            rows += self.run("payments", days=period.days, read_days=read_days)
            timezone = self.warehouse.settings.shop_timezone
            rows += self.run(
                "plans",
                parameters={"ends_at": day_window(period.last, timezone).end},
                next_first=period.next.first,
                next_last=period.next.last,
            )
        if WHOLE in self.slices:
            whole = self.slices.index(WHOLE)
            for name in ("customers", "funnel", "restated"):
                rows += self.run(name, whole=whole)
        return rows


def _order_days(rows: Iterable[Row]) -> set[date]:
    """Return the days of `order_days.sql`; of no refund there is a row without a day."""
    return {row["business_date"] for row in rows if row["business_date"]}


def _figures(
    queries: _Queries, only: Slice, parts: Mapping[str, list[Row]], origin: Provenance
) -> PeriodFigures:
    """Return the figures of a slice from its rows by part."""
    period = queries.period
    settings = queries.warehouse.settings
    headline = {row["name"]: Compared.of(row) for row in parts["headline"]}

    def breakdown(dimension: str) -> list[PeriodRow]:
        has_one = len(getattr(only, dimension)) == 1
        return [] if has_one else PeriodRow.list_of(parts[dimension])

    is_compared = headline["net_sales"].before is not None
    products = PeriodProduct.list_of(parts["product"])
    if not is_compared:
        products = [row.model_copy(update={"before": None}) for row in products]
    return PeriodFigures(
        kind=period.kind,
        first=period.first,
        last=period.last,
        only=only,
        currency=settings.reporting_currency,
        headline=headline,
        days=PeriodDay.list_of(parts["day"]),
        channels=breakdown("channel"),
        categories=breakdown("category"),
        countries=breakdown("country"),
        shops=breakdown("shop") if settings.shop_names else [],
        products=products,
        rising=PeriodProduct.list_of(parts["rising"]) if is_compared else [],
        falling=PeriodProduct.list_of(parts["falling"]) if is_compared else [],
        repeat=_only(Repeat, parts["repeat"]),
        cohort=_only(Cohort, parts["cohort"]),
        costs=_only(Costs, _merged(parts["costs"] + parts["fees"])),
        payouts=PaidOut.list_of(parts["payout"]),
        return_reasons=PeriodReason.list_of(map(dict, by_reason(parts["reason"]))),
        funnel=FunnelStep.list_of(parts["funnel"]),
        expected=_only(Expected, parts["expected"]),
        next_period=_only(NextPeriod, parts["next_period"]),
        target=_only(PeriodTarget, parts["target"]),
        restated=RestatedDay.list_of(parts["restated"]),
        unconverted=sorted(row["name"] for row in parts["currency"]),
        provenance=origin,
    )


def _only(model: type[P], rows: Iterable[Row]) -> P | None:
    """Return the part of the only row; None without one."""
    for row in rows:
        return model.of(row)
    return None


def _merged(rows: Iterable[Row]) -> list[Row]:
    """Return one row with the columns of all; none without any."""
    merged: Row = {}
    for row in rows:
        merged |= row
    return [merged] if merged else []
