"""The sums of a day and of those that it is compared with, in plain Python from the oracle.

It follows docs/DEFINITIONS.md and shares no code with the pipeline.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from tests.oracle_comparisons import History
from tests.oracle_customers import of_ledger
from tests.oracle_sales import SalesOracle


class Expected:
    """The sums of one day and of those that it is compared with.

    Attributes:
        excluded: the currencies that one of both compared days cannot convert.
    """

    def __init__(self, oracle, day):
        self.oracle = oracle
        self.day = day
        self.history = History(
            {row["business_date"]: row for row in oracle.daily_summary}
        )
        self.summary = self.history.days
        self.base = self.history.comparable(day)["base_date"]
        self.sales = SalesOracle(of_ledger(oracle))
        self.excluded = sorted(self.sales.unconverted(day, self.base))

    def returned(self):
        """How many refunds of the day have a reason, and their merchandise."""
        refunds = defaultdict(set)
        amounts = defaultdict(Decimal)
        for row in self.oracle.refunds:
            value = None
            if _counts(row, self.day):
                amount = row["merchandise_amount"]
                value = self.oracle.converted(amount, row["currency"], self.day)
            if value:
                reason = (row["reason"] or "").strip() or None
                refunds[reason].add((row["source"], row["refund_id"]))
                amounts[reason] += value
        return {reason: (len(refunds[reason]), amounts[reason]) for reason in amounts}


def _counts(row, day):
    is_counted = row["is_sale"] and not row["is_test"]
    return is_counted and row["business_date"] == day
