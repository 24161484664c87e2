"""In the real scheduler: a sync and a daily run killed in every stage, then one backfill twice."""

from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import psutil
import pytest

from demo.airflow_services import PASSWORD, USER
from demo.ledger import SHOPIFY, STOREFRONT, Ledger
from ecommerce.cli.__main__ import main
from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.names import TASK_REPORT, TASK_SEND
from ecommerce.sales.report import archive
from tests.dags.conftest import REPOSITORY
from tests.integration.company import Company
from tests.integration.live_airflow import LiveAirflow, live_airflow, timezone_at_work
from tests.integration.mailbox import Mailbox, open_mailbox
from tests.integration.stopping import arm
from tests.integration.warehouse_contents import Row, differences
from tests.oracle import ALL_SOURCES

pytestmark = pytest.mark.slow

DAILY, SYNC = "daily_sales_pipeline", "storefront_orders_sync"
BACKFILLED = 2
STAGES = {
    SYNC: {"extract": "storefront", "transform": "transform", "load": "load"},
    DAILY: {
        "extract": "extract.sales_db",
        "transform": "transform.transform_source",
        "load": "load.load",
        "report": TASK_REPORT,
        "claim": TASK_SEND,
        "send": TASK_SEND,
        "mark": TASK_SEND,
    },
}
"""Where a process is killed: by DAG and stage, the task at work."""
WORKER_TOO = (DAILY, "load")
"""Where the worker, which would tell the scheduler, is killed with it."""

Tables = dict[str, list[Row]]


@dataclass
class Killed:
    """A run that lost a process in every stage: its end, its tasks by state, the tries of the tasks hit, and
    what it left."""

    state: str
    tasks: dict[str, set[str]]
    tries: dict[str, int]
    tables: Tables


@dataclass
class Story:
    """What was there after the killed runs, after the backfill, and after the second one."""

    company: Company
    mailbox: Mailbox
    yesterday: date
    sync: Killed
    daily: Killed
    backfilled: Tables
    again: Tables
    said: list[str]
    codes: list[int]

    @property
    def days(self) -> list[date]:
        return [
            self.yesterday - timedelta(days=back) for back in range(BACKFILLED, -1, -1)
        ]


