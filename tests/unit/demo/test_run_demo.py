from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from demo import run_demo

DAY = date(2026, 11, 18)


class FakeApi:
    """Answers as Airflow does, from `answers` by path; a list is given one answer after the other."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def get(self, path: str, **_: object) -> Any:
        answer = self._answers[path]
        return answer.pop(0) if isinstance(answer, list) and len(answer) > 1 else answer[0]

    def runs_of_day(self, day: date) -> list[dict[str, Any]]:
        return self.get(f"runs of {day}")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_demo.time, "sleep", lambda _: None)


def test_a_failed_run_is_told_with_the_task_at_fault_and_its_log() -> None:
    run = "backfill__2026-11-18"
    tasks = [
        {"task_id": "extract.sales_db", "state": "success"},
        {"task_id": "load.checks", "state": "failed"},
        {"task_id": "report.figures", "state": "upstream_failed"},
    ]
    api = FakeApi(
        {
            f"runs of {DAY}": [[{"dag_run_id": run}, {"dag_run_id": "older"}]],
            f"dags/daily_sales_pipeline/dagRuns/{run}/taskInstances": [{"task_instances": tasks}],
        }
    )
    told = run_demo._explain(api, DAY)
    assert told.startswith("the run of 2026-11-18 failed at load.checks: its log is below ")
    assert told.endswith("/airflow/logs/dag_id=daily_sales_pipeline/run_id=backfill__2026-11-18")


def test_a_dag_file_that_cannot_be_read_is_named() -> None:
    broken = {
        "filename": "daily.py",
        "stack_trace": "Traceback …\nModuleNotFoundError: No module named 'x'\n",
    }
    api = FakeApi({"dags": [{"dags": []}], "importErrors": [{"import_errors": [broken]}]})
    with pytest.raises(run_demo.DemoFailed) as error:
        run_demo._wait_for_dag(api)
    assert str(error.value) == "Airflow cannot read daily.py: ModuleNotFoundError: No module named 'x'"


def test_it_waits_for_an_open_backfill_and_for_a_run_of_the_schedule() -> None:
    answers = {
        "backfills": [{"backfills": [{"completed_at": at}]} for at in (None, "now", "now")],
        f"runs of {DAY}": [[], [{"state": "running"}], [{"state": "success"}]],
    }
    run_demo._wait_for_quiet(FakeApi(answers), DAY)
    assert answers[f"runs of {DAY}"] == [[{"state": "success"}]]


def test_progress_is_told_once_and_so_is_a_task_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    class Api(FakeApi):
        def get(self, path: str, **filters: object) -> Any:
            retried = {"task_id": "extract.storefront", "dag_run_id": "r1", "try_number": 1}
            return {"total_entries": 7, "task_instances": [retried] if filters["state"] != "success" else []}

    progress = run_demo._Progress(Api({}))
    days = {f"2026-11-1{number}": "running" for number in range(4)}
    for _ in range(3):
        progress(days)
    progress(days | {"2026-11-11": "failed"})
    assert capsys.readouterr().out.splitlines() == [
        "  0 of 4 days done; 7 tasks succeeded",
        "  try 1 of extract.storefront of r1 failed; it will be tried again",
        "  1 of 4 days done, 1 failed; 7 tasks succeeded",
    ]


def test_a_backfill_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    day = date(2020, 1, 7)

    class Api(FakeApi):
        def post(self, path: str, _body: object) -> Any:
            entry = {"partition_key": str(day), "partition_date": f"{day}T11:00:00Z"}
            return {"backfills": [entry]} if path.endswith("dry_run") else {"id": 7, "created_at": "2020"}

        def get(self, path: str, **_filters: object) -> Any:
            run = {"partition_key": str(day), "state": "success", "queued_at": "2021"}
            found = {"backfills": [], "dag_runs": [run], "task_instances": [], "total_entries": 9}
            return found | {"completed_at": "2021"}

        def is_paused(self) -> bool:
            return False

    run_demo._run_days(Api({}), day, day, again=False, mail=False)
    assert capsys.readouterr().out == "  1 of 1 days done; 9 tasks succeeded\n"


def test_figures_are_shown_as_a_table() -> None:
    day = {
        "business_date": DAY,
        "orders": 151,
        "gross_sales": Decimal("21234.5000"),
        "discounts": Decimal("900"),
        "returns": Decimal("10.005"),
        "net_sales": Decimal("20324.495"),
        "complete": False,
    }
    assert list(run_demo._table([day])) == [
        "business day    orders gross sales   discounts     returns   net sales  complete (in USD)",
        "2026-11-18         151   21,234.50      900.00       10.01   20,324.50  no",
    ]


def test_an_unknown_command_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo.main(["begin"]) == 2
    assert "make demo" in capsys.readouterr().out
