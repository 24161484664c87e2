"""Reconciliation and watch as Airflow runs them, with the mails they send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from demo.ledger import SALES_DB, Ledger
from demo.services import mail as mail_service
from demo.services.ports import free_port
from ecommerce.business_day import newest_closed_day
from tests.integration.company import Company
from tests.integration.daily_run import run_day

pytestmark = pytest.mark.full

YESTERDAY = newest_closed_day(datetime.now(UTC), "America/New_York").date
PEOPLE = {
    "AIRFLOW_VAR_ALERT_RECIPIENTS": "oncall@example.com",
    "AIRFLOW_VAR_REPORT_RECIPIENTS": "ceo@example.com",
}


@dataclass(frozen=True)
class Mailbox:
    """What a mail server of this test was given."""

    folder: Path
    port: int

    def messages(self) -> list[EmailMessage]:
        """The messages so far, the oldest first."""
        files = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]

    def environment(self, company: Company, **changes: str) -> dict[str, str]:
        """What a process of Airflow gets: the company's systems, this server, and people to mail to."""
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@reports.example"}
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra}
        return company.environment | PEOPLE | {"AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(connection)} | changes


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    """A running mail server."""
    box = Mailbox(tmp_path / "mailbox", free_port())
    with mail_service.running(box.folder, box.port, free_port()):
        yield box


def test_reconciliation_reads_a_day_again_and_mails_what_it_did(start_company, start_airflow, mailbox):
    company = start_company()
    books = Ledger(YESTERDAY, 1, orders_per_day=20, seed=3).as_of(datetime.now(UTC))
    company.show(books)
    run_day(YESTERDAY, datetime.now(UTC))
    refunded = {refund.order_id for refund in books.refunds}
    gone = next(o for o in books.orders_of(SALES_DB) if o.order_id not in refunded)
    books = replace(books, orders=tuple(order for order in books.orders if order is not gone))
    company.show(books)
    airflow = start_airflow(mailbox.environment(company))
    assert airflow.test_dag("sales_reconciliation") == 0, airflow.log()
    assert company.differences(company.oracle(run_days=[YESTERDAY])) == ""
    (message,) = mailbox.messages()
    assert message["Subject"] == "Reconciliation: 1 day differed, 1 corrected"
    assert f"{YESTERDAY}, Sales database: orders" in message.get_body(("plain",)).get_content()
    assert airflow.test_dag("sales_reconciliation") == 0, airflow.log()  # nothing differs now …
    assert len(mailbox.messages()) == 1  # … so nobody is told


def test_the_watch_names_the_task_at_fault_once_nobody_else_can(start_company, start_airflow, mailbox):
    company = start_company()
    company.show(Ledger(YESTERDAY, 1, orders_per_day=20, seed=3).as_of(datetime.now(UTC)))
    wrong = json.loads(company.environment["AIRFLOW_CONN_SALES_DB"]) | {"password": "wrong"}
    airflow = start_airflow(mailbox.environment(company, AIRFLOW_CONN_SALES_DB=json.dumps(wrong)))
    airflow.test_dag("daily_sales_pipeline", business_date=str(YESTERDAY))
    before = len(mailbox.messages())
    assert airflow.test_dag("report_watch", business_date=str(YESTERDAY)) == 0, airflow.log()
    message = mailbox.messages()[-1]
    assert len(mailbox.messages()) == before + 1
    assert message["Subject"] == f"No sales report for {YESTERDAY}"
    body = message.get_body(("plain",)).get_content()
    assert "extract.sales_db (failed)" in body
    assert f"make repair DAY={YESTERDAY} SOURCE=sales_db" in body


def test_the_watch_says_when_there_was_no_run(start_company, start_airflow, mailbox):
    day_before = YESTERDAY - timedelta(days=1)
    airflow = start_airflow(mailbox.environment(start_company()))
    assert airflow.test_dag("report_watch", business_date=str(day_before)) == 0, airflow.log()
    (message,) = mailbox.messages()
    assert f"no run of daily_sales_pipeline for {day_before}" in message.get_body(("plain",)).get_content()
