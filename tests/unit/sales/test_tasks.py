"""The tasks of the sales DAGs, as Airflow calls them."""

import json
from collections import defaultdict
from datetime import date
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from ecommerce.core.data_warnings import sentence
from ecommerce.core.errors import CheckFailed
from ecommerce.sales import tasks
from ecommerce.storage.xcom import to_xcom
from ecommerce.warehouse import checks
from ecommerce.warehouse.assets import DAILY_SALES
from ecommerce.warehouse.checks import CheckResult
from ecommerce.warehouse.load import LoadResult

LOADED = LoadResult(
    business_date=date(2026, 3, 2),
    touched_days=[date(2026, 3, 2)],
    rows={},
    audit=[],
    restatements=[],
    warnings=[{"kind": "note", "text": "a.csv is odd"}],
    bytes_billed=0,
)


def check_the_day(events: Any) -> Any:
    run = SimpleNamespace(
        dag_id="daily_sales_pipeline", partition_key="2026-03-02", run_after=None
    )
    context = {"dag_run": run, "run_id": "run", "params": {}}
    return tasks.checks.function(to_xcom(LOADED), outlet_events=events, **context)


def test_a_day_is_announced_after_its_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    events: Any = defaultdict(Mock)
    seen = []
    warned = CheckResult(
        "name", "warn", 3, "rows are odd", "sums are wrong", None, "fix them", 3
    )

    def checked(*_: Any, **__: Any) -> list[CheckResult]:
        seen.append(dict(events))
        return [warned]

    monkeypatch.setattr(checks, "run_checks", checked)
    monkeypatch.setattr(checks, "connect", lambda **_: None)
    words = {
        "found": "3 rows are odd",
        "meaning": "sums are wrong",
        "action": "fix them",
        "weight": 3,
    }
    told = {"kind": "check", **words}
    assert check_the_day(events) == [*LOADED.warnings, told]
    assert json.dumps(told), "it goes through XCom"
    assert seen == [{}], "nothing was announced before"
    events[DAILY_SALES].add_partitions.assert_called_once_with("2026-03-02")


def test_a_day_that_fails_its_checks_is_not_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: Any = defaultdict(Mock)
    monkeypatch.setattr(tasks, "check_load", Mock(side_effect=CheckFailed("no")))
    with pytest.raises(CheckFailed):
        check_the_day(events)
    assert not events


@pytest.mark.parametrize(
    ("attempts_before", "param", "asked_for", "mails"),
    [
        (0, True, None, True),
        (0, False, None, False),
        (0, False, 1, True),  # a repair of a run that never came to its mail
        (1, True, None, False),  # cleared: the backfill's MAIL=1 was for its first mail
        (1, False, 2, True),
        (2, False, 2, False),  # an earlier repair asked
    ],
)
def test_a_repair_mails_only_when_it_asks(
    monkeypatch: pytest.MonkeyPatch,
    attempts_before: int,
    param: bool,
    asked_for: int | None,
    mails: bool,
) -> None:
    deliver = Mock(return_value="")
    monkeypatch.setattr(tasks.delivery, "deliver", deliver)
    ti = SimpleNamespace(max_tries=attempts_before + 5, task=SimpleNamespace(retries=5))
    run = SimpleNamespace(partition_key="2026-03-02", run_after=None)
    store = {} if asked_for is None else {"send_mail": asked_for}
    context = {
        "dag_run": run,
        "ti": ti,
        "params": {"send_mail": param},
        "task_state_store": store,
    }
    tasks.send.function({}, **context)
    assert deliver.call_args.kwargs == {"send_mail": mails}


def test_warnings_of_a_source_are_in_the_log_of_its_extract(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    warning = {"kind": "orders_withheld", "orders": 3}
    manifest = Mock(control_totals={"warnings": [warning]})
    monkeypatch.setattr(tasks, "module", lambda _: Mock(extract=lambda _: manifest))
    monkeypatch.setattr(tasks, "to_xcom", lambda value: value)
    assert tasks._read("storefront", Mock()) is manifest
    assert sentence(warning) in caplog.messages
