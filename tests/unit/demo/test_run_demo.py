"""What `make demo` asks of Airflow, and what it prints."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from demo import console, dag_runner, run_demo
from demo.dag_runner import DagRun, DagRunner, DemoFailed
from ecommerce.core.names import DAG_DAILY

DAY = date(2026, 11, 18)
RUN = DagRun(DAG_DAILY, f"backfill__{DAY}", f"the run of {DAY}")
LOGS = Path("/demo/airflow/logs")


class FakeApi:
    """Gives scripted answers by path, of which the last one repeats."""

    def __init__(self, answers):
        self.answers = answers

    def get(self, path, **_):
        answers = self.answers[path]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def instances(self, run_id, _dag_id):
        return {task["task_id"]: task for task in self.get(f"tasks of {run_id}")}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(dag_runner.time, "sleep", lambda _: None)
    monkeypatch.setattr(console, "_PROGRESS_SECONDS", 0.0)


def test_progress_retries_and_the_failed_task_are_printed(capsys):
    retried = {"task_id": "extract.storefront", "dag_run_id": "r1", "try_number": 1}
    states = []
    for state in ("running", "failed"):
        run = {"dag_id": RUN.dag_id, "dag_run_id": RUN.run_id, "state": state}
        states.append({"dag_runs": [run]})
    answers = {
        "dags/~/dagRuns": states,
        "dags/~/dagRuns/~/taskInstances": [
            {"total_entries": 7, "task_instances": [retried]}
        ],
        f"tasks of {RUN.run_id}": [
            [
                {"task_id": "extract.sales_db", "state": "success"},
                {"task_id": "load.load", "state": "failed"},
                {"task_id": "report.report", "state": "upstream_failed"},
            ]
        ],
    }
    with pytest.raises(DemoFailed) as error:
        DagRunner(FakeApi(answers), LOGS).wait([RUN])
    folder = f"{LOGS}/dag_id={DAG_DAILY}/run_id={RUN.run_id}"
    message = f"the run of {DAY} failed at load.load: see the log below {folder}"
    assert str(error.value) == message
    assert capsys.readouterr().out.splitlines() == [
        "  0 of 1 runs finished; 7 tasks so far",
        "  attempt 1 of extract.storefront of r1 failed; Airflow retries it",
        "  1 of 1 runs finished; 7 tasks so far",
    ]


def test_figures_and_the_history_are_printed(snapshot):
    day = {
        "business_date": DAY,
        "orders": 151,
        "gross_sales": Decimal("21234.5000"),
        "net_sales": Decimal("20324.495"),
        "complete": False,
    }
    month = {
        "month": "2026-10",
        "rows_read": 10,
        "rows_rejected": 1,
        "orders": 4,
        "amounts": {"USD": "1200.5", "EUR": "3"},
    }
    totals = {"months": [{"orders": 4}, {"orders": 5}]}
    history = console.describe_history(totals, [month, month | {"month": "2026-11"}])
    assert "\n".join([*console.format_days([day]), history]) == snapshot


def test_an_unknown_command_is_explained(capsys):
    assert run_demo.main(["begin"]) == 2
    assert "make demo" in capsys.readouterr().out