@pytest.fixture(scope="module")
def story(migrated_airflow, start_shared_company, tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    company = start_shared_company(timezone=timezone_at_work())
    now = datetime.now(UTC)
    yesterday = newest_closed_day(now, company.timezone).date
    first = yesterday - timedelta(days=BACKFILLED)
    company.show(
        Ledger(
            first, BACKFILLED + 1, orders_per_day=12, seed=21, timezone=company.timezone
        ).as_of(now)
    )
    days = [f"--from={first}", f"--to={yesterday - timedelta(days=1)}", "--jobs=2"]
    codes, said, tables = [], [], []
    with open_mailbox(folder / "mail") as mailbox:
        environment = {
            **company.environment,
            **mailbox.environment(),
            "AIRFLOW__CORE__DAGS_FOLDER": str(
                REPOSITORY / "tests" / "dags" / "stopping"
            ),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
            "STOPS": str(folder / "stops"),
        }
        with live_airflow(
            folder / "airflow", migrated_airflow, environment, SYNC, DAILY
        ) as airflow:
            sync = killed_everywhere(airflow, company, SYNC, folder / "stops")
            daily = killed_everywhere(
                airflow, company, DAILY, folder / "stops", str(yesterday)
            )
            for more in ([], ["--again"]):
                code, words = command(airflow, "backfill", *days, *more)
                codes.append(code)
                said.append(words)
                tables.append(company.warehouse())
    return Story(company, mailbox, yesterday, sync, daily, *tables, said, codes)


def killed_everywhere(
    airflow: LiveAirflow,
    company: Company,
    dag_id: str,
    stops: Path,
    day: str | None = None,
) -> Killed:
    """Run a DAG whose process is killed once in each of its stages, and wait for its end."""
    stages = STAGES[dag_id]
    told = arm(stops, dag_id, stages)
    run_id = airflow.trigger(dag_id, day)
    for stage in stages:
        kill(airflow, told[stage], worker_too=(dag_id, stage) == WORKER_TOO)
    state = airflow.state(dag_id, run_id)
    tasks = airflow.tasks(dag_id, run_id)
    states: dict[str, set[str]] = {}
    for task in tasks:
        states.setdefault(task["state"], set()).add(task["task_id"])
    # The load of any source of the sync may be the one that was killed: `load`, `load__1`.
    of_stage = {
        name: [task for task in tasks if task["task_id"].partition("__")[0] == name]
        for name in stages.values()
    }
    tries = {
        name: max(task["try_number"] for task in found)
        for name, found in of_stage.items()
    }
    return Killed(state, states, tries, company.warehouse())


def kill(airflow: LiveAirflow, told: Path, *, worker_too: bool) -> None:
    """Kill the process whose id is told, as soon as it is."""
    airflow.until(told.exists, f"gets to {told.stem}")
    process = psutil.Process(int(told.read_text()))
    if worker_too:
        process.parent().kill()
    process.kill()


def command(airflow: LiveAirflow, *arguments: str) -> tuple[int, str]:
    """What `make backfill` runs; its exit code and what it says."""
    said = StringIO()
    with (
        pytest.MonkeyPatch.context() as environment,
        redirect_stdout(said),
        redirect_stderr(StringIO()),
    ):
        for name, value in {
            "URL": airflow.url,
            "USERNAME": USER,
            "PASSWORD": PASSWORD,
        }.items():
            environment.setenv(f"AIRFLOW_{name}", value)
        code = main(list(arguments))
    return code, said.getvalue()


def of_day(tables: Tables, day: date, names: Sequence[str], *sources: str) -> Tables:
    """The rows of one business day (of `sources`): what a run of that day alone must have brought."""
    return {
        name: [
            row
            for row in tables[name]
            if row["business_date"] == day and (not sources or row["source"] in sources)
        ]
        for name in names
    }


def test_a_sync_killed_once_in_every_stage_ends_by_itself(story):
    assert story.sync.state == "success"
    assert set(story.sync.tasks) == {"success"}
    assert all(tries >= 2 for tries in story.sync.tries.values())
    names = ("orders", "order_lines")
    expected = of_day(
        story.company.oracle().tables(), story.yesterday, names, STOREFRONT, SHOPIFY
    )
    assert expected["orders"]
    assert (
        differences(expected, of_day(story.sync.tables, story.yesterday, names)) == ""
    )


def test_a_run_killed_once_in_every_stage_ends_by_itself(story):
    assert story.daily.state == "success"
    assert set(story.daily.tasks) == {"success", "skipped"}
    assert story.daily.tasks["skipped"] == {
        TASK_SEND
    }  # its last attempt finds the report mailed
    assert all(tries >= 2 for tries in story.daily.tries.values())
    assert story.daily.tries[TASK_SEND] >= 4


def test_after_the_kills_its_day_is_as_if_nothing_had_happened(story):
    names = ("orders", "order_lines", "daily_sales")
    expected = of_day(
        story.company.oracle(run_days=[story.yesterday]).tables(),
        story.yesterday,
        names,
    )
    assert expected["orders"]
    assert (
        differences(expected, of_day(story.daily.tables, story.yesterday, names)) == ""
    )
    folder = archive.folder_of(
        story.company.environment["REPORTS_URI"], story.yesterday
    )
    assert archive.read_figures(folder).headline["orders"].value > 0


def test_the_mail_whose_sender_was_killed_came_twice_under_one_message_id(story):
    """It was killed before the first, after it, and after it had remembered the second."""
    messages = story.mailbox.messages()
    assert {message["X-Sales-Mail"] for message in messages} == {"report"}
    assert not any(
        "Corrected" in message["Subject"] for message in messages
    )  # it is the same mail
    assert len(messages) == 2
    assert len({message["Message-ID"] for message in messages}) == 1


def test_a_backfill_of_several_days_at_once_ends_in_the_tables_of_the_oracle(story):
    assert (story.codes[0], story.said[0].splitlines()[-1]) == (
        0,
        f"{BACKFILLED} days succeeded, 0 failed",
    )
    today = story.yesterday + timedelta(
        days=1
    )  # the sync has made a day of it, of which nothing is complete
    expected = story.company.oracle(
        run_days=[*story.days, today], missing={today: list(ALL_SOURCES)}
    )
    assert differences(expected.tables(), story.backfilled) == ""


def test_a_second_backfill_changes_no_table(story):
    assert (story.codes[1], story.said[1].splitlines()[-1]) == (
        0,
        f"{BACKFILLED} days succeeded, 0 failed",
    )
    assert differences(story.backfilled, story.again) == ""
