"""Days, weeks and months: their names, the periods around them, and what has ended."""

from datetime import UTC, date, datetime

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.periods import (
    newest_closed,
    parse_period,
    period_in,
    period_of,
)

NEIGHBOURS = {
    # name: first, last, before, next, a year before
    "2026-11-23": (
        "2026-11-23",
        "2026-11-23",
        "2026-11-16",
        "2026-11-24",
        "2025-11-24",
    ),
    "2026-W48": ("2026-11-23", "2026-11-29", "2026-W47", "2026-W49", "2025-W48"),
    "2026-W53": ("2026-12-28", "2027-01-03", "2026-W52", "2027-W01", "2026-W01"),
    "2027-01": ("2027-01-01", "2027-01-31", "2026-12", "2027-02", "2026-01"),
    "2024-02": ("2024-02-01", "2024-02-29", "2024-01", "2024-03", "2023-02"),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_period_has_a_name_days_and_neighbours(name):
    period = parse_period(name)
    around = (period.before, period.next, period.year_before)
    shown = (period.first, period.last, *around)
    assert tuple(map(str, shown)) == NEIGHBOURS[name]
    assert str(period) == name
    assert period.days[0] == period.first
    assert period.days[-1] == period.last
    for day in period.days:
        assert period_of(period.kind, day) == period
    assert {len(period.days)} <= {"day": {1}, "week": {7}, "month": {*range(28, 32)}}[
        period.kind
    ]


@pytest.mark.parametrize(
    "text",
    ["2026-W54", "2026-13", "2026-02-30", "", "november", "2026-W1", "2026-1", "2026"],
)
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ConfigurationError, match="is no period: a day is written"):
        parse_period(text)


NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        # The Sunday ends at midnight in the shop, not in UTC.
        ("2026-11-30T04:59", ("2026-11-28", "2026-W47", "2026-10")),
        ("2026-11-30T05:00", ("2026-11-29", "2026-W48", "2026-10")),
        ("2026-12-01T05:00", ("2026-11-30", "2026-W48", "2026-11")),
        ("2026-12-31T12:00", ("2026-12-30", "2026-W52", "2026-11")),
    ],
)
def test_the_newest_period_that_has_ended(now, newest):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = [
        str(newest_closed(kind, at, NEW_YORK)) for kind in ("day", "week", "month")
    ]
    assert tuple(found) == newest


def test_a_day_names_its_week_and_its_month():
    assert str(period_in("week", "2026-12-31")) == "2026-W53"
    assert str(period_in("week", "2026-W53")) == "2026-W53"
    assert str(period_in("month", "2026-12-31")) == "2026-12"
    assert period_in("month", "2026-12").first == date(2026, 12, 1)
    with pytest.raises(ConfigurationError, match="2026-W53 is a week, not a month"):
        period_in("month", "2026-W53")
    with pytest.raises(ConfigurationError, match="2026-12 is a month, not a week"):
        period_in("week", "2026-12")
