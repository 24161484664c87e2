"""Days whose report was mailed and whose figures change afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from ecommerce.sales import delivery, mailings
from tests.integration.warehouse.conftest import MONDAY, Shop
from tests.integration.warehouse.loadable import Folder, Order, at

TUESDAY = date(2026, 3, 3)
ORDER = Order("1", at("2026-03-02 15:00"), tax="1.00", customer="ann")
LATE_FILE = Folder(
    [replace(ORDER, order_id="2", source="partner_files", tax="0.004", lines=[("Toys", "1", "120.00")])],
    source="partner_files",
    read_at=at("2026-03-04 11:00"),
)


def test_a_mailed_day_that_changes_is_restated_once(shop: Shop):
    shop.load(Folder([ORDER]))
    mailings.claim_delivery(MONDAY, "hash", "<report@example.com>", datetime.now(UTC))
    mailings.mark_delivered(MONDAY, "hash")

    result = shop.load(LATE_FILE, day=TUESDAY, run_id="scheduled__2026-03-04")

    changes = {row["figure"]: (row["old"], row["new"]) for row in result.restatements}
    assert changes == {
        "orders": (1, 2),
        "units": (1, 2),
        "gross_sales": (Decimal(10), Decimal(130)),
        "net_sales": (Decimal(10), Decimal(130)),
    }, "the tax changed by less than half a cent"
    assert {(row["business_date"], row["reason"]) for row in result.restatements} == {
        (MONDAY, "late or changed orders from partner_files, run scheduled__2026-03-04")
    }
    again = shop.load(LATE_FILE, day=TUESDAY, run_id="scheduled__2026-03-04")
    assert again.restatements == []
    assert len(shop.rows("report_restatements")) == 4


def test_orders_that_turn_out_to_be_of_one_customer_restate_the_customers(shop: Shop):
    bob = replace(ORDER, order_id="2", customer="bob")
    shop.load(Folder([ORDER, bob]))
    mailings.claim_delivery(MONDAY, "hash", "<report@example.com>", datetime.now(UTC))
    mailings.mark_delivered(MONDAY, "hash")

    result = shop.load(Folder([replace(bob, customer="ann")], read_at=at("2026-03-04 11:00")), day=TUESDAY)

    assert [(row["figure"], row["old"], row["new"]) for row in result.restatements] == [("customers", 2, 1)]


def test_a_day_that_changes_while_its_mail_waits_is_restated_when_it_is_mailed(shop: Shop):
    shop.load(Folder([ORDER]))
    figures_at = datetime.now(UTC)
    told = {
        "orders": "1",
        "customers": "1",
        "units": "1.0000",
        "gross_sales": "10.0000",
        "discounts": "0.0000",
    }
    told |= {"returns": "0.0000", "net_sales": "10.0000", "tax": "1.0000", "shipping": "0.0000"}
    report = {"business_date": str(MONDAY), "figures_hash": "hash", "headline": told}
    mailings.claim_delivery(MONDAY, "hash", "<report@example.com>", figures_at)
    assert shop.load(LATE_FILE, day=TUESDAY, run_id="next").restatements == [], "not mailed yet"

    for _ in range(2):  # the task is tried again
        delivery.mark(report | {"figures_at": figures_at.isoformat()})

    changes = {row["figure"]: (row["old"], row["new"]) for row in shop.rows("report_restatements")}
    assert changes == {
        "orders": (1, 2),
        "units": (1, 2),
        "gross_sales": (Decimal(10), Decimal(130)),
        "net_sales": (Decimal(10), Decimal(130)),
    }
    assert len(shop.rows("report_restatements")) == len(changes)
    (mailed,) = shop.rows("report_deliveries")
    assert all(row["detected_at"] > mailed["figures_at"] for row in shop.rows("report_restatements"))


def test_a_day_whose_report_was_not_mailed_is_not_restated(shop: Shop):
    shop.load(Folder([ORDER]))
    mailings.claim_delivery(MONDAY, "hash", "<report@example.com>", datetime.now(UTC))

    assert shop.load(LATE_FILE, day=TUESDAY, run_id="next").restatements == []
