"""The scheduler runs the selection when its time has come; the champion changes, is announced and mailed."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from ecommerce.forecast.models import registry
from ecommerce.sources.partner_ftp.files import Announced, Promotion
from ecommerce.storage.kept_files import Store
from ecommerce.storage.xcom import to_xcom
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare
from tests.integration.live_airflow import live_airflow
from tests.integration.made_up_sales import environment as of_shop
from tests.integration.mailbox import REPORTED_TO, open_mailbox

pytestmark = pytest.mark.nightly

SELECTION, WEEKLY = "forecast_model_selection", "weekly_sales_forecast"
ZONE = ZoneInfo("America/New_York")
DAYS = 150
EVERY, PROMOTED = 18, 5
"""Of so many days, the first few are on promotion."""
SALES = """
    WITH days AS (
        SELECT day, DATE_DIFF(day, DATE '{first}', DAY) AS number
        FROM UNNEST(GENERATE_DATE_ARRAY(DATE '{first}', DATE '{last}')) AS day
    )
    SELECT
        day,
        number,
        -- Weekdays differ, promotions sell nearly twice as much, and the rest is noise.
        CAST(
            (60 + 10 * EXTRACT(DAYOFWEEK FROM day)) * IF(MOD(number, {every}) < {promoted}, 1.9, 1)
            * (1 + MOD(number * 37, 11) / 100) AS NUMERIC
        ) AS amount
    FROM days
"""


def newest_tick(now):
    """Eight o'clock of the first Sunday, of this month or of the one before."""
    month = now.astimezone(ZONE).date().replace(day=1)
    while True:
        sunday = month + timedelta(days=(6 - month.weekday()) % 7)
        tick = datetime(sunday.year, sunday.month, sunday.day, 8, tzinfo=ZONE)
        if tick <= now:
            return tick
        month = (month - timedelta(days=1)).replace(day=1)


def fill(warehouse, first, last):
    """Sales from `first` to `last`: two categories in two channels."""
    prepare(warehouse)
    dataset = warehouse.settings.bigquery_dataset
    sales = SALES.format(first=first, last=last, every=EVERY, promoted=PROMOTED)
    warehouse.run(
        f"""
        INSERT INTO `{dataset}.daily_sales` (
            business_date, source, channel, category, country_code, currency, order_lines, units, gross_sales,
            discounts, returns, net_sales, gross_sales_reporting
        )
        SELECT
            sales.day, channel, channel, category, 'US', 'USD', 1, 1, sales.amount, 0, 0, sales.amount,
            sales.amount
        FROM ({sales}) AS sales
        CROSS JOIN UNNEST(['sales_db', 'storefront']) AS channel
        CROSS JOIN UNNEST(['garden', 'kitchen']) AS category
        """,
        "fill daily_sales",
    )


def remember(store, first, selected):
    """Promotions of the whole shop, known to the forecasts before, and a champion that ignores them."""
    starts = [
        first + timedelta(days=EVERY * number)
        for number in range((DAYS + 28) // EVERY + 1)
    ]
    promotions = (
        Promotion(start, start + timedelta(days=PROMOTED - 1), None, Decimal(30))
        for start in starts
    )
    kept = to_xcom(Announced(tuple(promotions))) | {"calendar": ""}
    registry.keep(store, registry.INPUTS, selected, kept)
    registry.keep(
        store,
        registry.CHAMPIONS,
        selected,
        {"champion": "seasonal_naive", "as_of": str(selected)},
    )


def when_its_time_has_come(airflow, tick):
    """Let the DAG wait for `tick`, as it does between two months, and switch it on; the id of its run."""
    for dag_id in (SELECTION, WEEKLY):
        airflow.until(
            lambda dag_id=dag_id: knows(airflow, dag_id), f"has read {dag_id}"
        )
    at = f"{tick.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    with sqlite3.connect(airflow.home / "airflow.db", timeout=60) as database:
        database.execute(
            "UPDATE dag SET next_dagrun = ?, next_dagrun_data_interval_start = ?, "
            "next_dagrun_data_interval_end = ?, next_dagrun_create_after = ? WHERE dag_id = ?",
            (at, at, at, at, SELECTION),
        )
    for dag_id in (WEEKLY, SELECTION):
        airflow.api.request("PATCH", f"dags/{dag_id}", json={"is_paused": False})
    (run,) = airflow.until(
        lambda: airflow.api.get(f"dags/{SELECTION}/dagRuns")["dag_runs"], "makes a run"
    )
    airflow.state(SELECTION, run["dag_run_id"])
    return str(run["dag_run_id"])


def knows(airflow, dag_id):
    return bool(airflow.api.get("dags", dag_id_pattern=dag_id)["dags"])


def test_the_scheduler_selects_on_the_first_sunday_and_mails_and_announces_the_champion(
    migrated_airflow,
    bigquery_emulator,
    tmp_path,
    monkeypatch,
):
    """A shop with strong promotions whose champion, until now, knows nothing of them."""
    tick = newest_tick(datetime.now(UTC))
    as_of = tick.date()
    first, selected = as_of - timedelta(days=DAYS), as_of - timedelta(days=28)
    with open_mailbox(tmp_path / "mail") as mailbox:
        environment = of_shop(bigquery_emulator, tmp_path) | mailbox.environment()
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        store = Store.of_models()
        fill(connect(), first, as_of + timedelta(days=9))
        remember(store, first, selected)
        with live_airflow(
            tmp_path / "airflow", migrated_airflow, environment
        ) as airflow:
            run_id = when_its_time_has_come(airflow, tick)
            (run,) = airflow.api.get(f"dags/{SELECTION}/dagRuns")["dag_runs"]
            assert (run["run_type"], run["state"]) == ("scheduled", "success")
            assert datetime.fromisoformat(run["run_after"]) == tick
            states = airflow.task_states(SELECTION, run_id)
            assert states == dict.fromkeys(
                ("prepare", "back_test", "select", "mail"), "success"
            )
            following = airflow.api.get(f"dags/{SELECTION}")["next_dagrun_run_after"]
            assert datetime.fromisoformat(following) > tick
            events = airflow.api.get("assets/events", source_dag_id=SELECTION)
            assert airflow.api.get(f"dags/{WEEKLY}/dagRuns")["dag_runs"] == []
        (message,) = mailbox.messages()
    assert message["Subject"] == "Forecast model: ridge replaces seasonal_naive"
    assert message["To"] == REPORTED_TO
    # By what was known before that day.
    chosen = registry.champion(store, as_of)
    assert (chosen.name, chosen.version) == ("ridge", f"champions/{as_of}.json")
    assert registry.champion(store, as_of - timedelta(days=1)).name == "seasonal_naive"
    record = json.loads(store.read(chosen.version) or b"")
    assert (record["first_day"], record["days"], len(record["origins"])) == (
        str(first),
        DAYS,
        8,
    )
    (event,) = events["asset_events"]
    assert (
        event["extra"].items()
        >= {"champion": "ridge", "version": chosen.version}.items()
    )
