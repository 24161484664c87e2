"""The lifecycle of an order: status changes, corrections, refunds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from demo.ledger.catalogue import round_money
from demo.ledger.model import (
    PARTNER_FILES,
    SALES_DB,
    SHOPIFY,
    STOREFRONT,
    Line,
    Order,
    Refund,
    RefundLine,
)
from demo.ledger.shop import Shop

_STATUSES = {
    SALES_DB: ("pending", "processing", "shipped", "delivered"),
    STOREFRONT: ("pending", "processing", "completed"),
    SHOPIFY: ("pending", "processing", "completed"),
    PARTNER_FILES: ("processing", "shipped", "completed"),
}
_UNUSUAL = {
    SALES_DB: ("awaiting_customs", 0.01),
    STOREFRONT: ("packed", 0.01),  # a status that a plugin adds
    SHOPIFY: ("", 0),
    PARTNER_FILES: ("in_transfer", 0.02),
}
PAID = frozenset(
    {"processing", "shipped", "delivered", "completed", "partially_refunded"}
)
"""Statuses of orders that can be refunded."""
_WITH_TAX = (STOREFRONT, SHOPIFY)
"""Channels whose refunds are of amounts with tax, shipping and fee."""
_CLOSED = frozenset({"cancelled", "failed", "refunded"})
_REASONS = (
    "too small",
    "arrived broken",
    "changed their mind",
    "one piece missing",
    "",
)


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """The versions of an order by `updated_at`, from its creation, and all its refunds."""

    versions: tuple[Order, ...]
    refunds: tuple[Refund, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """A planned change: `action` is called with the instant and `arguments`."""

    at: datetime
    action: Callable[..., None]
    arguments: tuple[Any, ...] = ()


def last_version(versions: tuple[Order, ...], instant: datetime) -> Order | None:
    """Return the version that is visible at `instant`, or None before the first one."""
    for version in reversed(versions):
        if version.updated_at <= instant:
            return version
    return None


def simulate_order(
    shop: Shop,
    placed: Order,
    late_refund: tuple[datetime, datetime] | None = None,
) -> OrderHistory:
    """Return the history of a placed order.

    Args:
        shop: the company's constants.
        placed: the order at its creation.
        late_refund: when an additional refund of its first line is dated and booked.
    """
    lifecycle = _Lifecycle(placed, shop.rng("life", placed.order_id))
    lifecycle.run(late_refund)
    return OrderHistory(tuple(lifecycle.versions), tuple(lifecycle.refunds))


class _Lifecycle:
    """Simulates an order: each step adds a version and depends on earlier steps only.

    `order` is the newest version.
    """

    def __init__(self, placed: Order, rng: Random) -> None:
        self.order = replace(placed, status=_STATUSES[placed.channel][0])
        self.versions = [self.order]
        self.refunds: list[Refund] = []
        self._rng = rng

    def run(self, late_refund: tuple[datetime, datetime] | None) -> None:
        """Plan all steps, then run them by time."""
        plan = self._plan_statuses()
        plan += self._plan_corrections()
        plan += self._plan_refunds()
        if late_refund:
            dated, booked = late_refund
            plan.append(_Step(booked, self._refund_line, (dated,)))
        plan.sort(key=lambda step: step.at)
        for step in plan:
            earliest = self.order.updated_at + timedelta(seconds=1)
            step.action(max(step.at, earliest), *step.arguments)

    def _plan_statuses(self) -> list[_Step]:
        """Return the changes of status: mostly all of the channel, one after another."""
        rng = self._rng
        channel = self.order.channel
        created = self.order.updated_at
        plan = []

        def add(delay: timedelta, status: str) -> None:
            at = _full_second(created + delay)
            plan.append(_Step(at, self._set_status, (status,)))

        roll = rng.random()
        unusual, share = _UNUSUAL[channel]
        if roll < 0.04:
            is_cancelled = rng.random() < 0.7 or channel in (PARTNER_FILES, SHOPIFY)
            # Minutes to hours later, sometimes after midnight.
            delay = timedelta(minutes=rng.randint(3, 900))
            add(delay, "cancelled" if is_cancelled else "failed")
            if channel == STOREFRONT and rng.random() < 0.3:
                add(delay + timedelta(hours=rng.randint(1, 40)), "trash")
        elif roll < 0.06:
            status = "checkout-draft" if channel == STOREFRONT else "on-hold"
            add(timedelta(minutes=2), status)
        elif roll < 0.06 + share:
            add(timedelta(minutes=30), unusual)
        else:
            hours = [rng.uniform(0.03, 0.4), rng.uniform(4, 40), rng.uniform(40, 120)]
            for number, status in enumerate(_STATUSES[channel][1:]):
                add(timedelta(hours=hours[number]), status)
        return plan

    def _plan_corrections(self) -> list[_Step]:
        """Return a change of the lines or of the date, for a few orders."""
        order = self.order
        delay = timedelta(hours=self._rng.uniform(0.5, 30))
        at = _full_second(order.updated_at + delay)
        roll = self._rng.random()
        if order.channel == SHOPIFY:
            return []
        if order.channel == PARTNER_FILES:
            return [_Step(at, self._add_piece)] if roll < 0.02 else []
        if roll < 0.02:
            return [_Step(at, self._remove_line)]
        if roll < 0.04:
            return [_Step(at, self._add_piece)]
        if roll < 0.05 and order.channel == SALES_DB:
            return [_Step(at, self._move_date)]
        return []

    def _plan_refunds(self) -> list[_Step]:
        """Return the refunds of one order in eleven."""
        rng = self._rng
        order = self.order
        if order.channel == PARTNER_FILES or rng.random() > 0.09:
            return []
        hours = rng.choice((2, 20, 70, 200)) * rng.uniform(0.5, 1.5)
        at = _full_second(order.updated_at + timedelta(hours=hours))
        if order.channel == SALES_DB and rng.random() < 0.05:
            # Booked days later than dated.
            booked = _full_second(at + timedelta(hours=rng.uniform(24, 72)))
            return [_Step(booked, self._refund_line, (at,))]
        goodwill = _Step(at, self._refund_goodwill)
        later = at + timedelta(hours=7)
        plans = [
            [_Step(at, self._refund_line)],
            [_Step(at, self._refund_all)],
            [goodwill],
            [goodwill, _Step(later, self._refund_all)],
            [goodwill, _Step(later, self._delete_refund)],
        ]
        deleted = 0 if order.channel == SHOPIFY else 7
        return rng.choices(plans, (45, 25, 15, 8, deleted))[0]

    def _set_status(self, at: datetime, status: str) -> None:
        order = self.order
        if order.status in _CLOSED and status != "trash":
            return
        if order.status == "partially_refunded" and status != "refunded":
            return
        if order.channel == PARTNER_FILES and self._rng.random() < 0.15:
            status = status.capitalize()
        self._change(at, status=status, status_changed_at=at)

    def _remove_line(self, at: datetime) -> None:
        lines = self.order.lines
        if len(lines) > 1 and not self.refunds:
            self._change(at, lines=lines[:-1])

    def _add_piece(self, at: datetime) -> None:
        line, *others = self.order.lines
        if not self.refunds and line.quantity:
            self._change(at, lines=(_with_another_piece(line, self.order), *others))

    def _move_date(self, at: datetime) -> None:
        earlier = timedelta(hours=self._rng.randint(2, 14))
        self._change(at, ordered_at=self.order.ordered_at - earlier)

    def _refund_line(self, at: datetime, refunded_at: datetime | None = None) -> None:
        order = self.order
        line = order.valid_lines[0]
        if order.status not in PAID or not line.after_discount:
            return
        quantity = line.quantity
        if quantity == int(quantity):
            quantity = Decimal(self._rng.randint(1, int(quantity)))
        share = quantity / line.quantity
        merchandise = round_money(line.after_discount * share, order.currency)
        tax = Decimal(0)
        if order.channel in _WITH_TAX:
            tax = round_money(line.tax * share, order.currency)
        refunded = RefundLine(
            line.line_number,
            quantity,
            merchandise,
            tax,
        )
        amount = merchandise + tax
        self._book(
            at,
            amount,
            quantity,
            (refunded,),
            refunded_at,
        )
        if order.channel == SALES_DB:
            self._set_status(at, "partially_refunded")

    def _refund_goodwill(self, at: datetime) -> None:
        order = self.order
        amount = round_money(order.merchandise / 10, order.currency)
        if order.status in PAID and amount:
            self._book(at, amount, Decimal(0))

    def _refund_all(self, at: datetime) -> None:
        order = self.order
        amount = self._left_to_refund()
        if order.status not in PAID or amount <= 0:
            return
        units = sum((line.quantity for line in order.valid_lines), Decimal(0))
        self._book(at, amount, units)
        self._set_status(at, "refunded")

    def _left_to_refund(self) -> Decimal:
        order = self.order
        paid = order.merchandise
        if order.channel in _WITH_TAX:
            paid += order.tax + order.shipping + order.fee
        amount = round_money(paid, order.currency)
        for refund in self.refunds:
            amount -= refund.amount
        return amount

    def _delete_refund(self, at: datetime) -> None:
        if self.refunds:
            self.refunds[-1] = replace(self.refunds[-1], deleted_at=at)
            # WooCommerce does not record it.
            if self.order.channel == SALES_DB:
                self._change(at)

    def _book(
        self,
        at: datetime,
        amount: Decimal,
        quantity: Decimal,
        lines: tuple[RefundLine, ...] = (),
        refunded_at: datetime | None = None,
    ) -> None:
        order = self.order
        number = len(self.refunds) + 1
        refund_id = f"R-{order.order_id[2:]}-{number}"
        if order.channel == STOREFRONT:
            refund_id = str(int(order.order_id) + number)
        elif order.channel == SHOPIFY:
            refund_id = f"{order.order_id}{number:03}"
        refund = Refund(
            channel=order.channel,
            refund_id=refund_id,
            order_id=order.order_id,
            currency=order.currency,
            amount=amount,
            quantity=quantity,
            lines=lines,
            reason=self._rng.choice(_REASONS),
            refunded_at=refunded_at or at,
            updated_at=at,
        )
        self.refunds.append(refund)
        self._change(at)
        if order.channel == SHOPIFY:
            is_part = self._left_to_refund() > 0
            self._set_status(at, "partially_refunded" if is_part else "refunded")

    def _change(self, at: datetime, **values: Any) -> None:
        """Add a version, or replace the newest one of the same instant."""
        if self.order.updated_at == at:
            self.versions.pop()
        self.order = replace(self.order, updated_at=at, **values)
        self.versions.append(self.order)


def _with_another_piece(line: Line, order: Order) -> Line:
    """Return a line with one piece more, and the same rates of discount and tax."""
    quantity = line.quantity + 1
    share = quantity / line.quantity
    gross = quantity * line.unit_price
    # The only channel of those with cents that adds pieces.
    if order.channel == STOREFRONT:
        gross = round_money(gross, order.currency)
    discount = round_money(line.discount * share, order.currency)
    return replace(
        line,
        quantity=quantity,
        gross=gross,
        discount=min(gross, discount),
        tax=round_money(line.tax * share, order.currency),
    )


def _full_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
