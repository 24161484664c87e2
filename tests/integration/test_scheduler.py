"""In the real scheduler: a history load, a sync and a daily run killed in every stage, then a backfill."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from demo.airflow_services import PASSWORD, USER
from demo.ledger import SALES_DB, SHOPIFY, STOREFRONT, Ledger
from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.names import TASK_REPORT, TASK_SEND, TASK_SUBSCRIPTIONS
from ecommerce.sales.history.undo import undo
from ecommerce.sales.report import archive
from ecommerce.sources import live_sources
from tests.dags.conftest import REPOSITORY
from tests.integration.daily_run import arrived
from tests.integration.exports import SOURCE, exported, write
from tests.integration.live_airflow import live_airflow, timezone_at_work
from tests.integration.mailbox import open_mailbox
from tests.integration.stopping import arm
from tests.integration.warehouse_contents import differences
from tests.oracle import ALL_SOURCES
from tests.rows import column_of

pytestmark = pytest.mark.slow

DAILY = "daily_sales_pipeline"
SYNC = "storefront_orders_sync"
HISTORY = "sales_history_load"
BACKFILLED = 2
STAGES = {
    HISTORY: {
        "extract": "control_totals",
        "transform": "month.transform",
        "load": "month.load",
    },
    SYNC: {"extract": "storefront", "transform": "transform", "load": "load"},
    DAILY: {
        "extract": "extract.sales_db",
        "transform": "transform.transform_source",
        "load": "load.load",
        "report": TASK_REPORT,
        "claim": TASK_SEND,
        "send": TASK_SEND,
        "mark_sent": TASK_SEND,
    },
}
"""Where a process is killed: by DAG and stage, the task at work."""
WORKER_TOO = (DAILY, "load")
"""Where the worker, which would notify the scheduler, is killed with it."""


class Story:
    """What was there after the killed runs and after the backfill.

    Attributes:
        states: the end of each killed run.
        skipped: the tasks of the daily run that were skipped.
        tries: by DAG and task, how often a killed task was tried.
        tables: by DAG, what the killed run left; and after the backfill.
    """

    def __init__(self, company, airflow, mailbox, stops, yesterday):
        self.company = company
        self.airflow = airflow
        self.mailbox = mailbox
        self.stops = stops
        self.yesterday = yesterday
        self.states = {}
        self.tries = {}
        self.tables = {}
        self.skipped = set()

    @property
    def days(self):
        days = range(BACKFILLED, -1, -1)
        return [self.yesterday - timedelta(days=back) for back in days]

    def killed_everywhere(self, dag_id, day=None, **conf):
        """Run a DAG whose process is killed once in each of its stages, and wait for its end."""
        stages = STAGES[dag_id]
        stopped = arm(self.stops, dag_id, stages)
        run_id = self.airflow.trigger(dag_id, day, **conf)
        for stage in stages:
            self.kill(stopped[stage], worker_too=(dag_id, stage) == WORKER_TOO)
        self.states[dag_id] = self.airflow.state(dag_id, run_id)
        for task in self.airflow.tasks(dag_id, run_id):
            # The load of any source of the sync may be the one that was killed: `load`, `load__1`.
            key = dag_id, task["task_id"].partition("__")[0]
            self.tries[key] = max(task["try_number"], self.tries.get(key, 0))
            if dag_id == DAILY and task["state"] == "skipped":
                self.skipped.add(task["task_id"])
        self.tables[dag_id] = self.company.warehouse()

    def kill(self, pid, *, worker_too):
        """Kill the process whose id is written to a file, as soon as it is."""
        self.airflow.until(pid.exists, f"gets to {pid.stem}")
        process = psutil.Process(int(pid.read_text()))
        if worker_too:
            process.parent().kill()
        process.kill()

    def backfill(self):
        """Run the days before yesterday with `make backfill`."""
        first, *_, last = map(str, self.days[:-1])
        airflow = {
            "AIRFLOW_URL": self.airflow.url,
            "AIRFLOW_USERNAME": USER,
            "AIRFLOW_PASSWORD": PASSWORD,
            "PYTHONPATH": "plugins",
        }
        command = ("backfill", "--from", first, "--to", last, "--jobs=2")
        done = subprocess.run(
            [sys.executable, "-m", "ecommerce.cli", *command],
            cwd=REPOSITORY,
            env=os.environ | airflow,
            capture_output=True,
            text=True,
        )
        last_line = done.stdout.splitlines()[-1]
        assert last_line == f"{BACKFILLED} days succeeded, 0 failed"
        self.tables["backfilled"] = self.company.warehouse()


def old_orders(snapshot):
    """What an old shop exports: orders in dollars, months ago, so that no exchange rates are loaded."""
    old = timedelta(days=90)
    orders = []
    for order in snapshot.orders_of(SALES_DB):
        if order.currency == "USD":
            at = order.ordered_at - old
            name = f"o-{order.order_id}"
            orders.append(replace(order, order_id=name, ordered_at=at))
    return exported(snapshot, orders)


@pytest.fixture(scope="module")
def story(
    metadata_server,
    start_shared_company,
    tmp_path_factory,
):
    folder = tmp_path_factory.mktemp("live")
    company = start_shared_company(timezone=timezone_at_work())
    now = datetime.now(UTC)
    yesterday = newest_closed_day(now, company.timezone).date
    first = yesterday - timedelta(days=BACKFILLED)
    ledger = Ledger(
        first,
        BACKFILLED + 1,
        orders_per_day=12,
        seed=21,
        timezone=company.timezone,
        held_files=arrived(yesterday, now),
    )
    company.show(ledger.as_of(now))
    write(folder / "export", old_orders(company.shown))
    with open_mailbox(folder / "mail") as mailbox:
        stops = folder / "stops"
        dags = REPOSITORY / "tests" / "dags" / "stopping"
        environment = company.environment | mailbox.environment()
        environment |= {
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
            "STOPS": str(stops),
        }
        with live_airflow(
            folder / "airflow", metadata_server, environment, HISTORY, SYNC, DAILY
        ) as airflow:
            story = Story(company, airflow, mailbox, stops, yesterday)
            files = f"file://{folder}/export/*"
            story.killed_everywhere(
                HISTORY,
                files=files,
                source=SOURCE,
                dry_run=False,
            )
            undo(SOURCE)
            story.killed_everywhere(SYNC)
            story.killed_everywhere(DAILY, str(yesterday))
            story.backfill()
    return story


def of_yesterday(story, tables, names, sources):
    """The rows (of `sources`) that a run of yesterday alone must have loaded."""
    rows = {}
    for name in names:
        rows[name] = []
        for row in tables[name]:
            is_wanted = row["source"] in sources
            if is_wanted and row["business_date"] == story.yesterday:
                rows[name].append(row)
    return rows


def test_every_killed_run_ends_by_itself(story):
    assert story.states == dict.fromkeys(STAGES, "success")
    # The last attempt of the daily run finds the report mailed, and there is no subscription.
    assert story.skipped == {TASK_SEND, TASK_SUBSCRIPTIONS}
    for dag_id, stages in STAGES.items():
        for task in stages.values():
            assert story.tries[dag_id, task] >= 2, (dag_id, task)
    assert story.tries[DAILY, TASK_SEND] >= 4


def test_a_history_load_that_was_killed_leaves_the_tables_of_the_oracle(
    story,
):
    snapshot = old_orders(story.company.shown)
    days = set(column_of(story.company.oracle(snapshot).orders, "business_date"))
    assert days
    expected = story.company.oracle(snapshot, missing={day: [] for day in days})
    assert differences(expected.tables(), story.tables[HISTORY]) == ""


def test_a_killed_sync_and_a_killed_daily_run_leave_the_tables_of_the_oracle(story):
    tables = story.company.oracle(run_days=[story.yesterday]).tables()
    for dag_id, names, sources in (
        (SYNC, ("orders", "order_lines"), (STOREFRONT, SHOPIFY)),
        (DAILY, ("orders", "order_lines", "daily_sales"), live_sources()),
    ):
        expected = of_yesterday(story, tables, names, sources)
        assert expected["orders"]
        found = of_yesterday(story, story.tables[dag_id], names, live_sources())
        assert differences(expected, found) == ""
    reports = story.company.environment["REPORTS_URI"]
    figures = archive.ARCHIVE.read_figures(
        archive.ARCHIVE.folder_of(reports, story.yesterday)
    )
    assert figures.headline["orders"].value > 0


def test_the_mail_whose_sender_was_killed_came_twice_under_one_message_id(
    story,
):
    """It was killed before the first, after it, and after it had remembered the second."""
    messages = story.mailbox.messages()
    assert column_of(messages, "X-Sales-Mail") == ["report"] * 2
    assert len(set(column_of(messages, "Message-ID"))) == 1
    assert not any("Corrected" in message["Subject"] for message in messages)


def test_a_backfill_of_several_days_at_once_ends_in_the_tables_of_the_oracle(
    story,
):
    # The sync has made a day of today, of which nothing is complete.
    today = story.yesterday + timedelta(days=1)
    missing = {today: list(ALL_SOURCES)}
    expected = story.company.oracle(
        run_days=[*story.days, today],
        missing=missing,
    )
    assert differences(expected.tables(), story.tables["backfilled"]) == ""
