"""The figures of a period's report, for the whole shop or a slice of it.

Amounts are `Decimal` in the reporting currency. What a slice cannot have is None or empty: its report leaves
it out, and never shows that of the whole shop.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from ecommerce.core.periods import Period, PeriodKind
from ecommerce.reporting.parts import ZERO, Part
from ecommerce.sales.report.figures.breakdowns import Breakdown
from ecommerce.sales.report.figures.products import SoldProduct
from ecommerce.sales.report.figures.returns import ReturnReason
from ecommerce.sales.slices import Slice
from ecommerce.storage.plain import hash_of
from ecommerce.storage.report_archive import Provenance

Amount = Decimal | None
"""None where it is not known."""
Measure = Literal["net_sales", "gross_sales"]


class Compared(Part):
    """A figure of the period, of the period before and of the year before (see `Period`). A compared value is
    None where a day of that period is not known or not complete, or lacks the figure."""

    value: Amount
    before: Amount = None
    year_before: Amount = None


class PeriodDay(Part):
    """One day of the period. One that is not known has no figures; `forecast` of net sales, as it was in
    force on the day, is None where the slice has none."""

    day: date
    complete: bool
    net_sales: Amount
    orders: int | None
    forecast: Amount = None
    missing_sources: list[str] = []


class PeriodRow(Breakdown):
    """The sales of one channel, category, country or shop; `before`: its net sales in the period before, None
    where that period cannot be compared with."""

    before: Amount = None

    @property
    def change(self) -> Decimal:
        """The change of net sales; 0 where they cannot be compared."""
        return ZERO if self.before is None else self.net_sales - self.before


class PeriodProduct(SoldProduct):
    """A product of the period; `before`: its sales in the period before, None where it cannot be compared
    with."""

    before: Amount = None

    @property
    def change(self) -> Decimal:
        """The change of sales; 0 where they cannot be compared."""
        return ZERO if self.before is None else self.sales - self.before


class Repeat(Part):
    """Of `customers`, whose first order was 90 to 119 days before the end of the period, those who ordered
    again within 90 days."""

    customers: int
    repeated: int


class Cohort(Part):
    """The customers whose first order was in the month of the period's last day, and those of them who have
    ordered again since."""

    month: date
    customers: int
    repeated: int


class Costs(Part):
    """Cost of goods of `sales_with_cost`, and payment fees of `sales_with_fees`; None where not known.
    `coverage` and `fee_coverage` are their parts of net sales."""

    cost_of_goods: Amount = None
    sales_with_cost: Amount = None
    coverage: Amount = None
    fees: Amount = None
    sales_with_fees: Amount = None
    fee_coverage: Amount = None


class PaidOut(Part):
    """The payouts of one source in one currency that were issued in the period and have reached the bank.
    `unexplained` adds up the differences from their payments, without their signs."""

    source: str
    currency: str
    payouts: int
    amount: Decimal
    unexplained: Decimal


class FunnelStep(Part):
    """The sessions that reached a step of the website's funnel, and those of the period before (None where a
    day's events are not loaded)."""

    step: str
    sessions: int
    before: int | None = None


class Expected(Part):
    """The period against its forecast, over the days that have one: gross sales of a single channel or
    category, net sales of the whole shop. `actual` is of the same days."""

    measure: Measure
    forecast: Decimal
    actual: Decimal
    days: int


class NextPeriod(Part):
    """The forecast of the period that follows, in `measure` as `Expected`; `days` of it have a forecast."""

    first: date
    last: date
    measure: Measure
    forecast: Decimal
    days: int


class PeriodTarget(Part):
    """The target of net sales for the days of the period: of a month its own, of a week the parts of its
    months by days."""

    target: Decimal


class RestatedDay(Part):
    """A day of the period whose net sales have changed since its report was mailed; of the whole shop."""

    day: date
    mailed: Amount
    now: Amount


class PeriodFigures(Part):
    """One period's report. `headline` has the figures by the names of `HEADLINE`, without those that the
    slice cannot have. `only` is the slice; `subscription` is not part of the figures. `unconverted` are the
    currencies of sales without an exchange rate, which are in no amount."""

    kind: PeriodKind
    first: date
    last: date
    only: Slice
    currency: str
    headline: dict[str, Compared]
    days: list[PeriodDay] = []
    channels: list[PeriodRow] = []
    categories: list[PeriodRow] = []
    countries: list[PeriodRow] = []
    shops: list[PeriodRow] = []
    products: list[PeriodProduct] = []
    rising: list[PeriodProduct] = []
    falling: list[PeriodProduct] = []
    repeat: Repeat | None = None
    cohort: Cohort | None = None
    costs: Costs | None = None
    payouts: list[PaidOut] = []
    return_reasons: list[ReturnReason] = []
    funnel: list[FunnelStep] = []
    expected: Expected | None = None
    next_period: NextPeriod | None = None
    target: PeriodTarget | None = None
    restated: list[RestatedDay] = []
    unconverted: list[str] = []
    provenance: Provenance

    @property
    def period(self) -> Period:
        """The period."""
        return Period(self.kind, self.first, self.last)

    @property
    def unfinished(self) -> list[PeriodDay]:
        """The days that are not known or not complete."""
        return [day for day in self.days if not day.complete]

    def value(self, figure: str) -> Decimal:
        """Return a headline figure of the period; 0 where it has none."""
        return self.headline[figure].value or ZERO


_HASHED: Any = {
    "kind": True,
    "first": True,
    "only": True,
    "currency": True,
    "headline": {"__all__": {"value"}},
    "days": {"__all__": {"day", "net_sales", "orders", "complete"}},
}


def figures_hash(figures: PeriodFigures) -> str:
    """Return the SHA-256 of what the report states about its period: headline and days, not comparisons,
    forecasts or provenance. A report is not mailed again while its last mail has this hash."""
    return hash_of(figures, include=_HASHED)
