"""What the selection's first task makes of a run, and of a warehouse without sales."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from ecommerce.forecast import tasks
from ecommerce.forecast.data import history
from ecommerce.forecast.data.history import NoHistory
from ecommerce.storage.staging import DagRun

RUN_AFTER = datetime(2026, 12, 6, 13, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")


def prepare(
    monkeypatch: pytest.MonkeyPatch, found: Any, as_of: str | None = None
) -> Any:
    """Run the task on a Sunday morning, with `found` in place of the warehouse's answer."""
    monkeypatch.setattr(tasks, "connect", lambda **arguments: None)
    monkeypatch.setattr(tasks, "prepare_warehouse", lambda warehouse: None)
    monkeypatch.setattr(history, "prepare", found)
    run = SimpleNamespace(dag_id="forecast_model_selection", run_after=RUN_AFTER)
    context = {"dag_run": run, "run_id": "scheduled", "params": {"as_of": as_of}}
    return tasks.prepare_selection.function(**context)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, date(2026, 12, 6)), ("2026-11-01", date(2026, 11, 1))],
)
def test_a_run_asks_for_what_was_before_its_day_or_the_one_it_is_given(
    monkeypatch: pytest.MonkeyPatch, given: str | None, expected: date
) -> None:
    asked: list[tuple[DagRun, date]] = []

    def found(run: DagRun, as_of: date) -> None:
        asked.append((run, as_of))
        raise InterruptedError

    with pytest.raises(InterruptedError):
        prepare(monkeypatch, found, given)
    assert asked == [(DagRun("forecast_model_selection", "scheduled"), expected)]


def test_a_warehouse_without_sales_skips_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found(run: DagRun, as_of: date) -> None:
        raise NoHistory(f"the warehouse has no sales before {as_of}")

    with pytest.raises(AirflowSkipException, match="no sales before 2026-12-06"):
        prepare(monkeypatch, found)
