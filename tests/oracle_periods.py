"""What the figures of a period must be, for the whole shop and for slices, in plain Python.

It follows docs/DEFINITIONS.md and shares no code with the pipeline but the calendar of periods:
`differences(sales, history, figures)` recomputes what a week, a month or a slice of a day states from orders,
their lines and refunds. Amounts are exact fractions.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction

from tests.oracle_comparisons import coverage_of
from tests.oracle_customers import rounded
from tests.oracle_sales import AMOUNTS, categories_of, names_of, products_of, sums

NEARLY = Fraction("0.02")
"""The aggregates round each amount of a day, so that sums of them may be so far from the exact sum."""
MOST_PRODUCTS = 20
MOST_MOVERS = 5
SECTIONS = {
    "channels": "channel",
    "categories": "category",
    "countries": "country",
    "shops": "shop",
}
COLUMNS = {*AMOUNTS, "units", "orders", "before"}
OF_CUSTOMERS = ("new_customers", "returning_customers")
LACKING = ("discounts", "returns", "tax", "shipping", *OF_CUSTOMERS)


class Span:
    """The days of a period, or of one that it is compared with, and what a slice sold on them."""

    def __init__(self, sales, history, only, days):
        self.sales = sales
        self.history = history
        self.only = only
        self.days = days
        self.entries = []
        for entry in sales.entries:
            if entry.day in days and self._has(entry.names, {entry.names["category"]}):
                self.entries.append(entry)
        self.orders = []
        for order in sales.customers.counted:
            categories = {category for category, *_ in order.lines}
            if self.day(order) in days and self._has(names_of(order), categories):
                self.orders.append(order)

    def _has(self, names, categories):
        for dimension, values in self.only.limits():
            found = categories if dimension == "category" else {names[dimension]}
            if not found.intersection(values):
                return False
        return True

    def day(self, order):
        """The business date of an order."""
        return self.sales.customers.day(order)

    def rate(self, order):
        """What one unit of an order's currency was worth on its day; None without a rate."""
        return self.sales.customers.rate(order.currency, self.day(order))

    @property
    def is_comparable(self):
        return set(self.days) <= self.history.complete

    def lacks(self, figure):
        """Whether a day lacks a figure; days that are not known lack what all days before them do."""
        since = self.history.customers_since
        for day in self.days:
            is_early = since is None or day <= since
            unknown = OF_CUSTOMERS if is_early else ()
            if figure in self.history.lacking.get(day, unknown):
                return True
        return False

    def headline(self):
        """The headline figures of the span."""
        figures = sums(self.entries)
        customers = {order.customer for order in self.orders} - {None}
        new = set()
        for customer in customers:
            first = self.sales.customers.of_customer[customer][0]
            if self.day(first) in self.days:
                new.add(customer)
        figures["orders"] = len(self.orders)
        figures["customers"] = len(customers)
        figures["new_customers"] = len(new)
        figures["returning_customers"] = len(customers - new)
        if self.only.category:
            return figures
        figures |= {"tax": 0, "shipping": 0, "average_order_value": None}
        converted = [order for order in self.orders if self.rate(order) is not None]
        for order in converted:
            figures["tax"] += Fraction(order.tax) * self.rate(order)
            figures["shipping"] += Fraction(order.shipping) * self.rate(order)
        if converted:
            sold = figures["gross_sales"] - figures["discounts"]
            figures["average_order_value"] = sold / len(converted)
        return figures

    def compared(self):
        """The headline figures of a span that another one is compared with; None where they cannot be."""
        figures = self.headline()
        for name in figures:
            if not self.is_comparable or (name in LACKING and self.lacks(name)):
                figures[name] = None
        return figures

    def products(self):
        """Units, sales after discounts, and the category of the newest line, by product; of what has a
        rate."""
        sold = products_of(self.entries)
        converted = [entry for entry in self.entries if entry.is_converted]
        for sku, category in categories_of(converted).items():
            sold[sku]["category"] = category
        return sold


def differences(sales, history, figures, *, has_shops=False):
    """Where the figures of a period differ from those of `sales`, some `RandomSales`. `history`: the known
    days. `has_shops`: the shop has several."""
    period = figures.period
    now = Span(sales, history, figures.only, period.days)
    before = Span(sales, history, figures.only, period.before.days)
    year_before = Span(sales, history, figures.only, period.year_before.days)
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
    history = span.history
    true = []
    for day in span.days:
        net_sales = count = None
        if day in history.days:
            entries = [entry for entry in span.entries if entry.day == day]
            net_sales = sums(entries)["net_sales"]
            count = len([order for order in span.orders if span.day(order) == day])
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
        stated[row.name] = row.model_dump(include=COLUMNS)
    entries = _by_name(span.entries, dimension)
    entries_before = _by_name(before.entries, dimension)
    counts = Counter()
    if dimension != "category":
        counts.update(names_of(order)[dimension] for order in span.orders)
    names = entries.keys() | counts.keys()
    true = {"sorted": True, "rows": len(names)}
    for name in names:
        row = sums(entries[name]) | {"orders": counts[name], "before": None}
        if dimension == "category":
            row["orders"] = None
        if before.is_comparable:
            row["before"] = sums(entries_before[name])["net_sales"]
        true[name] = row
    return stated, true


def _by_name(entries, dimension):
    named = defaultdict(list)
    for entry in entries:
        named[entry.names[dimension]].append(entry)
    return named


def _unconverted(span):
    currencies = set()
    for entry in span.entries:
        if not entry.is_converted:
            currencies.add(entry.currency)
    for order in span.orders:
        if span.rate(order) is None:
            currencies.add(order.currency)
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


SMALLEST = Fraction(1, 10_000)
"""The smallest stored amount."""


def _reasons(figures, span):
    rows = figures.return_reasons
    stated = {row.reason: [row.refunds, row.amount] for row in rows}
    assert len(stated) == len(rows)
    true = reasons(span.entries)
    # A part of a refund that rounds to nothing does not count.
    parts = [entry for entry in span.entries if abs(entry.returned) >= SMALLEST]
    certain = reasons(parts)
    for reason, pair in true.items():
        if reason in certain and reason in stated:
            counted, _ = stated[reason]
            pair[0] = min(max(counted, certain[reason][0]), pair[0])
    return stated, true


def reasons(entries):
    """Number and amount of the refunds that have an exchange rate, by reason."""
    refunds = defaultdict(set)
    amounts = Counter()
    for entry in entries:
        if entry.refund and entry.is_converted:
            reason = (entry.order.reason or "").strip() or None
            refunds[reason].add(entry.refund)
            amounts[reason] += entry.returned
    return {reason: [len(refunds[reason]), amounts[reason]] for reason in refunds}


def _costs(figures, span):
    costs = figures.costs
    stated = None
    if costs and costs.sales_with_cost is not None:
        coverage = None if costs.coverage is None else costs.coverage * 100
        stated = [costs.cost_of_goods, costs.sales_with_cost, coverage]
    expected = costs_of(span.entries)
    if expected is None:
        return stated, None
    cost, with_cost = expected
    coverage = coverage_of(sums(span.entries)["net_sales"], with_cost)
    return stated, [cost, with_cost, coverage and coverage * 100]


def costs_of(entries):
    """Cost of goods, and the net sales that have one; None where nothing has."""
    with_cost = [entry for entry in entries if entry.cost is not None]
    if not with_cost:
        return None
    cost = sum(entry.cost for entry in with_cost)
    return cost, sums(with_cost)["net_sales"]


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
