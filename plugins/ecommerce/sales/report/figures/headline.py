"""The headline figures and rates of a day, what they are compared with, and the gross margin.

The view `day_comparisons` has the comparisons; docs/DEFINITIONS.md, *What a day is compared with*, the rules.
"""

from decimal import ROUND_HALF_UP, Decimal

from ecommerce.core import text
from ecommerce.core.headline_figures import (
    HEADLINE,
    LEAST_COST_COVERAGE,
    Meaning,
)
from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries

RATES = {
    "discount_rate": Meaning("Discount rate", "share", 0),
    "return_rate": Meaning("Return rate", "share", -1),
    "repeat_share": Meaning("Repeat share", "share", 1),
}
"""The rates: parts of gross sales, and of the customers."""
COSTS = {
    "cost_of_goods": Meaning("Cost of goods", "money", 0),
    "gross_profit": Meaning("Gross profit", "money", 1),
    "gross_margin": Meaning("Gross margin", "share", 1),
}
"""The figures of a day on which enough of net sales have a cost."""
MEANINGS = HEADLINE | RATES | COSTS
RATE_BASES = {
    "discount_rate": "gross_sales_with_discounts",
    "return_rate": "gross_sales_with_returns",
}
"""What a rate is a part of: the gross sales of sources whose data has discounts, and returns."""
MOST_CURRENCIES = 4


class Figure(Part):
    """A headline figure or a rate, and what it is compared with where there is something. `average`: of the
    complete days among the 28 before, and `days` counts them where they are fewer than those of the other
    figures. `year_before`: the same weekday 52 weeks before. `note`: what `value` leaves out."""

    value: Decimal | None
    day_before: Decimal | None = None
    week_before: Decimal | None = None
    average: Decimal | None = None
    year_before: Decimal | None = None
    note: str | None = None
    days: int | None = None

    def base(self, base: str) -> Decimal | None:
        """Return the value of one of `BASES`."""
        value: Decimal | None = getattr(self, base)
        return value


def covered_rate(coverage: Decimal, part: Decimal, sales: Decimal) -> Decimal | None:
    """Return `part` of the covered sales as a fraction; None where their `coverage` is too low."""
    if coverage * 100 < LEAST_COST_COVERAGE or not sales:
        return None
    return (part / sales).quantize(Decimal("0.000001"), ROUND_HALF_UP)


class Margin(Part):
    """Sales whose cost of goods is known, after returns, and this cost; `coverage` is their part of net
    sales."""

    sales_with_cost: Decimal
    cost_of_goods: Decimal
    coverage: Decimal

    @property
    def rate(self) -> Decimal | None:
        """The gross margin: the part of the sales that is profit; None where too few have a cost."""
        return covered_rate(self.coverage, self.gross_profit, self.sales_with_cost)

    @property
    def gross_profit(self) -> Decimal:
        """The sales with a cost less this cost."""
        return self.sales_with_cost - self.cost_of_goods


class Headline(Part):
    """The headline figures by the names of `HEADLINE`, and the rates, as fractions of one, by those of
    `RATES`. `rate_bases`: what a rate is a part of, where that is less than gross sales. `averaged_days`
    counts the complete days behind the 28-day averages, and `averaged_days_without_sales` those of them
    without an order. `margin` is None where no sale has a cost; `costs` has the figures of `COSTS` where its
    rate is known. An archived report may lack figures that are newer than it."""

    headline: dict[str, Figure]
    rates: dict[str, Figure] = {}
    rate_bases: dict[str, Figure] = {}
    averaged_days: int
    averaged_days_without_sales: int = 0
    margin: Margin | None = None
    costs: dict[str, Figure] = {}

    @property
    def cost_figures(self) -> dict[str, Figure]:
        """`costs`; those of a report of an earlier version are its margin, without comparisons."""
        margin = self.margin
        if self.costs or margin is None or margin.rate is None:
            return self.costs
        return {
            "cost_of_goods": Figure(value=margin.cost_of_goods),
            "gross_profit": Figure(value=margin.gross_profit),
            "gross_margin": Figure(value=margin.rate),
        }

    @property
    def entries(self) -> dict[str, Figure]:
        """All figures and rates, in reading order."""
        named = self.headline | self.rates | self.cost_figures
        return {figure: named[figure] for figure in MEANINGS if figure in named}

    @property
    def headline_names(self) -> list[str]:
        """The headline figures, of which the first `TILES` are the large tiles."""
        return [figure for figure in HEADLINE if figure in self.headline]

    def value(self, figure: str) -> Decimal:
        """Return a headline figure of the day; 0 where it has none."""
        return self.headline[figure].value or Decimal(0)


def read(queries: DayQueries) -> Headline:
    """Return the headline."""
    today = queries.today
    notes = {"average_order_value": _without_rate(queries)}
    figures = {}
    for row in queries.rows("comparisons"):
        figure = row["figure"]
        days = row["averaged_days"]
        if days == today["averaged_days"]:
            days = None
        figures[figure] = Figure.of(row, days=days, note=notes.get(figure))
    bases = {}
    for rate, base in RATE_BASES.items():
        if figures[base] != figures["gross_sales"]:
            bases[rate] = figures[base]
    margin = None
    costs = {}
    if today["coverage"] is not None:
        margin = Margin.of(today)
        if margin.rate is not None:
            costs = {figure: figures[figure] for figure in COSTS}
    return Headline.of(
        today,
        headline={figure: figures[figure] for figure in HEADLINE},
        rate_bases=bases,
        rates={rate: figures[rate] for rate in RATES},
        margin=margin,
        costs=costs,
    )


def _without_rate(queries: DayQueries) -> str | None:
    """Return the footnote on orders that the average order value leaves out; None without any."""
    rows = queries.breakdown("currency")
    currencies = [row["name"] for row in rows if row["orders"]]
    if not currencies:
        return None
    names = text.listed(currencies, MOST_CURRENCIES, "other currencies")
    return f"without orders in {names}, which have no exchange rate"
