from datetime import UTC, date, datetime

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.periods import period_of, period_of_run
from ecommerce.forecast.weeks import (
    as_of_run,
    reason_to_skip,
)

NEW_YORK = "America/New_York"
MONDAY = date(2026, 11, 9)
WEEK = period_of("week", MONDAY)
NEXT = WEEK.next


def test_the_form_takes_any_day_of_a_week_that_has_ended():
    now = datetime(2026, 11, 18, 12, tzinfo=UTC)
    for requested in ("2026-11-11", None):
        assert period_of_run("week", requested, now, NEW_YORK) == WEEK
    sentence = "has not ended in America/New_York: the newest that has is 2026-11-09"
    with pytest.raises(ConfigurationError, match=sentence):
        period_of_run("week", "2026-11-16", now, NEW_YORK)


@pytest.mark.parametrize(
    ("newest", "missing", "forecast", "reason"),
    [
        (WEEK, (), (), ""),
        (WEEK, (), [NEXT.first], "exists: force makes it again"),
        (
            WEEK,
            WEEK.days[3:4],
            (),
            "no daily run of 2026-11-12 (make backfill FROM=2026-11-12 TO=2026-11-12)",
        ),
        (NEXT, (), (), "is older than the week of"),
    ],
)
def test_the_newest_complete_week_is_forecast_once(newest, missing, forecast, reason):
    found = reason_to_skip(WEEK, newest, missing, forecast)
    assert reason in found
    assert bool(found) == bool(reason)


def test_a_selection_looks_at_what_was_before_its_own_day_in_the_shop():
    now = datetime(2026, 12, 6, 4, tzinfo=UTC)
    assert as_of_run(None, now, NEW_YORK) == date(2026, 12, 5)
    assert as_of_run("2026-11-01", now, NEW_YORK) == date(2026, 11, 1)
    sentence = "2026-12-06 is in the future in America/New_York"
    with pytest.raises(ConfigurationError, match=sentence):
        as_of_run("2026-12-06", now, NEW_YORK)
