"""After a failed and a complete run of the DAG no customer's address and no secret is kept anywhere."""

import email
import email.policy
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
from demo.services import mail, shopify
from demo.services.ports import free_port
from demo.services.storefront import Fault
from tests.integration.airflow_process import AirflowHome
from tests.integration.company import HASH_KEY
from tests.integration.daily_run import morning_after
from tests.integration.warehouse_contents import read_table

pytestmark = pytest.mark.slow

DAG = "daily_sales_pipeline"
DAY = date(2026, 9, 1)
DATABASE_PASSWORD = "db-secret-7QxW"
CONSUMER_SECRET = "cs_secret_9b2fKz"
ACCESS_TOKEN = "shpat_secret_4Tn8"
MAIL_PASSWORD = "smtp-secret-3pLm"
SECRETS = (DATABASE_PASSWORD, CONSUMER_SECRET, ACCESS_TOKEN, MAIL_PASSWORD, HASH_KEY)
READER = "reader"
CARELESS = "ask zoe.secret@example.org, she knows"


@pytest.fixture(scope="module")
def ran(start_shared_company, migrated_airflow, tmp_path_factory, postgres_server):
    company = start_shared_company(mode="66", own_dataset=True)
    snapshot = Ledger(DAY, 1, orders_per_day=40, seed=11).as_of(morning_after(DAY))
    # People write addresses where none belong.
    careless = tuple(replace(refund, reason=CARELESS) for refund in snapshot.refunds)
    orders = tuple(
        replace(order, coupon_code="for-max@example.net") for order in snapshot.orders
    )
    company.show(replace(snapshot, refunds=careless, orders=orders))
    assert {refund.channel for refund in careless} >= {STOREFRONT}
    environment = with_secrets(company, postgres_server)
    smtp, page = free_port(), free_port()
    folder = company.folders.home / "mail"
    server = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": smtp,
        "password": MAIL_PASSWORD,
    }
    extra = {
        "disable_ssl": True,
        "disable_tls": True,
        "from_email": "sales-report@example.com",
    }
    environment |= {
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(server | {"extra": extra}),
        "AIRFLOW_VAR_REPORT_RECIPIENTS": "analytics@corp.example",
        "AIRFLOW_VAR_ALERT_RECIPIENTS": "on-call@corp.example",
    }
    airflow = AirflowHome(migrated_airflow.folder, environment)
    with mail.run_mail_server(folder, smtp, page):
        quoting = f'{{"code":"no","message":"{snapshot.orders[0].email} {CARELESS}"}}'.encode()
        company.storefront.faults.append(Fault("/orders", status=400, body=quoting))
        company.shopify.faults.append(
            shopify.Fault("OrdersById", status=400, body=quoting)
        )
        assert airflow.test_dag(DAG, business_date=DAY.isoformat()) != 0
        done = airflow.test_dag(DAG, business_date=DAY.isoformat(), send_mail=True)
        assert done == 0, airflow.log()[-5000:]
    return company, airflow


def with_secrets(company, server):
    """The company's environment with passwords that occur nowhere else."""
    server.psql(
        f"CREATE ROLE {READER} LOGIN PASSWORD '{DATABASE_PASSWORD}' IN ROLE sales_reader"
    )
    company.storefront.keys = replace(company.storefront.keys, secret=CONSUMER_SECRET)
    database = json.loads(company.environment["AIRFLOW_CONN_SALES_DB"])
    api = json.loads(company.environment["AIRFLOW_CONN_STOREFRONT_API"])
    company.shopify.tokens = {ACCESS_TOKEN: None}
    second_api = json.loads(company.environment["AIRFLOW_CONN_SHOPIFY_API"])
    return company.environment | {
        "AIRFLOW_CONN_SALES_DB": json.dumps(
            database | {"login": READER, "password": DATABASE_PASSWORD}
        ),
        "AIRFLOW_CONN_STOREFRONT_API": json.dumps(api | {"password": CONSUMER_SECRET}),
        "AIRFLOW_CONN_SHOPIFY_API": json.dumps(second_api | {"password": ACCESS_TOKEN}),
    }


