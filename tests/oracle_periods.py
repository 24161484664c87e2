"""What the figures of a period must be, for the whole shop and for slices, in plain Python from the rows of
orders, their lines and refunds.

It follows docs/DEFINITIONS.md and shares no code with the pipeline: `differences(sales, figures)` recomputes
what a week, a month or a slice of a day states. Amounts are exact fractions.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.oracle_comparisons import History
from tests.oracle_customers import of_ledger, rounded

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
OF_ORDERS = ("average_order_value", "tax", "shipping")
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
            units = Fraction(row["quantity"])
            place = {"category": row["category"], "units": units}
            amounts = row["gross_amount"], discount, 0
            entries.append(self._entry(row, amounts) | place)
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


def sales_of_ledger(oracle, history):
    """The `Sales` of an `Oracle`. `history`: the known days."""
    return Sales(
        oracle.orders,
        oracle.order_lines,
        oracle.refunds,
        of_ledger(oracle).return_rows(),
        oracle.exact_rate,
        history,
        oracle.business_date,
    )


class Span:
    """The days of a period, or of one that it is compared with, and what a slice sold on them."""

    def __init__(self, sales, only, days):
        self.sales, self.only, self.days = sales, only, days
        wanted = set(days)
        self.entries = []
        for entry in sales.entries:
            if entry["day"] in wanted and self._has(entry):
                self.entries.append(entry)
        self.orders = []
        for order in sales.counted:
            if order["day"] in wanted and self._has(order):
                self.orders.append(order)
        self.costs = []
        for entry in sales.costs:
            if entry["day"] in wanted and self._has(entry):
                self.costs.append(entry)

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

    def total(self, name, rows=None):
        """The sum of the amounts that have a rate."""
        entries = self.entries if rows is None else rows
        return sum(entry[name] or 0 for entry in entries)

    def headline(self):
        """The headline figures of the span."""
        figures = {name: self.total(name) for name in (*AMOUNTS, "units")}
        figures["orders"] = len(self.orders)
        customers = {order["customer"] for order in self.orders} - {None}
        new = {each for each in customers if self.sales.first_days[each] in self.days}
        figures["customers"] = len(customers)
        figures["new_customers"] = len(new)
        figures["returning_customers"] = len(customers - new)
        for name in ("tax", "shipping"):
            figures[name] = self.total(name, self.orders)
        converted = [each for each in self.orders if each["rate"] is not None]
        figures["average_order_value"] = None
        if converted:
            sold = figures["gross_sales"] - figures["discounts"]
            figures["average_order_value"] = sold / len(converted)
        if self.only.category:
            for name in OF_ORDERS:
                del figures[name]
        return figures

    def by(self, column, rows=None):
        """The entries or orders by the value of a column."""
        groups = defaultdict(list)
        for entry in self.entries if rows is None else rows:
            groups[entry[column]].append(entry)
        return groups

    def products(self):
        """Units, sales after discounts, and the category of the newest line, by product; of what has a
        rate."""
        sold = defaultdict(Counter)
        newest = {}
        for row in filter(_counts, self.sales.order_lines):
            day = row["business_date"]
            rate = self.sales.rate(row["currency"], day)
            entry = row | {"country_code": row["country_code"] or "ZZ"}
            if day in self.days and rate is not None and self._has(entry):
                sku = row["sku"] or row["product_name"] or ""
                sold[sku]["units"] += Fraction(row["quantity"])
                sold[sku]["sales"] += Fraction(row["amount_after_discount"]) * rate
                key = -row["ordered_at"].timestamp(), row["category"]
                newest[sku] = min(key, newest.get(sku, key))
        for sku, (_, category) in newest.items():
            sold[sku]["category"] = category
        return sold


def differences(sales, figures, shop_names=()):
    """Where the figures of a period differ from those of `sales`."""
    period = figures.period
    spans = {}
    for name, days in (
        ("value", period.days),
        ("before", _before(figures)),
        ("year_before", _year_before(figures)),
    ):
        spans[name] = Span(sales, figures.only, days)
    found = []
    for part in (_headline, _days, _breakdowns, _products, _reasons, _costs):
        for name, stated, true in part(figures, spans):
            if not _same(stated, true):
                found.append(f"{figures.only} {name}: {stated} instead of {true}")
    if not shop_names and figures.shops:
        found.append("shops, of which there is one")
    return found


def _before(figures):
    if figures.kind == "month":
        return _month(figures.first - timedelta(days=1))
    return [day - timedelta(days=7) for day in figures.period.days]


def _year_before(figures):
    if figures.kind == "month":
        return _month(figures.first.replace(year=figures.first.year - 1))
    return [day - timedelta(days=364) for day in figures.period.days]


def _month(day):
    first = day.replace(day=1)
    length = monthrange(day.year, day.month)[1]
    return [first + timedelta(days=number) for number in range(length)]


def _headline(figures, spans):
    compared = {}
    for name, span in spans.items():
        if name == "value":
            lacking = OF_CUSTOMERS
        else:
            lacking = LACKING
        compared[name] = span.headline()
        for figure in compared[name]:
            is_unknown = figure in lacking and span.lacks(figure)
            if is_unknown or not (name == "value" or span.is_comparable):
                compared[name][figure] = None
    names = list(compared["value"])
    yield "names of the headline", sorted(figures.headline), sorted(names)
    for figure in names:
        for name in spans:
            stated = getattr(figures.headline[figure], name)
            yield f"{figure}, {name}", stated, compared[name][figure]


def _days(figures, spans):
    span = spans["value"]
    history = span.sales.history
    yield "days", [each.day for each in figures.days], span.days
    entries = span.by("day")
    orders = span.by("day", span.orders)
    for each in figures.days:
        is_known = each.day in history.days
        net_sales = span.total("net_sales", entries[each.day]) if is_known else None
        count = len(orders[each.day]) if is_known else None
        yield f"{each.day}, net sales", each.net_sales, net_sales
        yield f"{each.day}, orders", each.orders, count
        yield f"{each.day}, complete", each.complete, each.day in history.complete
        missing = history.days.get(each.day, {}).get("missing_sources", [])
        yield f"{each.day}, missing", each.missing_sources, missing


def _breakdowns(figures, spans):
    span = spans["value"]
    for section, dimension in SECTIONS.items():
        rows = getattr(figures, section)
        if len(getattr(figures.only, dimension)) == 1:
            yield section, rows, []
            continue
        column = COLUMNS[dimension]
        entries = span.by(column)
        before = spans["before"].by(column)
        orders = {}
        if dimension != "category":
            orders = span.by(column, span.orders)
        if section == "shops" and not rows:
            continue
        names = sorted({*entries, *orders})
        yield section, sorted(row.name for row in rows), names
        net = [row.net_sales for row in rows]
        yield f"{section}, sorted", net, sorted(net, reverse=True)
        for row in rows:
            name = f"{section}, {row.name}"
            for figure in (*AMOUNTS, "units"):
                true = span.total(figure, entries[row.name])
                yield f"{name}, {figure}", getattr(row, figure), true
            count = None
            if dimension != "category":
                count = len(orders.get(row.name, ()))
            yield f"{name}, orders", row.orders, count
            true = spans["before"].total("net_sales", before[row.name])
            if not spans["before"].is_comparable:
                true = None
            yield f"{name}, before", row.before, true
    unconverted = set()
    for entry in span.entries:
        if entry["net_sales"] is None:
            unconverted.add(entry["currency"])
    for order in span.orders:
        if order["rate"] is None:
            unconverted.add(order["currency"])
    yield "unconverted", figures.unconverted, sorted(unconverted)


def _products(figures, spans):
    sold = spans["value"].products()
    before = spans["before"].products()
    is_comparable = spans["before"].is_comparable
    largest = sorted((row["sales"] for row in sold.values()), reverse=True)
    stated = [each.sales for each in figures.products]
    yield "products", stated, largest[:MOST_PRODUCTS]
    for name, sign in (("rising", 1), ("falling", -1)):
        changes = []
        for sku in {*sold, *before}:
            change = sign * (sold[sku]["sales"] - before[sku]["sales"])
            if rounded(Fraction(change)) > 0:
                changes.append(change)
        changes = sorted(changes, reverse=True)[:MOST_MOVERS] if is_comparable else []
        products = getattr(figures, name)
        stated = [sign * (each.sales - each.before) for each in products]
        yield name, stated, changes
    for each in [*figures.products, *figures.rising, *figures.falling]:
        true = before[each.sku]["sales"] if is_comparable else None
        yield f"{each.sku}, before", each.before, true
        yield f"{each.sku}, sales", each.sales, sold[each.sku]["sales"]
        yield f"{each.sku}, units", each.units, sold[each.sku]["units"]
        newest = sold[each.sku]["category"] or before[each.sku]["category"]
        yield f"{each.sku}, category", each.category, newest


def _reasons(figures, spans):
    refunds = defaultdict(set)
    amounts = Counter()
    for entry in spans["value"].entries:
        if entry.get("refund") and entry["returns"]:
            refunds[entry["reason"]].add(entry["refund"])
            amounts[entry["reason"]] += entry["returns"]
    rows = figures.return_reasons
    stated = [str(row.reason) for row in rows]
    yield "reasons", sorted(stated), sorted(map(str, refunds))
    for row in rows:
        yield f"refunds, {row.reason}", row.refunds, len(refunds[row.reason])
        yield f"amount, {row.reason}", row.amount, amounts[row.reason]


def _costs(figures, spans):
    span = spans["value"]
    costs = figures.costs
    stated = costs and costs.sales_with_cost
    if not span.costs:
        yield "sales with a cost", stated, None
        return
    cost = span.total("cost", span.costs)
    with_cost = span.total("sales", span.costs)
    net_sales = span.total("net_sales")
    coverage = None
    if rounded(net_sales) > 0:
        coverage = max(net_sales - abs(net_sales - with_cost), 0) / net_sales * 100
    yield "cost of goods", costs.cost_of_goods, cost
    yield "sales with a cost", stated, with_cost
    stated = None if costs.coverage is None else costs.coverage * 100
    yield "coverage", stated, coverage


def _counts(row):
    return row["is_sale"] and not row["is_test"]


def _same(stated, true):
    if isinstance(stated, list) and isinstance(true, list):
        return len(stated) == len(true) and all(map(_same, stated, true))
    if isinstance(stated, str) or isinstance(true, (str, date, type(None))):
        return stated == true
    if isinstance(stated, (Decimal, int)) and isinstance(
        true, (Fraction, Decimal, int)
    ):
        return abs(Fraction(stated) - Fraction(true)) < NEARLY
    return stated == true
