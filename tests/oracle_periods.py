"""What the figures of a period must be, for the whole shop and for slices, in plain Python from the rows of
orders, their lines and refunds.

It follows docs/DEFINITIONS.md and shares no code with the pipeline but the calendar of periods:
`differences(sales, figures)` recomputes what a week, a month or a slice of a day states. Amounts are exact
fractions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.oracle_comparisons import History
from tests.oracle_customers import rounded

NEARLY = Fraction("0.02")
"""The aggregates round each amount of a day, so that sums of them may be so far from the exact sum."""
MOST_PRODUCTS = 20
MOST_MOVERS = 5
COLUMNS = {
    "country": "country_code",
    "shop": "source",
    "channel": "channel",
    "category": "category",
}
SECTIONS = {
    "channels": "channel",
    "categories": "category",
    "countries": "country",
    "shops": "shop",
}
AMOUNTS = ("gross_sales", "discounts", "returns", "net_sales")
OF_CUSTOMERS = ("new_customers", "returning_customers")
LACKING = ("discounts", "returns", "tax", "shipping", *OF_CUSTOMERS)


@dataclass
class Sales:
    """The rows of a warehouse, with the names of its columns.

    Attributes:
        returned: ten-thousandths by source, refund, line and whether it is a share of a whole order's refund.
        rate: what one unit of a currency is worth on a day, as a fraction, or None.
        history: the known days.
        day_of: the business date of an instant.
    """

    orders: list[dict]
    order_lines: list[dict]
    refunds: list[dict]
    returned: dict
    rate: Callable[[str, date], Fraction | None]
    history: History
    day_of: Callable[[Any], date]

    @cached_property
    def entries(self):
        """What is sold and returned, in reporting currency; amounts without a rate are None."""
        entries = []
        for row in filter(_counts, self.order_lines):
            discount = row["gross_amount"] - row["amount_after_discount"]
            entry = self._entry(row, (row["gross_amount"], discount, 0))
            entry |= {"category": row["category"], "units": Fraction(row["quantity"])}
            entry["sku"] = row["sku"] or row["product_name"] or ""
            entry["ordered_at"] = row["ordered_at"]
            entries.append(entry)
        lines = {}
        for row in self.order_lines:
            lines[row["source"], row["order_id"], row["line_number"]] = row
        refunds = {}
        for row in self.refunds:
            key = row["source"], row["refund_id"]
            refunds.setdefault(key, {})[row["line_number"]] = row
        for (source, refund_id, number, is_share), units in self.returned.items():
            of_refund = refunds[source, refund_id]
            row = of_refund[0 if is_share else number]
            if not _counts(row):
                continue
            category = row["category"]
            is_converted = self.rate(row["currency"], row["business_date"])
            if is_share and is_converted is not None:
                category = lines[source, row["order_id"], number]["category"]
            entry = self._entry(row, (0, 0, Fraction(units, 10_000)))
            entry |= {"category": category, "units": 0}
            entry["reason"] = (row["reason"] or "").strip() or None
            entry["refund"] = source, refund_id
            entries.append(entry)
        return entries

    def _entry(self, row, amounts):
        rate = self.rate(row["currency"], row["business_date"])
        if rate is None:
            return self._place(row) | dict.fromkeys(AMOUNTS)
        gross, discount, returned = (Fraction(amount) * rate for amount in amounts)
        net = gross - discount - returned
        converted = dict(zip(AMOUNTS, (gross, discount, returned, net), strict=True))
        return self._place(row) | converted

    def _place(self, row):
        return {
            "day": row["business_date"],
            "source": row["source"],
            "channel": row["channel"],
            "country_code": row["country_code"] or "ZZ",
            "currency": row["currency"],
        }

    @cached_property
    def costs(self):
        """Cost of goods and the net sales with it, by line and refund; a refund of a whole order is in no
        other category."""
        entries = []
        for row in filter(_counts, self.order_lines):
            entries += self._cost(row, 1, row["amount_after_discount"])
        for row in filter(_counts, self.refunds):
            entries += self._cost(row, -1, row["merchandise_amount"])
        return entries

    def _cost(self, row, sign, sales):
        rate = self.rate(row["currency"], row["business_date"])
        cost = row.get("cost_amount")
        if cost is None or rate is None:
            return []
        entry = self._place(row) | {"category": row["category"]}
        entry["cost"] = sign * Fraction(cost) * rate
        entry["sales"] = sign * Fraction(sales) * rate
        return [entry]

    @cached_property
    def counted(self):
        """The orders that count, with the categories of their lines."""
        categories = defaultdict(set)
        for row in self.order_lines:
            categories[row["source"], row["order_id"]].add(row["category"])
        orders = []
        for row in filter(_counts, self.orders):
            place = self._place(row)
            place["categories"] = categories[row["source"], row["order_id"]]
            place["customer"] = row["customer_hash"]
            place["ordered_at"] = row["ordered_at"]
            place["rate"] = self.rate(row["currency"], row["business_date"])
            for name in ("tax", "shipping"):
                place[name] = Fraction(row[f"{name}_amount"]) * (place["rate"] or 0)
            orders.append(place)
        return orders

    @cached_property
    def first_days(self):
        """The day of each customer's first order."""
        first = {}
        for order in self.counted:
            if order["customer"]:
                day = min(order["day"], first.get(order["customer"], order["day"]))
                first[order["customer"]] = day
        return first


