"""Which days a backfill runs, by Airflow's own functions: from the command, the REST API, the UI's form."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from airflow.api_fastapi.core_api.datamodels.backfills import BackfillPostBody
from airflow.cli.cli_config import parsedate
from airflow.models.backfill import _get_info_list
from airflow.sdk import timezone as airflow_timezone
from airflow.serialization.serialized_objects import DagSerialization

from tests.dags.conftest import DAG_FILES, parsed

ZONES = [
    "America/New_York",
    "Asia/Tokyo",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Europe/London",
    "Asia/Kolkata",
]
BROWSERS = [
    "UTC",
    "America/Los_Angeles",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Honolulu",
]
"""Timezones that the UI may be set to, from UTC-10 to UTC+13:45; at first it is the browser's."""
SPANS = [
    (date(2026, 11, 20), date(2026, 11, 22)),
    (date(2026, 11, 20), date(2026, 11, 20)),
    # The clocks change in New York, in London and in Auckland.
    (date(2026, 10, 31), date(2026, 11, 2)),
    (date(2026, 10, 25), date(2026, 10, 25)),
    (date(2026, 9, 26), date(2026, 9, 27)),
    (date(2026, 4, 4), date(2026, 4, 5)),
]
DAILY = [path.stem for path in DAG_FILES if "business_days(" in path.read_text()]


@pytest.fixture(scope="module")
def shops():
    """By timezone: the daily DAGs as the scheduler and the API server read them."""
    shops = {}
    for zone in ZONES:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("SHOP_TIMEZONE", zone)
            dags = [DagSerialization.to_dict(parsed(dag_id)) for dag_id in DAILY]
        shops[zone] = [DagSerialization.from_dict(dag) for dag in dags]
    return shops


def days_of(dag, first, last):
    """The days that `airflow backfill create` and the REST API run."""
    body = BackfillPostBody(dag_id=dag.dag_id, from_date=first, to_date=last)
    runs = _get_info_list(
        from_date=airflow_timezone.coerce_datetime(body.from_date),
        to_date=airflow_timezone.coerce_datetime(body.to_date),
        reverse=False,
        dag=dag,
    )
    return [run.partition_key for run in runs]


def form_bounds(first, last, zone):
    """What the UI's form sends for two days: their first and last millisecond in its timezone, in UTC."""
    begin = datetime.combine(first, time.min, ZoneInfo(zone))
    end = datetime.combine(last, time(23, 59, 59, 999000), ZoneInfo(zone))
    return begin.astimezone(UTC), end.astimezone(UTC)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("first", "last"), SPANS, ids=str)
def test_a_backfill_runs_every_day_both_included(shops, zone, first, last):
    days = [str(first + timedelta(n)) for n in range((last - first).days + 1)]
    begin, _ = form_bounds(first, last, zone)
    bounds = {
        "the command": (parsedate(str(first)), parsedate(str(last))),
        "the REST API": (str(first), str(last)),
        "times of the first and the last day": (
            f"{first}T00:00:00",
            f"{last}T23:59:59",
        ),
        "midnights of the shop": (
            begin,
            form_bounds(last, last, zone)[0],
        ),
    }
    for browser in {zone, *BROWSERS}:
        begin, end = form_bounds(first, last, browser)
        bounds[f"the form in {browser}"] = begin, end
        edited = f"the form in {browser} after its time was edited"
        bounds[edited] = begin, end.replace(second=0)
    for dag in shops[zone]:
        for what, (earliest, latest) in bounds.items():
            assert days_of(dag, earliest, latest) == days, (dag.dag_id, what)


def test_every_daily_dag_has_this_timetable_and_names_its_timezone(shops):
    for zone, dags in shops.items():
        for dag in dags:
            assert type(dag.timetable).__name__ == "BusinessDayTimetable"
            assert re.fullmatch(rf"At \d\d:\d\d, in {zone}", dag.timetable.description)
    for path in DAG_FILES:
        assert "CronPartitionTimetable" not in path.read_text(), path


@pytest.mark.parametrize("zone", ZONES)
def test_a_backfilled_and_a_scheduled_run_have_the_same_partition(shops, zone):
    """Airflow compares them by the partition's date: a day that has succeeded is not run twice."""
    from airflow.timetables.base import DagRunInfo, TimeRestriction

    always = TimeRestriction(earliest=None, latest=None, catchup=True)
    before = airflow_timezone.coerce_datetime(datetime(2026, 11, 20, tzinfo=UTC))
    for dag in shops[zone]:
        last = DagRunInfo(before, None, None, None)
        scheduled = dag.timetable.next_dagrun_info_v2(
            last_dagrun_info=last, restriction=always
        )
        day = scheduled.partition_key
        [backfilled] = dag.iter_dagrun_infos_between(parsedate(day), parsedate(day))
        assert backfilled.partition_date == scheduled.partition_date
        local = scheduled.run_after.astimezone(ZoneInfo(zone))
        assert str(local.date() - timedelta(days=1)) == day
