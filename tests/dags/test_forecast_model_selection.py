"""When the forecast's model is selected, and that the selection announces the champion and starts nothing."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from ecommerce.core.names import DAG_FORECAST, DAG_SELECTION

CHAMPION = "forecast_champion"


@pytest.fixture
def selection(dag_bag):
    return dag_bag.dags[DAG_SELECTION]


def as_the_scheduler_sees(dag):
    """The timetable of a DAG."""
    return DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable


def test_it_runs_at_eight_on_the_first_sunday_of_each_month(selection):
    from airflow.timetables.base import DataInterval, TimeRestriction

    timetable = as_the_scheduler_sees(selection)
    restriction = TimeRestriction(earliest=None, latest=None, catchup=True)
    last, ticks = datetime(2026, 1, 1, tzinfo=UTC), []
    while len(ticks) < 14:
        info = timetable.next_dagrun_info(
            last_automated_data_interval=DataInterval.exact(last),
            restriction=restriction,
        )
        last = info.run_after
        ticks.append(last.astimezone(ZoneInfo("America/New_York")))
    assert all((tick.weekday(), tick.hour, tick.minute) == (6, 8, 0) for tick in ticks)
    assert all(tick.day <= 7 for tick in ticks)
    assert [(tick.year, tick.month) for tick in ticks] == [
        (2026 + month // 12, month % 12 + 1) for month in range(14)
    ]
    assert all(27 <= (later - earlier).days <= 36 for earlier, later in pairwise(ticks))


def test_the_steps_are_in_order_and_one_run_goes_on_at_a_time(selection):
    steps = ["prepare", "back_test", "select", "mail"]
    assert selection.task_ids == steps
    for before, after in pairwise(steps):
        assert selection.get_task(after).upstream_task_ids == {before}
    assert selection.max_active_runs == 1
    assert not selection.catchup


def test_the_champion_is_announced_and_shown_where_it_is_trained_and_starts_no_run(
    dag_bag, selection
):
    assert [asset.name for asset in selection.get_task("select").outlets] == [CHAMPION]
    weekly = dag_bag.dags[DAG_FORECAST]
    assert [asset.name for asset in weekly.get_task("train").inlets] == [CHAMPION]
    starts = {
        dag_id: {
            key.name
            for key, _ in as_the_scheduler_sees(dag).asset_condition.iter_assets()
        }
        for dag_id, dag in dag_bag.dags.items()
    }
    assert starts[DAG_FORECAST] == {"daily_sales"}
    assert not [dag_id for dag_id, names in starts.items() if CHAMPION in names]


def test_a_task_of_the_forecast_is_tried_once_more_after_five_minutes(dag_bag):
    for task in dag_bag.dags[DAG_FORECAST].tasks:
        assert (task.retries, task.retry_delay) == (1, timedelta(minutes=5)), (
            task.task_id
        )
