"""The DAG of the web events, whole: from the collector's lines to the funnel."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests import oracle_events
from tests.rows import column_of

pytestmark = pytest.mark.slow

DAYS = [
    date(2026, 11, 16),
    date(2026, 11, 17),
]
MIDNIGHT = datetime.fromisoformat("2026-11-16T05:00:00+00:00")
"""In New York, where the first day begins."""


def write(folder, events):
    """The collector's files: one per hour of receipt."""
    folder.mkdir(parents=True, exist_ok=True)
    for event in sorted(events, key=lambda event: event["received_at"]):
        with (folder / f"{event['received_at'][:13]}.ndjson").open("a") as file:
            file.write(json.dumps(event) + "\n")


def history(start=MIDNIGHT):
    """Two days from `start`, with a session over midnight and events that were received a day late."""
    events = []
    for number in range(200):
        at = start + timedelta(minutes=14 * number)
        received = at + timedelta(days=number % 9 == 0)
        event = {
            "event_id": f"e{number}",
            "occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "received_at": f"{received:%Y-%m-%dT%H:%M:%SZ}",
            "visitor_id": f"v{number % 11 % 3}",
            "event_type": [*oracle_events.STEPS, "scroll"][number % 5],
            "device": ["mobile", None][number % 2],
            "referrer": "https://www.example.com/x",
        }
        events.append(event)
    return events


def test_runs_of_two_days_leave_the_sessions_and_the_funnel_of_the_oracle(
    start_company, start_airflow
):
    company = start_company()
    airflow = start_airflow(company.environment)
    events = history()
    write(company.folders.web_events, events)
    for day in reversed(DAYS):
        assert airflow.test_dag("user_events_daily", business_date=str(day)) == 0
    wanted = oracle_events.sessions(oracle_events.accepted(events, company.timezone))
    funnel = company.rows("daily_funnel")
    assert in_order(funnel) == in_order(oracle_events.funnel(wanted))
    sessions = company.rows("sessions")
    assert len(sessions) == len(wanted) > 10
    assert set(column_of(sessions, "business_date")) == {*DAYS}
    assert '"v1"' not in airflow.log()
    staging = Path(company.environment["STAGING_URI"].removeprefix("file://"))
    assert not list(staging.rglob("web_events/events-*"))


def in_order(rows):
    return sorted(repr(sorted(row.items())) for row in rows)
