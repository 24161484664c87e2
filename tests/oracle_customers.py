"""What the views of customers, coupons and products must say, in plain Python over the orders of a test.

Amounts are exact fractions until they are rounded, half away from zero.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from operator import attrgetter, itemgetter

PERIODS = (30, 60, 90, 365)
MOST_LINES = 200
"""Of an order that counts for pairs of products."""
MOST_DIVIDED = 5
"""Refunds of a whole order that are divided among its lines."""


def rounded(value, digits=4):
    """A fraction as a Decimal; None stays None."""
    if value is None:
        return None
    units = int(abs(value) * 10**digits + Fraction(1, 2))
    return Decimal(units if value > 0 else -units).scaleb(-digits)


@dataclass
class LedgerOrder:
    """An order of a ledger's `Oracle`: the fields that `CustomerOracle` reads. `rows`: of `order_lines`."""

    source: str
    order_id: str
    ordered_at: datetime
    channel: str
    currency: str
    refunds: list
    is_sale: bool = True
    is_test: bool = False
    country_code: str | None = None
    customer: str | None = None
    coupon: str | None = None
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    rows: Sequence = ()
    line_refunds: Sequence = ()


def of_ledger(oracle):
    """A `CustomerOracle` about the orders of an `Oracle`."""
    lines = defaultdict(list)
    for row in sorted(oracle.order_lines, key=lambda row: row["line_number"]):
        lines[row["source"], row["order_id"]].append(row)
    whole = defaultdict(list)
    of_lines = defaultdict(list)
    for row in oracle.refunds:
        refund = row["refund_id"], row["refunded_at"], row["merchandise_amount"]
        key = row["source"], row["order_id"]
        if row["line_number"]:
            of_lines[key].append((*refund, row["line_number"]))
        else:
            whole[key].append(refund)
    orders = []
    for row in oracle.orders:
        key = row["source"], row["order_id"]
        order = LedgerOrder(
            *key,
            row["ordered_at"],
            row["channel"],
            row["currency"],
            whole.pop(key, []),
            row["is_sale"],
            row["is_test"],
            row["country_code"],
            row["customer_hash"],
            row["coupon_code"],
            row["discount_amount"],
            row["tax_amount"],
            row["shipping_amount"],
            lines[key],
            of_lines[key],
        )
        orders.append(order)
    orphans = []
    for (source, order_id), refunds in whole.items():
        _, refunded_at, _ = refunds[0]
        known = source, order_id, refunded_at, source, oracle.reporting_currency
        orphans.append(LedgerOrder(*known, refunds))
    return CustomerOracle(
        orders,
        oracle.business_date,
        oracle.exact_rate,
        orphans,
        oracle.reporting_currency,
    )


DECIMALS = {"JPY": 0, "KWD": 3}
"""Of averages, by reporting currency; others have two."""


