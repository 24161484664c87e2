"""The command `report` for weeks and months, against a stand-in for Airflow."""

import pytest

from tests.unit.cli.airflow_server import instances, log_of, run

URIS = ["gs://shop/reports/weeks/2026-11-09", "gs://shop/reports/slices/ab/weeks/x"]
ENDED = {"dag_runs": [run(None, "success", dag_run_id="manual__1")]}
FAILED = {"dag_runs": [run(None, "failed", dag_run_id="manual__1")]}
FAILURE = {
    "GET dagRuns?run_id": [FAILED],
    "GET taskInstances": [instances("report")],
    "GET logs/1": [log_of("no subscription germany")],
}
CASES = {
    "a week": ("report --week 2026-W46", {}),
    "the week of a day": ("report --week 2026-11-11 --no-wait", {}),
    "a month, mailed to one subscription": (
        "report --month 2026-10 --subscription board --mail",
        {},
    ),
    "a run that fails": ("report --week 2026-W46 --subscription germany", FAILURE),
    "a week that has not ended": ("report --week 2026-W47", {}),
    "a month that has not ended": ("report --month 2026-11", {}),
    "the DAG is paused": ("report --week 2026-W46", {"GET": [{"is_paused": True}]}),
}


@pytest.fixture(autouse=True)
def _answers(airflow):
    airflow.script(
        {
            "POST dagRuns": [{"dag_run_id": "manual__1"}],
            "GET dagRuns?run_id": [ENDED],
            "GET xcomEntries/return_value": [{"value": URIS}],
        }
    )


@pytest.mark.parametrize("name", CASES)
def test_report_of_a_period(name, check):
    check(*CASES[name])


def test_the_answer_is_of_the_task_that_builds_the_report(airflow, run):
    run("report --month 2026-10", airflow)
    path = "/monthly_report/dagRuns/manual__1/taskInstances/report/xcomEntries"
    assert any(path in query for query in airflow.queries)
