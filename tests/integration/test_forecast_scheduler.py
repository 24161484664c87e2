"""The weekly forecast in the real scheduler: what starts it, what holds it back, what it does about failures.

The seven days are announced as daily runs announce them, by events of their asset with the day as partition.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from demo.services.ports import free_port
from ecommerce.forecast.weeks import Week, newest_week
from ecommerce.warehouse.client import connect as connect_warehouse
from ecommerce.warehouse.schema import prepare as prepare_warehouse
from tests.dags.conftest import REPOSITORY
from tests.integration.live_airflow import LiveAirflow, live_airflow, timezone_at_work
from tests.integration.made_up_sales import ask, environment, sell
from tests.integration.mailbox import ALERTED, Mailbox, open_mailbox
from tests.integration.warehouse_contents import Row, connect
from tests.partner_ftp import PartnerSite, partner_site

pytestmark = pytest.mark.slow

DAG = "weekly_sales_forecast"
PAUSE = 3
"""Seconds between two tries; five minutes where no setting says otherwise."""


@dataclass
class Story:
    """What there was after each thing that happened. Runs by their week's Monday, in their order."""

    airflow: LiveAirflow
    mailbox: Mailbox
    newest: Week
    runs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    forecasts: dict[str, list[Row]] = field(default_factory=dict)
    tries: list[tuple[datetime, datetime]] = field(default_factory=list)
    mails: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(migrated_airflow, bigquery_emulator, tmp_path_factory):
    folder, timezone = tmp_path_factory.mktemp("forecast"), timezone_at_work()
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(REPOSITORY / "dags" / f"{DAG}.py", dags)
    newest = newest_week(datetime.now(UTC), timezone)
    with (
        open_mailbox(folder / "mail") as mailbox,
        pytest.MonkeyPatch.context() as here,
    ):
        partner = PartnerSite(folder / "partner", free_port())
        given = (
            environment(bigquery_emulator, folder)
            | mailbox.environment()
            | partner.environment()
        )
        given |= {
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": str(PAUSE),
            "PARTNER_FTP_PAUSE": "0",
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
            "SHOP_TIMEZONE": timezone,
        }
        for name, value in given.items():
            here.setenv(name, value)
        prepare_warehouse(connect_warehouse(step="test"))
        client, dataset = connect(bigquery_emulator), given["BIGQUERY_DATASET"]
        first = newest.monday - timedelta(days=17 * 7)
        sell(client, dataset, first, 18 * 7)
        with live_airflow(folder / "airflow", migrated_airflow, given, DAG) as airflow:
            told = Story(airflow, mailbox, newest)

            def note(step: str) -> None:
                told.runs[step] = runs(airflow)
                last = airflow.api.get(f"dags/{DAG}/dagRuns", order_by="-id", limit=1)[
                    "dag_runs"
                ][0]
                told.states[step] = airflow.task_states(DAG, last["dag_run_id"])
                sql = (
                    f"SELECT * EXCEPT (run_id) FROM {dataset}.sales_forecasts "
                    "WHERE target_date IS NOT NULL ORDER BY series, target_date"
                )
                told.forecasts[step] = ask(client, sql)
                told.mails[step] = [
                    str(message["Subject"]) for message in mailbox.messages()
                ]

            airflow.api.request("PATCH", f"dags/{DAG}", json={"is_paused": True})
            announce(airflow, Week(newest.monday - timedelta(days=7)).days)
            airflow.api.request("PATCH", f"dags/{DAG}", json={"is_paused": False})

            announce(airflow, newest.days[:6])
            announce(airflow, newest.days[6:])
            run_id = ended_run(airflow, 1)
            airflow.until(lambda: len(mailbox.messages()) >= 1, "tells of the failure")
            told.tries = airflow.tries(DAG, run_id, "fetch")
            note("the partner's server is down")

            with partner_site(partner.root, port=partner.port):
                airflow.api.clear(run_id, ["fetch"], DAG)
                airflow.state(DAG, run_id)
                note("it is back, and the task was cleared")

                announce(airflow, newest.days)
                ended_run(airflow, 2)
                note("every day of the week was loaded again")

                announce(airflow, Week(newest.monday - timedelta(days=14)).days)
                ended_run(airflow, 3)
                note("an old week was backfilled")
            yield told


