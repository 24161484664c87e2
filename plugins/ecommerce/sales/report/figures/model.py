"""The figures of a daily report: one structure for the PDF, the mail, the archive and the web page.

Amounts are `Decimal` in the reporting currency unless a field names another, and are text in JSON, so
that no figure passes through a float.
"""

import hashlib
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from pydantic import Field

from ecommerce.core.text import Kind
from ecommerce.sales.report.figures.base import CATEGORY, CHANNEL, COUNTRY, Part
from ecommerce.sales.report.figures.contributions import Changes, Mover
from ecommerce.sales.report.figures.forecast import Expectation, Expected, Outlook
from ecommerce.sales.report.figures.quality import Provenance, Quality
from ecommerce.sales.report.figures.website import Website


class Meaning(NamedTuple):
    """The label and the kind of a headline figure; `good` is the direction a shop likes (0: neither)."""

    label: str
    kind: Kind
    good: int


HEADLINE: dict[str, Meaning] = {
    "net_sales": Meaning("Net sales", "money", 1),
    "orders": Meaning("Orders", "count", 1),
    "average_order_value": Meaning("Average order value", "money", 1),
    "customers": Meaning("Customers", "count", 1),
    "gross_sales": Meaning("Gross sales", "money", 1),
    "discounts": Meaning("Discounts", "money", 0),
    "returns": Meaning("Returns", "money", -1),
    "units": Meaning("Units", "quantity", 1),
    "new_customers": Meaning("New customers", "count", 1),
    "returning_customers": Meaning("Returning customers", "count", 1),
    "tax": Meaning("Tax", "money", 0),
    "shipping": Meaning("Shipping", "money", 0),
}
"""The headline figures in reading order; the first four are the tiles of page one."""


class Rate(NamedTuple):
    """The label of a rate, and the headline figures that it is the quotient of."""

    label: str
    of: tuple[str, str]


RATES: dict[str, Rate] = {
    "discount_rate": Rate("Discount rate", ("discounts", "gross_sales")),
    "return_rate": Rate("Return rate", ("returns", "gross_sales")),
    "repeat_share": Rate("Repeat share", ("returning_customers", "customers")),
}

LEAST_COVERAGE = Decimal("0.95")
"""The part of net sales that must have a cost of goods, for a gross margin."""
AMOUNTS = ("gross_sales", "discounts", "returns", "net_sales")
FIGURES = ("units", *AMOUNTS)
"""The figures of a breakdown, apart from the number of orders."""
BASES = ("day_before", "week_before", "average", "year_before")
"""The fields of `Figure` that a figure is compared with, in reading order."""


class Figure(Part):
    """A headline figure, and what it is compared with where there is something. `average`: of the loaded days
    among the 28 before, and `days` counts them where they are fewer than those of the other figures.
    `year_before`: the same weekday 52 weeks before. `note`: what `value` leaves out."""

    value: Decimal | None
    day_before: Decimal | None = None
    week_before: Decimal | None = None
    average: Decimal | None = None
    year_before: Decimal | None = None
    note: str | None = None
    days: int | None = None


class TrendDay(Part):
    """One day of the trend; one that has not been loaded is not complete and has no figures. `weekday_mean`:
    the mean net sales of the same weekday on complete days of the four weeks before."""

    business_date: date
    net_sales: Decimal | None
    orders: int | None
    complete: bool = True
    weekday_mean: Decimal | None = None


class Span(Part):
    """The days from `first` to `last`. `net_sales` and `orders` are None where one of the days is not loaded
    or not complete: half a span is no base for a comparison."""

    first: date
    last: date
    net_sales: Decimal | None
    orders: int | None
    days_without_sales: int = 0


class MonthToDate(Part):
    """`now` is the month up to the business day and adds up the days that are there; `unfinished` of its days
    are not loaded or not complete. The others end on the same day of their month, or on its last."""

    now: Span
    unfinished: int = 0
    last_month: Span
    last_year: Span