class Span:
    """The days of a period, or of one that it is compared with, and what a slice sold on them."""

    def __init__(self, sales, only, days):
        self.sales = sales
        self.only = only
        self.days = days
        self.entries = self._of_slice(sales.entries)
        self.orders = self._of_slice(sales.counted)
        self.costs = self._of_slice(sales.costs)

    def _of_slice(self, entries):
        days = set(self.days)
        return [entry for entry in entries if entry["day"] in days and self._has(entry)]

    def _has(self, entry):
        for dimension, column in COLUMNS.items():
            values = set(getattr(self.only, dimension))
            found = {entry.get(column)}
            if dimension == "category":
                found = entry.get("categories", found)
            if values and not values & found:
                return False
        return True

    @property
    def is_comparable(self):
        return set(self.days) <= self.sales.history.complete

    def lacks(self, figure):
        """Whether a day lacks a figure; days that are not known lack what all days before them do."""
        history = self.sales.history
        since = history.customers_since
        for day in self.days:
            is_early = since is None or day <= since
            unknown = OF_CUSTOMERS if is_early else ()
            if figure in history.lacking.get(day, unknown):
                return True
        return False

    def headline(self):
        """The headline figures of the span."""
        figures = {name: _total(name, self.entries) for name in (*AMOUNTS, "units")}
        customers = {order["customer"] for order in self.orders} - {None}
        new = {each for each in customers if self.sales.first_days[each] in self.days}
        figures["orders"] = len(self.orders)
        figures["customers"] = len(customers)
        figures["new_customers"] = len(new)
        figures["returning_customers"] = len(customers - new)
        if self.only.category:
            return figures
        for name in ("tax", "shipping"):
            figures[name] = _total(name, self.orders)
        converted = [order for order in self.orders if order["rate"] is not None]
        sold = figures["gross_sales"] - figures["discounts"]
        average = sold / len(converted) if converted else None
        return figures | {"average_order_value": average}

    def compared(self):
        """The headline figures of a span that another one is compared with; None where they cannot be."""
        figures = self.headline()
        for name in figures:
            if not self.is_comparable or (name in LACKING and self.lacks(name)):
                figures[name] = None
        return figures

    def net_sales(self, column):
        """Net sales by the value of a column; None where they cannot be compared with."""
        if not self.is_comparable:
            return defaultdict(lambda: None)
        net_sales = Counter()
        for entry in self.entries:
            net_sales[entry[column]] += entry["net_sales"] or 0
        return net_sales

    def products(self):
        """Units, sales after discounts, and the category of the newest line, by product; of what has a
        rate."""
        sold = defaultdict(Counter)
        newest = {}
        for entry in self.entries:
            if "sku" in entry and entry["net_sales"] is not None:
                sku = entry["sku"]
                sold[sku]["units"] += entry["units"]
                sold[sku]["sales"] += entry["net_sales"]
                key = -entry["ordered_at"].timestamp(), entry["category"]
                newest[sku] = min(key, newest.get(sku, key))
        for sku, (_, category) in newest.items():
            sold[sku]["category"] = category
        return sold


def differences(sales, figures, *, has_shops=False):
    """Where the figures of a period differ from those of `sales`. `has_shops`: the shop has several."""
    period = figures.period
    now = Span(sales, figures.only, period.days)
    before = Span(sales, figures.only, period.before.days)
    year_before = Span(sales, figures.only, period.year_before.days)
    pairs = {
        "headline": _headline(figures, now, before, year_before),
        "days": _days(figures, now),
        "unconverted": (figures.unconverted, _unconverted(now)),
        "reasons": _reasons(figures, now),
        "costs": _costs(figures, now),
    }
    for section in SECTIONS:
        pairs[section] = _breakdown(section, figures, now, before)
    if not has_shops:
        pairs["shops"] = (figures.shops, [])
    pairs |= _products(figures, now, before)
    found = []
    for name, (stated, true) in pairs.items():
        if not _same(stated, true):
            found.append(f"{figures.only} {name}: {stated} instead of {true}")
    return found


def _headline(figures, now, before, year_before):
    stated = {}
    for name, figure in figures.headline.items():
        stated[name] = [figure.value, figure.before, figure.year_before]
    values = now.headline()
    for name in OF_CUSTOMERS:
        if now.lacks(name):
            values[name] = None
    bases = before.compared(), year_before.compared()
    true = {
        name: [value, *(base[name] for base in bases)] for name, value in values.items()
    }
    return stated, true


