"""The orders of a small shop that reach every branch of the SQL."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core.errors import CheckFailed
from ecommerce.sales import delivery_log
from ecommerce.sales.loading import ORDERS
from tests.archived_reports import MAILING_RUN, REPORT
from tests.integration.warehouse.loadable import at, days_from, read_folders

DAY = date(2026, 11, 18)
NOON = at("2026-11-18 17:00")
MORNING = at("2026-11-19 11:00")
ONE_DAY = timedelta(days=1)
EXPORT = "old_shop"
FOLDERS = read_folders("small_shop.yaml")


def sell(shop):
    """Four weeks of orders, a day with everything at once, the same day again, and a late file."""
    before = DAY - ONE_DAY
    shop.load(
        *FOLDERS["before"],
        day=before,
        run_id="before",
        missing_sources=["storefront"],
        off_sources=["shopify"],
    )
    sources = ("sales_db", "storefront", "partner_files", "exchange_rates")
    shop.ran(days_from(DAY - timedelta(days=34), 33), sources)
    shop.load(
        *FOLDERS["day"],
        day=DAY,
        run_id="day",
        off_sources=["shopify"],
    )
    mail(before)
    mail(DAY)
    shop.load(
        *FOLDERS["again"],
        day=DAY,
        run_id="again",
    )
    shop.load(
        *FOLDERS["older"],
        day=DAY,
        run_id="older",
    )
    check(
        shop,
        ORDERS,
        "day",
        "again",
    )


def mail(day):
    """Mail the report of a day."""
    hash_of_figures = hashlib.sha256(str(day).encode()).hexdigest()
    assert delivery_log.claim(
        day,
        hash_of_figures,
        f"<{day}@x>",
        MORNING,
        MAILING_RUN,
    )
    headline = {
        "net_sales": Decimal("1.50"),
        "orders": Decimal(3),
        "average_order_value": None,
    }
    report = replace(
        REPORT,
        business_date=day,
        figures_hash=hash_of_figures,
        figures_at=MORNING,
        headline=headline,
    )
    delivery_log.mark_sent(report.business_date, report.figures_hash)
    delivery_log.record_restatements(report)


def check(shop, spec, *run_ids):
    """Run the checks of the days, whatever they find."""
    days = days_from(DAY - timedelta(days=3), 4)
    for run_id in run_ids:
        try:
            shop.failing(
                *days,
                day=DAY,
                spec=spec,
                run_id=run_id,
            )
        except CheckFailed as error:
            print("checks:", error)
