"""Reads the figures of a period from the warehouse, by the queries of include/sql/report/periods."""

from calendar import monthrange
from collections.abc import Collection
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ecommerce.core.errors import TransientError
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.periods import Period
from ecommerce.core.values import Row
from ecommerce.sales.day_queries import MOST_MOVERS, MOST_PRODUCTS
from ecommerce.sales.days.restatements import differ
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
from ecommerce.sales.periods.rows import (
    PeriodRows,
    Span,
    columns_of,
    read_rows,
    series_of,
)
from ecommerce.sales.report.figures.returns import by_reason
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage.report_archive import Provenance
from ecommerce.warehouse.client import Warehouse

MOST_ATTEMPTS = 3
ZERO = Decimal(0)
NO_SALES: Row = {"net_sales": ZERO, "gross_sales": ZERO, "orders": 0}
OF_ORDERS = {"average_order_value", "tax", "shipping"}
"""Figures that an order does not have for one of its categories."""
OF_DAYS = {
    "net_sales",
    "gross_sales",
    "discounts",
    "returns",
    "units",
    "tax",
    "shipping",
}
"""Figures of the whole shop that are the sums of those of its days."""
OF_KNOWN_CUSTOMERS = {"new_customers", "returning_customers"}
"""Figures of a period that none of its days may lack: on the first days everybody is new."""


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
    numbered = list(dict.fromkeys(slices))
    if not numbered:
        return {}
    for _ in range(MOST_ATTEMPTS):
        rows = read_rows(warehouse, period, numbered)
        if rows.is_unchanged:
            figures = {}
            for number, only in enumerate(numbered):
                slice_rows = _SliceRows(warehouse, rows, number)
                figures[only] = slice_rows.figures(origin)
            return figures
    raise TransientError(
        f"other runs kept loading while the figures of {period} were read"
    )