class Margin(Part):
    """Sales whose cost of goods is known, after returns, and this cost; `coverage` is their part of net
    sales."""

    sales_with_cost: Decimal
    cost_of_goods: Decimal
    coverage: Decimal

    @property
    def gross_profit(self) -> Decimal:
        """Sales with cost less their cost."""
        return self.sales_with_cost - self.cost_of_goods

    @property
    def rate(self) -> Decimal | None:
        """The gross margin: the part of the sales that is profit; None where too few have a cost."""
        if self.coverage < LEAST_COVERAGE:
            return None
        return _quotient(self.gross_profit, self.sales_with_cost)


class Target(Part):
    """A month's target of net sales of a `channel`, or `total`, and what the days up to the business day have
    reached. `expected_share`: the part of the month's expected sales that falls on these days. `landing`: the
    month's expected net sales; its interval is None without a forecast."""

    channel: str
    target: Decimal
    target_to_date: Decimal
    expected_share: Decimal
    net_sales: Decimal
    landing: Decimal
    landing_lower_80: Decimal | None
    landing_upper_80: Decimal | None


class Breakdown(Part):
    """One channel's, category's, country's or attribute's sales. `orders` is None where it has no meaning."""

    name: str
    orders: int | None
    units: Decimal
    gross_sales: Decimal
    discounts: Decimal
    returns: Decimal
    net_sales: Decimal


class Product(Part):
    """One product of the day; `sales` is gross sales less discounts, `thumbnail` the URI of its picture."""

    sku: str
    name: str | None
    category: str | None
    units: Decimal
    sales: Decimal
    thumbnail: str | None = None


class ReturnReason(Part):
    """Returns of one reason, and how many refunds they are; `reason` is None where the source gives none."""

    reason: str | None
    refunds: int
    amount: Decimal


class Finding(Part):
    """A finding: `kind`; `about`, the names in its sentence; `numbers`, its figures by their names. Amounts
    are in reporting currency, shares are fractions of one.

    | kind | about | numbers |
    |---|---|---|
    | missing, empty, doubtful | sources; `<source>: <partner>` | |
    | unconverted | currencies | orders |
    | implausible | an amount's kind, source, order | amount, base_amount, effect (on net sales), orders |
    | unusual_sales | the forecast's series, the verdict, currencies left out | actual, forecast, lower_80, \
      upper_80 |
    | unusual_rate | a name of `RATES` | rate, average, days |
    | contribution | kind, name, base (ISO date), currencies and `channel:<name>` left out | change, \
      total_change, share |
    | channels | base, `began:<name>` and `ended:<name>` of channels | began, ended |
    """

    kind: str
    about: list[str] = Field(default_factory=list)
    numbers: dict[str, Decimal] = Field(default_factory=dict)


class ImplausibleAmount(Part):
    """An implausible amount, loaded as it is: `discount`, `negative_discount` or `refund`. `base_amount`:
    what it exceeds, a line's amount or an order's total; of a negative discount its line's amount. `excess`:
    by how much it changes net sales if it is an error."""

    kind: str
    source: str
    order_id: str
    amount: Decimal
    base_amount: Decimal
    excess: Decimal

    @property
    def effect(self) -> Decimal:
        """The change of net sales, with its sign."""
        return self.excess if self.kind == "negative_discount" else -self.excess


