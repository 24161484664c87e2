"""The amounts of an order, computed from its facts.

Totals contain additions and discounts by edits, but no removals and refunds; original amounts are those as
placed, current ones those now.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from demo.services.shopify.facts import (
    LineFacts,
    OrderFacts,
    RefundFacts,
    RefundLineFacts,
    ShippingFacts,
    TaxFacts,
    TransactionFacts,
)

_DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "KWD": 3, "BHD": 3, "TND": 3}
_ZERO = Decimal(0)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's decimals."""
    return amount.quantize(
        Decimal(1).scaleb(-_DECIMALS.get(currency, 2)), ROUND_HALF_UP
    )


def add(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts."""
    return sum(amounts, _ZERO)


class Amounts:
    """The amounts of one order, in the shop's currency.

    Attributes:
        total: what the customer pays, with additions and before removals and refunds.
        original_total: the same as placed.
        payments: the transactions that paid it.
    """

    def __init__(self, facts: OrderFacts) -> None:
        self.facts = facts
        with_tax = facts.refund_subtotals_with_tax
        self._subtotals_with_tax = (
            facts.taxes_included if with_tax is None else with_tax
        )
        self._removed_before = self._count_removed()
        kept = [line for line in facts.shipping if not line.removed]
        self._shipping = add(line.price - line.discount for line in kept)
        self._fees = add(fee.amount for fee in facts.fees)
        self._duties = add(line.duty or _ZERO for line in facts.lines)
        tax = add(add(self.shipping_taxes(line)) for line in kept) + add(
            fee.tax for fee in facts.fees
        )
        self._tax = tax + add(map(self.tax, facts.lines))
        if facts.duties_place == "fees":
            self._fees += self._duties
        extras = self._shipping + self._fees + self._unless_included(tax)
        if facts.duties_place == "own":
            extras += self._duties
        self.total = extras + add(map(self._due, facts.lines))
        self.original_total = extras + add(
            self._due(line, True) for line in facts.lines if not line.added
        )
        default = [TransactionFacts(self.original_total, "SALE")]
        self.payments = default if facts.payments is None else facts.payments

    def taxes(self, taxes: list[TaxFacts], price: Decimal) -> list[Decimal]:
        """Return the amounts of taxes on a discounted price."""
        rates = add(tax.rate for tax in taxes)
        net = price / (1 + rates) if self.facts.taxes_included else price
        return [
            self._round(net * tax.rate) if tax.amount is None else tax.amount
            for tax in taxes
        ]

    def shipping_taxes(self, line: ShippingFacts) -> list[Decimal]:
        """Return the taxes of a shipping line."""
        return self.taxes(line.taxes, line.price - line.discount)

    def discounted(self, line: LineFacts, as_placed: bool = False) -> Decimal:
        """Return the price of all units of a line after discounts."""
        discounts = [
            each.amount for each in line.discounts if not (as_placed and each.by_edit)
        ]
        return line.price * line.quantity - add(discounts)

    def tax(self, line: LineFacts) -> Decimal:
        """Return the tax of all units of a line."""
        return add(self.taxes(line.taxes, self.discounted(line)))

    def current_quantity(self, place: int) -> int:
        """Return the units of the line at `place` that are neither removed nor refunded."""
        if self.facts.cancelled_at:
            return 0
        line = self.facts.lines[place]
        return (
            line.quantity
            - line.removed
            - sum(part.quantity for part in self._parts if part.line == place)
        )

    def current_net(self, place: int) -> Decimal:
        """Return the price of the current units after discounts and without tax."""
        line = self.facts.lines[place]
        net = self.discounted(line) - (
            self.tax(line) if self.facts.taxes_included else _ZERO
        )
        return self._round(net * self.current_quantity(place) / line.quantity)

    def refund_tax(self, part: RefundLineFacts) -> Decimal:
        """Return the tax of a refund line."""
        return (
            self._share(self.tax(self.facts.lines[part.line]), part)
            if part.tax is None
            else part.tax
        )

    def refund_subtotal(self, part: RefundLineFacts) -> Decimal:
        """Return the subtotal of a refund line, after discounts."""
        if part.subtotal is not None:
            return part.subtotal
        line = self.facts.lines[part.line]
        without_tax = self.facts.taxes_included and not self._subtotals_with_tax
        return self._share(
            self.discounted(line) - (self.tax(line) if without_tax else _ZERO), part
        )

    def refund_transactions(self, refund: RefundFacts) -> list[TransactionFacts]:
        """Return the transactions of a refund."""
        if refund.transactions is not None:
            return refund.transactions
        amount = self._refund_value(refund) - add(
            each.amount + each.tax for each in refund.adjustments
        )
        return [TransactionFacts(amount)] if amount else []

    def presentment(self, amount: Decimal) -> Decimal:
        """Return an amount in the customer's currency."""
        currency = self.facts.presentment_currency or self.facts.currency
        return round_money(amount / self.facts.exchange_rate, currency)

    def received(self) -> tuple[Decimal, Decimal]:
        """Return the money received, in the shop's and the customer's currency."""
        return self.moved(self.payments, "SALE", "CAPTURE")

    def refunded(self) -> tuple[Decimal, Decimal]:
        """Return the money refunded, in the shop's and the customer's currency."""
        refunds = self.facts.refunds
        return self.moved(
            [each for refund in refunds for each in self.refund_transactions(refund)],
            "REFUND",
        )

    def moved(
        self, transactions: Iterable[TransactionFacts], *kinds: str
    ) -> tuple[Decimal, Decimal]:
        """Return the money that successful transactions moved, in the shop's and the customer's currency."""
        chosen = [
            each
            for each in transactions
            if each.status == "SUCCESS" and each.kind in kinds
        ]
        presentments = [
            self.presentment(each.amount)
            if each.presentment is None
            else each.presentment
            for each in chosen
        ]
        return add(each.amount for each in chosen), add(presentments)

    def totals(self) -> dict[str, Decimal]:
        """Return the amounts of the order by field; an order without duties or fees lacks theirs."""
        facts, current = self.facts, not self.facts.cancelled_at
        goods = {place for place, line in enumerate(facts.lines) if not line.tip}
        subtotal = add(self.discounted(facts.lines[place]) for place in goods)
        shipping_refunds = add(refund.shipping for refund in facts.refunds)
        refunded_tax = add(map(self.refund_tax, self._parts)) + add(
            each.shipping_tax for each in facts.refunds
        )
        discounts = [each.amount for line in facts.lines for each in line.discounts]
        duties = add(refund.duties for refund in facts.refunds)
        refunded = {
            "Duties": duties,
            "AdditionalFees": duties if facts.duties_place == "fees" else _ZERO,
        }
        optional = {"Duties": self._duties, "AdditionalFees": self._fees}
        return {
            "totalPriceSet": self.total,
            "originalTotalPriceSet": self.original_total,
            "currentTotalPriceSet": current
            * (
                self.total
                - add(map(self._removed_value, facts.lines))
                - add(map(self._refund_value, facts.refunds))
            ),
            "subtotalPriceSet": subtotal,
            "currentSubtotalPriceSet": current
            * (
                subtotal
                - add(
                    self._removed(self.discounted(line), line) for line in facts.lines
                )
                - add(map(self.refund_subtotal, self._parts))
            ),
            "totalTaxSet": self._tax,
            "currentTotalTaxSet": current
            * (
                self._tax
                - add(self._removed(self.tax(line), line) for line in facts.lines)
                - refunded_tax
            ),
            "totalDiscountsSet": add(discounts)
            + add(line.discount for line in facts.shipping if not line.removed),
            "totalShippingPriceSet": self._shipping,
            "currentShippingPriceSet": current * (self._shipping - shipping_refunds),
            "totalTipReceivedSet": add(
                self.discounted(line) for line in facts.lines if line.tip
            ),
            "totalRefundedShippingSet": shipping_refunds,
            "refundDiscrepancySet": add(
                each.amount for refund in facts.refunds for each in refund.adjustments
            ),
            **{
                f"originalTotal{name}Set": amount
                for name, amount in optional.items()
                if amount
            },
            **{
                f"currentTotal{name}Set": current * (amount - refunded[name])
                for name, amount in optional.items()
                if amount
            },
        }

    @property
    def _parts(self) -> list[RefundLineFacts]:
        return [part for refund in self.facts.refunds for part in refund.lines]

    def _count_removed(self) -> dict[int, int]:
        """Return the units of its line that are removed or refunded before each refund line, by identity."""
        removed = [line.removed for line in self.facts.lines]
        before = {}
        for part in self._parts:
            before[id(part)] = removed[part.line]
            removed[part.line] += part.quantity
        return before

    def _share(self, amount: Decimal, part: RefundLineFacts) -> Decimal:
        """Return the part of a line's amount for the units of a refund line, without loss by rounding."""
        before, quantity = (
            self._removed_before[id(part)],
            self.facts.lines[part.line].quantity,
        )
        after = before + part.quantity
        return self._round(amount * after / quantity) - self._round(
            amount * before / quantity
        )

    def _removed(self, amount: Decimal, line: LineFacts) -> Decimal:
        return self._round(amount * line.removed / line.quantity)

    def _removed_value(self, line: LineFacts) -> Decimal:
        tax = self._removed(self.tax(line), line)
        return self._removed(self.discounted(line), line) + self._unless_included(tax)

    def _refund_value(self, refund: RefundFacts) -> Decimal:
        """Return what the lines, shipping and duties of a refund take off the order, with tax."""
        tax = (
            _ZERO
            if self._subtotals_with_tax
            else add(map(self.refund_tax, refund.lines))
        )
        subtotals = add(map(self.refund_subtotal, refund.lines))
        shipping = refund.shipping + self._unless_included(refund.shipping_tax)
        return subtotals + tax + shipping + refund.duties

    def _due(self, line: LineFacts, as_placed: bool = False) -> Decimal:
        """Return what the customer pays for a line."""
        price = self.discounted(line, as_placed)
        return price + self._unless_included(add(self.taxes(line.taxes, price)))

    def _unless_included(self, tax: Decimal) -> Decimal:
        return _ZERO if self.facts.taxes_included else tax

    def _round(self, amount: Decimal) -> Decimal:
        return round_money(amount, self.facts.currency)
