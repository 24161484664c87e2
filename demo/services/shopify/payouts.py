"""Balance transactions and payouts of Shopify Payments as the API returns them, built from simple facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from demo.services.shopify.amounts import round_money
from demo.services.shopify.builder import amount_text
from demo.services.shopify.clock import stamp
from demo.services.shopify.store import Record

_TOTALS = {
    "chargesGross": "chargesFee",
    "refundsFeeGross": "refundsFee",
    "adjustmentsGross": "adjustmentsFee",
    "advanceGross": "advanceFees",
    "reservedFundsGross": "reservedFundsFee",
    "retriedPayoutsGross": "retriedPayoutsFee",
}
"""The totals of amounts in a payout's summary, and those of their fees."""
_TOTAL_OF_TYPE = {
    "CHARGE": "chargesGross",
    "REFUND": "refundsFeeGross",
    "REFUND_FAILURE": "refundsFeeGross",
    "ADVANCE": "advanceGross",
    "RESERVED_FUNDS": "reservedFundsGross",
    "TRANSFER_FAILURE": "retriedPayoutsGross",
}
"""Transactions of other types are adjustments."""


@dataclass
class BalanceFacts:
    """A balance transaction.

    Attributes:
        amount: before the fee, from the shop's point of view: negative where the shop pays.
        currency: of the settlement.
        order: the number of its order.
        order_transaction: the number of the transaction of the order that it settles.
        payout: the number of its payout.
    """

    number: int
    amount: Decimal
    at: datetime
    type: str = "CHARGE"
    fee: Decimal = Decimal(0)
    currency: str = "USD"
    order: int | None = None
    order_transaction: int | None = None
    payout: int | None = None
    test: bool = False


@dataclass
class PayoutFacts:
    """A payout; its totals are those of its balance transactions.

    Attributes:
        off_by: by how much the paid amount differs from the totals.
    """

    number: int
    issued_at: datetime
    currency: str = "USD"
    status: str = "PAID"
    trace_id: str | None = None
    off_by: Decimal = Decimal(0)


def build_balance_transaction(facts: BalanceFacts) -> Record:
    """Return a balance transaction with the keys of the GraphQL schema."""
    order = None
    if facts.order is not None:
        order = {"id": f"gid://shopify/Order/{facts.order}"}
    payout = None
    if facts.payout is not None:
        payout = f"gid://shopify/ShopifyPaymentsPayout/{facts.payout}"
    return {
        "id": f"gid://shopify/ShopifyPaymentsBalanceTransaction/{facts.number}",
        "type": facts.type,
        "test": facts.test,
        "transactionDate": stamp(facts.at),
        "amount": _money(facts.amount, facts.currency),
        "fee": _money(facts.fee, facts.currency),
        "associatedOrder": order,
        "associatedPayout": {"id": payout},
        "sourceOrderTransactionId": facts.order_transaction,
    }


def build_payout(facts: PayoutFacts, transactions: Iterable[BalanceFacts]) -> Record:
    """Return a payout with the keys of the GraphQL schema.

    Args:
        facts: the payout.
        transactions: balance transactions; those of other payouts do not count.
    """
    totals: dict[str, Decimal] = {}
    net = facts.off_by
    for transaction in transactions:
        if transaction.payout != facts.number or transaction.type == "TRANSFER":
            continue
        total = _TOTAL_OF_TYPE.get(transaction.type, "adjustmentsGross")
        fees = _TOTALS[total]
        totals[total] = totals.get(total, Decimal(0)) + transaction.amount
        totals[fees] = totals.get(fees, Decimal(0)) + transaction.fee
        net += transaction.amount - transaction.fee
    summary = {}
    for name in (*_TOTALS, *_TOTALS.values()):
        summary[name] = _money(totals.get(name, Decimal(0)), facts.currency)
    return {
        "id": f"gid://shopify/ShopifyPaymentsPayout/{facts.number}",
        "legacyResourceId": str(facts.number),
        "issuedAt": stamp(facts.issued_at),
        "status": facts.status,
        "transactionType": "WITHDRAWAL" if net < 0 else "DEPOSIT",
        "externalTraceId": facts.trace_id,
        "net": _money(net, facts.currency),
        "summary": summary,
    }


def _money(amount: Decimal, currency: str) -> Record:
    text = amount_text(round_money(amount, currency))
    return {"amount": text, "currencyCode": currency}