def announce(airflow: LiveAirflow, days: Iterable[date]) -> None:
    """Tell of loaded days, as the daily run's checks do."""
    found = airflow.until(
        lambda: airflow.api.get("assets", name_pattern="daily_sales")["assets"],
        "knows the asset",
    )
    for day in days:
        airflow.api.post(
            "assets/events", {"asset_id": found[0]["id"], "partition_key": str(day)}
        )


def runs(airflow: LiveAirflow) -> list[tuple[str, str]]:
    """Week and state of each run, in their order."""
    found = airflow.api.get(f"dags/{DAG}/dagRuns", order_by="id")["dag_runs"]
    return [(run["partition_key"], run["state"]) for run in found]


def ended_run(airflow: LiveAirflow, number: int) -> str:
    """The id of the run of that number, when there is one and it has ended."""

    def begun() -> str | None:
        found = airflow.api.get(f"dags/{DAG}/dagRuns", order_by="id")["dag_runs"]
        return found[number - 1]["dag_run_id"] if len(found) >= number else None

    run_id = airflow.until(begun, f"begins run {number}")
    airflow.state(DAG, run_id)
    return run_id


def test_the_seventh_day_starts_the_week_and_a_week_completed_while_paused_is_not_made_up_for(
    story,
):
    assert story.runs["the partner's server is down"] == [
        (str(story.newest.monday), "failed")
    ]


def test_a_task_that_failed_is_tried_once_more_after_the_pause_and_nothing_behind_it_begins(
    story,
):
    (_, ended), (again, _) = story.tries
    assert again - ended >= timedelta(seconds=PAUSE)
    states = story.states["the partner's server is down"]
    assert states.pop("due") == "success"
    assert states.pop("fetch") == "failed"
    assert set(states.values()) == {"upstream_failed"}
    assert story.forecasts["the partner's server is down"] == []


def test_people_are_told_of_the_failure_once_with_its_cause(story):
    (subject,) = story.mails["the partner's server is down"]
    assert subject.startswith(f"Failed: {DAG}.fetch")
    message = story.mailbox.messages()[0]
    assert message["X-Envelope-To"] == ALERTED
    assert (
        "fetching promotions.csv failed: nothing answers"
        in message.get_body(("plain",)).get_content()
    )


def test_cleared_when_its_cause_is_gone_the_run_forecasts_the_week_and_mails_it(story):
    step = "it is back, and the task was cleared"
    assert set(story.states[step].values()) == {"success"}
    made = story.forecasts[step]
    assert {row["target_date"] for row in made} == {
        story.newest.as_of + timedelta(days=n) for n in range(28)
    }
    assert len(made) == 5 * 28
    assert len(story.mails[step]) == 2


@pytest.mark.parametrize(
    "step", ["every day of the week was loaded again", "an old week was backfilled"]
)
def test_a_repeated_week_and_an_old_one_are_skipped_and_mail_nobody(story, step):
    states = story.states[step]
    assert set(states.values()) == {"skipped"}
    assert {state for _, state in story.runs[step]} == {"success"}
    before = "it is back, and the task was cleared"
    assert story.forecasts[step] == story.forecasts[before]
    assert story.mails[step] == story.mails[before]


def test_the_weeks_of_the_runs_are_those_whose_days_were_announced(story):
    weeks = [week for week, _ in story.runs["an old week was backfilled"]]
    assert weeks == [str(story.newest.monday)] * 2 + [
        str(story.newest.monday - timedelta(days=14))
    ]
