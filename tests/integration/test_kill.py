"""A run whose process is killed (kill -9) in every phase, and then simply run again."""

import os
import signal
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from demo.ledger import Ledger
from demo.services.storefront import Fault
from tests.integration.airflow_process import AirflowHome, WarmProcess
from tests.integration.daily_run import morning_after
from tests.integration.holding_proxy import HoldingProxy

pytestmark = pytest.mark.slow

DAG = "daily_sales_pipeline"
DAY = date(2026, 9, 1)


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


def test_a_run_killed_while_it_extracts_transforms_and_loads_ends_well_when_run_again(
    start_company, start_airflow, bigquery_emulator
):
    company = start_company()
    company.show(Ledger(DAY, 1, orders_per_day=20, seed=11).as_of(morning_after(DAY)))
    staging = Path(company.environment["STAGING_URI"].removeprefix("file://"))
    conf = ("dags", "test", DAG, "-c", f'{{"business_date": "{DAY}"}}')
    with HoldingProxy(bigquery_emulator.port).running() as proxy:
        through = {"BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{proxy.port}"}
        airflow = start_airflow(company.environment | through)

        company.storefront.faults.append(Fault("/orders", delay=60))
        kill_when(
            lambda: bool(company.storefront.requests), airflow.start(*conf), airflow
        )
        assert list(staging.rglob(".storefront.*.partial")), "nothing was being written"

        runs = staging / DAG / str(DAY)
        kill_when(
            lambda: any(runs.glob("*/transformed/.*.partial")),
            airflow.start(*conf),
            airflow,
        )
        assert not company.warehouse()["orders"]

        # The load's transaction is committed, and its process dies before it hears of that.
        kill_when(proxy.hold(b"BEGIN TRANSACTION"), airflow.start(*conf), airflow)
        assert company.warehouse()["orders"]

        assert airflow.test_dag(DAG, business_date=DAY.isoformat()) == 0, airflow.log()[
            -5000:
        ]
    assert company.differences(company.oracle(run_days=[DAY])) == ""
