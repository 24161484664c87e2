"""The payments and payouts of a company's ledger as rows of the warehouse."""

from demo.ledger import PARTNER_FILES, SHOPIFY, STOREFRONT, shopify_payments
from demo.ledger.storefront_payments import payments_of
from tests.oracle_payments import PaymentOracle


def payment_oracle(oracle, newest_day):
    """A `PaymentOracle` about what the books of an `Oracle` show."""
    snapshot = oracle.snapshot
    payments = []
    payouts = []
    for payment in payments_of(snapshot):
        payments.append(_payment(oracle, STOREFRONT, payment))
    of_shopify = shopify_payments.payments_of(snapshot)
    for payment in of_shopify:
        payout_id = payment.payout_id
        row = _payment(oracle, SHOPIFY, payment, payout_id=payout_id)
        payments.append(row)
    for payout in shopify_payments.payouts_of(of_shopify):
        issued_on = oracle.business_date(payout.issued_at)
        reference = f"DEMO{payout.payout_id}"
        row = _payout(SHOPIFY, payout.payout_id, payout, issued_on, reference)
        payouts.append(row)
    for settlement in snapshot.settlements:
        payout_id = f"{settlement.partner}-{settlement.settlement_id}"
        reference = settlement.settlement_id
        row = _payout(PARTNER_FILES, payout_id, settlement, settlement.day, reference)
        payouts.append(row)
        for payment in settlement.rows:
            facts = {
                "gateway": settlement.partner,
                "currency": settlement.currency,
                "fee_amount": 0,
                "payout_id": payout_id,
                "processed_at": payment.posted_at,
            }
            payments.append(_payment(oracle, PARTNER_FILES, payment, **facts))
    return PaymentOracle(
        orders=oracle.orders,
        order_lines=oracle.order_lines,
        refunds=oracle.refunds,
        payments=payments,
        payouts=payouts,
        exact_rate=oracle.exact_rate,
        newest_day=newest_day,
    )


def _payment(oracle, source, payment, **facts):
    """A row of `payments`, without its id."""
    row = {
        "source": source,
        "order_id": payment.order_id,
        "kind": payment.kind,
        "amount": payment.amount,
        "payout_id": None,
        "is_test": False,
    }
    for column, name in (
        ("gateway", "gateway"),
        ("currency", "currency"),
        ("fee_amount", "fee"),
        ("processed_at", "processed_at"),
    ):
        row[column] = facts[column] if column in facts else getattr(payment, name)
    row["business_date"] = oracle.business_date(row["processed_at"])
    return row | facts


def _payout(source, payout_id, payout, issued_on, reference):
    """A row of `payouts`."""
    return {
        "source": source,
        "payout_id": payout_id,
        "issued_on": issued_on,
        "status": "paid",
        "currency": payout.currency,
        "amount": payout.amount,
        "external_reference": reference,
    }
