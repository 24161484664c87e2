"""The tasks of the sales DAGs, as Airflow calls them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from ecommerce.core.assets import DAILY_SALES
from ecommerce.core.errors import CheckFailed
from ecommerce.core.xcom import to_xcom
from ecommerce.sales import tasks
from ecommerce.warehouse.checks import CheckResult
from ecommerce.warehouse.load import LoadResult

LOADED = LoadResult(
    business_date=date(2026, 3, 2),
    touched_days=[date(2026, 3, 2)],
    rows={},
    audit=[],
    restatements=[],
    warnings=["a.csv is odd"],
    bytes_billed=0,
)


def check_the_day(events: Any) -> Any:
    run = SimpleNamespace(dag_id="daily_sales_pipeline", partition_key="2026-03-02", run_after=None)
    context = {"dag_run": run, "run_id": "run", "params": {}}
    return tasks.checks.function(to_xcom(LOADED), outlet_events=events, **context)


def test_a_day_is_announced_after_its_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    events: Any = defaultdict(Mock)
    seen = []
    warned = CheckResult("name", "warn", 3, "rows are odd", "sums are wrong", None, "mend them", 3)
    monkeypatch.setattr(tasks, "failing", lambda *_: seen.append(dict(events)) or [warned])
    told = {"found": "3 rows are odd", "meaning": "sums are wrong", "action": "mend them", "weight": 3}
    assert check_the_day(events) == [*LOADED.warnings, told]
    assert json.dumps(told), "it goes through XCom"
    assert seen == [{}], "nothing was announced before"
    events[DAILY_SALES].add_partitions.assert_called_once_with("2026-03-02")


def test_a_day_that_fails_its_checks_is_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    events: Any = defaultdict(Mock)
    monkeypatch.setattr(tasks, "failing", Mock(side_effect=CheckFailed("no")))
    with pytest.raises(CheckFailed):
        check_the_day(events)
    assert not events
