"""A company's week and month, from its daily runs to the mails of their subscriptions.

The week is that in which the clocks go back, and October ends in it. A partner's files of three of its days
arrive after the week was mailed.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import tenacity
import time_machine

from demo.environment import TIMEZONE
from demo.ledger import PARTNERS, HeldFile, Ledger
from ecommerce.core.business_day import day_window
from ecommerce.core.errors import StagingError, TransientError
from ecommerce.core.periods import parse_period
from ecommerce.sales import delivery_log
from ecommerce.sales.periods import steps
from ecommerce.sales.periods.archive import archive_of
from ecommerce.sales.report import build
from ecommerce.sales.slices import WHOLE
from ecommerce.sales.subscribed.delivery import deliver_day, deliver_period
from ecommerce.storage.staging import DagRun
from tests.integration.daily_run import run_day
from tests.integration.mailbox import open_mailbox

pytestmark = pytest.mark.slow

WEEK = parse_period("2026-W44")
MONTH = parse_period("2026-10")
LATE = WEEK.days[3:6]
"""From Thursday to Saturday."""
SUNDAY = date(2026, 11, 1)
ARRIVED = datetime(2026, 11, 2, 20, tzinfo=UTC)
"""When a partner's files of these days arrive: on Monday afternoon."""
ATTEMPTS = 10
"""More than a slow machine needs: one that waits for the other run takes ten seconds."""
SUBSCRIPTIONS = """
- {name: everyone, to: [all@example.com], report: week}
- {name: germany, to: [anna@example.com], report: week, only: {country: [DE]}, format: mail}
- {name: japan, to: [yuki@example.com], report: week, only: {country: [JP]}, format: mail}
- {name: board, to: [board@example.com], report: month}
- {name: drop, to: [eve@example.com], alert: orders, below: {amount: 1000}, only: {country: DE}}
- {name: fall, to: [eve@example.com], alert: net_sales, below: {percent: 1, of: weekday_average}}
- {name: target, to: [eve@example.com], alert: net_sales, below: {percent: 1, of: target}}
"""


def at(day, hour):
    """An hour of a morning in the shop."""
    return datetime.combine(day, time(hour), ZoneInfo(TIMEZONE))


