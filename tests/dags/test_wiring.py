"""What each DAG is wired like: schedule, form, tasks, their order, retries, pools and callbacks."""

from datetime import UTC, timedelta

import pendulum
import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

from ecommerce.core import errors

DAGS = (
    "daily_sales_pipeline",
    "forecast_model_selection",
    "maintenance",
    "product_catalogue_refresh",
    "report_watch",
    "sales_history_load",
    "sales_history_read",
    "sales_reconciliation",
    "storefront_orders_sync",
    "user_events_daily",
    "weekly_sales_forecast",
)
BEFORE_CLOCKS_GO_BACK = pendulum.datetime(2026, 10, 30, 15, tz="UTC")
TRIED_AGAIN = {
    "a lost connection": errors.TransientError("x"),
    "too many requests": errors.RateLimitedError("x"),
    "an unforeseen error": ValueError("x"),
    "an error of the pipeline": errors.PipelineError("x"),
    "a wrong password": errors.CredentialsError("x"),
    "wrong data": errors.ContractError("x"),
    "a failed check": errors.CheckFailed("x"),
}


@pytest.mark.parametrize("dag_id", DAGS)
def test_a_dag_is_wired_as_reviewed(dag_bag, snapshot, dag_id):
    if dag_id not in dag_bag.dags:
        pytest.skip("this part of the repository is removed")
    assert "\n".join(described(dag_bag.dags[dag_id])) == snapshot


def described(dag):
    """The lines of a DAG that a reviewer compares with its documentation."""
    yield f"{dag.description} {sorted(dag.tags)}"
    yield f"at most {dag.max_active_runs} runs, each of {dag.dagrun_timeout} at most"
    yield f"catch up: {dag.catchup}; on failure: {dag.on_failure_callback.__name__}"
    for moment, key in runs_of(dag):
        yield f"runs at {moment:%a %Y-%m-%d %H:%M} UTC, key {key}"
    shown = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    for key, _ in shown.timetable.asset_condition.iter_assets():
        yield f"runs after {key.name}"
    mapper = getattr(dag.timetable, "default_partition_mapper", None)
    if weeks := getattr(mapper, "upstream_mapper", None):
        yield f"of weeks that begin in {weeks._timezone}"
    for name, value in dag.params.dump().items():
        schema = dag.params.get_param(name).schema
        yield f"param {name} = {value!r}: {schema}"
    for task in dag.tasks:
        yield from described_task(task)


def runs_of(dag):
    """The next three runs by the clock, with their partition keys."""
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    if not timetable.periodic:
        return
    always = TimeRestriction(earliest=None, latest=None, catchup=True)
    interval = DataInterval.exact(BEFORE_CLOCKS_GO_BACK)
    last = DagRunInfo(BEFORE_CLOCKS_GO_BACK, interval, None, None)
    for _ in range(3):
        last = timetable.next_dagrun_info_v2(last_dagrun_info=last, restriction=always)
        yield last.run_after.astimezone(UTC), last.partition_key


def described_task(task):
    """The lines of one task."""
    yield ""
    yield f"{task.task_id} after {sorted(task.upstream_task_ids)}, {task.trigger_rule.value}"
    pause = task.retry_delay / timedelta(seconds=1)
    yield f"  {task.retries} retries after {pause:g} s, at most {task.max_retry_delay}"
    growth = f"x {task.retry_exponential_backoff}"
    yield f"  pauses {growth}; {', '.join(failing_at_once(task))} fail at once"
    weight = f"weight {task.priority_weight}"
    yield f"  pool {task.pool}, {weight}, timeout {task.execution_timeout}"
    callback = task.on_failure_callback
    if isinstance(callback, list):
        [callback] = callback
    yield f"  on failure {callback.__name__}"
    for kind, assets in (("reads", task.inlets), ("writes", task.outlets)):
        if assets:
            yield f"  {kind} {[asset.name for asset in assets]}"


def failing_at_once(task):
    """The errors after which the task is not tried again."""
    decisions = {
        name: task.retry_policy.evaluate(error, try_number=1, max_tries=5)
        for name, error in TRIED_AGAIN.items()
    }
    return [name for name, each in decisions.items() if each.action.name == "FAIL"]