@pytest.fixture(scope="module")
def forbidden(ran):
    """Addresses and secrets, in lower case."""
    company, _ = ran
    people = (*company.shown.orders, *company.shown.customers)
    addresses = {person.email.strip().lower() for person in people if person.email}
    assert len(addresses) > 20
    careless = ["zoe.secret@example.org", "for-max@example.net"]
    return [*addresses, *careless, *map(str.lower, SECRETS)]


def leaks(texts, forbidden):
    """Where which forbidden text occurs; and there must have been something to look at."""
    found, looked_at = [], 0
    for where, text in texts:
        looked_at += len(text)
        lowered = text.lower()
        found += [f"{where}: {each}" for each in forbidden if each in lowered]
    assert looked_at > 1000
    return found


def pages_of(file):
    return "\n".join(page.extract_text() for page in PdfReader(file).pages)


def text_of(file):
    """Everything a reader of the file could see."""
    if file.suffix == ".parquet":
        rows = pq.read_table(file).to_pylist()
        return json.dumps(rows, default=str, ensure_ascii=False)
    if file.suffix == ".pdf":
        return pages_of(file)
    return file.read_bytes().decode("utf-8", "replace")


def files_below(folder):
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [(file.name, text_of(file)) for file in files]


def test_logs_and_the_metadata_database(ran, forbidden):
    _, airflow = ran
    logs = [("output", airflow.log()), *files_below(airflow.folder / "logs")]
    assert leaks(logs, forbidden) == []
    with sqlite3.connect(airflow.database) as database:
        (pushed,) = database.execute("SELECT count(*) FROM xcom").fetchone()
        assert pushed > 10
        dump = "\n".join(database.iterdump())
    assert leaks([("database", dump)], forbidden) == []


def test_staging_after_the_transform(ran, forbidden):
    company, _ = ran
    staging = Path(company.environment["STAGING_URI"].removeprefix("file://"))
    runs = (staging / DAG / str(DAY)).iterdir()
    # The failed run keeps its raw files for a repair; the other one has transformed all of its own.
    [complete] = [run for run in runs if (run / "transformed").exists()]
    assert [folder.name for folder in complete.iterdir()] == ["transformed"]
    staged = files_below(complete)
    names = {name for name, _ in staged}
    assert {"orders.parquet", "customers.parquet", "rejected_rows.parquet"} <= names
    assert leaks(staged, forbidden) == []


def test_warehouse(ran, forbidden):
    company, _ = ran
    tables = []
    for dataset in (company.dataset, f"{company.dataset}_staging"):
        for table in company.client.list_tables(dataset):
            rows = read_table(company.client, dataset, table.table_id)
            tables.append((f"{dataset}.{table.table_id}", str(rows)))
    assert any("<e-mail>" in text for _, text in tables)
    orders = read_table(company.client, company.dataset, "orders")
    hashed = {row["source"] for row in orders if row["customer_hash"]}
    assert hashed >= {STOREFRONT, SHOPIFY}
    assert leaks(tables, forbidden) == []


def test_report_and_mails(ran, forbidden):
    company, _ = ran
    texts = files_below(company.folders.reports)
    assert any(name.endswith(".pdf") for name, _ in texts)
    mails = list((company.folders.home / "mail").glob("*.eml"))
    assert len(mails) == 3, "two failures and a report"
    for file in mails:
        data, policy = file.read_bytes(), email.policy.default
        for part in email.message_from_bytes(data, policy=policy).walk():
            if part.is_multipart():
                continue
            content = part.get_payload(decode=True)
            if part.get_content_type() == "application/pdf":
                texts.append((file.name, pages_of(io.BytesIO(content))))
            else:
                texts.append((file.name, content.decode("utf-8", "replace")))
    assert leaks(texts, forbidden) == []
