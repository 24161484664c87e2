"""The ledger, and its snapshots as of an instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import chain

from demo.ledger import exchange_rates, orders, partners, web_sessions
from demo.ledger.catalogue import MARKETS, PRODUCTS, Market
from demo.ledger.model import (
    PARTNER_FILES,
    SALES_DB,
    STOREFRONT,
    Customer,
    HeldFile,
    LateRefund,
    Order,
    PartnerFile,
    Product,
    Rate,
    Refund,
    SilentChange,
)
from demo.ledger.old_shop import OldShop
from demo.ledger.order_lifecycle import OrderHistory, last_version
from demo.ledger.season import Season
from demo.ledger.settlements import Settlement, weekly_settlements
from demo.ledger.shop import Shop
from demo.ledger.silent_changes import apply_silent_change


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the company as of the instant `at`.

    Attributes:
        customers: the sales database's customers.
        orders: the orders of all three channels, in their state as of `at`. Partner orders are those of the
            files in the drop folder: the newest `updated_at` wins, then the file received last. An order that
            no file contains any longer is gone.
        refunds: refunds that are booked and not deleted.
        files: the files in the partners' drop folder: the last delivery of each name.
        rates: the rates that the central bank has published; none on weekends.
        settlements: those in the partners' drop folder.
    """

    at: datetime
    products: tuple[Product, ...]
    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    refunds: tuple[Refund, ...]
    files: tuple[PartnerFile, ...]
    rates: tuple[Rate, ...]
    settlements: tuple[Settlement, ...] = ()

    def as_shop(self, channel: str, shop: str) -> Snapshot:
        """Return what another shop of the company shows: the orders and refunds of one channel alone."""
        orders = [replace(order, shop=shop) for order in self.orders_of(channel)]
        refunds = [replace(refund, shop=shop) for refund in self.refunds_of(channel)]
        return replace(
            self,
            orders=tuple(orders),
            refunds=tuple(refunds),
            files=(),
            settlements=(),
        )

    def with_shops(self, shops: Iterable[Snapshot]) -> Snapshot:
        """Return the company with the orders and refunds of its other shops, too."""
        orders, refunds = list(self.orders), list(self.refunds)
        for shop in shops:
            orders += shop.orders
            refunds += shop.refunds
        return replace(self, orders=tuple(orders), refunds=tuple(refunds))

    def orders_of(self, channel: str) -> tuple[Order, ...]:
        """Return the orders of one channel."""
        return tuple(order for order in self.orders if order.channel == channel)

    def refunds_of(self, channel: str) -> tuple[Refund, ...]:
        """Return the refunds of one channel."""
        return tuple(refund for refund in self.refunds if refund.channel == channel)

    def refunds_by_order(self, channel: str) -> dict[str, list[Refund]]:
        """Return the refunds of each refunded order of a channel, by order id."""
        refunds: dict[str, list[Refund]] = {}
        for refund in self.refunds_of(channel):
            refunds.setdefault(refund.order_id, []).append(refund)
        return refunds


