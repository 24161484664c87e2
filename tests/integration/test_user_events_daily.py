"""The DAG of the web events, whole: from the collector's lines to the funnel."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tests import chat, oracle_events
from tests.integration.airflow_process import AIRFLOW
from tests.integration.warehouse_contents import read_table
from tests.oracle_events import Event

pytestmark = pytest.mark.slow

DAYS = [date(2026, 11, 16), date(2026, 11, 17)]


def write(folder: Path, events: list[Event]) -> None:
    """The collector's files: one per hour of receipt."""
    folder.mkdir(parents=True, exist_ok=True)
    for event in sorted(events, key=lambda event: event["received_at"]):
        with (folder / f"{event['received_at'][:13]}.ndjson").open("a") as file:
            file.write(json.dumps(event) + "\n")


def history() -> list[Event]:
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
def lineage() -> Iterator[chat.Chat]:
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
    found = {
        table: read_table(company.client, company.dataset, table)
        for table in ("daily_funnel", "sessions")
    }
    rows, expected = (
        sorted(repr(sorted(row.items())) for row in table)
        for table in (found["daily_funnel"], oracle_events.funnel(wanted))
    )
    assert rows == expected
    assert len(found["sessions"]) == len(wanted) > 10
    assert {row["business_date"] for row in found["sessions"]} == {*DAYS}
    log = airflow.log()
    assert '"v1"' not in log
    assert not list(
        Path(company.environment["STAGING_URI"].removeprefix("file://")).rglob(
            "web_events/events-*"
        )
    )
    written = [
        dataset["facets"]["columnLineage"]["fields"]
        for event in lineage.posts
        for dataset in event["outputs"]
        if dataset["name"].endswith(f".{company.dataset}.user_events")
        and "columnLineage" in dataset["facets"]
    ]
    [origin] = written[0]["event_id"]["inputFields"]
    assert (origin["field"], origin["name"].split("_")[-2:]) == (
        "event_id",
        ["staging.user", "events"],
    )
