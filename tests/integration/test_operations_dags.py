"""Reconciliation and watch as Airflow runs them, with the mails they send."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from demo.ledger import SALES_DB, Ledger
from ecommerce.core.business_day import newest_closed_day
from ecommerce.sales.report import archive
from ecommerce.sources import SOURCES
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare
from tests.integration.airflow_process import AirflowHome
from tests.integration.company import Company
from tests.integration.daily_run import run_day

pytestmark = pytest.mark.slow

YESTERDAY = newest_closed_day(datetime.now(UTC), "America/New_York").date


def test_reconciliation_reads_a_day_again_and_mails_what_it_did(
    start_company, start_airflow, mailbox
):
    company = start_company()
    snapshot = Ledger(YESTERDAY, 1, orders_per_day=20, seed=3).as_of(datetime.now(UTC))
    company.show(snapshot)
    run_day(YESTERDAY, datetime.now(UTC))
    refunded = {refund.order_id for refund in snapshot.refunds}
    gone = next(o for o in snapshot.orders_of(SALES_DB) if o.order_id not in refunded)
    snapshot = replace(
        snapshot, orders=tuple(order for order in snapshot.orders if order is not gone)
    )
    company.show(snapshot)
    airflow = start_airflow(company.environment | mailbox.environment())
    assert airflow.test_dag("sales_reconciliation") == 0, airflow.log()
    assert company.differences(company.oracle(run_days=[YESTERDAY])) == ""
    (message,) = mailbox.messages()
    assert (
        message["Subject"] == "Reconciliation: days with differences: 1, corrected: 1"
    )
    body = message.get_body(("plain",)).get_content()
    assert f"{YESTERDAY}, Sales database: orders: 1 gone from the source" in body
    assert f"Reports that were rebuilt but not mailed: {YESTERDAY}" in body
    assert_report_is_of_now(company)
    assert airflow.test_dag("sales_reconciliation") == 0, (
        airflow.log()
    )  # nothing differs now …
    assert len(mailbox.messages()) == 1  # … so nobody is told


def test_a_source_that_cannot_be_read_does_not_stop_the_reconciliation_of_others(
    start_company, start_airflow, mailbox
):
    company = start_company()
    snapshot = Ledger(YESTERDAY, 1, orders_per_day=20, seed=3).as_of(datetime.now(UTC))
    company.show(snapshot)
    run_day(YESTERDAY, datetime.now(UTC))
    refunded = {refund.order_id for refund in snapshot.refunds}
    gone = next(o for o in snapshot.orders_of(SALES_DB) if o.order_id not in refunded)
    company.show(
        replace(
            snapshot,
            orders=tuple(order for order in snapshot.orders if order is not gone),
        )
    )
    wrong = json.loads(company.environment["AIRFLOW_CONN_STOREFRONT_API"]) | {
        "password": "wrong"
    }
    airflow = start_airflow(
        company.environment
        | mailbox.environment()
        | {"AIRFLOW_CONN_STOREFRONT_API": json.dumps(wrong)}
    )
    airflow.test_dag("sales_reconciliation")
    assert gone.order_id not in {
        row["order_id"] for row in company.warehouse()["orders"]
    }
    subjects = [message["Subject"] for message in mailbox.messages()]
    assert "Reconciliation: days with differences: 1, corrected: 1" in subjects
    assert any("compare.storefront.read" in subject for subject in subjects), (
        "an alert of the failure"
    )


def assert_report_is_of_now(company: Company) -> None:
    """The archived report has the warehouse's figures, and every source's latest read."""
    folder = archive.folder_of(company.environment["REPORTS_URI"], YESTERDAY)
    figures = archive.read_figures(folder)
    (summary,) = [
        row
        for row in company.warehouse()["daily_summary"]
        if row["business_date"] == YESTERDAY
    ]
    assert figures.headline["orders"].value == summary["orders"]
    assert figures.headline["net_sales"].value == summary["net_sales"]
    assert figures.provenance.dag_id == "sales_reconciliation"
    assert {each.source for each in figures.quality.sources} == set(SOURCES)
    assert archive.read_file(
        company.environment["REPORTS_URI"], YESTERDAY, "report.pdf"
    )


def test_the_watch_names_the_task_at_fault_once_nobody_else_can(
    start_company, start_airflow, mailbox
):
    company = start_company()
    company.show(
        Ledger(YESTERDAY, 1, orders_per_day=20, seed=3).as_of(datetime.now(UTC))
    )
    wrong = json.loads(company.environment["AIRFLOW_CONN_SALES_DB"]) | {
        "password": "wrong"
    }
    airflow = start_airflow(
        company.environment
        | mailbox.environment()
        | {"AIRFLOW_CONN_SALES_DB": json.dumps(wrong)}
    )
    airflow.test_dag("daily_sales_pipeline", business_date=str(YESTERDAY))
    before = len(mailbox.messages())
    assert airflow.test_dag("report_watch", business_date=str(YESTERDAY)) == 0, (
        airflow.log()
    )
    message = mailbox.messages()[-1]
    assert len(mailbox.messages()) == before + 1
    assert message["Subject"] == f"No sales report for {YESTERDAY}"
    body = message.get_body(("plain",)).get_content()
    assert "extract.sales_db (failed)" in body
    assert f"make repair DAY={YESTERDAY}" in body


STARTED_BY_API = """
# What POST /dags/daily_sales_pipeline/dagRuns does, and a task of that run that fails.
import sys
from airflow.api.common.trigger_dag import trigger_dag
from airflow.utils.session import create_session
from airflow.utils.types import DagRunTriggeredByType

