"""What follows a week and a month in the real scheduler: forecast and reports, what starts them, what holds
them back, what they do about failures.

The days are announced as daily runs announce them, by events of their asset with the day as partition. The
same Airflow then selects the model.
"""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from demo.services.ports import free_port
from ecommerce.core.names import DAG_MONTH, DAG_WEEK, VARIABLE_REPORT_SUBSCRIPTIONS
from ecommerce.core.periods import newest_closed
from ecommerce.forecast.models import registry
from ecommerce.forecast.partner_ftp.files import Announced
from ecommerce.storage.kept_files import Store
from ecommerce.storage.plain import to_plain
from tests.dags.conftest import REPOSITORY
from tests.integration.live_airflow import live_airflow, timezone_at_work
from tests.integration.made_up_sales import open_shop, sell
from tests.integration.mailbox import REPORTED_TO, open_mailbox
from tests.integration.warehouse_contents import deployment, new_dataset
from tests.partner_ftp import PartnerSite, partner_site
from tests.rows import columns_of

pytestmark = pytest.mark.slow

DAG = "weekly_sales_forecast"
SELECTION = "forecast_model_selection"
DAYS = 150
READERS = {"week": "weekly@shop.example", "month": "monthly@shop.example"}
"""Who gets the report, by its period."""


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


def pause(airflow, *dag_ids, is_paused=True):
    """Pause DAGs, or unpause them."""
    for dag_id in dag_ids:
        airflow.api.request(
            "PATCH",
            f"dags/{dag_id}",
            json={"is_paused": is_paused},
        )


def runs(airflow, dag_id=DAG):
    """The runs in their order."""
    return airflow.api.get(
        f"dags/{dag_id}/dagRuns",
        order_by="id",
    )["dag_runs"]


def ended_run(airflow, number, dag_id=DAG):
    """The id of the run of that number, when there is one and it has ended."""
    found = airflow.until(
        lambda: runs(airflow, dag_id)[number - 1 :], f"begins run {number} of {dag_id}"
    )
    run_id = found[0]["dag_run_id"]
    airflow.state(dag_id, run_id)
    return run_id


def mails(mailbox):
    """The messages that are no weekly or monthly report."""
    others = []
    for message in mailbox.messages():
        if message["To"] not in READERS.values():
            others.append(message)
    return others


def reports(mailbox):
    """Recipient and title of the weekly and monthly reports."""
    found = []
    for message in mailbox.messages():
        if message["To"] in READERS.values():
            title = message["Subject"].partition(":")[0]
            found.append((message["To"], title))
    return found


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
    dataset = settings["BIGQUERY_DATASET"]
    return open_shop(bigquery_emulator, tmp_path, monkeypatch, dataset, **settings)


@pytest.fixture
def settings(
    bigquery_emulator,
    tmp_path,
    mailbox,
    partner,
    timezone,
):
    environment = deployment(bigquery_emulator, tmp_path, new_dataset())
    environment |= mailbox.environment() | partner.environment()
    subscriptions = []
    for kind, address in READERS.items():
        subscriptions.append({"name": kind, "to": address, "report": kind})
    return environment | {
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
        "HOLIDAYS": "US",
        "SHOP_TIMEZONE": timezone,
        f"AIRFLOW_VAR_{VARIABLE_REPORT_SUBSCRIPTIONS.upper()}": json.dumps(
            subscriptions
        ),
    }


@pytest.fixture
def airflow(shop, settings, metadata_server, tmp_path):
    dags = tmp_path / "dags"
    dags.mkdir()
    dag_ids = (DAG, SELECTION, DAG_WEEK, DAG_MONTH)
    for dag_id in dag_ids:
        shutil.copy(REPOSITORY / "dags" / f"{dag_id}.py", dags)
    home = tmp_path / "airflow"
    with live_airflow(home, metadata_server, settings, *dag_ids) as airflow:
        yield airflow


