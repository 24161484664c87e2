"""The command `backfill`, against a stand-in for Airflow."""

import copy
from datetime import date

import pytest
import time_machine

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import Backfill
from ecommerce.core.errors import PipelineError
from tests.unit.cli.airflow_server import (
    CREATED,
    DATABASE_ERROR,
    DAYS,
    LOCKED,
    instances,
    log_of,
    planned,
    run,
    runs,
)

COMMAND = "backfill --from 2026-11-01 --to 2026-11-03"
AGAIN = f"{COMMAND} --again"
BUSY = {"detail": "There is already a running backfill"}
RUNNING = runs("running", "running", "running")
SUCCESS = runs("success", "success", "success")
OLD_FAILURE = run("2026-11-01", "failed", queued_at="2026-11-18T00:00:00Z")

CASES = {
    "every day succeeds": (AGAIN, {}),
    "two days fail": (
        AGAIN,
        {"GET dagRuns": [RUNNING, runs("failed", "success", "failed")]},
    ),
    "four at a time, with mails": (f"{AGAIN} --jobs 4 --mail", {}),
    "another DAG": (
        f"{AGAIN} --dag user_events_daily",
        {"GET dagRuns": [RUNNING, runs("success", "failed", "success")]},
    ),
    "nothing to do": (COMMAND, {"POST dry_run": [planned()]}),
    "from after to": ("backfill --from 2026-11-03 --to 2026-11-01", {}),
    "a day has not ended": ("backfill --from 2026-11-21 --to 2026-11-22", {}),
    "the DAG is paused": (AGAIN, {"GET": [{"is_paused": True}]}),
    "another backfill is running": (AGAIN, {"POST backfills": [(409, BUSY)]}),
    "the database is locked for a moment": (
        AGAIN,
        {"POST backfills": [*[LOCKED] * 6, {"id": 7, "created_at": CREATED}]},
    ),
    "Airflow keeps the backfill that it created halfway": (
        AGAIN,
        {"POST backfills": [DATABASE_ERROR, (409, BUSY)]},
    ),
    "a failed run of an earlier backfill": (
        AGAIN,
        {"GET dagRuns": [{"dag_runs": [*SUCCESS["dag_runs"], OLD_FAILURE]}]},
    ),
    "a hundred newer runs": (
        AGAIN,
        {"GET dagRuns": [runs(*["success"] * 100, days=range(100)), SUCCESS]},
    ),
    "somebody else began a day meanwhile": (
        AGAIN,
        {"GET dagRuns": [runs("success", "success")]},
    ),
    "a failed task": (
        AGAIN,
        {
            "GET dagRuns": [RUNNING, runs("success", "failed", "success")],
            "GET taskInstances": [instances("extract.storefront")],
            "GET logs/1": [log_of("the storefront is down")],
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_backfill(name, airflow, run, snapshot):
    command, answers = CASES[name]
    airflow.answers |= copy.deepcopy(answers)
    assert run(command, airflow) == snapshot


@pytest.mark.parametrize("name", ["a hundred newer runs", "a failed task"])
def test_what_a_backfill_asks_airflow(name, airflow, run, snapshot):
    command, answers = CASES[name]
    airflow.answers |= copy.deepcopy(answers)
    run(command, airflow)
    assert "\n".join(sorted(set(airflow.queries))) == snapshot


@pytest.mark.parametrize(
    ("now", "has_ended"),
    [
        ("2026-11-04T04:59:59Z", False),
        ("2026-11-04T05:00:00Z", True),  # midnight in New York
    ],
)
def test_a_day_that_has_not_ended_is_refused(airflow, now, has_ended):
    api = AirflowApi.from_environment()
    backfill = Backfill(api, date(2026, 11, 1), date(2026, 11, 3), again=True)
    with time_machine.travel(now):
        if has_ended:
            assert backfill.plan() == DAYS
            return
        with pytest.raises(PipelineError, match="2026-11-03 has not ended yet"):
            backfill.plan()


@pytest.mark.parametrize(
    "command", [AGAIN, "repair --day 2026-11-02 --source sales_db"]
)
def test_an_interrupted_command_reports_that_airflow_continues(
    airflow, run, monkeypatch, command
):
    def interrupt(seconds):
        if seconds:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    text = run(command, airflow)
    assert "exit code 130" in text
    assert "Ctrl-C ends this command, not the runs" in text
    assert text.endswith("Interrupted")
