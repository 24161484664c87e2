"""When the alert that no report was mailed is sent, and which run and tasks it names."""

from datetime import date
from types import SimpleNamespace

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales import missing_report
from tests.unit.mail.readable import plain

DAY = day_window(date(2026, 11, 19), "America/New_York")
SCHEDULED = "scheduled__2026-11-20T11:00:00+00:00__2026-11-19__aB3xY"
BACKFILL = "backfill__2026-11-20T12:30:00+00:00__2026-11-19__Qw9"
OTHER_DAY = "scheduled__2026-11-19T11:00:00+00:00__2026-11-18__aB3xY"
BY_HAND = "manual__2026-11-20T13:00:00+00:00__Zz1"


def run(run_id, key=None, started="11:00", **conf):
    """A run as Airflow describes it, of 20 November; `started=None`: it has not begun."""
    return {
        "run_id": run_id,
        "partition_key": key,
        "conf": conf,
        "start_date": started and f"2026-11-20T{started}:00Z",
        "run_after": "2026-11-20T11:00:00Z",
    }


@pytest.mark.parametrize(
    ("runs", "latest"),
    [
        ([run("x", "2026-11-18"), run("y", business_date="2026-11-17")], ""),
        # A run that somebody started is of its key, else of its param.
        ([run(BY_HAND, "2026-11-19")], BY_HAND),
        ([run(BY_HAND, business_date="2026-11-19")], BY_HAND),
        # With neither it is of the day before it began.
        ([run(BY_HAND)], BY_HAND),
        # The run that began last counts; one that has not begun is the last.
        (
            [run(BACKFILL, "2026-11-19", "12:30"), run(SCHEDULED, "2026-11-19")],
            BACKFILL,
        ),
        ([run(BY_HAND, "2026-11-19", None), run(SCHEDULED, "2026-11-19")], BY_HAND),
    ],
)
def test_the_latest_run_of_the_day(runs, latest):
    by_id = {run["run_id"]: run for run in runs}
    # A scheduled run of another day is not requested: there may be thousands.
    run_ids = [OTHER_DAY, *by_id]
    found = missing_report.latest_run(DAY, run_ids, lambda _, run_id: by_id[run_id])
    assert found == latest


def run_of(dag_id, run_id):
    return run(run_id, "2026-11-19")


def states_of(dag_id, run_ids=(OTHER_DAY, SCHEDULED), task_ids=()):
    states = {"load.checks": "failed", "extract.storefront": "failed"}
    return dict.fromkeys(run_ids, states | {"mail.send": "upstream_failed"})


@pytest.mark.parametrize(
    ("recipients", "states", "reason"),
    [
        ("", [], "the Variable report_recipients is empty: no report is mailed"),
        ("a@example.com", ["claimed", "sent"], ""),
        ("a@example.com", ["claimed"], None),
        ("a@example.com", [], None),
    ],
)
def test_an_alert_is_sent_unless_the_report_was_mailed(
    monkeypatch, mailbox, recipients, states, reason
):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", recipients)
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "oncall@example.com")
    rows = [{"state": state, "sent_at": DAY.end} for state in states]
    log = SimpleNamespace(deliveries=lambda business_date: rows)
    monkeypatch.setattr(missing_report, "delivery_log", log)
    found = missing_report.alert_if_not_mailed(DAY, states_of, run_of)
    assert found == (reason or "")
    if reason is not None:
        assert mailbox() == []
        return
    (message,) = mailbox()
    assert message["Subject"] == "No sales report for 2026-11-19"
    assert f"Run:     {SCHEDULED}" in plain(message)
    assert "Failed:  extract.storefront, load.checks" in plain(message)
