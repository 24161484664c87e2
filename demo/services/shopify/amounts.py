"""The amounts of an order, computed from its facts.

The total contains additions and discounts by edits, but no removals and refunds; the current total is
without them.
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

_DECIMALS = {"JPY": 0, "KWD": 3}


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's decimals."""
    decimals = _DECIMALS.get(currency, 2)
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def moved(transactions: Iterable[TransactionFacts], kind: str) -> Decimal:
    """Return the money that the successful transactions of a kind moved."""
    total = Decimal(0)
    for transaction in transactions:
        if transaction.status == "SUCCESS" and transaction.kind == kind:
            total += transaction.amount
    return total


class Amounts:
    """The amounts of one order, in the shop's currency.

    Attributes:
        duties: the duties of all lines.
        tax: the taxes of lines, shipping and fees.
        tips: the price of the tips.
        payments: the transactions of the order's payments, without refunds.
        total: what the customer pays, with additions and before removals and refunds.
        current_total: the total without removed and refunded parts; 0 for a cancelled order.
        received: the money received.
        refunded: the money paid back.
    """

    def __init__(self, facts: OrderFacts) -> None:
        self.facts = facts
        self._subtotals_with_tax = facts.taxes_included
        if facts.refund_subtotals_with_tax is not None:
            self._subtotals_with_tax = facts.refund_subtotals_with_tax
        self._refunded_before = self._count_refunded()
        self.duties = Decimal(0)
        self.tax = Decimal(0)
        self.tips = Decimal(0)
        self.total = Decimal(0)
        self._add_parts()
        self.current_total = self._without_removed()
        payments = facts.payments
        if payments is None:
            payments = [TransactionFacts(self.total, "SALE")]
        self.payments = payments
        self.received = moved(payments, "SALE")
        self.refunded = Decimal(0)
        for refund in facts.refunds:
            self.refunded += moved(self.refund_transactions(refund), "REFUND")

    def taxes(self, taxes: list[TaxFacts], price: Decimal) -> list[Decimal]:
        """Return the amounts of taxes on a discounted price."""
        net = price
        if self.facts.taxes_included:
            rates = Decimal(0)
            for tax in taxes:
                rates += tax.rate
            net = price / (1 + rates)
        amounts = []
        for tax in taxes:
            amount = tax.amount
            if amount is None:
                amount = self._round(net * tax.rate)
            amounts.append(amount)
        return amounts

    def discounted(self, line: LineFacts) -> Decimal:
        """Return the price of all units of a line after discounts."""
        price = line.price * line.quantity
        for discount in line.discounts:
            price -= discount.amount
        return price

    def tax_of_line(self, line: LineFacts) -> Decimal:
        """Return the tax of all units of a line."""
        return sum(self.taxes(line.taxes, self.discounted(line)), Decimal(0))

    def current_quantity(self, place: int) -> int:
        """Return the units of the line at `place` that are neither removed nor refunded."""
        if self.facts.cancelled_at:
            return 0
        line = self.facts.lines[place]
        quantity = line.quantity - line.removed
        for refund in self.facts.refunds:
            for part in refund.lines:
                if part.line == place:
                    quantity -= part.quantity
        return quantity

    def refund_tax(self, part: RefundLineFacts) -> Decimal:
        """Return the tax of a refund line."""
        if part.tax is not None:
            return part.tax
        line = self.facts.lines[part.line]
        return self._share(self.tax_of_line(line), part)

    def refund_subtotal(self, part: RefundLineFacts) -> Decimal:
        """Return the subtotal of a refund line, after discounts."""
        if part.subtotal is not None:
            return part.subtotal
        line = self.facts.lines[part.line]
        price = self.discounted(line)
        if self.facts.taxes_included and not self._subtotals_with_tax:
            price -= self.tax_of_line(line)
        return self._share(price, part)

    def refund_transactions(self, refund: RefundFacts) -> list[TransactionFacts]:
        """Return the transactions of a refund."""
        if refund.transactions is not None:
            return refund.transactions
        amount = self._refund_value(refund) - refund.adjustment
        if not amount:
            return []
        return [TransactionFacts(amount)]

    def _add_parts(self) -> None:
        """Add lines, shipping and fees to the totals."""
        for line in self.facts.lines:
            price = self.discounted(line)
            self.total += price
            self.tax += self.tax_of_line(line)
            if line.tip:
                self.tips += price
            if line.duty:
                self.duties += line.duty
        for shipment in self.facts.shipping:
            if not shipment.removed:
                self._add_shipment(shipment)
        for fee in self.facts.fees:
            self.total += fee.amount
            self.tax += fee.tax
        if self.facts.duties_place != "prices":
            self.total += self.duties
        self.total += self._unless_included(self.tax)

    def _add_shipment(self, shipment: ShippingFacts) -> None:
        price = shipment.price - shipment.discount
        self.total += price
        self.tax += sum(self.taxes(shipment.taxes, price), Decimal(0))

    def _without_removed(self) -> Decimal:
        """Return the total without removed and refunded parts."""
        if self.facts.cancelled_at:
            return Decimal(0)
        total = self.total
        for line in self.facts.lines:
            total -= self._removed_value(line)
        for refund in self.facts.refunds:
            total -= self._refund_value(refund)
        return total

    def _count_refunded(self) -> dict[int, int]:
        """Return how many units of its line are gone before each refund line, by its `id()`."""
        gone = [line.removed for line in self.facts.lines]
        before = {}
        for refund in self.facts.refunds:
            for part in refund.lines:
                before[id(part)] = gone[part.line]
                gone[part.line] += part.quantity
        return before

    def _share(self, amount: Decimal, part: RefundLineFacts) -> Decimal:
        """Return the part of a line's amount for the units of a refund line.

        The parts of all refund lines of a line add up to its amount.
        """
        quantity = self.facts.lines[part.line].quantity
        before = self._refunded_before[id(part)]
        after = before + part.quantity
        amount_after = self._round(amount * after / quantity)
        amount_before = self._round(amount * before / quantity)
        return amount_after - amount_before

    def _removed_value(self, line: LineFacts) -> Decimal:
        """Return what the removed units of a line take off the order, with tax."""
        price = self.discounted(line) * line.removed / line.quantity
        tax = self.tax_of_line(line) * line.removed / line.quantity
        return self._round(price) + self._unless_included(self._round(tax))

    def _refund_value(self, refund: RefundFacts) -> Decimal:
        """Return what the lines, shipping and duties of a refund take off the order, with tax."""
        value = refund.shipping + refund.duties
        value += self._unless_included(refund.shipping_tax)
        for part in refund.lines:
            value += self.refund_subtotal(part)
            if not self._subtotals_with_tax:
                value += self.refund_tax(part)
        return value

    def _unless_included(self, tax: Decimal) -> Decimal:
        if self.facts.taxes_included:
            return Decimal(0)
        return tax

    def _round(self, amount: Decimal) -> Decimal:
        return round_money(amount, self.facts.currency)
