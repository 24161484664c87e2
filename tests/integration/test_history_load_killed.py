"""`sales_history_load` as Airflow runs it: a dry run, then runs that are killed (kill -9) and run again."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from demo.ledger import PARTNER_FILES, SALES_DB, Ledger
from tests.integration.airflow_process import AirflowHome, WarmProcess
from tests.integration.daily_run import morning_after
from tests.integration.exports import SOURCE, exported, write
from tests.integration.holding_proxy import HoldingProxy

pytestmark = pytest.mark.slow

DAG = "sales_history_load"


def test_killed_in_every_stage_it_ends_well_when_run_again(
    start_company, start_airflow, bigquery_emulator, tmp_path
):
    told = Ledger(date(2026, 8, 31), 2, orders_per_day=20, seed=5)  # two months
    company, at = (
        start_company(own_dataset=True),
        morning_after(told.business_days[-1]) + timedelta(days=1),
    )
    snapshot = told.as_of(at)
    orders = [*snapshot.orders_of(SALES_DB), *snapshot.orders_of(PARTNER_FILES)]
    # In dollars only: no exchange rates are loaded, so that the first transaction is a month's.
    snapshot = exported(
        snapshot, [order for order in orders if order.currency == "USD"]
    )
    company.show(replace(snapshot, orders=()))
    write(tmp_path / "export", snapshot)
    staging = Path(company.environment["STAGING_URI"].removeprefix("file://")) / DAG
    form = {"files": f"file://{tmp_path}/export/*", "source": SOURCE}
    conf = ("dags", "test", DAG, "-c", json.dumps(form | {"dry_run": False}))
    with HoldingProxy(bigquery_emulator.port).running() as proxy:
        through = {"BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{proxy.port}"}
        airflow = start_airflow(company.environment | through)

        assert airflow.test_dag(DAG, **form) == 0, airflow.log()[-5000:]
        assert not list(staging.rglob("*.parquet")), "a dry run left what it had read"
        assert not tables(company)

        # Killed when this is there, or when this has been carried out and nobody has heard of it.
        for folder in ("files/*", "export", f"2026-08/transformed/{SOURCE}"):
            written = partial(any_of, staging, f"*/*/{folder}")
            assert not written()
            kill_when(written, airflow.start(*conf), airflow)
            assert "orders" not in tables(company) or not company.warehouse()["orders"]
        for asked in (b"BEGIN TRANSACTION", b'"step": "checks"'):
            kill_when(proxy.hold(asked), airflow.start(*conf), airflow)
        assert company.warehouse()["orders"]

        assert airflow.test_dag(DAG, **form, dry_run=False) == 0, airflow.log()[-5000:]
    days = {row["business_date"] for row in company.oracle(snapshot).orders}
    assert (
        company.differences(company.oracle(snapshot, missing={day: [] for day in days}))
        == ""
    )
    assert len(days) == 2
    log = airflow.log()
    assert "2026-08: " in log
    assert not [
        order.email
        for order in snapshot.orders
        if order.email and order.email.strip() in log
    ]


def kill_when(
    reached: Callable[[], bool], process: WarmProcess, airflow: AirflowHome
) -> None:
    """Kill the run with all its children at the moment `reached` becomes true."""
    while not reached():
        assert process.exitcode is None, (
            f"it ended before it could be killed: {airflow.log()[-3000:]}"
        )
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def any_of(folder: Path, pattern: str) -> bool:
    return any(folder.glob(pattern))


def tables(company) -> list[str]:
    names = {dataset.dataset_id for dataset in company.client.list_datasets()}
    if company.dataset not in names:
        return []
    return [table.table_id for table in company.client.list_tables(company.dataset)]
