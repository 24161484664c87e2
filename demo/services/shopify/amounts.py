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
_ZERO = Decimal(0)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's decimals."""
    decimals = _DECIMALS.get(currency, 2)
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def add(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of amounts."""
    return sum(amounts, _ZERO)


class Amounts:
    """The amounts of one order, in the shop's currency.

    Attributes:
        duties: the duties of all lines.
        tax: the taxes of lines, shipping and fees.
        tips: the price of the tips.
        total: what the customer pays, with additions and before removals and refunds.
        payments: the transactions that paid it.
    """

    def __init__(self, facts: OrderFacts) -> None:
        self.facts = facts
        self._subtotals_with_tax = facts.refund_subtotals_with_tax
        if self._subtotals_with_tax is None:
            self._subtotals_with_tax = facts.taxes_included
        self._refunded_before = self._count_refunded()
        self.duties = add(line.duty or _ZERO for line in facts.lines)
        self.tips = add(self.discounted(line) for line in facts.lines if line.tip)
        goods = add(map(self.discounted, facts.lines))
        shipments = [line for line in facts.shipping if not line.removed]
        shipping = add(line.price - line.discount for line in shipments)
        fees = add(fee.amount for fee in facts.fees)
        self.tax = add(map(self.tax_of_line, facts.lines))
        self.tax += add(add(self.shipping_taxes(line)) for line in shipments)
        self.tax += add(fee.tax for fee in facts.fees)
        self.total = goods + shipping + fees + self._unless_included(self.tax)
        if facts.duties_place != "prices":
            self.total += self.duties
        self.payments = facts.payments
        if self.payments is None:
            self.payments = [TransactionFacts(self.total, "SALE")]

    @property
    def current_total(self) -> Decimal:
        """The total without removed and refunded parts; 0 for a cancelled order."""
        if self.facts.cancelled_at:
            return _ZERO
        removed = add(map(self._removed_value, self.facts.lines))
        return self.total - removed - add(map(self._refund_value, self.facts.refunds))

    @property
    def received(self) -> Decimal:
        """The money received."""
        return moved(self.payments or [], "SALE")

    @property
    def refunded(self) -> Decimal:
        """The money paid back."""
        amounts = []
        for refund in self.facts.refunds:
            amounts.append(moved(self.refund_transactions(refund), "REFUND"))
        return add(amounts)

    def taxes(self, taxes: list[TaxFacts], price: Decimal) -> list[Decimal]:
        """Return the amounts of taxes on a discounted price."""
        net = price
        if self.facts.taxes_included:
            net = price / (1 + add(tax.rate for tax in taxes))
        amounts = []
        for tax in taxes:
            amount = tax.amount
            if amount is None:
                amount = self._round(net * tax.rate)
            amounts.append(amount)
        return amounts

    def shipping_taxes(self, line: ShippingFacts) -> list[Decimal]:
        """Return the taxes of a shipping line."""
        return self.taxes(line.taxes, line.price - line.discount)

    def discounted(self, line: LineFacts) -> Decimal:
        """Return the price of all units of a line after discounts."""
        discount = add(discount.amount for discount in line.discounts)
        return line.price * line.quantity - discount

    def tax_of_line(self, line: LineFacts) -> Decimal:
        """Return the tax of all units of a line."""
        return add(self.taxes(line.taxes, self.discounted(line)))

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
        return self._share(self.tax_of_line(self.facts.lines[part.line]), part)

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
        return [TransactionFacts(amount)] if amount else []

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
        up_to_here = self._round(amount * (before + part.quantity) / quantity)
        return up_to_here - self._round(amount * before / quantity)

    def _removed_value(self, line: LineFacts) -> Decimal:
        """Return what the removed units of a line take off the order, with tax."""
        price = self.discounted(line) * line.removed / line.quantity
        tax = self.tax_of_line(line) * line.removed / line.quantity
        return self._round(price) + self._unless_included(self._round(tax))

    def _refund_value(self, refund: RefundFacts) -> Decimal:
        """Return what the lines, shipping and duties of a refund take off the order, with tax."""
        value = refund.shipping + self._unless_included(refund.shipping_tax)
        value += refund.duties
        for part in refund.lines:
            value += self.refund_subtotal(part)
            if not self._subtotals_with_tax:
                value += self.refund_tax(part)
        return value

    def _unless_included(self, tax: Decimal) -> Decimal:
        return _ZERO if self.facts.taxes_included else tax

    def _round(self, amount: Decimal) -> Decimal:
        return round_money(amount, self.facts.currency)


def moved(transactions: Iterable[TransactionFacts], kind: str) -> Decimal:
    """Return the money that the successful transactions of a kind moved."""
    amounts = []
    for transaction in transactions:
        if transaction.status == "SUCCESS" and transaction.kind == kind:
            amounts.append(transaction.amount)
    return add(amounts)
