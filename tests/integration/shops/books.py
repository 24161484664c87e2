"""What the other shops of a company sell: each has a ledger of its own, and customers of the company."""

import zlib
from collections import defaultdict
from dataclasses import replace
from datetime import date

from demo.ledger import SALES_DB, SHOPIFY, STOREFRONT, Ledger

SHOPS = {
    SHOPIFY: ["eu", "jp"],
    STOREFRONT: ["outlet"],
    SALES_DB: ["brand2"],
}
FIRST_DAY = date(2026, 8, 30)
PER_DAY = 40
EU = "shopify_eu"
JP = "shopify_jp"
OUTLET = "storefront_outlet"
BRAND = "sales_db_brand2"


class Books:
    """The ledgers of the company and of its other shops, of the same days.

    Shops count their orders alike: orders of one day have the same ids in all of a channel.
    """

    def __init__(self, days):
        self.own = Ledger(FIRST_DAY, days, seed=7, orders_per_day=PER_DAY)
        self.days = self.own.business_days
        self._of_shops = {
            EU: replace(self.own, seed=21, shopify_currency="EUR"),
            JP: replace(self.own, seed=22, shopify_currency="JPY"),
            OUTLET: replace(self.own, seed=23),
            BRAND: replace(self.own, seed=24),
        }
        addresses = set()
        for history in self.own.histories:
            email = history.versions[0].email
            if email:
                addresses.add(email.strip().lower())
        self._addresses = sorted(addresses)

    def as_of(self, instant):
        """The snapshot of the company as of `instant`, and those of its other shops by source."""
        of_shops = {}
        for source, ledger in self._of_shops.items():
            channel, shop = source.rsplit("_", 1)
            snapshot = ledger.as_of(instant).as_shop(channel, shop)
            of_shops[source] = self._with_known_customers(snapshot)
        return self.own.as_of(instant), of_shops

    def _with_known_customers(self, snapshot):
        """Some buyers of another shop are customers of the company, and some have no address."""
        orders = [self._known(order) for order in snapshot.orders]
        customers = [self._known(customer) for customer in snapshot.customers]
        return replace(
            snapshot,
            orders=tuple(orders),
            customers=tuple(customers),
        )

    def _known(self, buyer):
        """An order or a customer, with another address."""
        number = zlib.crc32((buyer.email or "").lower().encode())
        if number % 4 == 0:
            return replace(buyer, email=None)
        if number % 4 == 1:
            address = self._addresses[number % len(self._addresses)]
            return replace(buyer, email=address)
        return buyer


def shops_by_customer(snapshot):
    """The sources in which each e-mail address has an order."""
    sources = defaultdict(set)
    for order in snapshot.orders:
        if order.email:
            sources[order.email.strip().lower()].add(order.source)
    return sources
