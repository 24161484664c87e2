"""The payments that are staged are those of the demo company's ledger."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import time_machine

from demo.ledger import Ledger
from demo.ledger.storefront_payments import payments_of
from demo.seeders import storefront
from ecommerce.core.business_day import day_window
from ecommerce.sales.transform import transform
from ecommerce.sources import STOREFRONT
from tests.integration.storefront.reading import NEW_YORK
from tests.unit.sales.transform.raw_folders import read

FIRST_DAY = date(2026, 11, 2)
BOOKS = Ledger(FIRST_DAY, 6, seed=2, orders_per_day=160, timezone=NEW_YORK)


def test_daily_reads_end_in_the_payments_of_the_ledger(
    serve, window, tmp_path, monkeypatch
):
    """A refund that is deleted was paid back all the same."""
    monkeypatch.setenv("SHOP_TIMEZONE", NEW_YORK)
    monkeypatch.setenv("REPORTING_CURRENCY", "USD")
    data = tmp_path / "storefront.jsonl"
    data.touch()
    serve(None, data=data)
    expected = {}
    stored = {}
    for number, business_day in enumerate(BOOKS.business_days):
        day = day_window(business_day, NEW_YORK)
        now = day.end + timedelta(hours=6)
        snapshot = BOOKS.as_of(now)
        storefront.fill(data, snapshot)
        monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging/{number}")
        with time_machine.travel(now):
            raw = STOREFRONT.source().extract(window(day))
            done = read(transform(raw, run_id="run"))
        assert done.rejected_rows == []
        for row in done.payments:
            stored[row["payment_id"]] = row
        for payment in payments_of(snapshot):
            expected[payment.payment_id] = {
                "order_id": payment.order_id,
                "kind": payment.kind,
                "gateway": payment.gateway,
                "currency": payment.currency,
                "amount": payment.amount,
                "fee_amount": payment.fee,
                "order_currency": payment.currency,
                "order_amount": payment.amount,
                "payout_id": None,
                "processed_at": payment.processed_at,
            }
    found = {}
    for payment_id, row in stored.items():
        found[payment_id] = {name: row[name] for name in expected[payment_id]}
    assert found == expected
    kinds = Counter()
    for row in stored.values():
        kinds[row["kind"], row["gateway"], row["fee_amount"] is None] += 1
    # Stripe's plugin loses fees on some days, PayPal's never.
    assert len(kinds) == 6
    paid = {row["order_id"] for row in stored.values()}
    unpaid = {order.order_id for order in snapshot.orders_of("storefront")} - paid
    assert len(unpaid) > 5
    assert sum(row["fee_amount"] or Decimal(0) for row in stored.values()) > 100
