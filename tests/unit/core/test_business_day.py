"""A business day's window in UTC."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecommerce.core.business_day import (
    day_window,
    due_at,
)
from tests.unit.sales.tables import cells

DAYS = """
day        | timezone          | hours | # why
2026-03-08 | America/New_York  | 23    |
2026-11-01 | America/New_York  | 25    |
2026-03-29 | Europe/Berlin     | 23    |
2026-10-25 | Europe/Berlin     | 25    |
2018-11-04 | America/Sao_Paulo | 23    | midnight itself does not exist
2026-07-01 | Asia/Tokyo        | 24    |
"""


@pytest.mark.parametrize("case", cells(DAYS), ids=lambda case: case["day"])
def test_length_of_a_day(case):
    window = day_window(date.fromisoformat(case["day"]), case["timezone"])
    assert (window.end - window.start) / timedelta(hours=1) == int(case["hours"])


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
