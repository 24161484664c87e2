"""Three weeks of random sales, successive reads of them, and the truth about them."""

import json
import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.integration.warehouse.loadable import (
    Folder,
    Order,
    at,
    business_date,
    days_from,
    midnight,
)
from tests.oracle_customers import CustomerOracle
from tests.oracle_sales import SalesOracle, names_of

LAST = date(2026, 3, 2)
DAYS = days_from(LAST - timedelta(days=20), 21)
MORNING = at("2026-03-03 11:00")
EXPORT = "old_shop"
CHANNELS = {
    "sales_db": ("sales_db", -90, 20),
    "storefront": ("storefront", 16, 20),
    "acme": ("partner_files", 0, 14),
    "zeta": ("partner_files", 0, 20),
    "kiosk": (EXPORT, 0, 15),
}
"""Source of each channel, and the places in `DAYS` of the first and last day on which it sells."""
CATEGORIES = ("Toys", "Garden", "Cups")
PRODUCTS = ("A", "B", "C", "c", "D", None)
UNIT_COSTS = (None, "0", "0.31", "20.00")
COUPONS = (None, None, "SPRING", "spring, VIP", "VIP,WELCOME,vip", " ")
DOLLARS = Decimal("1.0875")
"""Of a euro; each day of a month it is another thousandth more."""
RATES = {
    "GBP": "0.8533",
    "JPY": "161.37",
    "KWD": "0.33417",
}
"""Units per euro. The real has none, and that of the dirham is 0."""
CURRENCIES = ("USD", "USD", "USD", "EUR", "GBP", "JPY", "KWD", "AED")
EARLIER = days_from(DAYS[0] - timedelta(days=149), 149)
LIVE = ("sales_db", "storefront", "partner_files")
READS = 4
BROKEN_DOWN = ("channel", "category", "country", "shop")


