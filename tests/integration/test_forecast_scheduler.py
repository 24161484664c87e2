"""The weekly forecast in the real scheduler: what starts it, what holds it back, what it does about failures.

The seven days are announced as daily runs announce them, by events of their asset with the day as partition.
"""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from demo.services.ports import free_port
from ecommerce.forecast.weeks import Week, newest_week
from tests.dags.conftest import REPOSITORY
from tests.integration.live_airflow import live_airflow, timezone_at_work
from tests.integration.made_up_sales import ask, environment, open_warehouse, sell
from tests.integration.mailbox import open_mailbox
from tests.integration.warehouse_contents import connect
from tests.partner_ftp import PartnerSite, partner_site

pytestmark = pytest.mark.slow

DAG = "weekly_sales_forecast"


def announce(airflow, days):
    """Tell of loaded days, as the daily run's checks do."""
    found = airflow.until(
        lambda: airflow.api.get("assets", name_pattern="daily_sales")["assets"],
        "knows the asset",
    )
    for day in days:
        airflow.api.post(
            "assets/events", {"asset_id": found[0]["id"], "partition_key": str(day)}
        )


def runs(airflow):
    """Week and state of each run, in their order."""
    found = airflow.api.get(f"dags/{DAG}/dagRuns", order_by="id")["dag_runs"]
    return [(run["partition_key"], run["state"]) for run in found]


def ended_run(airflow, number):
    """The id of the run of that number, when there is one and it has ended."""

    def begun():
        found = airflow.api.get(f"dags/{DAG}/dagRuns", order_by="id")["dag_runs"]
        return found[number - 1]["dag_run_id"] if len(found) >= number else None

    run_id = airflow.until(begun, f"begins run {number}")
    airflow.state(DAG, run_id)
    return run_id


def test_a_week_is_forecast_once_after_its_last_day_and_after_its_failure(
    metadata_server, bigquery_emulator, tmp_path, monkeypatch
):
    timezone = timezone_at_work()
    dags = tmp_path / "dags"
    dags.mkdir()
    shutil.copy(REPOSITORY / "dags" / f"{DAG}.py", dags)
    newest = newest_week(datetime.now(UTC), timezone)
    older = [Week(newest.monday - timedelta(weeks=weeks)) for weeks in (1, 2)]
    monday = str(newest.monday)
    partner = PartnerSite(tmp_path / "partner", free_port())
    with open_mailbox(tmp_path / "mail") as mailbox:
        settings = {
            **environment(bigquery_emulator, tmp_path),
            **mailbox.environment(),
            **partner.environment(),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
            "SHOP_TIMEZONE": timezone,
        }
        open_warehouse(settings, monkeypatch)
        client, dataset = connect(bigquery_emulator), settings["BIGQUERY_DATASET"]
        sell(client, dataset, newest.monday - timedelta(weeks=9), 10 * 7)

        def forecasts():
            return ask(
                client,
                f"SELECT * EXCEPT (run_id) FROM {dataset}.sales_forecasts "
                "WHERE target_date IS NOT NULL ORDER BY series, target_date",
            )

        with live_airflow(
            tmp_path / "airflow", metadata_server, settings, DAG
        ) as airflow:
            # A week that is completed while the DAG is paused is not made up for.
            airflow.api.request("PATCH", f"dags/{DAG}", json={"is_paused": True})
            announce(airflow, older[0].days)
            airflow.api.request("PATCH", f"dags/{DAG}", json={"is_paused": False})

            # The seventh day starts the week, while the partner's server is down.
            announce(airflow, newest.days)
            run_id = ended_run(airflow, 1)
            messages = airflow.until(mailbox.messages, "mails the failure")
            assert runs(airflow) == [(monday, "failed")]
            assert len(airflow.tries(DAG, run_id, "fetch")) == 2
            states = airflow.task_states(DAG, run_id)
            assert (states.pop("due"), states.pop("fetch")) == ("success", "failed")
            assert set(states.values()) == {"upstream_failed"}
            assert forecasts() == []
            (message,) = messages
            assert message["Subject"].startswith(f"Failed: {DAG}.fetch")

            with partner_site(partner.root, port=partner.port):
                # Cleared when its cause is gone, the run forecasts the week and mails it.
                airflow.api.clear(run_id, ["fetch"], DAG)
                airflow.state(DAG, run_id)
                assert set(airflow.task_states(DAG, run_id).values()) == {"success"}
                made = forecasts()
                assert made[0]["target_date"] == newest.as_of
                assert len(made) == 5 * 28
                assert len(mailbox.messages()) == 2

                # A repeated week and an old one are skipped, and mail nobody.
                for number, week in ((2, newest), (3, older[1])):
                    announce(airflow, week.days)
                    skipped = ended_run(airflow, number)
                    states = airflow.task_states(DAG, skipped)
                    assert set(states.values()) == {"skipped"}
            weeks = [monday, monday, str(older[1].monday)]
            assert runs(airflow) == [(week, "success") for week in weeks]
            assert forecasts() == made
            assert len(mailbox.messages()) == 2