class CustomerOracle:
    """The truth about `orders` in the reporting currency `currency`. `day_of` gives the business date of an
    instant, and `rate` the value of one unit of a currency on a day, or None. `orphans`: unknown orders, of
    which only the refunds are known."""

    def __init__(self, orders, day_of, rate, orphans=(), currency="USD"):
        self.orders = orders
        self.day_of = day_of
        self.rate = rate
        self.orphans = orphans
        self.currency = currency
        self.decimals = DECIMALS.get(currency, 2)
        counted = [each for each in orders if each.is_sale and not each.is_test]
        by_time = attrgetter("ordered_at", "source", "order_id")
        self.counted = sorted(counted, key=by_time)
        self.of_customer = defaultdict(list)
        for order in self.counted:
            if order.customer:
                self.of_customer[order.customer].append(order)
        self.newest = max(self.day(order) for order in self.counted)

    def day(self, order):
        return self.day_of(order.ordered_at)

    def converted(self, amount, currency, day):
        rate = self.rate(currency, day)
        return None if rate is None else Fraction(Decimal(amount)) * rate

    def figures(self, order):
        """Gross sales, discounts, returns and net sales of an order, unrounded."""
        day = self.day(order)
        gross = sum(row["gross_amount"] for row in order.rows)
        refunds = []
        for _, made_at, amount, *_ in [*order.refunds, *order.line_refunds]:
            refunds.append(self.converted(amount, order.currency, self.day_of(made_at)))
        gross = self.converted(gross, order.currency, day)
        discount = self.converted(order.discount, order.currency, day)
        returns = None if None in refunds else sum(refunds, Fraction(0))
        net = None
        if None not in (gross, returns):
            net = gross - discount - returns
        return gross, discount, returns, net

    def net_sales(self, order):
        """Net sales of an order, unrounded, or None."""
        return self.figures(order)[3]

    def order_amounts(self):
        """The country and amounts of `orders_reporting` by order."""
        found = {}
        for order in self.orders:
            day = self.day(order)
            tax = self.converted(order.tax, order.currency, day)
            shipping = self.converted(order.shipping, order.currency, day)
            amounts = [*self.figures(order), tax, shipping]
            country = order.country_code or "ZZ"
            found[order.source, order.order_id] = country, *map(rounded, amounts)
        return found

    def return_rows(self):
        """Ten-thousandths by refund, line and whether they are a share: the rows of `return_lines_reporting`,
        before the conversion."""
        found = Counter()
        for order in [*self.orders, *self.orphans]:
            for refund_id, _, amount, number, *_ in order.line_refunds:
                found[order.source, refund_id, number, False] += _units(amount)
            for refund_id, amount, shares in divided_refunds(order):
                for number, share in shares.items():
                    found[order.source, refund_id, number, True] = share
                rest = amount - sum(shares.values())
                found[order.source, refund_id, 0, False] += rest
        return {key: amount for key, amount in found.items() if amount}

    def customer_orders(self):
        """Country, number, days since the previous order, month and channel of the first one, net sales, by
        order."""
        found = {}
        for order in self.counted:
            first = order
            number = days = None
            if order.customer:
                placed = self.of_customer[order.customer]
                first = placed[0]
                number = placed.index(order) + 1
                if number > 1:
                    days = (self.day(order) - self.day(placed[number - 2])).days
            key = order.source, order.order_id
            month = _month(self.day(first))
            channel = first.channel or first.source
            country = order.country_code or "ZZ"
            net_sales = rounded(self.net_sales(order))
            found[key] = country, number, days, month, channel, net_sales
        return found

    def cohorts(self):
        """Customers, active and returned customers, orders, those without net sales, net sales of the month,
        until then, and per customer, and whether the month is over, by month of first orders and months
        since."""
        found = {}
        months = defaultdict(list)
        for placed in self.of_customer.values():
            months[_month(self.day(placed[0]))].append(placed)
        for month, customers in months.items():
            orders = defaultdict(list)
            second_orders = []
            for placed in customers:
                for order in placed:
                    orders[_months(month, self.day(order))].append(order)
                for order in placed[1:2]:
                    second_orders.append(_months(month, self.day(order)))
            cumulative = Fraction(0)
            for since in range(_months(month, self.newest) + 1):
                net_sales, unconverted = self.total(orders[since])
                cumulative += net_sales
                found[month, since] = (
                    len(customers),
                    len({order.customer for order in orders[since]}),
                    sum(second <= since for second in second_orders),
                    len(orders[since]),
                    unconverted,
                    rounded(net_sales),
                    rounded(cumulative),
                    rounded(cumulative / len(customers), self.decimals),
                    _months(month, self.newest + timedelta(days=1)) > since,
                )
        return found

    def repeats(self):
        """Customers, days since the month, customers with a second order within each of `PERIODS`, and orders
        of guests, by month."""
        found = defaultdict(Counter)
        for order in self.counted:
            if not order.customer:
                found[_month(self.day(order))]["guests"] += 1
        for placed in self.of_customer.values():
            cohort = found[_month(self.day(placed[0]))]
            cohort["customers"] += 1
            if len(placed) > 1:
                days = (self.day(placed[1]) - self.day(placed[0])).days
                for period in PERIODS:
                    cohort[period] += days <= period
        rows = {}
        for month, counts in found.items():
            next_month = _month(month + timedelta(days=31))
            observed = max((self.newest - next_month).days + 1, 0)
            within = [counts[period] for period in PERIODS]
            rows[month] = counts["customers"], observed, *within, counts["guests"]
        return rows

    def total(self, orders):
        """The sum of the net sales that are known, unrounded, and the number of orders without."""
        amounts = [self.net_sales(order) for order in orders]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Fraction(0)), len(amounts) - len(known)

    def customer_values(self):
        """First and last day, first channel, orders, those without net sales, net sales, their average, days
        since the last order, the three scores and the segment, by customer."""
        facts = {}
        for customer, placed in self.of_customer.items():
            net_sales, _ = self.total(placed)
            facts[customer] = self.day(placed[-1]), len(placed), rounded(net_sales)
        found = {}
        for customer, placed in self.of_customer.items():
            scores = []
            for place, value in enumerate(facts[customer]):
                lower = sum(other[place] < value for other in facts.values())
                scores.append(1 + 5 * lower // len(facts))
            first = placed[0]
            last, orders, net_sales = facts[customer]
            exact, unconverted = self.total(placed)
            converted = orders - unconverted
            average = exact / converted if converted else None
            found[customer] = (
                self.day(first),
                last,
                first.channel or first.source,
                orders,
                unconverted,
                net_sales,
                rounded(average, self.decimals),
                (self.newest - last).days,
                *scores,
                segment(orders, *scores[:2]),
            )
        return found

    def coupons(self):
        """Orders, those without net sales, customers, new customers, gross sales, discounts and net sales by
        day and code."""
        rows = defaultdict(list)
        for order in self.counted:
            codes = {each.strip().lower() for each in (order.coupon or "").split(",")}
            codes.discard("")
            for code in codes:
                rows[self.day(order), code].append((order, len(codes)))
        found = {}
        for key, orders in rows.items():
            customers = set()
            new_customers = set()
            unconverted = 0
            amounts = [Fraction(0)] * 3
            for order, codes in orders:
                gross, discount, _, net = self.figures(order)
                unconverted += net is None
                if order.customer:
                    customers.add(order.customer)
                    if self.of_customer[order.customer][0] is order:
                        new_customers.add(order.customer)
                for place, amount in enumerate((gross, discount, net)):
                    amounts[place] += (amount or 0) / codes
            found[key] = (
                len(orders),
                unconverted,
                len(customers),
                len(new_customers),
                *map(rounded, amounts),
            )
        return found

    def pairs(self):
        """Orders with both and with each, and all orders, by pair of SKUs."""
        oldest = self.newest - timedelta(days=90)
        baskets = []
        for order in self.counted:
            if self.day(order) > oldest and len(order.rows) <= MOST_LINES:
                baskets.append({row["sku"] for row in order.rows} - {None})
        both = Counter()
        single = Counter()
        for basket in baskets:
            single.update(basket)
            both.update(combinations(sorted(basket), 2))
        found = {}
        for (a, b), count in both.items():
            if count >= 2:
                found[a, b] = count, single[a], single[b], len(baskets)
        return found


def divided_refunds(order):
    """Id, amount and shares by line of each refund of the whole order, in ten-thousandths.

    Each refund of a line and each share reduces what is left of the line.
    """
    left = {}
    for row in order.rows:
        left[row["line_number"]] = _units(row["amount_after_discount"])
    refunds = []
    for refund_id, made_at, amount, *_ in order.refunds:
        refunds.append((made_at, 1, refund_id, _units(amount), None))
    for refund_id, made_at, amount, number, *_ in order.line_refunds:
        refunds.append((made_at, 0, refund_id, _units(amount), number))
    divided = 0
    for _, is_whole, refund_id, amount, number in sorted(
        refunds, key=itemgetter(0, 1, 2)
    ):
        if not is_whole:
            left[number] -= amount
            continue
        shares = {}
        # A negative amount is a fee that the shop keeps: no line has a part of it.
        if amount > 0:
            divided += 1
            if divided <= MOST_DIVIDED:
                shares = _shares(amount, left)
        for line_number, share in shares.items():
            left[line_number] -= share
        yield refund_id, amount, shares


def _shares(amount, left):
    """The parts of an amount in proportion to what is left, rounded so that they add up to it."""
    total = sum(max(units, 0) for units in left.values())
    if not total:
        return {}
    divisible = min(amount, total)
    shares = {}
    seen = 0
    given = 0
    for number, units in sorted(left.items()):
        seen += max(units, 0)
        shares[number] = divisible * seen // total - given
        given += shares[number]
    return shares


def segment(orders, recency, frequency):
    """The segment of a customer, by the table in docs/DEFINITIONS.md."""
    is_recent = recency in (4, 5)
    is_late = recency in (1, 2)
    is_frequent = frequency in (4, 5)
    if orders == 1:
        if is_recent:
            return "new"
        return "lost after one order" if is_late else "one order"
    if is_late:
        return "best, at risk" if is_frequent else "at risk"
    return "best" if is_recent and is_frequent else "loyal"


def _units(amount):
    return int(Decimal(amount).scaleb(4))


def _month(day):
    return day.replace(day=1)


def _months(first, day):
    return (day.year - first.year) * 12 + day.month - first.month
