"""The expected net sales of a calendar week, the same in the daily report and in the forecast's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ecommerce.core.text import count
from ecommerce.core.values import Row
from ecommerce.reporting.parts import ZERO, Part

OUTLOOK = "report/daily_sales/outlook.sql"
"""The query of the days."""


class ExpectedWeek(Part):
    """The week from `first` on. `so_far`: the net sales of the days that are known, None without any;
    `forecast`: the net forecast of the others."""

    first: date
    so_far: Decimal | None = None
    forecast: Decimal

    @classmethod
    def of_days(cls, rows: Sequence[Row]) -> ExpectedWeek:
        """Return the week of seven rows of `OUTLOOK`, in their order."""
        known = [row["net_sales"] for row in rows if row["net_sales"] is not None]
        coming = [row["net_forecast"] for row in rows if row["net_sales"] is None]
        return cls(
            first=rows[0]["day"],
            so_far=sum(known, ZERO) if known else None,
            forecast=sum(coming, ZERO),
        )

    @property
    def net_sales(self) -> Decimal:
        """The expected net sales of the whole week."""
        return (self.so_far or ZERO) + self.forecast

    @property
    def parts(self) -> str:
        """`40,000 so far and 59,500 forecast`; empty unless the week is under way."""
        if self.so_far is None or not self.forecast:
            return ""
        return f"{count(self.so_far)} so far and {count(self.forecast)} forecast"
