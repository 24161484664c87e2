"""The payments that are staged are those of the settlements in the demo company's ledger."""

from datetime import UTC, date, datetime

from demo.ledger import Ledger
from demo.seeders import partner_files
from ecommerce.sales.transform import transform
from tests.unit.sales.transform.raw_folders import read

BOOKS = Ledger(date(2026, 10, 28), 12, timezone="UTC")
MONDAY = date(2026, 11, 2)


def test_a_week_of_the_first_partner(drop, monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "UTC")
    monkeypatch.setenv("REPORTING_CURRENCY", "USD")
    before = BOOKS.as_of(datetime.combine(MONDAY, datetime.min.time(), UTC))
    assert before.settlements == ()
    snapshot = BOOKS.as_of(datetime(2026, 11, 3, 6, tzinfo=UTC))
    assert {settlement.day for settlement in snapshot.settlements} == {MONDAY}
    partner_files.fill(drop.drop, snapshot)
    done = read(transform(drop.extract(MONDAY), run_id="run"))

    expected = set()
    for settlement in snapshot.settlements:
        for row in settlement.rows:
            values = (row.order_id, row.kind, row.amount, row.posted_at)
            expected.add((f"alpenmarkt-{settlement.settlement_id}", *values))
    staged = set()
    for row in done.payments:
        values = (row["order_id"], row["kind"], row["amount"], row["processed_at"])
        staged.add((row["payout_id"], *values))
    assert staged == expected
    assert len(done.payments) == len(expected)
    payouts = {row["external_reference"]: row for row in done.payouts}
    assert payouts.keys() == {each.settlement_id for each in snapshot.settlements}
    for settlement in snapshot.settlements:
        payout = payouts[settlement.settlement_id]
        assert payout["amount"] == settlement.amount
        assert payout["currency"] == settlement.currency
        assert payout["issued_on"] == MONDAY
    settled = {row["order_id"] for row in done.payments}
    sold = {row["order_id"] for row in done.orders if row["channel"] == "alpenmarkt"}
    # An order that the partner sent once is in no file any longer.
    assert len(settled - sold) < 5 < len(settled & sold)
    assert {row["channel"] for row in done.orders} == {"alpenmarkt", "bazario"}
    assert {row["file"] for row in done.rejected_rows}.isdisjoint(
        settlement.file_name for settlement in snapshot.settlements
    )
