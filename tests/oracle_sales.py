"""What a shop sold and took back, and what that contributes to the change of net sales, in plain Python.

It follows docs/DEFINITIONS.md and shares no code with the pipeline. Amounts are exact fractions.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.oracle_customers import rounded

AMOUNTS = ("gross_sales", "discounts", "returns", "net_sales")


@dataclass(frozen=True)
class Entry:
    """An order line or a returned line. `names` has its name in each dimension. Amounts are in reporting
    currency, without an exchange rate in the order's.

    Attributes:
        refund: source and id of the refund that returns the line.
        cost: of its goods, negative where they are returned; None where it is not known.
    """

    day: date
    order: Any
    is_converted: bool
    names: dict
    units: Fraction
    gross: Fraction
    discount: Fraction
    returned: Fraction
    refund: tuple | None = None
    cost: Fraction | None = None

    @property
    def currency(self):
        return self.order.currency

    @property
    def net(self):
        return self.gross - self.discount - self.returned

    def amounts(self):
        return {
            "gross_sales": self.gross,
            "discounts": self.discount,
            "returns": self.returned,
            "net_sales": self.net,
        }

    def parts(self):
        """Dimension, name and amount of all that it is part of."""
        for dimension, name in self.names.items():
            yield dimension, name, self.net
        yield "measure", "gross_sales", self.gross
        yield "measure", "discounts", -self.discount
        yield "measure", "returns", -self.returned


def names_of(order):
    """The names of an order in the dimensions that it has as a whole."""
    return {
        "country": order.country_code or "ZZ",
        "channel": order.channel or order.source,
        "shop": order.source,
    }


def sums(entries):
    """Units, and the amounts that have a rate."""
    found = dict.fromkeys((*AMOUNTS, "units"), Fraction(0))
    for entry in entries:
        found["units"] += entry.units
        amounts = entry.amounts() if entry.is_converted else {}
        for name, amount in amounts.items():
            found[name] += amount
    return found


def products_of(entries):
    """Units and sales after discounts by product, of sold lines that have a rate."""
    rows = defaultdict(Counter)
    for entry in entries:
        if entry.is_converted and not entry.refund:
            row = rows[entry.names["product"]]
            row["units"] += entry.units
            row["sales"] += entry.net
    return rows


def categories_of(entries):
    """The category of the newest sold line of each product; of orders of one instant, the first in the
    alphabet."""
    newest = {}
    for entry in entries:
        if not entry.refund:
            key = -entry.order.ordered_at.timestamp(), entry.names["category"]
            sku = entry.names["product"]
            newest[sku] = min(key, newest.get(sku, key))
    return {sku: category for sku, (_, category) in newest.items()}


class SalesOracle:
    """The sales of the orders of a `CustomerOracle`. `exports`: the sources that are exports."""

    exports = ()

    def __init__(self, customers):
        self.customers = customers
        self.entries = [*self._sold(), *self._returned()]

    def _sold(self):
        for order in self.customers.counted:
            day = self.customers.day(order)
            buyer = self._buyer(order, day)
            for row in order.rows:
                names = {
                    "category": row["category"],
                    "product": row["sku"] or row["product_name"],
                    "customers": buyer,
                }
                amounts = row["gross_amount"], row["discount_amount"], 0
                line = {
                    "cost": row["cost_amount"],
                    "units": row["quantity"],
                }
                yield self._entry(
                    day,
                    order,
                    names,
                    amounts,
                    **line,
                )

    def _buyer(self, order, day):
        if not order.customer:
            return "guests"
        first = self.customers.of_customer[order.customer][0]
        return "new" if self.customers.day(first) == day else "returning"

    def _returned(self):
        refunds = {}
        for order in [*self.customers.orders, *self.customers.orphans]:
            for refund_id, made_at, *_ in [*order.refunds, *order.line_refunds]:
                refunds[order.source, refund_id] = made_at, order
        for key, amount in self.customers.return_rows().items():
            source, refund_id, number, is_share = key
            made_at, order = refunds[source, refund_id]
            if not order.is_sale or order.is_test:
                continue
            day = self.customers.day_of(made_at)
            names = {"category": "unallocated", "product": "", "customers": "returns"}
            for row in order.rows:
                if row["line_number"] == number:
                    names["product"] = row["sku"] or ""
                    # Only converted refunds of whole orders are divided among categories.
                    if not is_share or self.customers.rate(order.currency, day):
                        names["category"] = row["category"]
            cost = None
            for line_refund_id, _, _, line, *costs in order.line_refunds:
                is_line = (line_refund_id, line) == (refund_id, number)
                if is_line and costs and not is_share:
                    cost = -Fraction(costs[0])
            amounts = 0, 0, Fraction(amount, 10_000)
            refund = {
                "cost": cost,
                "refund": (source, refund_id),
            }
            yield self._entry(
                day,
                order,
                names,
                amounts,
                **refund,
            )

    def _entry(self, day, order, names, amounts, *, cost, units=0, refund=None):
        """An entry of `day`, of which `names` has what depends on the line."""
        rate = self.customers.rate(order.currency, day)
        names |= {"total": ""} | names_of(order)
        converted = []
        for amount in amounts:
            converted.append(Fraction(amount) * (1 if rate is None else rate))
        if cost is not None:
            cost = None if rate is None else Fraction(cost) * rate
        facts = rate is not None, names, Fraction(units)
        return Entry(
            day,
            order,
            *facts,
            *converted,
            refund,
            cost,
        )

    def unconverted(self, *days):
        """The currencies that have something without a rate on one of the days."""
        names = set()
        for entry in self.entries:
            if entry.day in days and not entry.is_converted:
                names.add(entry.currency)
        return names

    def moved_channels(self, day, base):
        """The channels that began, and those that ended, since `base`."""
        sold = defaultdict(set)
        exported = set()
        for order in self.customers.counted:
            of_day = self.customers.day(order)
            if of_day <= day:
                sold[order.channel].add(of_day)
            if order.source in self.exports:
                exported.add(order.channel)
        newest = max(max(days) for days in sold.values())
        began = set()
        ended = set()
        for channel, days in sold.items():
            week = [each for each in days if base - timedelta(days=7) < each <= base]
            is_stopped = max(days) <= newest - timedelta(days=3) and len(week) >= 5
            if min(days) > base and day in days:
                began.add(channel)
            has_sold = min(days) <= base <= max(days) < newest
            if has_sold and (is_stopped or channel in exported):
                ended.add(channel)
        return began, ended

    def contributions(self, day, base):
        """Amounts of `base` and `day` by scope, dimension and name."""
        excluded = self.unconverted(day, base)
        began, ended = self.moved_channels(day, base)
        scopes = {"all": set()}
        if began or ended:
            scopes["like_for_like"] = began | ended
        amounts = defaultdict(lambda: [Fraction(0), Fraction(0)])
        for scope, left_out in scopes.items():
            for entry in self.entries_of((base, day), excluded):
                if entry.names["channel"] in left_out:
                    continue
                for dimension, name, amount in entry.parts():
                    amounts[scope, dimension, name][entry.day == day] += amount
        return amounts

    def entries_of(self, days, excluded=()):
        """The entries of some days, without some currencies."""
        entries = []
        for entry in self.entries:
            if entry.day in days and entry.currency not in excluded:
                entries.append(entry)
        return entries

    def parents(self, day, base):
        """The category of the newest line of each product that was sold on one of both days, by product."""
        excluded = self.unconverted(day, base)
        return categories_of(self.entries_of((base, day), excluded))

    def net_sales(self, dimension, day):
        """Net sales of a day by name in a dimension, rounded."""
        amounts = defaultdict(Fraction)
        for entry in self.entries_of([day]):
            if entry.is_converted:
                amounts[entry.names[dimension]] += entry.net
        return {name: rounded(amount) for name, amount in amounts.items()}

    def products(self, day, excluded=()):
        """Units and sales after discounts of a day by product, without some currencies."""
        return products_of(self.entries_of([day], excluded))
