"""The sums of a day and of those that it is compared with, in plain Python from the oracle.

It follows docs/DEFINITIONS.md and shares no code with the pipeline.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from functools import cached_property

from tests.oracle_comparisons import History
from tests.oracle_customers import of_ledger


class Expected:
    """The sums of one day and of those that it is compared with."""

    def __init__(self, oracle, day):
        self.oracle, self.day = oracle, day
        self.history = History(
            {row["business_date"]: row for row in oracle.daily_summary}
        )
        self.summary = self.history.days
        self.base = self.history.comparable(day)["base_date"]

    @property
    def excluded(self):
        """The currencies that one of both compared days cannot convert."""
        names = set(self.unconverted(self.day))
        if self.base:
            names |= set(self.unconverted(self.base))
        return sorted(names)

    @property
    def moved_channels(self):
        """The live channels that began, and those that ended, since the other day."""
        assert self.base
        began, ended = [], []
        sold = defaultdict(set)
        for row in self.oracle.order_lines:
            if _counts(row, row["business_date"]) and row["business_date"] <= self.day:
                sold[row["channel"]].add(row["business_date"])
        for name, days in sorted(sold.items()):
            recent = {each for each in days if each >= self.base - timedelta(91)}
            week = days & {self.base - timedelta(back) for back in range(7)}
            if self.day in recent and min(recent) > self.base:
                began.append(name)
            if (
                self.base <= max(days) <= self.day - timedelta(3)
                and min(recent) <= self.base
                and len(week) >= 5
            ):
                ended.append(name)
        return began, ended

    def net_by(self, kind, day, currencies=()):
        """Net sales of a day by category, country, channel or product (SKU), without some currencies."""
        column = {
            "category": "category",
            "country": "country_code",
            "channel": "channel",
            "product": "sku",
        }[kind]
        refunds = self.oracle.refunds
        if kind in ("category", "product"):
            refunds = self.refunds_of_lines(day)
        found = defaultdict(Decimal)
        for rows, amount, sign in (
            (self.oracle.order_lines, "amount_after_discount", 1),
            (refunds, "merchandise_amount", -1),
        ):
            for row, value in self._converted(rows, amount, day):
                if row["currency"] not in currencies:
                    found[row[column] or "ZZ"] += sign * value
        return found

    @cached_property
    def returned_lines(self):
        """The categories and SKUs of order lines, and the amounts of refunds by line."""
        products = {}
        for row in self.oracle.order_lines:
            line = row["source"], row["order_id"], row["line_number"]
            products[line] = {"category": row["category"], "sku": row["sku"]}
        return products, of_ledger(self.oracle).returned_lines()

    def refunds_of_lines(self, day):
        """The refunds of a day by line: those of whole orders are divided."""
        products, amounts = self.returned_lines
        refunds = {
            (row["source"], row["refund_id"]): row
            for row in self.oracle.refunds
            if row["business_date"] == day
        }
        for (source, refund_id, number), amount in amounts.items():
            if (source, refund_id) in refunds:
                refund = refunds[source, refund_id]
                line = source, refund["order_id"], number
                product = products.get(line, {"category": "unallocated", "sku": ""})
                returned = {"merchandise_amount": Decimal(amount).scaleb(-4)}
                yield refund | product | returned

    def sold(self, day):
        """Sales after discounts of a day by product, without the currencies that are compared on neither."""
        found = defaultdict(Decimal)
        for row, value in self._converted(
            self.oracle.order_lines, "amount_after_discount", day
        ):
            if row["currency"] not in self.excluded:
                found[row["sku"] or row["product_name"]] += value
        return found

    def returned(self):
        """How many refunds of the day have a reason, and their merchandise."""
        refunds = defaultdict(set)
        amounts = defaultdict(Decimal)
        for row, value in self._converted(
            self.oracle.refunds, "merchandise_amount", self.day
        ):
            if value:
                reason = (row["reason"] or "").strip() or None
                refunds[reason].add((row["source"], row["refund_id"]))
                amounts[reason] += value
        return {reason: (len(refunds[reason]), amounts[reason]) for reason in amounts}

    def unconverted(self, day):
        """The currencies in which something of a day has no rate."""
        names = set()
        for rows, amount in (
            (self.oracle.order_lines, "amount_after_discount"),
            (self.oracle.refunds, "merchandise_amount"),
        ):
            for row in rows:
                if _counts(row, day):
                    value = self.oracle.converted(row[amount], row["currency"], day)
                    names |= {row["currency"]} if value is None else set()
        return sorted(names)

    def _converted(self, rows, amount, day):
        for row in rows:
            if _counts(row, day):
                value = self.oracle.converted(row[amount], row["currency"], day)
                if value is not None:
                    yield row, value


def _counts(row, day):
    is_counted = row["is_sale"] and not row["is_test"]
    return is_counted and row["business_date"] == day
