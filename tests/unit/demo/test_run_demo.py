from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo import console, dag_runner, run_demo
from demo.dag_runner import DagRun, DagRunner, DemoFailed
from ecommerce.core.names import DAG_DAILY

DAY = date(2026, 11, 18)
RUN = DagRun(DAG_DAILY, f"backfill__{DAY}", f"the run of {DAY}")


class FakeApi:
    """Answers as Airflow does, from `answers` by path; a list is given one answer after the other."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers
        self.posted: list[tuple[str, dict[str, Any]]] = []

    def get(self, path: str, **_: object) -> Any:
        answer = self._answers[path]
        return (
            answer.pop(0) if isinstance(answer, list) and len(answer) > 1 else answer[0]
        )

    def post(self, path: str, body: dict[str, Any]) -> Any:
        self.posted.append((path, body))
        return self.get(f"post {path}")

    def request(self, _method: str, path: str, json: dict[str, Any]) -> None:
        self.posted.append((path, json))

    def is_paused(self, _dag_id: str) -> bool:
        return False

    def runs_of_day(self, day: date, _dag_id: str) -> list[dict[str, Any]]:
        return self.get(f"runs of {day}")

    def run_state(self, run_id: str, _dag_id: str) -> str:
        return self.get(f"state of {run_id}")

    def instances(self, run_id: str, _dag_id: str) -> dict[str, dict[str, Any]]:
        return {each["task_id"]: each for each in self.get(f"tasks of {run_id}")}


def dag_runner_with(answers: dict[str, Any]) -> DagRunner:
    return DagRunner(FakeApi(answers), Path("/demo/airflow/logs"))


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dag_runner.time, "sleep", lambda _: None)
    monkeypatch.setattr(console, "_PROGRESS_SECONDS", 0.0)


def test_a_failed_run_is_reported_with_its_task_and_log() -> None:
    tasks = [
        {"task_id": "extract.sales_db", "state": "success"},
        {"task_id": "load.checks", "state": "failed"},
        {"task_id": "report.report", "state": "upstream_failed"},
    ]
    assert dag_runner_with({f"tasks of {RUN.run_id}": [tasks]}).failure_message(
        RUN
    ) == (
        "the run of 2026-11-18 failed at load.checks: see the log below "
        "/demo/airflow/logs/dag_id=daily_sales_pipeline/run_id=backfill__2026-11-18"
    )


def test_a_dag_file_that_cannot_be_read_is_named() -> None:
    broken = {
        "filename": "daily.py",
        "stack_trace": "Traceback …\nModuleNotFoundError: No module named 'x'\n",
    }
    answers = {"dags": [{"dags": []}], "importErrors": [{"import_errors": [broken]}]}
    with pytest.raises(DemoFailed) as error:
        dag_runner_with(answers).wait_for(DAG_DAILY)
    assert (
        str(error.value)
        == "Airflow cannot import daily.py: ModuleNotFoundError: No module named 'x'"
    )


def test_a_day_is_run_by_its_partition_key_unless_the_schedule_has_begun_it() -> None:
    answers = {
        f"runs of {DAY}": [
            [
                {"state": "running", "dag_run_id": "scheduled"},
                {"state": "success", "dag_run_id": "old"},
            ],
            [{"state": "success", "dag_run_id": "old"}],
        ],
        f"post dags/{DAG_DAILY}/dagRuns": [{"dag_run_id": "new"}],
    }
    demo = dag_runner_with(answers)
    assert demo.run_day(DAG_DAILY, DAY) == DagRun(
        DAG_DAILY, "scheduled", f"the run of {DAY}"
    )
    assert demo.run_day(DAG_DAILY, DAY) == DagRun(DAG_DAILY, "new", f"the run of {DAY}")
    request = {"logical_date": None, "conf": {}, "partition_key": str(DAY)}
    assert demo.api.posted[-1] == (f"dags/{DAG_DAILY}/dagRuns", request)
    assert demo.has_succeeded(DAG_DAILY, DAY)


def test_days_are_run_as_a_backfill_and_those_that_succeeded_are_left_out() -> None:
    run = {"partition_key": str(DAY), "dag_run_id": "new", "queued_at": "2021"}
    older = run | {"dag_run_id": "old", "queued_at": "2019"}
    answers = {
        "post backfills/dry_run": [
            {
                "backfills": [
                    {
                        "partition_key": str(DAY),
                        "partition_date": "2026-11-19T11:00:00Z",
                    }
                ]
            }
        ],
        "backfills": [{"backfills": []}],
        "post backfills": [{"id": 1, "created_at": "2020"}],
        f"dags/{DAG_DAILY}/dagRuns": [{"dag_runs": [run, older]}],
    }
    demo = dag_runner_with(answers)
    assert demo.backfill(DAG_DAILY, DAY, DAY, mail=True) == [
        DagRun(DAG_DAILY, "new", f"the run of {DAY}")
    ]
    request = demo.api.posted[-1][1]
    assert (request["from_date"], request["to_date"]) == (
        "2026-11-18T00:00:00",
        "2026-11-18T23:59:59",
    )
    assert (request["dag_run_conf"], request["reprocess_behavior"]) == (
        {"send_mail": True},
        "failed",
    )
    assert (f"dags/{DAG_DAILY}", {"is_paused": False}) in demo.api.posted
    answers["post backfills/dry_run"] = [{"backfills": []}]
    assert demo.backfill(DAG_DAILY, DAY, DAY) == []


RUNS, TASKS = "dags/~/dagRuns", "dags/~/dagRuns/~/taskInstances"


def ended(*states: str) -> list[dict[str, Any]]:
    """What Airflow answers about RUN, one answer after the other."""
    return [
        {"dag_runs": [{"dag_id": RUN.dag_id, "dag_run_id": RUN.run_id, "state": state}]}
        for state in states
    ]


def test_progress_and_retries_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    class Api(FakeApi):
        def get(self, path: str, **filters: object) -> Any:
            if path == RUNS or path.startswith("state of"):
                return super().get(path)
            retried = {
                "task_id": "extract.storefront",
                "dag_run_id": "r1",
                "try_number": 1,
            }
            of_state = {"up_for_retry": [retried]}.get(str(filters["state"]), [])
            return {"total_entries": 7, "task_instances": of_state}

    other = DagRun(DAG_DAILY, "another", "another run")
    begun = ended("running", "success", "success")
    begun[2]["dag_runs"].append(
        {"dag_id": other.dag_id, "dag_run_id": other.run_id, "state": "success"}
    )
    other_state = ["running"]  # it is not among the newest runs
    DagRunner(Api({RUNS: begun, f"state of {other.run_id}": other_state}), Path()).wait(
        [RUN, other]
    )
    assert capsys.readouterr().out.splitlines() == [
        "  0 of 2 runs finished; 7 tasks so far",
        "  attempt 1 of extract.storefront of r1 failed; Airflow retries it",
        "  1 of 2 runs finished; 7 tasks so far",
        "  2 of 2 runs finished; 7 tasks so far",
    ]


def test_a_run_that_failed_ends_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    answers = {
        RUNS: ended("failed"),
        TASKS: [{"total_entries": 1, "task_instances": []}],
        f"tasks of {RUN.run_id}": [[{"task_id": "load.load", "state": "failed"}]],
    }
    with pytest.raises(DemoFailed, match=r"the run of 2026-11-18 failed at load\.load"):
        dag_runner_with(answers).wait([RUN])
    assert capsys.readouterr().out == "  1 of 1 runs finished; 1 task so far\n"


def test_a_bar_is_drawn_in_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = console.Progress("days")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    progress.update(3, 12, "40 tasks")
    progress.log("  attempt 1 of load.load of r1 failed")
    progress.update(12, 12)
    progress.close()
    drawn = capsys.readouterr().out
    assert " 25%|" in drawn
    assert "3 of 12 days" in drawn
    assert "r1 failed\n" in drawn
    assert "12 of 12 days" in drawn


def test_the_control_totals_of_the_history_are_one_line() -> None:
    month = {
        "rows_read": 10,
        "rows_rejected": 1,
        "orders": 4,
        "amounts": {"USD": "1200.5", "EUR": "3"},
    }
    months = [month | {"month": name} for name in ("2026-10", "2026-11")]
    totals = {"months": [{"orders": 4}, {"orders": 5}]}
    assert console.describe_history(totals, months) == (
        "Loaded 2 months, 2026-10 to 2026-11: 8 of 9 orders; 2 of 20 rows rejected; gross sales 2,401.00 "
        "USD, plus other currencies"
    )


def test_figures_are_shown_as_a_table() -> None:
    day = {
        "business_date": DAY,
        "orders": 151,
        "gross_sales": Decimal("21234.5000"),
        "net_sales": Decimal("20324.495"),
        "complete": False,
    }
    assert list(console.format_days([day])) == [
        "business day    orders     gross sales       net sales  complete",
        "2026-11-18         151   21,234.50 USD   20,324.50 USD  no",
    ]


def test_an_unknown_command_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo.main(["begin"]) == 2
    assert "make demo" in capsys.readouterr().out
