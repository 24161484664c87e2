"""Which period a run is of, what it builds, and when it mails; the tasks as Airflow calls them."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import time_machine
from airflow.sdk.exceptions import AirflowSkipException

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ConfigurationError, TransientError
from ecommerce.sales.periods import build, steps, tasks
from ecommerce.sales.periods.figures import figures_hash
from ecommerce.sales.slices import WHOLE
from tests.unit.sales.periods.samples import GERMANY, make
from tests.unit.sales.test_tasks import Store

NEW_YORK = "America/New_York"
SUBSCRIPTIONS = """
- {name: germany, to: [anna@example.com], report: week, only: {country: [DE, AT]}}
- {name: austria, to: [eva@example.com], report: week, only: {country: [AT, DE]}}
- {name: all, to: [all@example.com], report: week}
- {name: board, to: [board@example.com], report: month}
- {name: daily, to: [day@example.com], report: day, only: {shop: [sales_db]}}
"""
NEWEST = "2026-W48"
MONDAY = datetime(2026, 11, 30, 11, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _monday_morning(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", SUBSCRIPTIONS)
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def built(monkeypatch, tmp_path):
    """What was built: period and slices. The figures are in an archive, without texts and documents."""
    asked = []

    def build_reports(period, slices, run):
        distinct = list(dict.fromkeys(slices))
        asked.append((str(period), distinct))
        reports = {}
        for only in distinct:
            figures = make(str(period), only=only)
            reports[only] = build.archive_report(f"file://{tmp_path}", figures)
        return reports

    monkeypatch.setattr(build, "page_texts", Mock(return_value={}))
    monkeypatch.setattr(build, "write_document", Mock())
    monkeypatch.setattr(steps, "build_reports", build_reports)
    return asked


@pytest.fixture
def delivered(monkeypatch):
    """The calls of `deliver_period`."""
    deliver = Mock(return_value=["germany: mailed"])
    monkeypatch.setattr(steps.delivery, "deliver_period", deliver)
    return deliver


def context_of(kind, *, key=None, run_type="asset_triggered", **params):
    """The context of a run, as far as the tasks use it."""
    run = SimpleNamespace(
        dag_id=f"{kind}ly_report",
        partition_key=key,
        run_type=run_type,
        run_after=MONDAY,
    )
    defaults = {kind: None, "subscription": None, "send_mail": False}
    return {
        "dag_run": run,
        "run_id": "r",
        "params": defaults | params,
        "task_state_store": Store(),
    }


def run_tasks(kind, context):
    """Run both tasks of a DAG; return why one is skipped."""
    try:
        uris = tasks.report.function(kind, **context)
        tasks.send.function(kind, uris, **context)
    except AirflowSkipException as skipped:
        return str(skipped)
    return ""


def test_a_week_is_built_for_its_slices_and_mailed_to_its_subscriptions(
    built, delivered
):
    assert run_tasks("week", context_of("week", key="2026-11-23")) == ""
    assert built == [(NEWEST, [WHOLE, GERMANY])]
    [call] = delivered.call_args_list
    period, reports, run = call.args
    assert (str(period), run.run_id) == (NEWEST, "r")
    assert call.kwargs == {"send_mail": False, "only_name": None}
    assert list(reports) == [WHOLE, GERMANY]
    for only, report in reports.items():
        assert report.figures.only == only
        assert report.figures_hash == figures_hash(report.figures)


BY_HAND = {"run_type": "manual"}
ON_REQUEST = "on request only"
RUNS = [
    # Of a DAG with these params: what is built, and why it is not mailed.
    ("month", {"key": "2026-10-01"}, "2026-10", ""),
    ("week", {"key": "2026-11-16"}, "2026-W47", "MAIL=1 mails it"),
    # They ended 56 and 63 days before the newest.
    ("week", {"key": "2026-09-28"}, "2026-W40", "MAIL=1 mails it"),
    ("week", {"key": "2026-09-21"}, "", "make report WEEK=2026-W39"),
    ("week", BY_HAND, NEWEST, ON_REQUEST),
    ("week", BY_HAND | {"week": "2025-W10"}, "2025-W10", ON_REQUEST),
]


@pytest.mark.parametrize("case", RUNS)
def test_a_run_builds_and_mails_what_is_due(built, delivered, case):
    kind, options, period, reason = case
    skipped = run_tasks(kind, context_of(kind, **options))
    assert reason in skipped
    assert delivered.called == (not skipped)
    assert bool(skipped) == bool(reason)
    assert [name for name, _ in built] == ([period] if period else [])


def test_a_request_is_for_one_mail(built, delivered):
    delivered.side_effect = [TransientError("the mail server is down"), []]
    context = context_of("week", **BY_HAND, week="2025-W10", send_mail=True)
    with pytest.raises(TransientError):
        run_tasks("week", context)
    assert run_tasks("week", context) == ""
    for call in delivered.call_args_list:
        assert call.kwargs["send_mail"]
    assert ON_REQUEST in run_tasks("week", context)


def test_a_run_of_one_subscription_builds_and_mails_its_slice_alone(built, delivered):
    context = context_of("week", **BY_HAND, subscription="austria", send_mail=True)
    assert run_tasks("week", context) == ""
    assert built == [(NEWEST, [GERMANY])]
    assert delivered.call_args.kwargs["only_name"] == "austria"


@pytest.mark.parametrize("name", ["board", "unknown"])
def test_a_subscription_of_another_kind_is_refused_with_those_that_there_are(
    built, name
):
    context = context_of("week", **BY_HAND, subscription=name)
    with pytest.raises(ConfigurationError, match="germany, austria, all"):
        tasks.report.function("week", **context)
    assert built == []


@pytest.fixture(autouse=True)
def log_of(monkeypatch):
    """The rows of the delivery log by the last day of a period."""
    rows = {}
    log = SimpleNamespace(subscribed_deliveries=lambda last: rows.get(str(last), []))
    monkeypatch.setattr(steps.delivery, "delivery_log", log)
    return rows


def watch(day, now=None):
    """Run the watch on the morning after a day, as Airflow calls it; return why it is skipped."""
    window = day_window(date.fromisoformat(day), NEW_YORK)
    run = SimpleNamespace(dag_id="report_watch", partition_key=day, run_after=None)
    context = {"dag_run": run, "run_id": "r", "params": {}}
    with time_machine.travel(now or window.end.replace(hour=14), tick=False):
        try:
            tasks.periods_mailed.function(**context)
        except AirflowSkipException as skipped:
            return str(skipped)
    return ""


def test_without_a_subscription_the_report_is_for_the_pages(
    built, delivered, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", "[]")
    reason = "no subscription has a report of"
    assert reason in run_tasks("week", context_of("week", key="2026-11-23"))
    assert built == [(NEWEST, [WHOLE])]
    assert reason in watch("2026-05-31")
    assert len(built) == 1


LATE = {"late": True}
WATCHED = {
    # By day: the periods that ended with it.
    "2026-11-30": ["2026-11"],
    "2026-11-29": ["2026-W48"],
    "2026-05-31": ["2026-W22", "2026-05"],
    "2026-11-28": [],
}


@pytest.mark.parametrize("day", WATCHED)
def test_the_watch_mails_the_week_and_the_month_that_ended(built, delivered, day):
    reason = watch(day)
    periods = WATCHED[day]
    assert [period for period, _ in built] == periods
    # Their days may be incomplete.
    assert [call.kwargs for call in delivered.call_args_list] == [LATE] * len(periods)
    if not periods:
        assert reason == f"no week ended on {day}; no month ended on {day}"


def test_a_watch_of_a_past_day_mails_nothing(built):
    assert "2026-W47 is not the newest week" in watch("2026-11-22", MONDAY)
    assert built == []


@pytest.mark.parametrize(
    ("states", "is_built"),
    [
        ({"all": "sent"}, False),
        ({}, True),
        ({"all": "claimed"}, True),
        ({"board": "sent"}, True),
    ],
)
def test_the_watch_builds_again_what_a_subscription_has_not_got(
    built, delivered, log_of, states, is_built
):
    states = {"germany": "sent", "austria": "sent"} | states
    log_of["2026-11-29"] = [
        {"subscription": name, "state": state, "message_id": "<week.1@x>"}
        for name, state in states.items()
    ]
    reason = watch("2026-11-29")
    assert ("every subscription has got" in reason) != is_built
    assert len(built) == is_built