@dataclass(frozen=True)
class Ledger:
    """All events of a company that trades on `days` days from `first_day`.

    The facts of a day depend on (seed, orders_per_day, timezone, markets, date) only, and with an old shop
    also on the day of the move: further days do not change earlier ones, and two ledgers with the same
    arguments are equal in any process.

    Attributes:
        first_day: first business day.
        days: number of business days.
        orders_per_day: approximate number over all channels; at most 50,000.
        timezone: IANA name of the shop's timezone.
        shopify_currency: the currency of all orders in Shopify.
        old_months: number of calendar months before the first day (the last may be incomplete) in which the
            company had another shop, `old_shop`. With 0, all weeks are alike; otherwise sales grow and follow
            the seasons.
        markets: the markets of its customers.
        held_files, late_refunds, silent_changes: staged incidents.
    """

    first_day: date
    days: int
    seed: int = 1
    orders_per_day: int = 120
    timezone: str = "America/New_York"
    shopify_currency: str = "USD"
    old_months: int = 0
    markets: tuple[Market, ...] = MARKETS
    held_files: tuple[HeldFile, ...] = ()
    late_refunds: tuple[LateRefund, ...] = ()
    silent_changes: tuple[SilentChange, ...] = ()

    def as_of(self, instant: datetime) -> Snapshot:
        """Return the snapshot as of `instant` (aware), before, in or after all days."""
        instant = instant.astimezone(UTC)
        orders_as_of: list[Order] = []
        refunds: list[Refund] = []
        for history in self.histories:
            order = last_version(history.versions, instant)
            if order:
                refunds += history.refunds
                if order.channel != PARTNER_FILES:
                    orders_as_of.append(order)
        refunds += self.orphan_refunds
        booked = [refund for refund in refunds if _is_booked(refund, instant)]
        received = [file for file in self.deliveries if file.received_at <= instant]
        orders_as_of += partners.merge_files(received)
        for change in self.silent_changes:
            if change.at <= instant:
                window = self.shop.window(change.day)
                apply_silent_change(orders_as_of, booked, window)
        rates = exchange_rates.published_rates(self.seed, self._first_rates, instant)
        return Snapshot(
            at=instant,
            products=PRODUCTS,
            customers=self._customers(orders_as_of),
            orders=tuple(orders_as_of),
            refunds=tuple(booked),
            files=tuple({file.name: file for file in received}.values()),
            rates=tuple(rates),
            settlements=tuple(
                settlement
                for settlement in self.settlements
                if settlement.received_at <= instant
            ),
        )

    @property
    def business_days(self) -> tuple[date, ...]:
        """All business days, first to last."""
        return tuple(
            self.first_day + timedelta(days=number) for number in range(self.days)
        )

    def web_events(self, day: date) -> Iterator[web_sessions.Event]:
        """Yield the web events of the sessions of `day`, unsorted.

        They are received then or later.
        """
        sold = []
        for history in self._of_day[day]:
            order = history.versions[0]
            if order.channel == STOREFRONT:
                sold.append(order)
        return web_sessions.events(self.shop, day, sold)

    @cached_property
    def histories(self) -> tuple[OrderHistory, ...]:
        """All orders with their versions and refunds, by day, channel and id."""
        return tuple(chain.from_iterable(self._of_day.values()))

    @cached_property
    def _of_day(self) -> dict[date, list[OrderHistory]]:
        late: dict[date, list[datetime]] = {}
        for incident in self.late_refunds:
            late.setdefault(incident.day, []).append(incident.booked_at)
        histories = {}
        for day in self.business_days:
            booked = late.get(day, [])
            histories[day] = list(orders.order_histories(self.shop, day, booked))
        return histories

    @cached_property
    def orphan_refunds(self) -> tuple[Refund, ...]:
        """Refunds in the sales database without an order."""
        refunds: list[Refund] = []
        for day in self.business_days:
            refunds += orders.orphan_refunds(self.shop, day)
        return tuple(refunds)

    @cached_property
    def deliveries(self) -> tuple[PartnerFile, ...]:
        """All deliveries of partner files, by the instant received."""
        return partners.deliveries(
            self.shop,
            self.business_days,
            self._sold_by_partners,
            self.held_files,
        )

    @cached_property
    def settlements(self) -> tuple[Settlement, ...]:
        """All settlements of partners, by the instant received."""
        settled = weekly_settlements(
            self.shop, self.business_days, self._sold_by_partners
        )
        return tuple(settled)

    @cached_property
    def _sold_by_partners(self) -> list[OrderHistory]:
        sold = []
        for history in self.histories:
            if history.versions[0].channel == PARTNER_FILES:
                sold.append(history)
        return sold

    @cached_property
    def shop(self) -> Shop:
        """The company's constants."""
        season = Season(self.first_day) if self.old_months else None
        return Shop(
            self.seed,
            self.orders_per_day,
            self.timezone,
            season,
            self.shopify_currency,
            self.markets,
        )

    @cached_property
    def old_shop(self) -> OldShop | None:
        """The company's former shop."""
        return OldShop(self.shop, self.old_months) if self.old_months else None

    @property
    def _first_rates(self) -> date:
        return self.old_shop.first_day if self.old_shop else self.first_day

    def _customers(self, orders: list[Order]) -> tuple[Customer, ...]:
        ids = set()
        for order in orders:
            if order.channel == SALES_DB and order.customer_id:
                ids.add(order.customer_id)
        return tuple(self.shop.customer(customer_id) for customer_id in sorted(ids))


def _is_booked(refund: Refund, instant: datetime) -> bool:
    if refund.deleted_at and refund.deleted_at <= instant:
        return False
    return refund.updated_at <= instant
