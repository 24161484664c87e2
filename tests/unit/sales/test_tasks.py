"""The tasks of the sales DAGs, as Airflow calls them."""

from collections import defaultdict
from datetime import date
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from ecommerce.core.errors import CheckFailed
from ecommerce.sales import tasks
from ecommerce.storage.plain import to_plain
from ecommerce.warehouse.assets import DAILY_SALES
from ecommerce.warehouse.load import LoadResult
from tests.unit.sales.tables import cells

LOADED = LoadResult(
    business_date=date(2026, 3, 2),
    touched_days=[date(2026, 3, 2)],
    rows={},
    audit=[],
    restatements=[],
    warnings=[],
    bytes_billed=0,
)


@pytest.mark.parametrize("is_sound", [True, False])
def test_a_day_is_announced_after_its_checks(monkeypatch, is_sound):
    events = defaultdict(Mock)
    warnings = [{"kind": "note", "text": "a.csv is odd"}]

    def check(*_):
        assert not events, "nothing was announced before"
        if not is_sound:
            raise CheckFailed("no")
        return warnings

    monkeypatch.setattr(tasks, "check_load", check)
    run = SimpleNamespace(
        dag_id="daily_sales_pipeline", partition_key="2026-03-02", run_after=None
    )
    context = {"dag_run": run, "run_id": "run", "params": {}}
    call = {"outlet_events": events, **context}
    if is_sound:
        assert tasks.checks.function(to_plain(LOADED), **call) == warnings
        events[DAILY_SALES].add_partitions.assert_called_once_with("2026-03-02")
    else:
        with pytest.raises(CheckFailed):
            tasks.checks.function(to_plain(LOADED), **call)
        assert not events


# `clearings` of the task, the run's param, and the attempt for which a repair requested a mail.
REQUESTS = """
clearings | param | requested | mails | # why
0         | True  |           | True  |
0         | False |           | False |
0         | False | 1         | True  | a repair of a run that never reached its mail
1         | True  |           | False | the backfill's MAIL=1 was for its first mail
1         | False | 2         | True  |
2         | False | 2         | False | an earlier repair requested it
"""


@pytest.mark.parametrize(
    "case", cells(REQUESTS), ids=lambda case: " ".join(case.values())
)
def test_a_repair_mails_only_when_it_asks(monkeypatch, case):
    deliver = Mock(return_value="")
    monkeypatch.setattr(tasks.delivery, "deliver", deliver)
    monkeypatch.setattr(tasks.delivery, "alarm", deliver)
    max_tries = int(case["clearings"]) + 5
    store = {"send_mail": int(case["requested"])} if case["requested"] else {}
    context = {
        "dag_run": SimpleNamespace(partition_key="2026-03-02", run_after=None),
        "ti": SimpleNamespace(max_tries=max_tries, task=SimpleNamespace(retries=5)),
        "params": {"send_mail": case["param"] == "True"},
        "task_state_store": store,
    }
    for task in (tasks.send, tasks.alarm):
        task.function({}, **context)
        assert str(deliver.call_args.kwargs["send_mail"]) == case["mails"]


def test_a_report_is_of_the_day_of_its_run_or_of_another_one(monkeypatch):
    build = Mock(return_value={})
    monkeypatch.setattr(tasks.archive, "build_report", build)
    run = SimpleNamespace(dag_id="d", partition_key="2026-03-02", run_after=None)
    context = {"dag_run": run, "run_id": "r", "params": {}}
    for given in (None, "2026-02-27"):
        tasks.report.function([], given, **context)
        assert str(build.call_args.args[0]) == (given or "2026-03-02")