def _days(figures, span):
    stated = []
    for day in figures.days:
        known = [day.complete, day.missing_sources]
        stated.append([day.day, day.net_sales, day.orders, *known])
    history = span.sales.history
    true = []
    for day in span.days:
        net_sales = count = None
        if day in history.days:
            entries = [entry for entry in span.entries if entry["day"] == day]
            net_sales = _total("net_sales", entries)
            count = len([order for order in span.orders if order["day"] == day])
        missing = history.days.get(day, {}).get("missing_sources", [])
        true.append([day, net_sales, count, day in history.complete, missing])
    return stated, true


def _breakdown(section, figures, span, before):
    rows = getattr(figures, section)
    dimension = SECTIONS[section]
    if len(getattr(figures.only, dimension)) == 1:
        return rows, []
    is_sorted = sorted(rows, key=lambda row: -row.net_sales) == rows
    stated = {"sorted": is_sorted, "rows": len(rows)}
    for row in rows:
        amounts = [getattr(row, name) for name in (*AMOUNTS, "units")]
        stated[row.name] = [*amounts, row.orders, row.before]
    column = COLUMNS[dimension]
    orders = [] if dimension == "category" else span.orders
    before_by_name = before.net_sales(column)
    names = {entry[column] for entry in [*span.entries, *orders]}
    true = {"sorted": True, "rows": len(names)}
    for name in names:
        entries = [entry for entry in span.entries if entry[column] == name]
        amounts = [_total(figure, entries) for figure in (*AMOUNTS, "units")]
        count = None
        if dimension != "category":
            count = len([order for order in orders if order[column] == name])
        true[name] = [*amounts, count, before_by_name[name]]
    return stated, true


def _unconverted(span):
    currencies = {
        entry["currency"] for entry in span.entries if entry["net_sales"] is None
    }
    for order in span.orders:
        if order["rate"] is None:
            currencies.add(order["currency"])
    return sorted(currencies)


def _products(figures, now, before):
    """The pairs of the sections of products: the amounts by which they are ranked, and each product."""
    sold = now.products()
    sold_before = before.products()
    largest = sorted((row["sales"] for row in sold.values()), reverse=True)
    stated = [product.sales for product in figures.products]
    pairs = {"products": (stated, largest[:MOST_PRODUCTS])}
    for name, sign in (("rising", 1), ("falling", -1)):
        changes = []
        for sku in {*sold, *sold_before}:
            change = sign * (sold[sku]["sales"] - sold_before[sku]["sales"])
            if before.is_comparable and rounded(Fraction(change)) > 0:
                changes.append(change)
        products = getattr(figures, name)
        stated = [sign * (product.sales - product.before) for product in products]
        pairs[name] = stated, sorted(changes, reverse=True)[:MOST_MOVERS]
    for product in [*figures.products, *figures.rising, *figures.falling]:
        stated = [product.before, product.sales, product.units, product.category]
        row = sold[product.sku]
        base = sold_before[product.sku]
        sales_before = base["sales"] if before.is_comparable else None
        category = row["category"] or base["category"]
        true = [sales_before, row["sales"], row["units"], category]
        pairs[f"product {product.sku}"] = stated, true
    return pairs


def _reasons(figures, span):
    rows = figures.return_reasons
    stated = {row.reason: [row.refunds, row.amount] for row in rows}
    assert len(stated) == len(rows)
    refunds = defaultdict(set)
    amounts = Counter()
    for entry in span.entries:
        if entry.get("refund") and entry["returns"]:
            refunds[entry["reason"]].add(entry["refund"])
            amounts[entry["reason"]] += entry["returns"]
    true = {reason: [len(refunds[reason]), amounts[reason]] for reason in refunds}
    return stated, true


def _costs(figures, span):
    costs = figures.costs
    stated = None
    if costs and costs.sales_with_cost is not None:
        coverage = None if costs.coverage is None else costs.coverage * 100
        stated = [costs.cost_of_goods, costs.sales_with_cost, coverage]
    if not span.costs:
        return stated, None
    with_cost = _total("sales", span.costs)
    net_sales = _total("net_sales", span.entries)
    coverage = None
    if rounded(net_sales) > 0:
        coverage = max(net_sales - abs(net_sales - with_cost), 0) / net_sales * 100
    return stated, [_total("cost", span.costs), with_cost, coverage]


def _total(name, entries):
    """The sum of the amounts that have a rate."""
    return Fraction(sum(entry[name] or 0 for entry in entries))


def _counts(row):
    return row["is_sale"] and not row["is_test"]


def _same(stated, true):
    if isinstance(true, dict):
        is_whole = stated.keys() == true.keys()
        return is_whole and all(_same(stated[name], true[name]) for name in true)
    if isinstance(stated, list) and isinstance(true, list):
        return len(stated) == len(true) and all(map(_same, stated, true))
    if isinstance(stated, (Decimal, int)) and isinstance(
        true, (Fraction, Decimal, int)
    ):
        return abs(Fraction(stated) - Fraction(true)) < NEARLY
    return stated == true
