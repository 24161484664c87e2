"""After a failed and a complete run of the DAG no customer's address and no secret is kept anywhere."""

import email
import io
import json
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader

from demo.ledger import SHOPIFY, STOREFRONT, Ledger
from demo.services import shopify
from demo.services.storefront import Fault
from tests.integration.airflow_process import AirflowHome
from tests.integration.company import HASH_KEY
from tests.integration.daily_run import morning_after
from tests.integration.mailbox import open_mailbox
from tests.integration.warehouse_contents import read_table
from tests.psql import psql

pytestmark = pytest.mark.slow

DAG = "daily_sales_pipeline"
DAY = date(2026, 9, 1)
READER = "reader"
PASSWORDS = {
    "SALES_DB": "db-secret-7QxW",
    "STOREFRONT_API": "cs_secret_9b2fKz",
    "SHOPIFY_API": "shpat_secret_4Tn8",
    "SMTP_DEFAULT": "smtp-secret-3pLm",
}
COUPON = "for-max@example.net"
REASON = "ask zoe.secret@example.org, she knows"
"""People write addresses where none belong."""


@pytest.fixture(scope="module")
def ran(start_shared_company, migrated_airflow, postgres_server):
    company = start_shared_company(mode="66", own_dataset=True)
    snapshot = Ledger(DAY, 1, orders_per_day=40, seed=11).as_of(morning_after(DAY))
    refunds = tuple(replace(refund, reason=REASON) for refund in snapshot.refunds)
    orders = tuple(replace(order, coupon_code=COUPON) for order in snapshot.orders)
    company.show(replace(snapshot, refunds=refunds, orders=orders))
    assert {refund.channel for refund in refunds} >= {STOREFRONT}
    with open_mailbox(company.folders.home / "mail") as mailbox:
        environment = company.environment | mailbox.environment()
        set_passwords(company, postgres_server, environment)
        airflow = AirflowHome(migrated_airflow.folder, environment)
        body = f'{{"code":"no","message":"{snapshot.orders[0].email} {REASON}"}}'
        body = body.encode()
        company.storefront.faults.append(Fault("/orders", status=400, body=body))
        company.shopify.faults.append(
            shopify.Fault("OrdersById", status=400, body=body)
        )
        assert airflow.test_dag(DAG, business_date=str(DAY)) != 0
        done = airflow.test_dag(
            DAG,
            business_date=str(DAY),
            send_mail=True,
        )
        assert done == 0, airflow.log()[-5000:]
    return company, airflow


def set_passwords(company, server, environment):
    """Let the systems demand, and the connections have, passwords that occur nowhere else."""
    psql(
        server,
        f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORDS['SALES_DB']}' IN ROLE sales_reader",
    )
    company.storefront.secret = PASSWORDS["STOREFRONT_API"]
    company.shopify.tokens = {PASSWORDS["SHOPIFY_API"]}
    for name, password in PASSWORDS.items():
        variable = f"AIRFLOW_CONN_{name}"
        connection = json.loads(environment[variable]) | {"password": password}
        if name == "SALES_DB":
            connection["login"] = READER
        environment[variable] = json.dumps(connection)


def assert_no_leak(company, texts):
    """No text has an address or a secret; `texts` are pairs of a name and a text."""
    people = (*company.shown.orders, *company.shown.customers)
    addresses = {person.email.strip().lower() for person in people if person.email}
    assert len(addresses) > 20
    secrets = {secret.lower() for secret in (*PASSWORDS.values(), HASH_KEY)}
    forbidden = addresses | secrets | {COUPON, "zoe.secret@example.org"}
    assert sum(len(text) for _, text in texts) > 1000
    for name, text in texts:
        lowered = text.lower()
        for word in forbidden:
            assert word not in lowered, name


def text_of(name, content):
    """Everything a reader of the file could see."""
    if name.endswith(".parquet"):
        return str(pq.read_table(io.BytesIO(content)).to_pylist())
    if name.endswith(".pdf"):
        pages = PdfReader(io.BytesIO(content)).pages
        return "\n".join(page.extract_text() for page in pages)
    return content.decode("utf-8", "replace")


def files_below(folder):
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [(file.name, text_of(file.name, file.read_bytes())) for file in files]


def test_logs_and_the_metadata_database(ran):
    company, airflow = ran
    logs = [("output", airflow.log()), *files_below(airflow.folder / "logs")]
    assert_no_leak(company, logs)
    with sqlite3.connect(airflow.database) as database:
        (pushed,) = database.execute("SELECT count(*) FROM xcom").fetchone()
        assert pushed > 10
        dump = "\n".join(database.iterdump())
    assert_no_leak(company, [("database", dump)])


def test_staging_after_the_transform(ran):
    company, _ = ran
    staging = Path(company.environment["STAGING_URI"].removeprefix("file://"))
    runs = (staging / DAG / str(DAY)).iterdir()
    # The failed run keeps its raw files for a repair; the other one has transformed all of its own.
    [complete] = [run for run in runs if (run / "transformed").exists()]
    assert [folder.name for folder in complete.iterdir()] == ["transformed"]
    staged = files_below(complete)
    names = {name for name, _ in staged}
    assert {"orders.parquet", "customers.parquet", "rejected_rows.parquet"} <= names
    assert_no_leak(company, staged)


def test_warehouse(ran):
    company, _ = ran
    tables = []
    for dataset in (company.dataset, f"{company.dataset}_staging"):
        for table in company.client.list_tables(dataset):
            rows = read_table(
                company.client,
                dataset,
                table.table_id,
            )
            tables.append((table.table_id, str(rows)))
    assert any("<e-mail>" in text for _, text in tables)
    orders = company.rows("orders")
    hashed = {row["source"] for row in orders if row["customer_hash"]}
    assert hashed >= {STOREFRONT, SHOPIFY}
    assert_no_leak(company, tables)


def test_report_and_mails(ran):
    company, _ = ran
    texts = files_below(company.folders.reports)
    assert any(name.endswith(".pdf") for name, _ in texts)
    mails = list((company.folders.home / "mail").glob("*.eml"))
    assert len(mails) == 3, "two failures and a report"
    for file in mails:
        message = email.message_from_bytes(file.read_bytes())
        for part in message.walk():
            content = part.get_payload(decode=True)
            if content:
                name = part.get_filename() or "text"
                texts.append((name, text_of(name, content)))
    assert_no_leak(company, texts)
