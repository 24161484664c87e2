"""Which run of the day the alert links, which of its tasks it lists, and what it advises."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales import missing_report

DAY = day_window(date(2026, 11, 19), "America/New_York")
SCHEDULED = "scheduled__2026-11-20T11:00:00+00:00__2026-11-19__aB3xY"
BACKFILL = "backfill__2026-11-20T12:30:00+00:00__2026-11-19__Qw9"
BY_API = "manual__2026-11-20T12:00:00+00:00__Zz1"
CHOSEN = "manual__2026-11-20T12:00:00+00:00__2026-11-19__Zz1"
OTHER_DAY = "scheduled__2026-11-19T11:00:00+00:00__2026-11-18__aB3xY"
AIRFLOW = "https://airflow.example/shop"


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", f"{AIRFLOW}/")


def run(key=None, started="11:00", **conf):
    """A run as Airflow knows it, of 20 November; `started=None`: it has not begun."""
    at = started and datetime.fromisoformat(f"2026-11-20T{started}:00+00:00")
    run_after = datetime(2026, 11, 20, 11, tzinfo=UTC)
    return SimpleNamespace(
        partition_key=key, conf=conf, start_date=at, run_after=run_after
    )


@pytest.mark.parametrize(
    ("runs", "latest"),
    [
        (
            {OTHER_DAY: run("2026-11-18"), "by_hand": run(business_date="2026-11-17")},
            "",
        ),
        # A run that somebody started is of the day of its key, else of its param.
        ({BY_API: run("2026-11-19")}, BY_API),
        ({BY_API: run("2026-11-18")}, ""),
        ({BY_API: run(business_date="2026-11-19")}, BY_API),
        ({BY_API: run("2026-11-19", business_date="2026-11-18")}, ""),
        # With neither it is of the day before it began; a chosen id means nothing.
        ({"by_hand": run()}, "by_hand"),
        ({CHOSEN: run("2026-11-18")}, ""),
        # The run that began last counts, or is due last.
        (
            {
                BACKFILL: run("2026-11-19", "12:30"),
                SCHEDULED: run("2026-11-19", "11:00"),
            },
            BACKFILL,
        ),
        (
            {
                BACKFILL: run("2026-11-19", "11:00"),
                SCHEDULED: run("2026-11-19", "12:30"),
            },
            SCHEDULED,
        ),
        (
            {BY_API: run("2026-11-19", None), SCHEDULED: run("2026-11-19", "10:30")},
            BY_API,
        ),
    ],
)
def test_the_latest_run_of_the_day(runs, latest):
    assert missing_report.latest_run(runs, DAY, runs.__getitem__) == latest


def test_runs_that_airflow_itself_started_for_other_days_are_not_requested():
    """There may be thousands, and each is a request."""
    others = []
    for kind in ("scheduled", "backfill"):
        others += [
            f"{kind}__2026-01-{day}T11:00:00+00:00__2026-01-{day}__x"
            for day in range(10, 30)
        ]
    known = {SCHEDULED: run("2026-11-19")}
    runs = [*others, SCHEDULED]
    assert missing_report.latest_run(runs, DAY, known.__getitem__) == SCHEDULED


@pytest.mark.parametrize(
    ("recipients", "states", "mails", "reason"),
    [
        ("a@example.com", [], 1, ""),
        ("a@example.com", ["claimed"], 1, ""),
        ("a@example.com", ["claimed", "sent"], 0, ""),
        ("", [], 0, "the Variable report_recipients is empty: no report is mailed"),
    ],
)
def test_an_alert_is_sent_unless_the_report_was_mailed(
    monkeypatch, recipients, states, mails, reason
):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", recipients)
    rows = [{"state": state, "sent_at": DAY.end} for state in states]
    monkeypatch.setattr(missing_report.delivery, "deliveries", lambda day: rows)
    sent = []

    def send(message):
        assert "load.load (failed)" in message.get_body(("plain",)).get_content()
        sent.append(message["Subject"])
        return ""

    def states_of(dag_id, run_ids=(), task_ids=()):
        states = {"load.load": "failed"} if run_ids else {}
        return dict.fromkeys(run_ids or (OTHER_DAY, SCHEDULED), states)

    monkeypatch.setattr(missing_report.mail, "send_alert", send)
    run_of = {("daily_sales_pipeline", SCHEDULED): run("2026-11-19")}
    found = missing_report.alert_if_not_mailed(DAY, states_of, lambda *key: run_of[key])
    assert found == reason
    assert sent == ["No sales report for 2026-11-19"] * mails
