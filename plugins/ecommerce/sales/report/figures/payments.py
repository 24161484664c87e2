"""What the payments of a day's orders cost, what is left of its net sales, and its payouts."""

from datetime import date
from decimal import Decimal

from ecommerce.reporting.parts import Part
from ecommerce.sales.day_queries import DayQueries
from ecommerce.sales.report.figures.headline import covered_rate


class Margin(Part):
    """Fees and the contribution margin: what is left of `covered_sales`, those whose cost of goods and fees
    are known. `coverage` is their part of net sales; `fees` are those of `sales_with_fees`."""

    fees: Decimal
    sales_with_fees: Decimal
    covered_sales: Decimal
    contribution: Decimal
    coverage: Decimal

    @property
    def rate(self) -> Decimal | None:
        """The contribution margin as a fraction; None where too few sales are covered."""
        return covered_rate(self.coverage, self.contribution, self.covered_sales)


class Payout(Part):
    """A payout in its own currency; `cost` are the fees and commissions of its payments, whose `charges` are
    before them. `unexplained` is the amount that they do not add up to."""

    source: str
    payout_id: str
    issued_on: date
    currency: str
    amount: Decimal
    has_arrived: bool = True
    orders: int
    charges: Decimal
    cost: Decimal
    unexplained: Decimal

    @property
    def key(self) -> str:
        """Source, id and currency, which name one payout."""
        return f"{self.source} {self.payout_id} {self.currency}"


class Payments(Part):
    """`contribution_margin` is None where no sale has both its cost and its fees; `payouts` are those of the
    day, then unexplained ones of the two weeks before."""

    contribution_margin: Margin | None = None
    payouts: list[Payout] = []

    @property
    def unexplained(self) -> list[Payout]:
        """The payouts that have reached the bank, and that their payments do not explain."""
        return [
            payout
            for payout in self.payouts
            if payout.has_arrived and payout.unexplained
        ]


def read(queries: DayQueries) -> Payments:
    """Return the payments of the day."""
    rows = queries.rows("payments", read_days=queries.order_days)
    margin = Margin.of(rows[0]) if rows[0]["coverage"] is not None else None
    paid_out = [row for row in rows if row["payout_id"]]
    return Payments(contribution_margin=margin, payouts=Payout.list_of(paid_out))
