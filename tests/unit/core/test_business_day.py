"""The day a run is for, and its window in UTC."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecommerce.core.business_day import (
    business_day,
    day_window,
    due_at,
)
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.names import DAG_EVENTS

NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 5, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _new_york(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")


def context(key=None, param=None, run_after=None):
    run = SimpleNamespace(partition_key=key, run_after=run_after)
    return {"dag_run": run, "partition_key": key, "params": {"business_date": param}}


@pytest.mark.parametrize(
    ("given", "now", "day"),
    [
        ({"key": "2026-11-18"}, NOW, "2026-11-18"),
        ({"param": "2026-11-17"}, NOW, "2026-11-17"),
        ({"key": "2026-11-18", "param": "2026-11-18"}, NOW, "2026-11-18"),
        # Midnight in New York is at 05:00 UTC.
        ({}, MIDNIGHT, "2026-11-19"),
        ({}, MIDNIGHT - MOMENT, "2026-11-18"),
        ({"param": "2026-11-19"}, MIDNIGHT, "2026-11-19"),
        # A retry after midnight keeps the day of the run.
        ({"run_after": MIDNIGHT - MOMENT}, NOW, "2026-11-18"),
    ],
)
def test_the_day_of_a_run(given, now, day):
    assert str(business_day(context(**given), now)) == day


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"key": "2026-11-18", "param": "2026-11-17"},
            "partition key is 2026-11-18 but its param business_date is 2026-11-17",
        ),
        ({"param": "2026-02-30"}, "is not a business date like 2026-11-19"),
        ({"param": "yesterday"}, "is not a business date like 2026-11-19"),
        ({"param": "20261118"}, "is not a business date like 2026-11-19"),
        ({"param": "2026-W47-3"}, "is not a business date like 2026-11-19"),
        ({"param": "2026-11-18T00:00:00"}, "is not a business date"),
        (
            {"param": "2026-11-19"},
            "2026-11-19 has not ended yet in America/New_York: "
            "it closes at 2026-11-20T05:00Z",
        ),
    ],
)
def test_what_is_no_day_of_a_run(given, message):
    with pytest.raises(ConfigurationError, match=message):
        business_day(context(**given), MIDNIGHT - MOMENT)


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2018, 11, 4), "America/Sao_Paulo", 23),  # midnight itself does not exist
        (date(2026, 7, 1), "Asia/Tokyo", 24),
    ],
)
def test_length_of_a_day(day, timezone, hours):
    window = day_window(day, timezone)
    assert (window.end - window.start) / timedelta(hours=1) == hours


@given(
    st.dates(date(2000, 1, 1), date(2035, 12, 31)),
    st.sampled_from(
        ["America/New_York", "Europe/Berlin", "Asia/Tokyo", "America/Sao_Paulo", "UTC"]
    ),
)
def test_days_follow_each_other_without_gap_or_overlap(day, timezone):
    assert (
        day_window(day, timezone).end
        == day_window(day + timedelta(days=1), timezone).start
    )


def test_the_daily_run_is_due_at_six_by_the_shops_clock_the_morning_after():
    # On 8 March the clocks go forward at two.
    for day, hour in ((date(2026, 11, 19), 11), (date(2026, 3, 7), 10)):
        due = datetime.combine(day + timedelta(days=1), time(hour), UTC)
        assert due_at(day, "America/New_York") == due
        events = due_at(day, "America/New_York", DAG_EVENTS)
        assert events == due - timedelta(minutes=30)
