"""Which business days `make backfill FROM= TO=` runs, asked of a real Airflow for shops around the world."""

import json
from datetime import date, timedelta

import pytest

from demo.services.ports import free_port, wait_for
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import Range, plan
from tests.integration.airflow_process import AirflowHome, copy

pytestmark = pytest.mark.slow

USER, PASSWORD = "operator", "only in this test"
RANGES = {
    "one day": (date(2026, 11, 18), date(2026, 11, 18)),
    "clocks go back": (date(2026, 10, 23), date(2026, 11, 3)),
    "clocks go forward": (date(2026, 3, 6), date(2026, 3, 31)),
    "a year ends": (date(2025, 12, 30), date(2026, 1, 2)),
}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, migrated_airflow):
    """An API server without scheduler, and its home."""
    root = tmp_path_factory.mktemp("backfill")
    passwords = root / "passwords.json"
    passwords.write_text(json.dumps({USER: PASSWORD}))
    home = copy(
        migrated_airflow,
        root / "airflow",
        {
            "CUSTOMER_HASH_KEY": "a hash key that only tests use",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:op",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        },
    )
    port = free_port()
    process = home.start(
        "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"
    )
    try:
        wait_for(port, 300)
        yield home, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(
    scope="module", params=["America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo"]
)
def api(request, airflow) -> AirflowApi:
    """That Airflow, after it has read the DAG of a shop in that timezone."""
    home, url = airflow
    read = AirflowHome(
        home.folder, {**home.environment, "SHOP_TIMEZONE": request.param}
    )
    assert read.start("dags", "reserialize").wait(300) == 0, read.log()[-3000:]
    return AirflowApi(url, USER, PASSWORD)


@pytest.mark.parametrize("name", RANGES)
def test_are_the_shops_days_first_and_last_included(api, name):
    first, last = RANGES[name]
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert plan(api, Range(first, last)) == [day.isoformat() for day in days]
