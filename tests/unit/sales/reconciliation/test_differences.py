"""Which days differ, which are read again, and what the mail says of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ecommerce.mail import transport as mail
from ecommerce.sales.reconciliation import differences as reconciliation
from ecommerce.sales.reconciliation.differences import (
    Difference,
    aggregate_differences,
    days_to_reread,
    order_differences,
)

DAY, NEXT = date(2026, 11, 18), date(2026, 11, 19)


def sums(day=DAY, kind="orders", status="completed", **changes):
    """A row of either side's sums; amounts of the source come as text."""
    measures = {"entries": 3, "lines": 5, "amount": "100.00", "discount_amount": 0, "tax_amount": "7.2"}
    row = {"business_date": day, "kind": kind, "status": status, "currency": "USD", "is_test": False}
    return row | measures | {"shipping_amount": Decimal(5)} | changes


def orders(day=DAY, **counts):
    """A row of the storefront's comparison."""
    names = ("orders", "amount", "refunds")
    row = {f"{side}_{name}": 2 for side in ("source", "stored") for name in names}
    return row | {"business_date": day, "missing": 0, "gone": 0, "changed": 0, "refunded": 0} | counts


def difference(day, source="sales_db"):
    return Difference(day, source, {"orders": (Decimal(3), Decimal(4))}, "orders differ").to_xcom()


def test_equal_sums_differ_in_nothing_whatever_their_types():
    stored = sums(amount=Decimal("100.0000"), tax_amount=Decimal("7.2000"))
    assert aggregate_differences("sales_db", [sums(str(DAY))], [stored]) == []


def test_a_day_with_other_sums_is_named_with_both():
    (found,) = aggregate_differences("sales_db", [sums(entries=2, amount="60.00")], [sums()])
    assert (found.business_date, found.what) == (DAY, "orders, gross amount differ")
    assert found.figures["orders"] == (2, 3)
    assert found.figures["gross amount"] == (60, 100)


def test_an_order_that_only_changed_its_status_makes_the_day_differ():
    source = [sums(status="cancelled"), sums(status="completed", entries=6)]
    stored = [sums(status="cancelled", entries=6), sums(status="completed")]
    (found,) = aggregate_differences("sales_db", source, stored)
    assert found.what == "statuses, currencies or test marks differ"


def test_a_day_that_one_side_does_not_have_differs():
    source, stored = [sums()], [sums(), sums(NEXT, "refunds")]
    assert [each.business_date for each in aggregate_differences("sales_db", source, stored)] == [NEXT]


def test_orders_that_agree_in_number_and_amount_may_still_differ():
    rows = [orders(), orders(NEXT, missing=1, gone=1)]
    (found,) = order_differences("storefront", rows)
    assert found.business_date == NEXT
    assert found.what == "1 orders are not in the warehouse, 1 orders are gone from the source"


def test_a_difference_survives_xcom():
    original = Difference(DAY, "storefront", {"gross amount": (Decimal("1.10"), Decimal(0))}, "x")
    assert Difference.from_xcom(original.to_xcom()) == original


def test_the_newest_days_are_read_again_each_with_its_sources():
    days = [date(2026, 11, number) for number in range(1, 10)]
    listed = reconciliation.newest_first(
        [[difference(day) for day in days], None, [difference(days[-1], "storefront")]]
    )
    rereads = days_to_reread(listed, 7)
    assert [day["business_date"] for day in rereads] == [str(day) for day in reversed(days[2:])]
    assert sorted(rereads[0]["sources"]) == ["sales_db", "storefront"]
    assert rereads[1]["sources"] == ["sales_db"]


@pytest.mark.usefixtures("_settings")
def test_compares_the_closed_days_up_to_yesterday_in_the_shop():
    days = reconciliation.days_to_compare(datetime(2026, 11, 20, 3, tzinfo=UTC))  # still the 19th there
    assert (str(days[0]), str(days[-1]), len(days)) == ("2026-11-14", "2026-11-18", 5)


@pytest.fixture
def _settings(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("RECONCILE_DAYS", "5")


def test_the_mail_says_what_was_found_what_was_done_and_what_is_left():
    days = [date(2026, 11, number) for number in (19, 18, 17, 16)]
    restated = {"business_date": "2026-11-19", "figure": "net_sales", "old": "90.0000", "new": "50.0000"}
    result = {"touched_days": ["2026-11-19"], "rows": {"orders": 12}, "restatements": [restated]}
    texts = reconciliation.mail_texts(
        [difference(day) for day in days],
        {"2026-11-19": result, "2026-11-18": None, "2026-11-16": result},
        built=["2026-11-16"],
    )
    assert texts["subject"] == "Reconciliation: 4 days differed, 2 corrected"
    message = mail.compose(texts["subject"], "reconciliation_mail", texts)
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert "read again: 12 orders loaded, 1 day computed anew" in body
        assert "2026-11-19: net sales 90.0000 is now 50.0000" in body
        assert "Reading again failed for 2026-11-18" in body
        assert "not read again yet: 2026-11-17" in body
        assert "make report DAY=2026-11-19" in body
        assert "make report DAY=2026-11-18" not in body
        assert "reports are built anew, and not mailed: 2026-11-16" in body
        assert "make report DAY=2026-11-16" not in body
    assert (
        """airflow dags trigger sales_reconciliation --conf '{"most_days": 1}'"""
        in message.get_body(("plain",)).get_content()
    )
