"""What the pages ask of Airflow: the run of a day, and the tasks that a form restarts."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request

from ecommerce.core.names import DAG_DAILY
from ecommerce.pages.runs import AirflowRuns
from tests.unit.pages.reading import row

DAG = f"/api/v2/dags/{DAG_DAILY}"


def run(run_id, start="2026-11-18T11:00:00+00:00", **changes):
    """A run of 17 November, as Airflow lists it."""
    return {
        "dag_run_id": run_id,
        "state": "success",
        "partition_key": "2026-11-17",
        "conf": {},
        "start_date": start,
        "run_after": "2026-11-18T11:00:00+00:00",
        "run_type": "scheduled",
    } | changes


@dataclass
class Airflow:
    """Its API, as far as the pages use it."""

    runs: list[dict[str, Any]] = field(default_factory=lambda: [run("r/1")])
    is_paused: bool = False
    checks: str = "success"
    refuses: int = 0
    cleared: list[dict[str, Any]] = field(default_factory=list)
    cookies: set[str] = field(default_factory=set)

    def answer(self, request, path):
        self.cookies.add(request.headers.get("cookie", ""))
        if self.refuses:
            raise HTTPException(self.refuses)
        if path == "dagRuns":
            asked = request.query_params
            prefix = asked.get("partition_key_prefix_pattern")
            found = []
            for each in self.runs:
                is_manual = each["run_type"] == "manual"
                key = each["partition_key"] or ""
                if key.startswith(prefix) if prefix else is_manual:
                    found.append(each)
            assert asked["order_by"] == "-id"
            return {"dag_runs": found[::-1][: int(asked["limit"])]}
        assert path == "dagRuns/r/1/taskInstances/load.checks"
        return {"state": self.checks}


@pytest.fixture
def pages(open_pages):
    """The pages in front of an Airflow, for a user with a session."""

    def client(airflow):
        api = FastAPI()

        @api.post(f"{DAG}/clearTaskInstances")
        async def clear(request: Request) -> dict[str, Any]:
            airflow.cleared.append(await request.json())
            return {}

        @api.get(DAG)
        def dag() -> dict[str, Any]:
            return {"is_paused": airflow.is_paused}

        @api.get(f"{DAG}/{{path:path}}")
        def get(request: Request, path: str) -> Any:
            return airflow.answer(request, path)

        opened = open_pages()
        del opened.app.dependency_overrides[AirflowRuns]
        opened.app.state.airflow = api
        opened.headers["Cookie"] = "_token=of the user"
        return opened

    return client


BY_HAND = {"partition_key": None, "run_type": "manual"}


@pytest.mark.parametrize(
    ("runs", "shown"),
    [
        ([], None),
        # The one that is yet to begin; tests/unit/sales/test_missing_report.py has the rules.
        ([run("r1"), run("r2", None)], "r2"),
        # Airflow lists a hundred at most.
        ([run("r1")] * 100 + [run("r2", "2026-11-18T12:00:00+00:00")], "r2"),
        # A run by hand is of the day closed when it was created.
        ([run("r1", **BY_HAND)], "r1"),
        ([run("r1", **BY_HAND, run_after="2026-11-18T04:59:00+00:00")], None),
        ([run("r1"), run("r2", partition_key="2026-11-18")], "r1"),
    ],
)
def test_the_run_of_a_day(pages, monkeypatch, runs, shown):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    airflow = Airflow(runs)
    words = pages(airflow).get("/2026-11-17/").text
    assert ("The newest run of this day" in words) == (shown is not None)
    assert shown is None or f">{shown}</a>: success." in words
    assert airflow.cookies == {"_token=of the user"}


def test_a_month_is_of_its_days_and_who_may_see_no_runs_sees_none(pages):
    page = pages(Airflow([run("r1", state="failed")])).get("/").text
    assert "Failed" in row(page, "Tue 17 Nov")
    assert "Failed" not in pages(Airflow(refuses=403)).get("/").text
    assert pages(Airflow(refuses=500)).get("/").status_code == 500


@pytest.mark.parametrize(
    ("airflow", "form", "status", "words"),
    [
        (Airflow(), "build", 303, "report.report"),
        (Airflow(), "read", 303, "extract.storefront"),
        (
            Airflow(checks="failed"),
            "build",
            409,
            "The newest run of 2026-11-17 has not reached its report",
        ),
        (
            Airflow([]),
            "build",
            404,
            "No run of 2026-11-17 yet: make backfill FROM=2026-11-17 TO=2026-11-17.",
        ),
        (
            Airflow(is_paused=True),
            "build",
            409,
            "daily_sales_pipeline is paused, so nothing would run.",
        ),
        (
            Airflow([run("r/1", state="running")]),
            "read",
            409,
            "A run of 2026-11-17 is under way",
        ),
        (
            Airflow([run("r/1", state="queued")]),
            "build",
            409,
            "A run of 2026-11-17 is under way",
        ),
    ],
)
def test_a_form_clears_one_task_with_all_that_follows(
    pages, airflow, form, status, words
):
    answer = pages(airflow).post(f"/2026-11-17/{form}", data={"source": "storefront"})
    assert answer.status_code == status
    if status != 303:
        assert words in answer.text
        assert airflow.cleared == []
        return
    assert airflow.cleared == [
        {
            "dry_run": False,
            "only_failed": False,
            "include_downstream": True,
            "dag_run_id": "r/1",
            "task_ids": [words],
        }
    ]
