"""Which period a run is of, what it builds, and when it mails; the tasks as Airflow calls them."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import time_machine
from airflow.sdk.exceptions import AirflowSkipException

from ecommerce.core.business_day import day_window
from ecommerce.core.errors import ConfigurationError, TransientError
from ecommerce.core.periods import parse_period
from ecommerce.sales.periods import steps, tasks
from ecommerce.sales.periods.archive import ArchivedPeriod, archive_of, folder_of
from ecommerce.sales.periods.figures import PeriodFigures, figures_hash
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.storage.report_archive import Provenance
from tests.unit.sales.test_tasks import Store

NEW_YORK = "America/New_York"
GERMANY = Slice(country=("DE", "AT"))
SUBSCRIPTIONS = """
- {name: germany, to: [anna@example.com], report: week, only: {country: [DE, AT]}}
- {name: austria, to: [eva@example.com], report: week, only: {country: [AT, DE]}}
- {name: all, to: [all@example.com], report: week}
- {name: board, to: [board@example.com], report: month}
- {name: daily, to: [day@example.com], report: day, only: {shop: [sales_db]}}
"""
NEWEST = "2026-W48"
MONDAY_MORNING = "2026-11-30T11:00:00Z"


class Figures(PeriodFigures):
    """Figures without any."""

    def __init__(self, period, only):
        super().__init__(
            kind=period.kind,
            first=period.first,
            last=period.last,
            only=only,
            currency="USD",
            headline={},
            days=[],
            provenance=Provenance(
                dag_id="d",
                run_id="r",
                code_version="1",
                timezone=NEW_YORK,
                generated_at=datetime(2026, 11, 30, 11, tzinfo=UTC),
            ),
        )


@pytest.fixture(autouse=True)
def _monday_morning(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", SUBSCRIPTIONS)
    with time_machine.travel(MONDAY_MORNING, tick=False):
        yield


@pytest.fixture
def built(monkeypatch, tmp_path):
    """What was built: period and slices; the figures are in an archive."""
    asked = []

    def build_reports(period, slices, run):
        asked.append((str(period), list(slices)))
        reports = {}
        for only in slices:
            figures = Figures(period, only)
            uri = folder_of(f"file://{tmp_path}", period, only)
            archive_of(period.kind, only).publish(
                uri,
                figures,
                csv="",
                mail={},
                write=lambda _: None,
                business_date=period.last,
                read_at=figures.provenance.generated_at,
                window_start=figures.provenance.generated_at,
                window_end=figures.provenance.generated_at,
            )
            reports[only] = ArchivedPeriod(uri, figures, figures_hash(figures))
        return reports

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
        run_after=datetime(2026, 11, 30, 11, tzinfo=UTC),
    )
    defaults = {kind: None, "subscription": None, "send_mail": False}
    return {
        "dag_run": run,
        "run_id": "r",
        "params": defaults | params,
        "task_state_store": Store(),
    }


def run_tasks(kind, **options):
    """Run both tasks of a DAG."""
    context = context_of(kind, **options)
    uris = tasks.report.function(kind, **context)
    tasks.send.function(kind, uris, **context)
    return context


@pytest.mark.parametrize(
    ("kind", "requested", "period"),
    [
        ("week", None, "2026-W48"),
        ("week", "2026-11-23", "2026-W48"),
        ("week", "2026-11-18", "2026-W47"),
        ("week", "2026-W47", "2026-W47"),
        ("month", None, "2026-10"),
        ("month", "2026-10-01", "2026-10"),
        ("month", "2026-09", "2026-09"),
    ],
)
def test_the_period_of_a_run(kind, requested, period):
    due = datetime(2026, 11, 30, 11, tzinfo=UTC)
    assert str(steps.period_of_run(kind, requested, due, NEW_YORK)) == period


def test_a_run_that_is_retried_after_a_week_is_still_of_its_own():
    due = datetime(2026, 11, 29, 11, tzinfo=UTC)
    assert str(steps.period_of_run("week", None, due, NEW_YORK)) == "2026-W47"


@pytest.mark.parametrize(
    ("kind", "requested", "problem"),
    [
        ("week", "2026-W49", "2026-W49 has not ended in America/New_York.*2026-W48"),
        ("month", "2026-11", "2026-11 has not ended in America/New_York.*2026-10"),
        ("month", "2026-W40", "is a week, not a month"),
        ("week", "soon", "is no period"),
    ],
)
def test_a_period_that_cannot_be_reported_is_refused(kind, requested, problem):
    due = datetime(2026, 11, 30, 11, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match=problem):
        steps.period_of_run(kind, requested, due, NEW_YORK)


def test_a_week_is_built_for_its_slices_and_mailed_to_its_subscriptions(
    built, delivered
):
    run_tasks("week", key="2026-11-23")
    assert built == [(NEWEST, [WHOLE, GERMANY])]
    [call] = delivered.call_args_list
    period, reports, run = call.args
    assert (str(period), run.run_id) == (NEWEST, "r")
    assert call.kwargs == {"send_mail": False, "only_name": "", "late": False}
    assert list(reports) == [WHOLE, GERMANY]
    for only, report in reports.items():
        assert report.figures.only == only
        assert report.figures_hash == figures_hash(report.figures)
        assert report.uri.endswith("/weeks/2026-11-23")


def test_a_month_without_a_slice_is_of_the_whole_shop(built, delivered):
    run_tasks("month", key="2026-10-01")
    assert built == [("2026-10", [WHOLE])]
    assert list(delivered.call_args.args[1]) == [WHOLE]


@pytest.mark.parametrize(
    ("key", "is_built"),
    [("2026-11-16", True), ("2026-09-28", True), ("2026-09-21", False)],
)
def test_an_older_week_is_built_and_not_mailed_and_a_very_old_one_neither(
    built, delivered, key, is_built
):
    """The one ended 56 days before the newest, the other 63."""
    context = context_of("week", key=key)
    if is_built:
        uris = tasks.report.function("week", **context)
        with pytest.raises(AirflowSkipException, match=r"MAIL=1 mails it"):
            tasks.send.function("week", uris, **context)
    else:
        with pytest.raises(AirflowSkipException, match="make report WEEK=2026-W39"):
            tasks.report.function("week", **context)
    assert len(built) == is_built
    assert not delivered.called


def test_a_run_by_hand_builds_any_week_and_mails_on_request_only(built, delivered):
    context = context_of("week", run_type="manual", week="2025-W10")
    uris = tasks.report.function("week", **context)
    assert [period for period, _ in built] == ["2025-W10"]
    newest = context_of("week", run_type="manual")
    for asked in (context, newest):
        with pytest.raises(AirflowSkipException, match="on request only"):
            tasks.send.function("week", uris, **asked)
    assert not delivered.called


def test_a_request_is_for_one_mail(built, delivered):
    delivered.side_effect = [TransientError("the mail server is down"), []]
    context = context_of("week", run_type="manual", week="2025-W10", send_mail=True)
    uris = tasks.report.function("week", **context)
    with pytest.raises(TransientError):
        tasks.send.function("week", uris, **context)
    tasks.send.function("week", uris, **context)
    assert [call.kwargs["send_mail"] for call in delivered.call_args_list] == [
        True,
        True,
    ]
    with pytest.raises(AirflowSkipException):
        tasks.send.function("week", uris, **context)


def test_a_run_of_one_subscription_builds_and_mails_its_slice_alone(built, delivered):
    run_tasks("week", run_type="manual", subscription="austria", send_mail=True)
    assert built == [(NEWEST, [GERMANY])]
    assert delivered.call_args.kwargs["only_name"] == "austria"


@pytest.mark.parametrize("name", ["board", "unknown"])
def test_a_subscription_of_another_kind_is_refused_with_those_that_there_are(
    built, name
):
    context = context_of("week", run_type="manual", subscription=name)
    with pytest.raises(ConfigurationError, match="germany, austria, all"):
        tasks.report.function("week", **context)
    assert built == []


def test_without_a_subscription_the_report_is_for_the_pages(
    built, delivered, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", "[]")
    context = context_of("week", key="2026-11-23")
    uris = tasks.report.function("week", **context)
    assert built == [(NEWEST, [WHOLE])]
    with pytest.raises(AirflowSkipException, match="no subscription has a report of"):
        tasks.send.function("week", uris, **context)


@pytest.fixture(autouse=True)
def log_of(monkeypatch):
    """The rows of the delivery log by the last day of a period."""
    rows = {}
    log = SimpleNamespace(subscribed_deliveries=lambda last: rows.get(str(last), []))
    monkeypatch.setattr(steps, "delivery_log", log)
    return rows


def row_of(name, state="sent"):
    """A row of the delivery log."""
    return {"subscription": name, "state": state}


def watch(day):
    """The result of the watch on the morning after a day; it runs as Airflow calls it."""
    window = day_window(date.fromisoformat(day), NEW_YORK)
    run = SimpleNamespace(dag_id="report_watch", partition_key=day, run_after=None)
    context = {"dag_run": run, "run_id": "r", "params": {}}
    with time_machine.travel(window.end.replace(hour=14), tick=False):
        tasks.periods_mailed.function(**context)


def test_on_monday_the_watch_mails_a_week_that_may_be_incomplete(built, delivered):
    watch("2026-11-29")
    assert built == [(NEWEST, [WHOLE, GERMANY])]
    assert str(delivered.call_args.args[0]) == NEWEST
    assert delivered.call_args.kwargs["late"] is True
    assert delivered.call_args.kwargs["send_mail"] is False


def test_on_the_first_the_watch_mails_the_month_and_on_a_monday_both(built, delivered):
    watch("2026-11-30")
    assert built == [("2026-11", [WHOLE])]
    watch("2026-05-31")
    assert [period for period, _ in built[1:]] == ["2026-W22", "2026-05"]
    assert delivered.call_count == 3


@pytest.mark.parametrize("day", ["2026-11-28", "2026-11-24"])
def test_on_other_days_the_watch_mails_neither(built, day):
    with pytest.raises(
        AirflowSkipException, match=f"no week ended on {day}; no month ended on {day}"
    ):
        watch(day)
    assert built == []


def test_a_watch_of_a_past_day_mails_nothing(built):
    run = SimpleNamespace(
        dag_id="report_watch", partition_key="2026-11-22", run_after=None
    )
    context = {"dag_run": run, "run_id": "r", "params": {}}
    with pytest.raises(AirflowSkipException, match="2026-W47 is not the newest week"):
        tasks.periods_mailed.function(**context)
    assert built == []


@pytest.mark.parametrize(
    ("rows", "is_built"),
    [
        ([row_of("germany"), row_of("austria"), row_of("all")], False),
        ([row_of("germany"), row_of("austria")], True),
        ([row_of("germany"), row_of("austria"), row_of("all", "claimed")], True),
        ([row_of("germany"), row_of("austria"), row_of("board")], True),
    ],
)
def test_the_watch_builds_again_what_a_subscription_has_not_got(
    built, delivered, log_of, rows, is_built
):
    log_of["2026-11-29"] = rows
    if is_built:
        watch("2026-11-29")
    else:
        with pytest.raises(AirflowSkipException, match="every subscription has got"):
            watch("2026-11-29")
    assert len(built) == is_built


def test_the_watch_without_subscriptions_builds_nothing(built, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", "[]")
    with pytest.raises(AirflowSkipException, match="no subscription has a report of"):
        watch("2026-05-31")
    assert built == []


def test_a_report_that_another_version_archived_is_named(tmp_path):
    folder = folder_of(f"file://{tmp_path}", parse_period(NEWEST), WHOLE)
    with pytest.raises(Exception, match=r"figures\.json"):
        steps.read_report(folder)
