from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.weeks import (
    Week,
    as_of_run,
    newest_week,
    reason_to_skip,
    week_of,
)

NEW_YORK = "America/New_York"
MONDAY = date(2026, 11, 9)
WEEK, NEXT = Week(MONDAY), Week(MONDAY + timedelta(days=7))


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (
            datetime(2026, 11, 16, 5, 0, tzinfo=UTC),
            date(2026, 11, 9),
        ),  # Sunday has just ended in New York
        (datetime(2026, 11, 16, 4, 59, tzinfo=UTC), date(2026, 11, 2)),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), date(2026, 11, 9)),
    ],
)
def test_a_week_has_ended_when_its_sunday_has(now, monday):
    assert newest_week(now, NEW_YORK).monday == monday
    assert week_of(None, now, NEW_YORK).monday == monday


def test_the_form_takes_any_day_of_a_week_that_has_ended():
    now = datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert week_of("2026-11-11", now, NEW_YORK) == WEEK
    sentence = "has not ended in America/New_York: the newest that has is 2026-11-09"
    with pytest.raises(ConfigurationError, match=sentence):
        week_of("2026-11-16", now, NEW_YORK)


def test_the_newest_complete_week_is_forecast_once():
    assert reason_to_skip(WEEK, WEEK, (), ()) == ""
    assert "exists: force makes it again" in reason_to_skip(
        WEEK, WEEK, (), [WEEK.as_of]
    )


def test_a_missing_day_holds_the_week_back_and_is_named():
    reason = reason_to_skip(WEEK, WEEK, WEEK.days[3:4], ())
    assert (
        "no daily run of 2026-11-12 (make backfill FROM=2026-11-12 TO=2026-11-12)"
        in reason
    )


def test_an_older_week_is_skipped():
    assert "is older than the week of" in reason_to_skip(WEEK, NEXT, (), ())


def test_a_selection_looks_at_what_was_before_its_own_day_in_the_shop():
    now = datetime(2026, 12, 6, 4, tzinfo=UTC)
    assert as_of_run(None, now, NEW_YORK) == date(2026, 12, 5)
    assert as_of_run("2026-11-01", now, NEW_YORK) == date(2026, 11, 1)
    with pytest.raises(
        ConfigurationError, match="2026-12-06 is in the future in America/New_York"
    ):
        as_of_run("2026-12-06", now, NEW_YORK)
