"""A business day's window in UTC."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecommerce.core.business_day import day_window, due_at


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2018, 11, 4), "America/Sao_Paulo", 23),  # its midnight does not exist
        (date(2026, 7, 1), "Asia/Tokyo", 24),
    ],
)
def test_length_of_a_day(day, timezone, hours):
    window = day_window(day, timezone)
    assert window.end - window.start == timedelta(hours=hours)


@given(
    st.dates(date(2000, 1, 1), date(2035, 12, 31)),
    st.sampled_from(["America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "UTC"]),
)
def test_days_follow_each_other_without_gap_or_overlap(day, timezone):
    following = day_window(day + timedelta(days=1), timezone)
    assert day_window(day, timezone).end == following.start


def test_the_daily_run_is_due_at_six_by_the_shops_clock_the_morning_after():
    # On 8 March the clocks go forward at two.
    for day, hour in ((date(2026, 11, 19), 11), (date(2026, 3, 7), 10)):
        due = datetime.combine(day + timedelta(days=1), time(hour), UTC)
        assert due_at(day, "America/New_York") == due
