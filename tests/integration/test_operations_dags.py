"""Reconciliation and watch as Airflow runs them, with the mails they send."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from demo.ledger import SALES_DB, Ledger
from ecommerce.core.business_day import newest_closed_day
from ecommerce.sales.report import archive
from ecommerce.sources import live_sources
from tests.integration.airflow_process import AirflowHome
from tests.integration.corrections import deleted
from tests.integration.daily_run import arrived, run_day

pytestmark = pytest.mark.slow

YESTERDAY = newest_closed_day(datetime.now(UTC), "America/New_York").date


def refused_by(airflow, connection):
    """The same Airflow, where the password of one connection is wrong."""
    name = f"AIRFLOW_CONN_{connection.upper()}"
    wrong = json.loads(airflow.environment[name]) | {"password": "wrong"}
    return AirflowHome(airflow.folder, airflow.environment | {name: json.dumps(wrong)})


def plain(message):
    """A mail's subject and text without what differs from run to run."""
    text = message.get_body(("plain",)).get_content()
    text = f"Subject: {message['Subject']}\n{text}".replace(str(YESTERDAY), "YESTERDAY")
    text = re.sub(r"http://\S+", "URL", text)
    text = re.sub(r"manual__\S+|scheduled__\S+", "RUN", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(r"\d\d:\d\d(:\d\d)?", "TIME", text)
    # Orders and amounts are those of yesterday, whichever day that is.
    text = re.sub(r"\d[\d,]*\.\d+", "AMOUNT", text)
    return re.sub(r"\d+ in the", "N in the", text)


def test_reconciliation_corrects_a_day_although_one_source_cannot_be_read(
    start_company, start_airflow, mailbox, snapshot
):
    company = start_company()
    now = datetime.now(UTC)
    files = arrived(YESTERDAY, now)
    ledger = Ledger(
        YESTERDAY,
        1,
        orders_per_day=20,
        seed=3,
        held_files=files,
    )
    shown = ledger.as_of(now)
    company.show(shown)
    run_day(YESTERDAY, now)
    refunded = {refund.order_id for refund in shown.refunds}
    orders = shown.orders_of(SALES_DB)
    gone = next(order for order in orders if order.order_id not in refunded)
    company.show(deleted(shown, gone))
    airflow = start_airflow(company.environment | mailbox.environment())
    refused_by(airflow, "storefront_api").test_dag("sales_reconciliation")
    company.assert_oracle(run_days=[YESTERDAY])
    mails = sorted(plain(message) for message in mailbox.messages())
    assert "\n".join(mails) == snapshot
    assert_report_is_of_now(company)

    assert airflow.test_dag("sales_reconciliation") == 0, airflow.log()
    assert len(mailbox.messages()) == len(mails), "a mail without a difference"


def assert_report_is_of_now(company):
    """The archived report has the warehouse's figures, and every source's latest read."""
    reports = company.environment["REPORTS_URI"]
    figures = archive.ARCHIVE.read_figures(
        archive.ARCHIVE.folder_of(reports, YESTERDAY)
    )
    summaries = company.warehouse()["daily_summary"]
    [summary] = [row for row in summaries if row["business_date"] == YESTERDAY]
    assert figures.headline["orders"].value == summary["orders"]
    assert figures.provenance.dag_id == "sales_reconciliation"
    assert {each.source for each in figures.quality.sources} == set(live_sources())


def test_the_watch_alerts_about_a_failed_run_and_about_a_day_without_a_run(
    start_company, start_airflow, mailbox, snapshot
):
    company = start_company()
    airflow = start_airflow(company.environment | mailbox.environment())
    refused = refused_by(airflow, "sales_db")
    refused.test_dag(
        "daily_sales_pipeline",
        business_date=str(YESTERDAY),
    )
    for day in (YESTERDAY, YESTERDAY - timedelta(days=1)):
        assert airflow.test_dag("report_watch", business_date=str(day)) == 0
    mails = [plain(message) for message in mailbox.messages()]
    mails = [mail for mail in mails if mail.startswith("Subject: No sales report")]
    assert "\n".join(mails) == snapshot
