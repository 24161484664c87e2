"""The weekly forecast in the real scheduler: what starts it, what holds it back, what it does about failures.

The seven days are announced as daily runs announce them, by events of their asset with the day as partition.
The same Airflow then selects the model.
"""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from demo.services.ports import free_port
from ecommerce.forecast.models import registry
from ecommerce.forecast.partner_ftp.files import Announced
from ecommerce.forecast.weeks import Week, newest_week
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import to_plain
from tests.dags.conftest import REPOSITORY
from tests.integration.live_airflow import live_airflow, timezone_at_work
from tests.integration.made_up_sales import open_shop
from tests.integration.mailbox import REPORTED_TO, open_mailbox
from tests.partner_ftp import PartnerSite, partner_site

pytestmark = pytest.mark.slow

DAG = "weekly_sales_forecast"
SELECTION = "forecast_model_selection"
DAYS = 150


def announce(airflow, days):
    """Tell of loaded days, as the daily run's checks do."""
    [asset] = airflow.until(
        lambda: airflow.api.get("assets", name_pattern="daily_sales")["assets"],
        "knows the asset",
    )
    for day in days:
        event = {
            "asset_id": asset["id"],
            "partition_key": str(day),
        }
        airflow.api.post("assets/events", event)


def runs(airflow):
    """The runs in their order."""
    return airflow.api.get(
        f"dags/{DAG}/dagRuns",
        order_by="id",
    )["dag_runs"]


def ended_run(airflow, number):
    """The id of the run of that number, when there is one and it has ended."""
    found = airflow.until(lambda: runs(airflow)[number - 1 :], f"begins run {number}")
    run_id = found[0]["dag_run_id"]
    airflow.state(DAG, run_id)
    return run_id


@pytest.fixture
def timezone():
    return timezone_at_work()


@pytest.fixture
def mailbox(tmp_path):
    with open_mailbox(tmp_path / "mail") as mailbox:
        yield mailbox


@pytest.fixture
def partner(tmp_path):
    """The partner's server, which is down."""
    return PartnerSite(tmp_path / "partner", free_port())


@pytest.fixture
def shop(
    settings,
    bigquery_emulator,
    tmp_path,
    monkeypatch,
):
    return open_shop(bigquery_emulator, tmp_path, monkeypatch, **settings)


@pytest.fixture
def settings(
    tmp_path,
    mailbox,
    partner,
    timezone,
):
    environment = mailbox.environment() | partner.environment()
    return environment | {
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
        "SHOP_TIMEZONE": timezone,
    }


@pytest.fixture
def airflow(shop, metadata_server, tmp_path):
    dags = tmp_path / "dags"
    dags.mkdir()
    for dag_id in (DAG, SELECTION):
        shutil.copy(REPOSITORY / "dags" / f"{dag_id}.py", dags)
    home = tmp_path / "airflow"
    with live_airflow(home, metadata_server, shop.settings, DAG, SELECTION) as airflow:
        yield airflow


def test_a_week_is_forecast_once_after_its_last_day_and_after_its_failure(
    airflow, shop, mailbox, partner, timezone
):
    newest = newest_week(datetime.now(UTC), timezone)
    week_before, old = [
        Week(newest.monday - timedelta(weeks=weeks)) for weeks in (1, 2)
    ]
    shop.sell(newest.as_of - timedelta(days=DAYS), DAYS)

    def forecasts():
        return shop.ask(
            "SELECT * EXCEPT (run_id) FROM {sales}.sales_forecasts "
            "WHERE target_date IS NOT NULL ORDER BY series, target_date"
        )

    # A week that is completed while the DAG is paused is not made up for.
    airflow.api.request(
        "PATCH",
        f"dags/{DAG}",
        json={"is_paused": True},
    )
    announce(airflow, week_before.days)
    airflow.api.request(
        "PATCH",
        f"dags/{DAG}",
        json={"is_paused": False},
    )

    # The seventh day starts the week, while the partner's server is down.
    announce(airflow, newest.days)
    run_id = ended_run(airflow, 1)
    [message] = airflow.until(mailbox.messages, "mails the failure")
    assert message["Subject"].startswith(f"Failed: {DAG}.fetch")
    assert len(airflow.tries(DAG, run_id, "fetch")) == 2
    states = airflow.task_states(DAG, run_id)
    assert states.pop("due") == "success"
    assert states.pop("fetch") == "failed"
    assert set(states.values()) == {"upstream_failed"}
    assert forecasts() == []

    with partner_site(partner.root, port=partner.port):
        # Cleared when its cause is gone, the run forecasts the week and mails it.
        airflow.api.clear(
            run_id,
            ["fetch"],
            DAG,
        )
        airflow.state(DAG, run_id)
        assert set(airflow.task_states(DAG, run_id).values()) == {"success"}
        made = forecasts()
        assert made[0]["target_date"] == newest.as_of
        assert len(made) == 5 * 28
        assert len(mailbox.messages()) == 2

        # A repeated week and an old one are skipped, and mail nobody.
        for number, week in ((2, newest), (3, old)):
            announce(airflow, week.days)
            skipped = ended_run(airflow, number)
            states = airflow.task_states(DAG, skipped)
            assert set(states.values()) == {"skipped"}
    weeks = [(run["partition_key"], run["state"]) for run in runs(airflow)]
    expected = [
        newest.monday,
        newest.monday,
        old.monday,
    ]
    assert weeks == [(str(monday), "success") for monday in expected]
    assert forecasts() == made
    assert len(mailbox.messages()) == 2
    assert_champion_is_announced(airflow, mailbox, newest.as_of)


def assert_champion_is_announced(airflow, mailbox, as_of):
    """A run of the selection mails and announces a champion that replaces the earlier one."""
    store = Store.of_models()
    earlier = as_of - timedelta(days=28)
    registry.keep(
        store,
        registry.INPUTS,
        earlier,
        to_plain(Announced()),
    )
    before = {"champion": "seasonal_naive", "as_of": str(earlier)}
    registry.keep(
        store,
        registry.CHAMPIONS,
        earlier,
        before,
    )
    run_id = airflow.trigger(
        SELECTION,
        as_of=str(as_of),
    )
    assert airflow.state(SELECTION, run_id) == "success"
    events = airflow.api.get("assets/events", source_dag_id=SELECTION)
    chosen = registry.champion(store, as_of)
    assert chosen.version == f"champions/{as_of}.json"
    yesterday = as_of - timedelta(days=1)
    assert registry.champion(store, yesterday).name == "seasonal_naive"
    subject = f"Forecast model: {chosen.name} replaces seasonal_naive"
    message = mailbox.messages()[-1]
    assert message["Subject"] == subject
    assert message["To"] == REPORTED_TO
    record = json.loads(store.read(chosen.version))
    first = as_of - timedelta(days=DAYS)
    assert record["first_day"] == str(first)
    assert record["days"] == DAYS
    [event] = events["asset_events"]
    assert event["extra"]["champion"] == chosen.name
    assert event["extra"]["version"] == chosen.version