def read_net_sales(
    warehouse: Warehouse, period: Period, slices: Collection[Slice]
) -> dict[Slice, Decimal]:
    """Return net sales of each slice, as `read_figures` has them, by one query; categories need another one.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    numbered = list(dict.fromkeys(slices))
    if not numbered:
        return {}
    read_days = set(period.days)
    if any(only.category for only in numbered):
        refunded = warehouse.query(
            "report/daily_sales/refunded_order_days.sql", days=period.days
        )
        read_days.update(row["business_date"] for row in refunded)
    rows = warehouse.query(
        "report/periods/net_sales.sql",
        spec=ORDERS,
        report_day=period.last,
        days=period.days,
        read_days=read_days,
        slices=list(map(columns_of, numbered)),
    )
    stored = {row["slice"]: row["net_sales"] for row in rows}
    net_sales = {}
    for number, only in enumerate(numbered):
        key = None if only.is_whole else number
        net_sales[only] = stored.get(key) or ZERO
    return net_sales


class _SliceRows:
    """The rows of one slice, and the figures that they make."""

    def __init__(self, warehouse: Warehouse, rows: PeriodRows, number: int) -> None:
        self.settings = warehouse.settings
        self.rows = rows
        self.number = number
        self.only = rows.slices[number]
        self.period = rows.period

    def figures(self, origin: Provenance) -> PeriodFigures:
        """Return all figures."""
        days = self.days()
        channels = self.breakdown("channel")
        values: dict[str, Any] = {}
        if self.only.is_whole and self.period.kind != "day":
            values = {
                "repeat": self.repeat(),
                "cohort": self.cohort(),
                "funnel": self.funnel(),
                "restated": self.restated(),
            }
        return PeriodFigures(
            kind=self.period.kind,
            first=self.period.first,
            last=self.period.last,
            only=self.only,
            currency=self.settings.reporting_currency,
            headline=self.headline(),
            days=days,
            channels=channels,
            categories=self.breakdown("category"),
            countries=self.breakdown("country"),
            shops=self.breakdown("shop") if self.settings.shop_names else [],
            products=self.products(),
            rising=self.movers(1),
            falling=self.movers(-1),
            costs=self.costs(),
            payouts=self.payouts(),
            return_reasons=self.return_reasons(),
            expected=self.expected(),
            next_period=self.next_period(),
            target=self.target(),
            unconverted=self.names("currency"),
            provenance=origin,
            **values,
        )

    def names(self, part: str) -> list[str]:
        """Return the names of the slice's parts, sorted."""
        return sorted(row["name"] for row in self._parts(part))

    def headline(self) -> dict[str, Compared]:
        """Return the headline figures that the slice can have."""
        values = {}
        for span in self.rows.spans:
            values[span] = self._span_values(span)
        headline = {}
        for figure in HEADLINE:
            if not (self.only.category and figure in OF_ORDERS):
                fields = {span: values[span].get(figure) for span in values}
                headline[figure] = Compared(**fields)
        return headline

    def _span_values(self, span: Span) -> dict[str, Decimal | None]:
        """Return the headline figures of a span, without those that it lacks; none of one that is not
        complete and only compared with."""
        if span != "value" and not self.rows.is_complete(span):
            return {}
        values: dict[str, Decimal | None] = dict.fromkeys(HEADLINE, ZERO)
        sold = ZERO
        orders = 0
        for row in self._parts("total", span):
            values = {figure: row.get(figure) for figure in HEADLINE}
            values["returning_customers"] = row["customers"] - row["new_customers"]
            sold = row["gross_sales"] - row["discounts"]
            orders = row["converted_orders"]
        if self.only.is_whole:
            for figure in OF_DAYS:
                values[figure] = self._sum_of_days(figure, span) or ZERO
        values["average_order_value"] = _rounded(sold / orders, 4) if orders else None
        for figure, meaning in HEADLINE.items():
            known_by = meaning.known_by
            if span == "value" and figure not in OF_KNOWN_CUSTOMERS:
                continue
            if known_by and not self.rows.has(known_by, span):
                values[figure] = None
        return values

    def _sum_of_days(self, figure: str, span: Span = "value") -> Decimal | None:
        """Return the sum of a column of the known days of the whole shop; None where all are."""
        amounts = []
        for day in self.rows.spans[span].days:
            amount = self.rows.days.get(day, {}).get(figure)
            if amount is not None:
                amounts.append(amount)
        return sum(amounts, ZERO) if amounts else None

    def days(self) -> list[PeriodDay]:
        """Return the days of the period."""
        sold = {row["name"]: row for row in self._parts("day")}
        days = []
        for day in self.period.days:
            if day not in self.rows.days:
                days.append(
                    PeriodDay(day=day, complete=False, net_sales=None, orders=None)
                )
                continue
            state = self.rows.days[day]
            sales = sold.get(str(day), NO_SALES)
            net_sales = sales["net_sales"]
            forecast = None
            if self.only.is_whole:
                net_sales = state["net_sales"]
                forecast = self._forecasts("total").get(day, {}).get("net_sales")
            days.append(
                PeriodDay.of(
                    state,
                    day=day,
                    complete=state["is_complete"],
                    net_sales=net_sales,
                    orders=sales["orders"],
                    forecast=forecast,
                )
            )
        return days

    def breakdown(self, dimension: str) -> list[PeriodRow]:
        """Return the rows of a dimension, the largest net sales first; none of one that the slice limits to a
        single value."""
        if len(getattr(self.only, dimension)) == 1:
            return []
        before = {}
        for row in self._parts(dimension, "before"):
            before[row["name"]] = row["net_sales"]
        is_compared = self.rows.is_complete("before")
        rows = []
        for row in self._parts(dimension):
            fields: Row = {
                "before": before.get(row["name"], ZERO) if is_compared else None,
            }
            if dimension == "category":
                fields["orders"] = None
            rows.append(PeriodRow.of(row, **fields))
        return rows

    def products(self) -> list[PeriodProduct]:
        """Return the best-selling products, the largest sales first."""
        sold = [row for row in self._products() if row["is_sold"]]
        return list(map(self._product, sold[:MOST_PRODUCTS]))

    def movers(self, sign: int) -> list[PeriodProduct]:
        """Return the products that rose most (1) or fell most (-1) since the period before."""
        if not self.rows.is_complete("before"):
            return []

        def change(row: Row) -> Decimal:
            return sign * (row["sales"] - row["before"])

        moved = [row for row in self._products() if change(row) > 0]
        moved.sort(key=change, reverse=True)
        return list(map(self._product, moved[:MOST_MOVERS]))

    def _products(self) -> list[Row]:
        return [row for row in self.rows.products if row["slice"] == self.number]

    def _product(self, row: Row) -> PeriodProduct:
        before = row["before"] if self.rows.is_complete("before") else None
        return PeriodProduct.of(row, before=before)

    def costs(self) -> Costs | None:
        """Return cost of goods and payment fees; None without both."""
        net_sales = ZERO
        costs: Row = {}
        if self.only.is_whole:
            for figure in ("net_sales", "cost_of_goods", "sales_with_cost"):
                costs[figure] = self._sum_of_days(figure)
        else:
            for row in self._parts("total"):
                costs = row
        for row in self.rows.payments:
            if row["slice"] == self.number and not self.only.country:
                costs = costs | row
        known = Costs.of(costs)
        net_sales = costs.get("net_sales") or ZERO
        if known == Costs():
            return None
        coverage = _coverage(net_sales, known.sales_with_cost)
        fee_coverage = _coverage(net_sales, known.sales_with_fees)
        return known.model_copy(
            update={"coverage": coverage, "fee_coverage": fee_coverage}
        )

    def payouts(self) -> list[PaidOut]:
        """Return the payouts of the slice's shops."""
        if self.only not in (WHOLE, Slice(shop=self.only.shop)):
            return []
        rows = []
        for row in self.rows.payments:
            if row["source"] and (
                self.only.is_whole or row["source"] in self.only.shop
            ):
                rows.append(row)
        return PaidOut.list_of(rows)

    def return_reasons(self) -> list[PeriodReason]:
        """Return the returns by reason, the largest amount first."""
        rows = []
        for row in self._parts("reason"):
            refunds = {
                "reason": row["name"],
                "refunds": row["orders"],
                "amount": row["returns"],
            }
            rows.append(refunds)
        return [PeriodReason(**dict(reason)) for reason in by_reason(rows)]

    def expected(self) -> Expected | None:
        """Return the complete days against their forecasts."""
        series = series_of(self.only)
        forecasts = self._forecasts(series)
        measure = "net_sales" if self.only.is_whole else "gross_sales"
        sold = {row["name"]: row for row in self._parts("day")}
        forecast = ZERO
        actual = ZERO
        days = 0
        for day, row in forecasts.items():
            state = self.rows.days.get(day)
            if state and state["is_complete"]:
                sales = state if self.only.is_whole else sold.get(str(day), NO_SALES)
                forecast += row[measure]
                actual += sales[measure]
                days += 1
        if not days:
            return None
        return Expected(measure=measure, forecast=forecast, actual=actual, days=days)

    def next_period(self) -> NextPeriod | None:
        """Return the forecast of the period that follows."""
        following = self.period.next
        for row in self.rows.next_period:
            if row["series"] == series_of(self.only):
                measure = "net_sales" if self.only.is_whole else "gross_sales"
                forecast = row["net_forecast" if self.only.is_whole else "forecast"]
                return NextPeriod(
                    first=following.first,
                    last=following.last,
                    measure=measure,
                    forecast=forecast,
                    days=row["days"],
                )
        return None

    def target(self) -> PeriodTarget | None:
        """Return the target of the whole shop or of the slice's only channel; None where a month has none."""
        series = series_of(self.only) or ""
        channel = series.removeprefix("channel:")
        by_month = {}
        for row in self.rows.targets:
            if row["channel"] == channel and not self.only.category:
                by_month[row["month"]] = row["net_sales"]
        target = ZERO
        for day in self.period.days:
            month = day.replace(day=1)
            if month not in by_month:
                return None
            target += by_month[month] / monthrange(day.year, day.month)[1]
        return PeriodTarget(target=_rounded(target, 4))

    def repeat(self) -> Repeat | None:
        """Return how many of the customers of three months ago have ordered again; None without any."""
        [row] = self.rows.customers
        if not row["earlier_customers"]:
            return None
        return Repeat(
            customers=row["earlier_customers"], repeated=row["earlier_repeated"]
        )

    def cohort(self) -> Cohort | None:
        """Return how many of the month's new customers have ordered again; None without any."""
        [row] = self.rows.customers
        if not row["customers"]:
            return None
        return Cohort.of(row, month=self.period.last.replace(day=1))

    def funnel(self) -> list[FunnelStep]:
        """Return the steps of the funnel; none where the events of a day are not loaded."""
        steps = []
        for row in self.rows.funnel:
            if row["days"] < len(self.period.days):
                return []
            before = row["before"]
            if row["days_before"] < len(self.period.before.days):
                before = None
            steps.append(FunnelStep.of(row, before=before))
        return steps

    def restated(self) -> list[RestatedDay]:
        """Return the days whose net sales have changed since they were mailed."""
        days = []
        for row in self.rows.mailed:
            day = row["business_date"]
            now = self.rows.days.get(day, {}).get("net_sales")
            if row["figure"] == "net_sales" and differ(row["mailed_value"], now):
                days.append(RestatedDay(day=day, mailed=row["mailed_value"], now=now))
        return days

    def _parts(self, part: str, span: Span = "value") -> list[Row]:
        return self.rows.parts(self.number, part, span)

    def _forecasts(self, series: str | None) -> dict[date, Row]:
        """Return the forecasts in force on the days of the period."""
        forecasts = {}
        for day in self.period.days:
            for row in self.rows.sales.get((None, "forecast", day), []):
                if row["name"] == series:
                    forecasts[day] = row
        return forecasts


def _coverage(net_sales: Decimal, covered: Decimal | None) -> Decimal | None:
    """Return the part of net sales that is covered; what exceeds all of them, because returns are not, is
    not covered. None where they are not positive."""
    if covered is None or net_sales <= 0:
        return None
    part = max(net_sales - abs(net_sales - covered), ZERO)
    return _rounded(part / net_sales, 6)


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