class Story:
    """The company, and what happened to it in order.

    Attributes:
        mails: by step, the mails that it sent by their addresses, each of which gets one.
        problems: by step, the error that ended it.
    """

    def __init__(self, company, mailbox):
        self.company = company
        self.mailbox = mailbox
        self.mails = {}
        self.problems = {}
        self.reasons = {}
        files = []
        for day in [*WEEK.days, WEEK.next.first]:
            midnight = day_window(day, company.timezone).end
            for partner in PARTNERS:
                received = midnight + timedelta(hours=1)
                if partner == PARTNERS[0] and day in LATE:
                    received = ARRIVED
                files.append(HeldFile(partner, day, received))
        self.ledger = Ledger(
            WEEK.first,
            10,
            orders_per_day=40,
            seed=15,
            timezone=company.timezone,
            held_files=tuple(files),
        )

    def run_day(self, day, first=None):
        """The daily run of a day on the morning after it, or one run of the days from `first` on."""
        morning = at(day + timedelta(days=1), 6)
        self.company.show(self.ledger.as_of(morning))
        run_day(
            first or day,
            morning,
            last=day,
            run_id=f"run__{day}",
        )

    def step(self, name, moment, action):
        """Do something at a moment; keep the mails that it sends, or why it fails."""
        before = len(self.mailbox.messages())
        with time_machine.travel(moment):
            try:
                self.reasons[name] = action()
            except (TransientError, Killed) as error:
                self.problems[name] = error
        mails = self.mailbox.messages()[before:]
        self.mails[name] = {message["To"]: message for message in mails}
        assert len(self.mails[name]) == len(mails)

    def weekly(self, run_id):
        """The tasks of `weekly_report`, as far as they are not skipped."""
        run = DagRun("weekly_report", run_id)
        uris = steps.build(WEEK, run)
        assert steps.reason_not_to_mail(WEEK, send_mail=False) == ""
        deliver_period(WEEK, steps.read_reports(uris), run)

    def watch(self, day, run_id="watch"):
        """The task of `report_watch` at nine on the morning after a day."""
        window = day_window(day, self.company.timezone)
        return steps.mail_late(window, DagRun("report_watch", f"{run_id}__{day}"))

    def watches_at_once(self, day):
        """Two runs of it, each tried again, as Airflow does, while the other one sends the mail or replaces
        the report, or a server is too busy; by run, why it mailed nothing."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((TransientError, StagingError)),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            reraise=True,
        )
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(partial(retrying, self.watch, day), ["one", "two"]))

    def deliver_day(self, day):
        """The task `subscriptions` of a daily run."""
        window = day_window(day, self.company.timezone)
        run = DagRun("daily_sales_pipeline", f"run__{day}")
        report = build.build_report(window, run)
        return deliver_day(window, report, run, send_mail=False)

    def net_sales(self):
        """Those of the week in the warehouse."""
        total = Decimal(0)
        for row in self.company.rows("daily_summary"):
            if row["business_date"] in WEEK.days:
                total += row["net_sales"]
        return total

    def archived(self, period):
        """The figures in the archive."""
        reports = self.company.environment["REPORTS_URI"]
        archive = archive_of(period.kind, WHOLE)
        return archive.read_figures(archive.folder_of(reports, period.first))


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(scope="module")
def story(start_shared_company, tmp_path_factory):
    company = start_shared_company()
    with (
        open_mailbox(tmp_path_factory.mktemp("mail")) as mailbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in mailbox.environment().items():
            patch.setenv(name, value)
        patch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", SUBSCRIPTIONS)
        partners = f"{PARTNERS[0]},{PARTNERS[1]}:sun-fri"
        patch.setenv("EXPECTED_PARTNERS", partners)
        story = Story(company, mailbox)
        tell(story, patch)
        yield story


def tell(story, patch):
    """Let a week pass, and two days."""
    saturday = WEEK.days[5]
    story.run_day(saturday, first=WEEK.first)
    # October ends; its first days are not known.
    story.step(
        "month",
        at(SUNDAY, 9),
        lambda: story.watches_at_once(saturday),
    )
    story.october = story.archived(MONTH)
    story.step(
        "month again",
        at(SUNDAY, 10),
        lambda: story.watch(saturday),
    )
    story.run_day(SUNDAY)
    monday = WEEK.next.first
    # Three days are not complete, so the week is not mailed before nine.
    story.step(
        "early",
        at(monday, 7),
        lambda: story.weekly("early"),
    )
    with patch.context() as killing:

        def kill(*_):
            raise Killed

        killing.setattr(delivery_log, "mark_all_sent", kill)
        story.step(
            "killed",
            at(monday, 9),
            lambda: story.watch(SUNDAY),
        )
    another = at(monday, 9) + timedelta(minutes=2)
    story.step("another", another, lambda: story.watch(SUNDAY, "another"))
    story.step("retried", another, lambda: story.watch(SUNDAY))
    story.step(
        "once more",
        at(monday, 10),
        lambda: story.watch(SUNDAY),
    )
    story.mailed = story.archived(WEEK), story.net_sales()
    # The files have arrived.
    story.run_day(monday)
    tuesday = monday + timedelta(days=1)
    story.step(
        "corrected",
        at(tuesday, 7),
        lambda: story.deliver_day(monday),
    )
    story.step(
        "corrected again",
        at(tuesday, 8),
        lambda: story.deliver_day(monday),
    )


def ids(mails):
    """The Message-IDs of mails by their addresses."""
    return {address: message["Message-ID"] for address, message in mails.items()}


def test_two_runs_at_once_mail_the_month_that_ended_once(story):
    [(address, message)] = story.mails["month"].items()
    assert address == "board@example.com"
    [attached] = message.iter_attachments()
    assert attached.get_filename() == "sales-report-2026-10-board.pdf"
    assert attached.get_content().startswith(b"%PDF-")
    assert story.mails["month again"] == {}
    assert "every subscription has got" in story.reasons["month again"]
    unknown = [day.day for day in story.october.unfinished]
    assert unknown == [*MONTH.days[:25], *LATE]


def test_a_week_with_incomplete_days_waits_until_nine(story):
    assert story.mails["early"] == {}
    assert "early" not in story.problems
    figures, net_sales = story.mailed
    assert [day.day for day in figures.unfinished] == LATE
    assert figures.value("net_sales") == net_sales


def test_a_run_that_was_killed_before_it_marked_its_mails_sends_them_again(story):
    assert isinstance(story.problems["killed"], Killed)
    sent = ids(story.mails["killed"])
    assert set(sent) == {"all@example.com", "anna@example.com", "yuki@example.com"}
    # Another run waits for the lease.
    assert isinstance(story.problems["another"], TransientError)
    assert story.mails["another"] == {}
    assert ids(story.mails["retried"]) == sent
    assert story.mails["once more"] == {}


def test_alerts_are_evaluated_once_by_what_is_loaded(story):
    states = []
    for step in ("corrected", "corrected again"):
        sentences = story.reasons[step]
        states.append([each for each in sentences if " is " in each])
    day = WEEK.next.first
    unknown = f"target: {day} is unknown"
    evaluated = [f"drop: {day} is below", f"fall: {day} is above"]
    assert states == [
        [*evaluated, unknown],
        [unknown],
    ]
    alert = story.mails["corrected"]["eve@example.com"]
    assert alert["Subject"].endswith(", below 1,000")


def test_late_files_that_move_the_week_correct_it_once(story):
    _, mailed = story.mailed
    now = story.net_sales()
    assert abs(now - mailed) > mailed / 200
    mails = story.mails["corrected"]
    # Japan has no order in these files. October was mailed late, and days of it are still not complete.
    moved = {"all@example.com", "anna@example.com", "board@example.com"}
    assert mails.keys() - {"eve@example.com"} == moved
    message = mails["all@example.com"]
    assert message["Subject"].startswith("Corrected")
    before = ids(story.mails["killed"])["all@example.com"]
    assert message["Message-ID"] != before
    assert story.archived(WEEK).value("net_sales") == now
    assert story.archived(WEEK).unfinished == []
    assert story.mails["corrected again"] == {}
