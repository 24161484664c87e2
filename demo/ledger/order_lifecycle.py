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
_Plan = list[tuple[datetime, Callable[[datetime], None]]]
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


def simulate_order(
    shop: Shop, placed: Order, late_refund: tuple[datetime, datetime] | None = None
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
    """Simulates an order: each step adds a version and depends on earlier steps only."""

    def __init__(self, placed: Order, rng: Random) -> None:
        self.versions = [replace(placed, status=_STATUSES[placed.channel][0])]
        self.refunds: list[Refund] = []
        self._rng = rng

    def run(self, late_refund: tuple[datetime, datetime] | None) -> None:
        """Plan all steps, then run them by time."""
        plan = [
            *self._planned_statuses(),
            *self._planned_corrections(),
            *self._planned_refunds(),
        ]
        if late_refund:
            dated, booked = late_refund
            plan.append((booked, lambda at: self._refund_line(at, dated)))
        for at, step in sorted(plan, key=lambda planned: planned[0]):
            step(max(at, self._current.updated_at + timedelta(seconds=1)))

    @property
    def _current(self) -> Order:
        return self.versions[-1]

    def _planned_statuses(self) -> _Plan:
        rng, order = self._rng, self._current
        start = order.updated_at
        roll = rng.random()
        unusual, share = _UNUSUAL[order.channel]
        if roll < 0.04:  # minutes to hours later, sometimes after midnight
            is_cancelled = rng.random() < 0.7 or order.channel in (
                PARTNER_FILES,
                SHOPIFY,
            )
            end = "cancelled" if is_cancelled else "failed"
            steps = [(start + timedelta(minutes=rng.randint(3, 900)), end)]
            if order.channel == STOREFRONT and rng.random() < 0.3:
                steps.append(
                    (steps[0][0] + timedelta(hours=rng.randint(1, 40)), "trash")
                )
        elif roll < 0.06:
            steps = [
                (
                    start + timedelta(minutes=2),
                    "checkout-draft" if order.channel == STOREFRONT else "on-hold",
                )
            ]
        elif roll < 0.06 + share:
            steps = [(start + timedelta(minutes=30), unusual)]
        else:
            hours = iter(
                (rng.uniform(0.03, 0.4), rng.uniform(4, 40), rng.uniform(40, 120))
            )
            steps = [
                (start + timedelta(hours=next(hours)), status)
                for status in _STATUSES[order.channel][1:]
            ]
        return [
            (_full_second(at), lambda at, status=status: self._set_status(at, status))
            for at, status in steps
        ]

    def _planned_corrections(self) -> _Plan:
        at = _full_second(
            self._current.updated_at + timedelta(hours=self._rng.uniform(0.5, 30))
        )
        roll = self._rng.random()
        if self._current.channel == PARTNER_FILES:
            return [(at, self._add_piece)] if roll < 0.02 else []
        if self._current.channel == SHOPIFY:
            return []
        if roll < 0.02:
            return [(at, self._remove_line)]
        if roll < 0.04:
            return [(at, self._add_piece)]
        if roll < 0.05 and self._current.channel == SALES_DB:
            return [(at, self._move_date)]
        return []

    def _planned_refunds(self) -> _Plan:
        rng = self._rng
        if self._current.channel == PARTNER_FILES or rng.random() > 0.09:
            return []
        at = _full_second(
            self._current.updated_at
            + timedelta(hours=rng.choice((2, 20, 70, 200)) * rng.uniform(0.5, 1.5))
        )
        if (
            self._current.channel == SALES_DB and rng.random() < 0.05
        ):  # booked days later than dated
            booked = _full_second(at + timedelta(hours=rng.uniform(24, 72)))
            return [(booked, lambda booked_at: self._refund_line(booked_at, at))]
        later = at + timedelta(hours=7)
        plans: tuple[_Plan, ...] = (
            [(at, self._refund_line)],
            [(at, self._refund_all)],
            [(at, self._refund_goodwill)],
            [(at, self._refund_goodwill), (later, self._refund_all)],
            [(at, self._refund_goodwill), (later, self._delete_refund)],
        )
        deleted = 0 if self._current.channel == SHOPIFY else 7
        return rng.choices(plans, (45, 25, 15, 8, deleted))[0]

    def _set_status(self, at: datetime, status: str) -> None:
        if (
            self._current.status in {"cancelled", "failed", "refunded"}
            and status != "trash"
        ):
            return
        if self._current.status == "partially_refunded" and status != "refunded":
            return
        if self._current.channel == PARTNER_FILES and self._rng.random() < 0.15:
            status = status.capitalize()
        self._change(at, status=status, status_changed_at=at)

    def _remove_line(self, at: datetime) -> None:
        if len(self._current.lines) > 1 and not self.refunds:
            self._change(at, lines=self._current.lines[:-1])

    def _add_piece(self, at: datetime) -> None:
        line = self._current.lines[0]
        if not self.refunds and line.quantity:
            more = _scaled(line, line.quantity + 1, self._current)
            self._change(at, lines=(more, *self._current.lines[1:]))

    def _move_date(self, at: datetime) -> None:
        self._change(
            at,
            ordered_at=self._current.ordered_at
            - timedelta(hours=self._rng.randint(2, 14)),
        )

    def _refund_line(self, at: datetime, refunded_at: datetime | None = None) -> None:
        line = self._current.valid_lines[0]
        if self._current.status not in PAID or not line.after_discount:
            return
        whole_pieces = line.quantity == int(line.quantity)
        quantity = (
            Decimal(self._rng.randint(1, int(line.quantity)))
            if whole_pieces
            else line.quantity
        )
        share = quantity / line.quantity
        merchandise = round_money(line.after_discount * share, self._current.currency)
        tax = round_money(line.tax * share, self._current.currency)
        with_tax = self._current.channel in _WITH_TAX
        self._book(
            at,
            refunded_at or at,
            amount=merchandise + tax if with_tax else merchandise,
            quantity=quantity,
            lines=(
                RefundLine(
                    line.line_number,
                    quantity,
                    merchandise,
                    tax if with_tax else Decimal(0),
                ),
            ),
        )
        if self._current.channel == SALES_DB:
            self._set_status(at, "partially_refunded")

    def _refund_goodwill(self, at: datetime) -> None:
        amount = round_money(self._current.merchandise / 10, self._current.currency)
        if self._current.status in PAID and amount:
            self._book(at, at, amount=amount, quantity=Decimal(0), lines=())

    def _refund_all(self, at: datetime) -> None:
        order = self._current
        paid = order.merchandise
        if order.channel in _WITH_TAX:
            paid += order.tax + order.shipping + order.fee
        rest = round_money(paid, order.currency) - sum(
            (refund.amount for refund in self.refunds), Decimal(0)
        )
        if order.status not in PAID or rest <= 0:
            return
        units = sum((line.quantity for line in order.valid_lines), Decimal(0))
        self._book(at, at, amount=rest, quantity=units, lines=())
        self._set_status(at, "refunded")

    def _delete_refund(self, at: datetime) -> None:
        if self.refunds:
            self.refunds[-1] = replace(self.refunds[-1], deleted_at=at)
            if self._current.channel == SALES_DB:  # WooCommerce does not record it
                self._change(at)

    def _book(
        self,
        at: datetime,
        refunded_at: datetime,
        amount: Decimal,
        quantity: Decimal,
        lines: tuple[RefundLine, ...],
    ) -> None:
        order, number = self._current, len(self.refunds) + 1
        refund_id = f"R-{order.order_id[2:]}-{number}"
        if order.channel == STOREFRONT:
            refund_id = str(int(order.order_id) + number)
        elif order.channel == SHOPIFY:
            refund_id = f"{order.order_id}{number:03}"
        self.refunds.append(
            Refund(
                channel=order.channel,
                refund_id=refund_id,
                order_id=order.order_id,
                currency=order.currency,
                amount=amount,
                quantity=quantity,
                lines=lines,
                reason=self._rng.choice(_REASONS),
                refunded_at=refunded_at,
                updated_at=at,
            )
        )
        self._change(at)
        if order.channel == SHOPIFY:
            self._set_status(at, "partially_refunded")

    def _change(self, at: datetime, **values: Any) -> None:
        changed = replace(self._current, updated_at=at, **values)
        if self._current.updated_at == at:
            self.versions.pop()
        self.versions.append(changed)


def _scaled(line: Line, quantity: Decimal, order: Order) -> Line:
    """Return `line` with another quantity and the same rates of discount and tax."""
    gross = quantity * line.unit_price
    if order.channel == STOREFRONT:  # the only one of those with cents that adds pieces
        gross = round_money(gross, order.currency)
    share = quantity / line.quantity
    discount = min(gross, round_money(line.discount * share, order.currency))
    return replace(
        line,
        quantity=quantity,
        gross=gross,
        discount=discount,
        tax=round_money(line.tax * share, order.currency),
    )


def _full_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
