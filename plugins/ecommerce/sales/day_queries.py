"""The queries of one business day's figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.settings import Settings
from ecommerce.core.values import Row
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.client import Warehouse

MOST_PRODUCTS = 20
MOST_MOVERS = 5
"""Products of a report: the best-selling ones, and those that rose or fell most."""


@dataclass(frozen=True)
class DayQueries:
    """The queries of one report. `days` are the rows of `days.sql` by business date, for the day and the nine
    weeks before it. `warnings` are of extracts, transforms and checks."""

    warehouse: Warehouse
    window: BusinessDay
    doubtful_sources: Sequence[str] = ()
    warnings: Sequence[DataWarning] = ()

    @property
    def day(self) -> date:
        """The business day of the report."""
        return self.window.date

    @property
    def settings(self) -> Settings:
        """The settings of the warehouse."""
        return self.warehouse.settings

    @cached_property
    def days(self) -> dict[date, Row]:
        """The rows by day, the earliest first; those of days that are not known have no figures."""
        return {row["business_date"]: row for row in self.rows("days")}

    @property
    def today(self) -> Row:
        """The row of the report's day."""
        return self.days[self.day]

    @property
    def base(self) -> date | None:
        """The day since which changes are stated; None where neither of the candidates is complete."""
        return self.today["base_date"]

    @cached_property
    def order_days(self) -> set[date]:
        """Both compared days, and those of the orders that were refunded on them."""
        compared = {self.day, self.base or self.day}
        refunded = self.rows("refunded_order_days", days=compared)
        return compared | {row["business_date"] for row in refunded}

    @cached_property
    def products(self) -> list[Row]:
        """The rows of `products.sql`: the best-selling products, the largest first, and those that changed
        most since the day that changes are stated since."""
        base = self.base or self.day
        return self.rows(
            "products",
            days={self.day, base},
            base=base,
            most=MOST_PRODUCTS,
            most_movers=MOST_MOVERS,
        )

    def breakdown(self, dimension: str) -> list[Row]:
        """Return the rows of one dimension of `breakdowns.sql`; of `currency`, those without a rate."""
        return [row for row in self._breakdowns if row["dimension"] == dimension]

    @cached_property
    def _breakdowns(self) -> list[Row]:
        return self.rows("breakdowns", read_days=self.order_days)

    def rows(
        self, name: str, parameters: Row | None = None, **values: Any
    ) -> list[Row]:
        """Run a query of the report.

        Raises:
            PipelineError: as `Warehouse.query`.
        """
        path = f"report/daily_sales/{name}.sql"
        return self.warehouse.query(
            path,
            spec=ORDERS,
            parameters=parameters,
            report_day=self.day,
            **values,
        )
