"""The payments and payouts that are staged are those of the demo company's ledger."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine

from demo.ledger import Ledger
from demo.ledger.shopify_payments import payments_of, payouts_of
from demo.seeders import shopify
from demo.services.shopify import Shopify
from ecommerce.core.business_day import day_window
from ecommerce.sources import SHOPIFY
from tests.integration.shopify.reading import Loadable, connect, window_in

FIRST_DAY = date(2026, 11, 2)
TIMEZONE = "America/New_York"
MORNING = timedelta(hours=6)


@pytest.fixture
def company(tmp_path, monkeypatch):
    """A running shop, and the company's ledger."""
    books = Ledger(FIRST_DAY, 8, seed=2, orders_per_day=160, timezone=TIMEZONE)
    data = tmp_path / "shopify.jsonl"
    data.touch()
    with Shopify(data=data, timezone=TIMEZONE) as shop:
        connect(monkeypatch, shop)
        yield books, data


class Tables:
    """What the loads leave: a payment is replaced by its newest version, and a payout has no payments but
    those of its newest read."""

    def __init__(self):
        self.payments = {}
        self.payouts = {}

    def add(self, loaded):
        assert loaded.rows("rejected_rows") == []
        payments = {row["payment_id"]: row for row in loaded.rows("payments")}
        payouts = {row["payout_id"]: row for row in loaded.rows("payouts")}
        for payment_id, row in list(self.payments.items()):
            if row["payout_id"] in payouts and payment_id not in payments:
                del self.payments[payment_id]
        self.payments |= payments
        self.payouts |= payouts


def net_of(payment):
    return payment.amount - (payment.fee or Decimal(0))


def test_daily_reads_end_in_the_payments_of_the_ledger(company, tmp_path):
    books, data = company
    tables = Tables()
    read_at = None
    for business_day in books.business_days:
        day = day_window(business_day, TIMEZONE)
        now = day.end + MORNING
        snapshot = books.as_of(now)
        shopify.fill(data, snapshot)
        changed_from = min(read_at or day.start, day.start) - SHOPIFY.overlap
        folder = tmp_path / str(business_day)
        window = window_in(folder, day, changed_from=changed_from)
        with time_machine.travel(now):
            tables.add(Loadable(window))
        read_at = now
    payments = payments_of(snapshot)
    expected = {}
    for payment in payments:
        expected[payment.payment_id] = {
            "order_id": payment.order_id,
            "kind": payment.kind,
            "gateway": payment.gateway,
            "currency": payment.currency,
            "amount": payment.amount,
            "fee_amount": payment.fee,
            "payout_id": payment.payout_id,
            "processed_at": payment.processed_at,
        }
    stored = {}
    for payment_id, row in tables.payments.items():
        names = expected[payment_id]
        stored[payment_id] = {name: row[name] for name in names}
    assert stored == expected
    kinds = Counter((payment.kind, payment.gateway) for payment in payments)
    assert len(kinds) == 8
    assert kinds["chargeback", "shopify_payments"] == 1
    assert kinds["adjustment", "shopify_payments"] == 1

    payouts = {payout.payout_id: payout for payout in payouts_of(payments)}
    assert tables.payouts.keys() == payouts.keys()
    missing = []
    for payout_id, row in tables.payouts.items():
        payout = payouts[payout_id]
        day = payout.issued_at.date()
        assert (row["amount"], row["issued_on"]) == (payout.amount, day)
        assert row["external_reference"] == f"DEMO{payout_id}"
        parts = row["charges"] + row["refunds"] + row["adjustments"] - row["fees"]
        assert parts == sum(map(net_of, payout.payments))
        missing.append(parts - row["amount"])
        assert day.isoweekday() < 6
    assert missing == [12, *[0] * (len(payouts) - 1)]
    assert len(payouts) == 3
    in_none = [row for row in tables.payments.values() if row["payout_id"] is None]
    assert any(row["gateway"] == "shopify_payments" for row in in_none)
