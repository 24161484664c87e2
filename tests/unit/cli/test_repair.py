"""The commands `repair` and `report`, against a stand-in for Airflow."""

import pytest

from ecommerce.core.names import TASK_GATE as GATE
from tests.unit.cli.airflow_server import EXTRACTS, instances, log_of, run

REPAIR = "repair --day 2026-11-02"
ONE_SOURCE = f"{REPAIR} --source sales_db"
REPORT = "report --day 2026-11-02"
PAUSED = {"GET": [{"is_paused": True}]}
FAILED = {"dag_runs": [run("2026-11-02", "failed", dag_run_id="new")]}
FAILED_RUN = {"GET dagRuns?run_id": [FAILED]}
RUNNING = {"dag_runs": [run("2026-11-02", "running", dag_run_id="new")]}


def runs(older="success", newer="failed", **starts):
    """Return two runs of the day and one of another, in the order of their ids."""
    old = {"dag_run_id": "old", "queued_at": "2026-11-19T11:00:00Z"}
    return {
        "dag_runs": [
            run("2026-11-03", "failed"),
            run("2026-11-02", older, **old, start_date=starts.get("old")),
            run("2026-11-02", newer, dag_run_id="new", start_date=starts.get("new")),
        ]
    }


CASES = {
    "one source, with a mail": (f"{ONE_SOURCE} --mail --no-wait", {}),
    "a repair that fails": (
        ONE_SOURCE,
        {
            "GET dagRuns?run_id": [RUNNING, RUNNING, FAILED],
            "GET taskInstances": [instances(), instances("load.load")],
            "GET logs/1": [log_of("BigQuery is down")],
        },
    ),
    "a run that ended at its timeout": (
        REPAIR,
        FAILED_RUN | {"GET taskInstances": [instances(**{"load.load": "skipped"})]},
    ),
    "nothing failed": (REPAIR, {"GET dagRuns": [runs(newer="success")]}),
    "the older run began last": (
        f"{REPAIR} --no-wait",
        {
            "GET taskInstances": [instances("load.load")],
            "GET dagRuns": [
                runs(old="2026-11-20T12:00:00Z", new="2026-11-20T11:30:00Z")
            ],
        },
    ),
    "an unknown source": (f"{REPAIR} --source web_events", {}),
    "no run of the day": ("repair --day 2026-11-05", {}),
    "a day that has not ended": ("repair --day 2026-11-21", {}),
    "the DAG is paused": (ONE_SOURCE, PAUSED),
    "a report": (REPORT, {}),
    "a report, with a mail": (f"{REPORT} --mail --no-wait", {}),
    "a report of a failed load": (REPORT, {"GET load.checks": [{"state": "failed"}]}),
    "a report of a run in progress": (REPORT, {"GET load.checks": [{"state": None}]}),
}


@pytest.fixture(autouse=True)
def _runs_of_the_day(airflow):
    airflow.answers["GET dagRuns"] = [runs()]


@pytest.mark.parametrize("name", CASES)
def test_repair_and_report(name, check):
    check(*CASES[name])


def test_the_path_of_a_report_that_was_built_again_is_shown(airflow, run, monkeypatch):
    monkeypatch.setenv("REPORTS_URI", "gs://shop/reports")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    path = "gs://shop/reports/2026-11-02/report.pdf"
    assert f"\nThe report: {path}\n" in run(REPORT, airflow)


STORE = "extract.storefront"
SHOPIFY = "extract.shopify"
FILES = "extract.partner_files"
SALES = "extract.sales_db"
TRANSFORM = "transform.transform_source"
WITHOUT_STORE = [task for task in EXTRACTS if task != STORE]
TASKS = {
    "a wrong Variable": (REPAIR, instances(*EXTRACTS, GATE), [*EXTRACTS, GATE]),
    "one source": (REPAIR, instances(STORE, GATE), [STORE, FILES, GATE]),
    "an optional source": (REPAIR, instances(STORE), [STORE]),
    "a transform": (
        REPAIR,
        instances(f"{TRANSFORM}/storefront", "load.load"),
        [*EXTRACTS, TRANSFORM, "load.load"],
    ),
    "a partner's missing file, and a source that was off": (
        REPAIR,
        instances(GATE, off=[SHOPIFY]),
        [SHOPIFY, FILES, GATE],
    ),
    "the checks, a source being off": (
        REPAIR,
        instances("load.checks", off=[STORE]),
        [*WITHOUT_STORE, "load.checks"],
    ),
    "the mail": (
        REPAIR,
        instances("mail.send", "mail.alarm"),
        ["mail.alarm", "mail.send"],
    ),
    "a run without other sources": (
        ONE_SOURCE,
        instances(SALES, STORE, GATE, off=[SHOPIFY]),
        [SALES, STORE, SHOPIFY, FILES, GATE],
    ),
    "a run that failed elsewhere": (
        ONE_SOURCE,
        instances("mail.send"),
        [SALES, "mail.send"],
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_repair_clears_what_repairs_the_day(airflow, run, name):
    command, tasks, cleared = TASKS[name]
    airflow.answers["GET taskInstances"] = [tasks]
    run(f"{command} --no-wait", airflow)
    *_, (_, path, body) = airflow.requests
    assert path.endswith("/clearTaskInstances")
    assert sorted(body["task_ids"]) == sorted(cleared)
