"""The command `backfill`, against a stand-in for Airflow."""

import pytest

from tests.unit.cli.airflow_server import (
    DATABASE_ERROR,
    LOCKED,
    instances,
    log_of,
    run,
    runs,
)

COMMAND = "backfill --from 2026-11-01 --to 2026-11-03"
AGAIN = f"{COMMAND} --again"
BUSY = (409, {"detail": "There is already a running backfill"})
RUNNING = runs("running", "running", "running")
SUCCESS = runs("success", "success", "success")
OLD_FAILURE = run("2026-11-01", "failed", dag_run_id="earlier")
OF_TWO_BACKFILLS = {"dag_runs": [*SUCCESS["dag_runs"], OLD_FAILURE]}

CASES = {
    "every day succeeds": (f"{AGAIN} --jobs 4 --mail", {}),
    "two days fail": (
        AGAIN,
        {
            "GET dagRuns": [RUNNING, runs("failed", "success", "failed")],
            "GET taskInstances": [instances("extract.storefront")],
            "GET logs/1": [log_of("the storefront is down")],
        },
    ),
    "another DAG": (
        f"{AGAIN} --dag user_events_daily",
        {"GET dagRuns": [RUNNING, runs("success", "failed", "success")]},
    ),
    "nothing to do": (COMMAND, {"POST dry_run": [{"backfills": []}]}),
    "from after to": ("backfill --from 2026-11-03 --to 2026-11-01", {}),
    "a day has not ended": ("backfill --from 2026-11-21 --to 2026-11-22", {}),
    "the DAG is paused": (AGAIN, {"GET": [{"is_paused": True}]}),
    "the database is locked, then another backfill runs": (
        AGAIN,
        {"POST backfills": [*[LOCKED] * 5, DATABASE_ERROR, BUSY]},
    ),
    "a failed run of an earlier backfill": (AGAIN, {"GET dagRuns": [OF_TWO_BACKFILLS]}),
    "somebody else began a day meanwhile": (
        AGAIN,
        {"GET dagRuns": [runs("success", "success")]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_backfill(name, check):
    check(*CASES[name])


def test_what_a_backfill_asks_airflow(airflow, run, snapshot):
    """Among them: a second page of runs."""
    of_others = runs(*["success"] * 100, days=range(100))
    airflow.script(CASES["two days fail"][1])
    airflow.answers["GET dagRuns"].insert(0, of_others)
    run(AGAIN, airflow)
    assert "\n".join(sorted(set(airflow.queries))) == snapshot


@pytest.mark.parametrize(
    "command", [AGAIN, "repair --day 2026-11-02 --source sales_db"]
)
def test_an_interrupted_command_reports_that_airflow_continues(airflow, run, command):
    airflow.is_interrupted = True
    text = run(command, airflow)
    assert "exit code 130" in text
    assert "Ctrl-C ends this command, not the runs" in text
    assert text.endswith("Interrupted")