class RandomSales(SalesOracle):
    """Orders, refunds and rates of a shop, and the truth about them.

    `converted_until` is the last day with a rate of the pound; the dirham has none.
    """

    exports = (EXPORT,)

    def __init__(self, seed, currency="USD"):
        self.chance = random.Random(seed)
        self.currency = currency
        self.last = LAST
        self.days = [*EARLIER, *DAYS]
        self.orders = []
        self.refunds_of_day = Counter()
        for day in self.chance.sample(EARLIER, 25):
            self._sell("sales_db", day)
        for number, day in enumerate(DAYS):
            for channel, (_, first, last) in CHANNELS.items():
                # One skips a day now and then; none does on the days that decide whether one has moved.
                sells = number in (13, 14, 20) or self.chance.random() < 0.85
                if first <= number <= last and sells:
                    for _ in range(self.chance.randint(1, 3)):
                        self._sell(channel, day)
        for count in (200, 201):
            goods = [("Toys", "1", "1.00")] * count
            skus = (["A", "B", "C"] * 67)[:count]
            order = Order(
                f"wholesale {count}",
                self._at(DAYS[5]),
                goods,
                skus,
            )
            order.channel = "sales_db"
            self.orders.append(order)
        for source in ("sales_db", "storefront"):
            # An order of no amount.
            lines = [
                ("Toys", "1", "10.00"),
                ("Cups", "1", "-10.00"),
            ]
            order = Order(
                "free",
                self._at(DAYS[17]),
                lines,
                source=source,
            )
            order.channel = source
            self.orders.append(order)
        self.orphans = []
        for number in range(3):
            refunded_at = self._at(self.chance.choice(DAYS))
            orphan = f"unknown {number}", f"orphan {number}", refunded_at
            self.orphans.append((*orphan, self._amount(2_000)))
        self.converted_until = LAST - timedelta(days=self.chance.randint(1, 7))
        self._settle()

    def _settle(self):
        """Compute the truth about the orders and orphans."""
        self.published = {}
        for day, currency, units in self.rate_rows():
            self.published[currency, day] = Decimal(units)
        unknown = []
        for order_id, *refund in self.orphans:
            made_at = refund[1]
            order = Order(
                order_id,
                made_at,
                (),
                refunds=[refund],
                country_code=None,
            )
            unknown.append(order)
        customers = CustomerOracle(
            self.orders, business_date, self.rate_of, unknown, self.currency
        )
        super().__init__(customers)

    def _amount(self, most):
        return str(Decimal(self.chance.randint(1, most)) / 100)

    def _at(self, day):
        # From 01:00 to 23:00 in the shop, so some are of another day in UTC; some are of one instant.
        minute = self.chance.choice([777, self.chance.randint(0, 22 * 60)])
        return midnight(day).astimezone(UTC) + timedelta(minutes=60 + minute)

    def _sell(self, channel, day):
        source = CHANNELS[channel][0]
        # Each source has orders and refunds of these ids.
        number = len([order for order in self.orders if order.source == source])
        lines = []
        for _ in range(self.chance.randint(1, 4)):
            category = self.chance.choice(CATEGORIES)
            # Some lines are vouchers.
            sign = self.chance.choice(["", "", "", "", "-"])
            gross = f"{sign}{self._amount(20_000)}"
            lines.append((category, self._amount(300), gross))
        is_sale = self.chance.random() < 0.9
        order = Order(
            str(number),
            self._at(day),
            lines=lines,
            products=[self.chance.choice(PRODUCTS) for _ in lines],
            unit_costs=[self.chance.choice(UNIT_COSTS) for _ in lines],
            source=source,
            channel=channel,
            status="completed" if is_sale else "cancelled",
            is_sale=is_sale,
            is_test=self.chance.random() < 0.07,
            currency=self.chance.choice(CURRENCIES),
            country_code=self.chance.choice(["US", "CA", "DE", None]),
            customer=self._customer(channel, number),
            coupon=self.chance.choice(COUPONS),
            tax=self._amount(900),
            shipping=self._amount(500),
            attributes=self.chance.choice([None, '{"group": "x"}', '{"group":"y"}']),
            reason=self.chance.choice([None, " ", "broken", "late", "late "]),
        )
        if channel == "sales_db" and day in (DAYS[13], DAYS[20]):
            # One of the compared days has no rate of the pound.
            order.currency = "GBP"
        elif self.chance.random() < 0.1:
            # None of this customer's orders, and none with this code, has an exchange rate.
            order.customer = "zoe"
            order.currency = "BRL"
            order.coupon = "BRASIL"
        if self.chance.random() < 0.3:
            order.discount = self.chance.choice([self._amount(1_500), lines[0][2]])
        self._refund(order)
        self.orders.append(order)

    def _customer(self, channel, number):
        """A guest, a regular customer of the shop or of one channel, or one who comes rarely."""
        kind = self.chance.choice(["guest", "regular", "of channel", "rare", "rare"])
        if kind == "guest":
            return None
        if kind == "regular":
            return self.chance.choice("abcdefgh")
        if kind == "of channel":
            return f"regular {self.chance.randint(1, 3)} of {channel}"
        return f"rare {number // 4} of {channel}"

    def _refund(self, order):
        """Add up to eight refunds, some at the same instant: of a line, of the whole order, or of a line with
        an amount of the whole order, which is negative for a fee that the shop keeps."""
        order.refunds = []
        order.line_refunds = []
        most_cents = self.chance.choice([4_000, 15_000])
        for number in range(self.chance.choice([0, 0, 0, 1, 2, 8])):
            hours = self.chance.choice([0, number])
            later = timedelta(
                days=self.chance.choice([0, 0, 1, 3, 7]),
                hours=hours,
            )
            made_at = order.ordered_at + later
            if business_date(made_at) > self.last:
                continue
            day = business_date(made_at)
            # Each source has refunds of these ids.
            self.refunds_of_day[order.source, day] += 1
            refund = f"{day} {self.refunds_of_day[order.source, day]}", made_at
            kinds = ["line", "whole", "whole", "line and rest", "line and fee"]
            kind = self.chance.choice(kinds)
            if kind != "whole":
                line = self.chance.randint(1, len(order.lines))
                cost = self.chance.choice([(), ("1.25",)])
                amount = self._amount(most_cents)
                order.line_refunds.append((*refund, amount, line, *cost))
            if kind == "line and fee":
                order.refunds.append((*refund, f"-{self._amount(500)}"))
            elif kind != "line":
                order.refunds.append((*refund, self._refunded(most_cents)))

    def _refunded(self, most):
        """An amount of goods, which is nothing where only tax or shipping is refunded."""
        return "0" if self.chance.random() < 0.1 else self._amount(most)

    def load(self, shop, complete):
        """Load the live sources after the runs of the `complete` days, and the export."""
        shop.ran(complete)
        folders = self.nothing(MORNING)
        self.fill(folders)
        shop.load(*folders.values(), day=LAST)
        self.load_export(shop)

    def fill(self, folders):
        """Add to the folders of a read what there is of the live sources in the end."""
        folders["sales_db"].orphans = self.orphans
        for source in LIVE:
            folders[source].orders = self._of(source)

    def _of(self, source):
        return [order for order in self.orders if order.source == source]

    def load_export(self, shop):
        shop.load(
            Folder(self._of(EXPORT), source=EXPORT),
            day=DAYS[0],
            run_id="manual__export",
            dag_id="sales_history_load",
            status="history",
        )

    def reads(self):
        """The folders of successive reads of the live sources.

        Until a read finds an order as it is in `orders`, the order is unknown, removed or different. Each
        exchange rate is in one of the reads.
        """
        reads = []
        for number in range(READS):
            reads.append(self.nothing(MORNING + timedelta(days=number)))
            reads[number]["exchange_rates"].rates = []
        for rate in self.rate_rows():
            reads[self.chance.randrange(READS)]["exchange_rates"].rates.append(rate)
        reads[self.chance.randrange(READS)]["sales_db"].orphans = self.orphans
        for source in LIVE:
            for order in self._of(source):
                final = self.chance.randrange(READS)
                order.updated_at = reads[final][source].read_at
                for number, read in enumerate(reads):
                    self._find(
                        order,
                        read[source],
                        number - final,
                    )
            gone = Order(
                "gone",
                order.ordered_at,
                source=source,
                customer="a",
            )
            reads[0][source].orders.append(gone)
            reads[2][source].removed.append("gone")
        return reads

    def _find(self, order, folder, later):
        """Add to a read what it finds of an order whose last change was `later` reads before."""
        if later >= 0:
            if later == 0 or self.chance.random() < 0.3:
                folder.orders.append(order)
            return
        kind = self.chance.choice(["unknown", "removed", "older", "older", "older"])
        if kind == "removed":
            folder.removed.append(order.order_id)
        if kind == "older":
            changes = self._earlier_values(order)
            older = replace(order, updated_at=folder.read_at, **changes)
            folder.orders.append(older)

    def _earlier_values(self, order):
        """What a later read has changed of an order."""
        refund = (f"{order.order_id}-other", order.ordered_at, "1.00")
        without_refunds = {"refunds": (), "line_refunds": ()}
        other_lines = {
            "lines": [("Toys", "2", "7.50")],
            "products": ["F"],
            "unit_costs": ["1.00"],
        }
        currency = self.chance.choice(CURRENCIES)
        return self.chance.choice(
            [
                without_refunds,
                without_refunds | other_lines,
                without_refunds | {"refunds": [refund]},
                {"ordered_at": self._at(self.chance.choice(DAYS))},
                {"customer": self.chance.choice("abcdefgh")},
                {"currency": currency, "country_code": "FR"},
                {"is_sale": not order.is_sale, "status": "pending"},
                {"is_test": not order.is_test},
            ]
        )

    def nothing(self, read_at):
        """The folders of a read that finds no order, by source."""
        folders = {}
        for source in LIVE:
            folders[source] = Folder(
                [],
                source,
                read_at,
                removed=[],
            )
        rates = self.rate_rows()
        folders["exchange_rates"] = Folder(
            [],
            "exchange_rates",
            read_at,
            rates=rates,
        )
        return folders

    def rate_rows(self):
        """Day, currency and units per euro."""
        rates = []
        for day in self.days:
            rates.append((day, "AED", "0"))
            rates.append((day, "USD", str(DOLLARS + Decimal(day.day) / 1000)))
            for currency, rate in RATES.items():
                # A rate serves for seven days.
                is_outdated = day > self.converted_until - timedelta(days=7)
                if currency != "GBP" or not is_outdated:
                    rates.append((day, currency, rate))
        return rates

    def rate_of(self, currency, day):
        """Reporting currency for one unit; None without a rate."""
        if currency == self.currency:
            return Fraction(1)
        units = self._units(currency, day)
        return self._units(self.currency, day) / units if units else None

    def _units(self, currency, day):
        """Units per euro as published last, within a week; None without any."""
        if currency == "EUR":
            return Fraction(1)
        for back in range(8):
            units = self.published.get((currency, day - timedelta(days=back)))
            if units:
                return Fraction(units)
        return None

    def breakdowns(self, day):
        """Orders, units, gross sales, discounts, returns and net sales by dimension and name."""
        rows = defaultdict(Counter)
        for entry in self.entries:
            if entry.day != day:
                continue
            keys = [(dimension, entry.names[dimension]) for dimension in BROKEN_DOWN]
            keys.append(("attribute", attribute_of(entry.order)))
            if not entry.is_converted:
                keys.append(("currency", entry.currency))
            for key in keys:
                sums = rows[key]
                sums["units"] += entry.units
                if entry.is_converted or key[0] == "currency":
                    sums.update(entry.amounts())
        for order in self.customers.counted:
            if business_date(order.ordered_at) == day:
                names = names_of(order) | {"attribute": attribute_of(order)}
                for key in names.items():
                    rows[key]["orders"] += 1
                if ("currency", order.currency) in rows:
                    rows["currency", order.currency]["orders"] += 1
        return rows


def attribute_of(order):
    """The attribute of an order, or None."""
    if order.attributes is None:
        return None
    return json.loads(order.attributes)["group"]


def assert_near(amount, exact):
    """They differ by no more than rounding: daily_sales rounds every amount to ten-thousandths."""
    assert abs(Fraction(amount) - exact) < Fraction("0.005")