def test_a_week_is_forecast_once_after_its_last_day_and_after_its_failure(
    airflow, shop, mailbox, partner, timezone
):
    newest = newest_closed("week", datetime.now(UTC), timezone)
    week_before = newest.before
    old = week_before.before
    month = newest_closed("month", datetime.now(UTC), timezone)
    # In the first week of a month, the month may have ended after the week.
    last = max(newest.last, month.last)
    sell(shop, last - timedelta(days=DAYS - 1), DAYS)

    def forecasts():
        return shop.sql(
            "SELECT * EXCEPT (run_id) FROM sales.sales_forecasts "
            "WHERE target_date IS NOT NULL ORDER BY series, target_date"
        )

    # A week that is completed while the DAG is paused is not made up for.
    pause(airflow, DAG, DAG_WEEK)
    announce(airflow, week_before.days)
    pause(airflow, DAG, DAG_WEEK, is_paused=False)

    # The seventh day starts the week, while the partner's server is down.
    announce(airflow, newest.days)
    run_id = ended_run(airflow, 1)
    [message] = airflow.until(lambda: mails(mailbox), "mails the failure")
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
        assert made[0]["target_date"] == newest.next.first
        assert len(made) == 5 * 28
        assert len(mails(mailbox)) == 2

        # A repeated week and an old one are skipped, and mail nobody.
        for number, week in ((2, newest), (3, old)):
            announce(airflow, week.days)
            skipped = ended_run(airflow, number)
            states = airflow.task_states(DAG, skipped)
            assert set(states.values()) == {"skipped"}
    weeks = columns_of(runs(airflow), "partition_key", "state")
    expected = [
        newest.first,
        newest.first,
        old.first,
    ]
    assert weeks == [(str(first), "success") for first in expected]
    assert forecasts() == made
    assert len(mails(mailbox)) == 2
    assert_week_is_reported_once(airflow, mailbox, newest, old)
    announced = [*newest.days, *week_before.days, *old.days]
    assert_month_is_reported(airflow, mailbox, announced, month)
    assert_champion_is_announced(airflow, mailbox, newest.next.first)


def assert_week_is_reported_once(airflow, mailbox, newest, old):
    """The newest week is mailed once though it was completed twice, an old one is built without a mail."""
    ends = []
    for number, (week, sent) in enumerate(
        ((newest, "success"), (newest, "success"), (old, "skipped")), start=1
    ):
        run_id = ended_run(airflow, number, DAG_WEEK)
        states = airflow.task_states(DAG_WEEK, run_id)
        assert states == {"report": "success", "send": sent}
        ends.append((str(week.first), "success"))
    found = columns_of(runs(airflow, DAG_WEEK), "partition_key", "state")
    assert found == ends
    title = f"Sales week {newest.first.isocalendar().week}"
    assert reports(mailbox) == [(READERS["week"], title)]


def assert_month_is_reported(airflow, mailbox, announced, month):
    """Each day of the newest month starts its report, which is mailed."""
    pause(airflow, DAG, DAG_WEEK)
    missing = [day for day in month.days if day not in announced]
    announce(airflow, missing[:-1])
    assert runs(airflow, DAG_MONTH) == []
    announce(airflow, missing[-1:])
    run_id = ended_run(airflow, 1, DAG_MONTH)
    states = airflow.task_states(DAG_MONTH, run_id)
    assert states == {"report": "success", "send": "success"}
    [run] = runs(airflow, DAG_MONTH)
    assert run["partition_key"] == str(month.first)
    title = f"Sales {month.first:%B %Y}"
    assert reports(mailbox)[1:] == [(READERS["month"], title)]


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
    message = mails(mailbox)[-1]
    assert message["Subject"] == subject
    assert message["To"] == REPORTED_TO
    [event] = events["asset_events"]
    assert event["extra"]["champion"] == chosen.name
    assert event["extra"]["version"] == chosen.version