class Figures(Part):
    """One day's report. `averaged_days` counts the loaded days behind the 28-day averages, and
    `averaged_days_without_sales` those of them without an order. `rate_bases`: what a rate is a part of,
    where that is less than the headline figure, such as the sales of sources with returns. `attributes` is
    the breakdown by `attribute`, which is `REPORT_ATTRIBUTE`. `website` is None where no web events were
    loaded in the last 28 days, `expectation` where no forecast covers the day, `outlook` where none covers
    the next one, `changes` where no day to compare with is complete, `margin` where no sale has a cost.
    `targets` begins with the whole shop. `implausible`: the largest effect on net sales first."""

    business_date: date
    currency: str
    headline: dict[str, Figure]
    rate_bases: dict[str, Figure] = Field(default_factory=dict)
    averaged_days: int
    averaged_days_without_sales: int = 0
    trend: list[TrendDay]
    channels: list[Breakdown]
    categories: list[Breakdown]
    countries: list[Breakdown]
    attribute: str | None = None
    attributes: list[Breakdown] = Field(default_factory=list)
    products: list[Product]
    website: Website | None = None
    expectation: Expectation | None = None
    implausible: list[ImplausibleAmount] = Field(default_factory=list)
    findings: list[Finding] = Field(default_factory=list)
    month: MonthToDate | None = None
    targets: list[Target] = Field(default_factory=list)
    margin: Margin | None = None
    changes: Changes | None = None
    return_reasons: list[ReturnReason] = Field(default_factory=list)
    outlook: Outlook | None = None
    quality: Quality
    provenance: Provenance

    @property
    def gaps(self) -> list[TrendDay]:
        """The days of the trend that nothing has loaded, although an earlier day had its daily run."""
        first = self.quality.first_loaded or date.min
        return [
            day
            for day in self.trend
            if day.net_sales is None and day.business_date > first
        ]

    @property
    def pictured(self) -> list[Product | Mover]:
        """The products of the tables with pictures, in reading order."""
        changes = self.changes
        return [
            *self.products,
            *([*changes.rising, *changes.falling] if changes else []),
        ]

    @property
    def expected_total(self) -> Expected | None:
        """The forecast of all sales of the day; None where no forecast covers it."""
        return self.expectation.total if self.expectation else None

    @property
    def has_sales(self) -> bool:
        """Whether a single order counts on this day."""
        return bool(self.headline["orders"].value)

    @property
    def caveat(self) -> str:
        """Why the day is judged by no forecast and has no findings about its sales; empty where it is."""
        if not self.quality.complete:
            return "the day is incomplete"
        return "the day may be incomplete" if self.quality.doubtful_sources else ""

    @property
    def rates(self) -> dict[str, Figure]:
        """The figures that follow from two others, as fractions of one, by the names of `RATES`. Each is
        compared with the same days as its figures are; its average is that of all averaged days together."""
        rates = {}
        for name, (_, (part, whole)) in RATES.items():
            one, other = (
                self.headline[part],
                self.rate_bases.get(name, self.headline[whole]),
            )
            quotients: dict[str, Any] = {
                each: _quotient(getattr(one, each), getattr(other, each))
                for each in ("value", *BASES)
            }
            rates[name] = Figure(**quotients)
        return rates

    def average(self, name: str) -> Decimal | None:
        """Return the average of a headline figure to show; that of a single day is none."""
        return self.headline[name].average if self.averaged_days_of(name) > 1 else None

    def averaged_days_of(self, name: str) -> int:
        """Return how many days the average of a figure or rate is of."""
        entry = self.rate_bases.get(name) or self.headline.get(name)
        return self.averaged_days if entry is None or entry.days is None else entry.days


_HASHED: Any = {
    **dict.fromkeys(("business_date", "currency", "attribute", "return_reasons"), True),
    **dict.fromkeys(("channels", "categories", "countries", "attributes"), True),
    "headline": {name: {"value"} for name in HEADLINE},
    "products": {"__all__": {"sku", "units", "sales"}},
    "quality": {
        "missing_sources": True,
        "unconverted": {"__all__": {"currency", "net_sales"}},
    },
}


def figures_hash(figures: Figures) -> str:
    """Return the SHA-256 of what the report states about the day: headline, breakdowns, products, reasons of
    returns, missing sources; not of comparisons, forecasts, restatements or provenance, so that the same day
    built twice has the same hash. A mail is sent once per hash."""
    return hashlib.sha256(figures.model_dump_json(include=_HASHED).encode()).hexdigest()


def breakdowns(figures: Figures) -> list[tuple[str, list[Breakdown]]]:
    """Return the breakdowns by the name of their section."""
    attribute = [("attribute", figures.attributes)] if figures.attribute else []
    return [
        (each.plural, each.rows(figures)) for each in (CHANNEL, CATEGORY, COUNTRY)
    ] + attribute


def _quotient(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or not whole:
        return None
    return (part / whole).quantize(Decimal("0.000001"), ROUND_HALF_UP)