by_api = {"triggered_by": DagRunTriggeredByType.REST_API}
with create_session() as session:
    run = trigger_dag("daily_sales_pipeline", partition_key=sys.argv[1], session=session, **by_api)
    run.get_task_instance("extract.storefront", session=session).set_state("failed", session=session)
    print(run.run_id)
"""


def test_the_watch_finds_a_run_of_the_day_that_the_api_started(
    start_company, start_airflow, mailbox
):
    company = start_company()
    airflow = start_airflow(company.environment | mailbox.environment())
    old_day = YESTERDAY - timedelta(days=9)
    wrong = json.loads(company.environment["AIRFLOW_CONN_SALES_DB"]) | {
        "password": "wrong"
    }
    hindered = AirflowHome(
        airflow.folder,
        airflow.environment | {"AIRFLOW_CONN_SALES_DB": json.dumps(wrong)},
    )
    hindered.test_dag("daily_sales_pipeline", business_date=str(old_day))
    run_id = run_by_api(airflow, YESTERDAY)
    hindered.test_dag(
        "daily_sales_pipeline", business_date=str(old_day)
    )  # one more, begun later
    assert airflow.test_dag("report_watch", business_date=str(YESTERDAY)) == 0, (
        airflow.log()
    )
    message = mailbox.messages()[-1]
    body = message.get_body(("plain",)).get_content()
    assert message["Subject"] == f"No sales report for {YESTERDAY}"
    assert "extract.storefront (failed)" in body
    assert f"make repair DAY={YESTERDAY}" in body
    assert run_id in body
    assert "sales_db" not in body


def run_by_api(airflow: AirflowHome, day: date) -> str:
    """Start a run with `day` as its key, let a task fail; the run's id, which does not name the day."""
    program = [sys.executable, "-c", STARTED_BY_API, str(day)]
    environment = os.environ | airflow.own() | dict(airflow.environment)
    done = subprocess.run(
        program, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    run_id = done.stdout.split()[-1]
    assert str(day) not in run_id.split("__")
    return run_id


def test_the_watch_says_when_there_was_no_run(start_company, start_airflow, mailbox):
    day_before = YESTERDAY - timedelta(days=1)
    airflow = start_airflow(start_company().environment | mailbox.environment())
    assert airflow.test_dag("report_watch", business_date=str(day_before)) == 0, (
        airflow.log()
    )
    (message,) = mailbox.messages()
    assert (
        f"daily_sales_pipeline has no run for {day_before}"
        in message.get_body(("plain",)).get_content()
    )


def test_the_watch_names_the_days_that_last_weeks_forecast_lacks(
    start_company, start_airflow, mailbox
):
    monday = YESTERDAY - timedelta(days=YESTERDAY.weekday())
    week = [monday - timedelta(days=back) for back in range(7, 0, -1)]
    company = start_company()
    prepare(warehouse := connect(step="test"))
    dataset = warehouse.settings.bigquery_dataset
    runs = [
        f"(DATE '{day}', '{source}', 'run', 'success')"
        for day in week[:5]
        for source in SOURCES
    ]
    columns = "business_date, source, run_id, status"
    sql = f"INSERT INTO `{dataset}.load_audit` ({columns}) VALUES {', '.join(runs)}"
    warehouse.run(sql, "daily runs of five days")
    warehouse.run(
        f"INSERT INTO `{dataset}.sales_forecasts` (series, target_date, model, made_at, forecast, lower_80, "
        f"upper_80, lower_95, upper_95, run_id) VALUES ('total', DATE '{week[0]}', 'blend', "
        f"TIMESTAMP('{week[0]}', 'America/New_York'), 1, 1, 1, 1, 1, 'run')",
        "the forecast of the week before",
    )
    airflow = start_airflow(company.environment | mailbox.environment())
    assert airflow.test_dag("report_watch", business_date=str(monday)) == 0, (
        airflow.log()
    )
    subject = f"No sales forecast after the week of {week[0]}"
    (message,) = (each for each in mailbox.messages() if each["Subject"] == subject)
    body = message.get_body(("plain",)).get_content()
    assert f"make backfill FROM={week[5]} TO={week[6]}" in body
