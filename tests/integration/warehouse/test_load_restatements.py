"""Days whose report was mailed and whose figures change afterwards."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from ecommerce.core.headline_figures import HEADLINE
from ecommerce.sales import delivery_log
from tests.archived_reports import REPORT
from tests.integration.warehouse.conftest import MONDAY, claim_mail, send_mail
from tests.integration.warehouse.loadable import Folder, Order, read_folders
from tests.integration.warehouse.other_clients import ActsBeforeTheLoad
from tests.rows import columns_of

TUESDAY = date(2026, 3, 3)
ORDER = Order(
    "1",
    "2026-03-02 15:00",
    tax="1.00",
    customer="ann",
)
LATE_FILE = Folder(
    [
        replace(
            ORDER,
            order_id="2",
            source="partner_files",
            tax="0.004",
            lines=[("Toys", "1", "120.00")],
        )
    ],
    source="partner_files",
    read_at="2026-03-04 11:00",
)
CHANGES = {
    "orders": (1, 2),
    "units": (1, 2),
    "average_order_value": (Decimal(10), Decimal(65)),
    "gross_sales": (Decimal(10), Decimal(130)),
    "net_sales": (Decimal(10), Decimal(130)),
}
"""What the late file changes; the tax by less than half a cent."""


def mark(figures_at):
    """Mark Monday's report as sent, and record what changed since its figures were read."""
    report = replace(MAILED, figures_at=figures_at)
    delivery_log.mark_sent(MONDAY, report.figures_hash)
    delivery_log.record_restatements(report)


def load_late_file(shop):
    """Load the late file by the run of Tuesday."""
    shop.load(LATE_FILE, day=TUESDAY, run_id="next")


def changes(rows):
    return {row["figure"]: (row["old"], row["new"]) for row in rows}


def assert_later_than_mail(shop):
    mailed = shop.one("report_deliveries", "figures_at")
    for row in shop.rows("report_restatements"):
        assert row["detected_at"] > mailed["figures_at"]


def restated(shop, *folders, run_id):
    """The restatements that a load by the run of Tuesday adds."""
    before = shop.rows("report_restatements")
    shop.load(*folders, day=TUESDAY, run_id=run_id)
    return [row for row in shop.rows("report_restatements") if row not in before]


def causes(rows, day=MONDAY):
    """By figure: kind, channel and number of orders of each cause of a day's restatements."""
    return {
        row["figure"]: columns_of(
            json.loads(row["causes"] or "[]"), "kind", "channel", "orders"
        )
        for row in rows
        if row["business_date"] == day
    }


def test_each_kind_of_change_has_its_cause_and_its_number_of_orders(shop):
    folders = read_folders("restatements.yaml")
    shop.load(*folders["mailed"])
    send_mail(MONDAY)

    def changed(name):
        return restated(shop, *folders[name], run_id=name)

    assert causes(changed("changed"))["net_sales"] == [
        ("cancelled", "sales_db", 1),
        ("changed", "sales_db", 2),
        ("late", "alpenmarkt", 2),
        ("late", "sales_db", 1),
        ("refunded", "sales_db", 1),
        ("removed", "sales_db", 1),
    ]
    assert causes(changed("refund_taken_back")) == {
        "net_sales": [("unrefunded", "sales_db", 1)],
        "returns": [("unrefunded", "sales_db", 1)],
    }

    # Two orders turn out to be of one customer; an earlier order of another; a rate that comes late.
    rows = changed("one_customer")
    assert columns_of(
        rows,
        "figure",
        "old",
        "new",
    ) == [
        ("customers", 4, 3),
        ("new_customers", 4, 3),
    ]
    assert causes(rows)["customers"] == [("changed", "sales_db", 1)]
    rows = changed("earlier_order")
    of_monday = [row for row in rows if row["business_date"] == MONDAY]
    assert columns_of(
        of_monday,
        "figure",
        "old",
        "new",
    ) == [
        ("new_customers", 3, 2),
        ("returning_customers", 0, 1),
    ]
    by_first_orders = [("first_orders", None, None)]
    assert causes(rows) == {
        "new_customers": by_first_orders,
        "returning_customers": by_first_orders,
    }
    late_rate = causes(changed("late_rate"))
    assert late_rate["net_sales"] == [("rates", None, None)]


MAILED_FIGURES = {
    "orders": 1,
    "average_order_value": 10,
    "customers": 1,
    "new_customers": 1,
    "units": 1,
    "gross_sales": 10,
    "net_sales": 10,
    "tax": 1,
}
MAILED = replace(
    REPORT,
    business_date=MONDAY,
    figures_hash="hash",
    headline={name: Decimal(MAILED_FIGURES.get(name, 0)) for name in HEADLINE},
)


def test_a_change_is_later_than_the_figures_of_a_report_that_was_mailed_during_the_load(
    shop,
):
    shop.load(Folder([ORDER]))

    def mail_report():
        mark(claim_mail(MONDAY))

    shop.warehouse.client = ActsBeforeTheLoad(shop.warehouse.client, mail_report)
    load_late_file(shop)

    assert changes(shop.rows("report_restatements")) == CHANGES
    assert_later_than_mail(shop)


def test_a_day_that_changes_while_its_mail_waits_is_restated_when_it_is_mailed(shop):
    shop.load(Folder([ORDER]))
    figures_at = claim_mail(MONDAY)
    # A mail to a subscription, which may be of a slice, is no mail of the day.
    subscribed = {"business_date": MONDAY, "subscription": "germany"}
    shop.insert("report_deliveries", [subscribed], state="sent", figures_at=figures_at)
    load_late_file(shop)
    assert shop.rows("report_restatements") == [], "not mailed yet"
    shop.sql("DELETE FROM sales.report_deliveries WHERE subscription = 'germany'")

    for _ in range(2):  # the task is tried again
        mark(figures_at)

    assert len(shop.rows("report_restatements")) == len(CHANGES)
    assert changes(shop.rows("report_restatements")) == CHANGES
    assert_later_than_mail(shop)
