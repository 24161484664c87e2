"""What `airflow dags test` says while it waits for the next try of a task."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from ecommerce.core.waiting import OncePerTry

NOTHING = "No tasks to run. unrunnable tasks: %s"


def instance(task_id, number=1, state="up_for_retry", map_index=-1):
    end = datetime.now(UTC)
    return SimpleNamespace(
        dag_id="daily",
        run_id="run",
        task_id=task_id,
        map_index=map_index,
        try_number=number,
        max_tries=5,
        state=state,
        next_retry_datetime=lambda: end + timedelta(hours=1),
    )


def said(once, message, *arguments):
    """What is printed of a warning; None: nothing."""
    record = logging.LogRecord("dag", logging.WARNING, "dag.py", 1, message, arguments, None)
    return record.getMessage() if once.filter(record) else None


def test_each_failed_try_is_told_of_once():
    once = OncePerTry()
    once.tasks = {("daily", "storefront"): object(), ("daily", "read"): object()}
    behind = instance("load", state=None)
    first = said(once, NOTHING, [instance("storefront"), behind])
    assert first.startswith("daily.storefront: try 1 of 6 has failed, the next one begins in 3")
    assert first.endswith(" UTC")
    assert said(once, NOTHING, [instance("storefront"), behind]) is None
    mapped = said(once, NOTHING, [instance("storefront"), instance("read", map_index=2), behind])
    assert mapped.startswith("daily.read [2]: try 1 of 6")
    assert said(once, NOTHING, [instance("storefront", 2), behind]).startswith("daily.storefront: try 2 of 6")


def test_a_task_nobody_told_of_is_named_all_the_same():
    assert (
        said(OncePerTry(), NOTHING, [instance("x")]) == "daily.x: try 1 of 6 has failed, the next one follows"
    )


def test_tasks_whose_states_are_not_written_yet_are_no_warning():
    assert said(OncePerTry(), NOTHING, [instance("load", state=None), instance("mail", state=None)]) is None


def test_other_warnings_are_printed_as_they_are():
    once = OncePerTry()
    assert said(once, "[DAG TEST] %s of %s", "a", "b") == "[DAG TEST] a of b"
    for _ in range(2):
        assert said(once, NOTHING, [instance("x", state="deferred")]).startswith("No tasks")
