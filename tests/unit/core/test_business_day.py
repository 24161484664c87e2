"""The day a run is for, and its window in UTC."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecommerce.core.business_day import (
    business_day,
    day_window,
    due_at,
    newest_closed_day,
)
from ecommerce.core.errors import ConfigurationError

NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _new_york(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")


def context(key=None, param=None, run_after=None):
    run = SimpleNamespace(partition_key=key, run_after=run_after)
    return {"dag_run": run, "partition_key": key, "params": {"business_date": param}}


def test_scheduled_run_takes_its_partition_key():
    assert business_day(context(key="2026-11-18"), NOW).date == date(2026, 11, 18)


def test_run_without_key_takes_the_param():
    assert business_day(context(param="2026-11-17"), NOW).date == date(2026, 11, 17)


def test_run_with_neither_takes_yesterday_in_the_shop_not_in_utc():
    # 03:00 UTC on the 20th is still the 19th in New York, so the newest closed day is the 18th.
    assert business_day(
        context(), datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    ).date == date(2026, 11, 18)


def test_retry_after_midnight_keeps_the_day_of_the_run():
    started = datetime(2026, 11, 20, 4, 50, tzinfo=UTC)  # 23:50 on the 19th in New York
    assert business_day(context(run_after=started), NOW).date == date(2026, 11, 18)


def test_key_and_equal_param_agree():
    assert business_day(
        context(key="2026-11-18", param="2026-11-18"), NOW
    ).date == date(2026, 11, 18)


def test_key_and_other_param_is_an_error():
    with pytest.raises(
        ConfigurationError,
        match="partition key is 2026-11-18 but its param business_date",
    ):
        business_day(context(key="2026-11-18", param="2026-11-17"), NOW)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "yesterday", "20261118", "2026-W47-3", "2026-11-18T00:00:00"]
)
def test_what_is_not_a_date_is_refused(text):
    with pytest.raises(
        ConfigurationError, match="is not a business date like 2026-11-19"
    ):
        business_day(context(param=text), NOW)


def test_day_that_has_not_ended_is_refused():
    with pytest.raises(
        ConfigurationError, match="2026-11-20 has not ended yet in America/New_York"
    ):
        business_day(context(param="2026-11-20"), NOW)


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


def test_newest_closed_day_changes_at_the_shops_midnight():
    midnight = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    assert newest_closed_day(midnight, "America/New_York").date == date(2026, 11, 19)
    just_before = midnight - timedelta(microseconds=1)
    assert newest_closed_day(just_before, "America/New_York").date == date(2026, 11, 18)


def test_the_daily_run_is_due_at_six_by_the_shops_clock_the_morning_after():
    assert due_at(date(2026, 11, 19), "America/New_York") == datetime(
        2026, 11, 20, 11, tzinfo=UTC
    )
    assert due_at(date(2026, 3, 7), "America/New_York") == datetime(
        2026, 3, 8, 10, tzinfo=UTC
    )
