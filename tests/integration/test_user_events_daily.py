"""The DAG of the web events, whole: from the collector's lines to the funnel."""

import json
import os
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests import chat, oracle_events
from tests.integration.airflow_process import AIRFLOW
from tests.integration.warehouse_contents import read_table

pytestmark = pytest.mark.slow

DAYS = [date(2026, 11, 16), date(2026, 11, 17)]


def write(folder, events):
    """The collector's files: one per hour of receipt."""
    folder.mkdir(parents=True, exist_ok=True)
    for event in sorted(events, key=lambda event: event["received_at"]):
        with (folder / f"{event['received_at'][:13]}.ndjson").open("a") as file:
            file.write(json.dumps(event) + "\n")


def history():
    """Two days in New York, with a session over midnight and an event that was received a day late."""
    start = datetime.fromisoformat("2026-11-16T05:00:00+00:00")
    events = []
    for number in range(200):
        at = start + timedelta(minutes=14 * number)
        received = at + timedelta(hours=24 if number % 9 == 0 else 0)
        events.append(
            {
                "event_id": f"e{number}",
                "occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "received_at": f"{received:%Y-%m-%dT%H:%M:%SZ}",
                "visitor_id": f"v{number % 11 % 3}",
                "event_type": [*oracle_events.STEPS, "scroll"][number % 5],
                "sku": "toys-1",
                "device": ["mobile", None][number % 2],
                "referrer": "https://www.example.com/x",
            }
        )
    return events


@pytest.fixture
def lineage():
    """A collector of OpenLineage events: the transport posts JSON, as the chat's does."""
    with chat.running() as collector:
        yield collector


def test_runs_of_two_days_leave_the_sessions_and_the_funnel_of_the_oracle(
    start_company, start_airflow, lineage
):
    company = start_company()
    transport = json.dumps({"type": "http", "url": f"http://127.0.0.1:{lineage.port}"})
    airflow = start_airflow(
        company.environment | {"AIRFLOW__OPENLINEAGE__TRANSPORT": transport}
    )
    events = history()
    write(company.folders.web_events, events)
    for day in reversed(DAYS):
        # In a Python of its own: OpenLineage's listener forks, which a warm process does not survive.
        conf = json.dumps({"business_date": day.isoformat()})
        command = [AIRFLOW, "dags", "test", "user_events_daily", "-c", conf]
        environment = os.environ | airflow.own() | airflow.environment
        with airflow.output.open("ab") as output:
            subprocess.run(
                command,
                env=environment,
                stdout=output,
                stderr=output,
                check=True,
                timeout=300,
            )
    wanted = oracle_events.sessions(oracle_events.accepted(events, company.timezone))
    funnel = read_table(company.client, company.dataset, "daily_funnel")
    assert in_order(funnel) == in_order(oracle_events.funnel(wanted))
    sessions = read_table(company.client, company.dataset, "sessions")
    assert len(sessions) == len(wanted) > 10
    assert {row["business_date"] for row in sessions} == {*DAYS}
    assert '"v1"' not in airflow.log()
    staging = Path(company.environment["STAGING_URI"].removeprefix("file://"))
    assert not list(staging.rglob("web_events/events-*"))
    assert_lineage(lineage, f".{company.dataset}.user_events")


def in_order(rows):
    return sorted(repr(sorted(row.items())) for row in rows)


def assert_lineage(lineage, table):
    """The load's events name the staged column that a column of the table is read from."""
    datasets = [each for event in lineage.posts for each in event["outputs"]]
    facets = [each["facets"] for each in datasets if each["name"].endswith(table)]
    [fields, *_] = [each["columnLineage"] for each in facets if "columnLineage" in each]
    [origin] = fields["fields"]["event_id"]["inputFields"]
    assert origin["field"] == "event_id"
    assert origin["name"].endswith("staging.user_events")
