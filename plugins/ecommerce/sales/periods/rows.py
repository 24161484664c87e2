"""The rows of the queries of include/sql/report/periods, which all slices share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ecommerce.core.business_day import day_window
from ecommerce.core.periods import Period
from ecommerce.core.values import Row, Values
from ecommerce.sales.day_queries import MOST_MOVERS, MOST_PRODUCTS
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.slices import DIMENSIONS, Slice
from ecommerce.warehouse.client import Warehouse

Span = Literal["value", "before", "year_before"]
"""The period, or one that it is compared with: a field of `Compared`."""


@dataclass(frozen=True)
class PeriodRows:
    """The rows of one read. `days` has those of `days.sql` that are known, by business date; `sales` those of
    `sales.sql` by number of the slice, part and first day of the span. The others are of queries that run for
    the whole shop, and for slices that can have their figures; they are empty for a day. `is_unchanged`: no
    load has changed the days meanwhile."""

    slices: Sequence[Slice]
    spans: dict[Span, Period]
    days: dict[date, Row]
    sales: dict[tuple[int | None, str, date], list[Row]]
    products: list[Row]
    payments: list[Row]
    customers: list[Row]
    funnel: list[Row]
    next_period: list[Row]
    targets: list[Row]
    mailed: list[Row]
    is_unchanged: bool

    @property
    def period(self) -> Period:
        """The period of the report."""
        return self.spans["value"]

    def is_complete(self, span: Span) -> bool:
        """Return whether all days of a span are known and complete."""
        for day in self.spans[span].days:
            if day not in self.days or not self.days[day]["is_complete"]:
                return False
        return True

    def has(self, figure: str, span: Span) -> bool:
        """Return whether no day of a span lacks a figure; one of `known_by`."""
        days = self.spans[span].days
        return all(self.days[day][f"has_{figure}"] for day in days if day in self.days)

    def parts(self, number: int, part: str, span: Span = "value") -> list[Row]:
        """Return the rows of a slice's parts in a span."""
        return self.sales.get((number, part, self.spans[span].first), [])


def read_rows(
    warehouse: Warehouse, period: Period, slices: Sequence[Slice]
) -> PeriodRows:
    """Read the rows of `slices`. Raise PipelineError as `Warehouse.query`."""
    spans: dict[Span, Period] = {
        "value": period,
        "before": period.before,
        "year_before": period.year_before,
    }
    queries = _Queries(warehouse, period, slices)
    days = queries.rows("days")
    order_days = set(queries.days)
    period_days = set(period.days)
    for row in days:
        order_days.update(row["order_days"])
        if row["business_date"] in period_days:
            period_days.update(row["order_days"])
    payments: list[Row] = []
    customers: list[Row] = []
    funnel: list[Row] = []
    next_period: list[Row] = []
    targets: list[Row] = []
    mailed: list[Row] = []
    if period.kind != "day":
        # Fees are known of no country.
        with_fees = [only for only in slices if not only.country]
        if with_fees:
            payments = queries.rows(
                "payments",
                days=period.days,
                read_days=period_days,
                slices=list(map(columns_of, with_fees)),
            )
            for row in payments:
                if row["slice"] is not None:
                    row["slice"] = slices.index(with_fees[row["slice"]])
        if any(series_of(only) for only in slices):
            next_period = queries.next_period()
            targets = queries.targets()
        if any(only.is_whole for only in slices):
            customers = queries.rows("customers")
            funnel = queries.rows("funnel")
            mailed = queries.mailed()
    sales: dict[tuple[int | None, str, date], list[Row]] = {}
    for row in queries.rows("sales", read_days=order_days):
        key = row["slice"], row["part"], row["span"]
        sales.setdefault(key, []).append(row)
    # The last query: what it has read is as it was at the beginning.
    products = queries.rows("products", most=MOST_PRODUCTS, most_movers=MOST_MOVERS)
    state = products[0]["state"]
    return PeriodRows(
        slices=slices,
        spans=spans,
        days={row["business_date"]: row for row in days if row["orders"] is not None},
        sales=sales,
        products=products,
        payments=payments,
        customers=customers,
        funnel=funnel,
        next_period=next_period,
        targets=targets,
        mailed=mailed,
        is_unchanged=all(row["state"] == state for row in days),
    )


def series_of(only: Slice) -> str | None:
    """Return the series of forecasts that a slice has: of the whole shop, of a single channel or of a single
    category; None without one."""
    limits = dict(only.limits())
    if not limits:
        return "total"
    [dimension, *others] = limits
    values = limits[dimension]
    if others or len(values) > 1 or dimension not in ("channel", "category"):
        return None
    return f"{dimension}:{values[0]}"


def columns_of(only: Slice) -> dict[str, tuple[str, ...]]:
    """Return the values of the columns that a slice limits."""
    return {DIMENSIONS[dimension]: values for dimension, values in only.limits()}


@dataclass(frozen=True)
class _Queries:
    warehouse: Warehouse
    period: Period
    slices: Sequence[Slice]

    @property
    def days(self) -> list[date]:
        """The days of the period and of those it is compared with."""
        period = self.period
        return [*period.year_before.days, *period.before.days, *period.days]

    def rows(self, name: str, **values: Any) -> list[Row]:
        """Run a query of the report."""
        period = self.period
        given: Values = {
            "days": self.days,
            "report_day": period.last,
            "first": period.first,
            "before": period.before.first,
            "year_before": period.year_before.first,
            "slices": list(map(columns_of, self.slices)),
            "spec": ORDERS,
        }
        return self.warehouse.query(f"report/periods/{name}.sql", **given | values)

    def next_period(self) -> list[Row]:
        """Return the sums of the forecasts of the period that follows."""
        following = self.period.next
        timezone = self.warehouse.settings.shop_timezone
        return self.rows(
            "next_period",
            parameters={"ends_at": day_window(self.period.last, timezone).end},
            next_first=following.first,
            next_last=following.last,
        )

    def targets(self) -> list[Row]:
        """Return all targets."""
        dataset = self.warehouse.settings.bigquery_dataset
        return self.warehouse.table_rows(f"{dataset}.sales_targets")

    def mailed(self) -> list[Row]:
        """Return the figures in the last mailed reports of the days that have changed since."""
        return self.warehouse.query(
            "report/day_status/mailed_figures.sql",
            first=self.period.first,
            day=self.period.last,
        )
