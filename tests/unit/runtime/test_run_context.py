"""The business day of a run."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from ecommerce.core.errors import ConfigurationError
from ecommerce.runtime.run_context import business_day

NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 5, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _new_york(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")


def day_of(run_after=None, partition_key=None, **params):
    run = SimpleNamespace(partition_key=partition_key, run_after=run_after)
    return business_day({"dag_run": run, "params": params})


@pytest.mark.parametrize(
    ("run", "now", "day"),
    [
        ({"partition_key": "2026-11-18"}, NOW, "2026-11-18"),
        ({"business_date": "2026-11-17"}, NOW, "2026-11-17"),
        (
            {"partition_key": "2026-11-18", "business_date": "2026-11-18"},
            NOW,
            "2026-11-18",
        ),
        # Midnight in New York is at 05:00 UTC.
        ({}, MIDNIGHT, "2026-11-19"),
        ({}, MIDNIGHT - MOMENT, "2026-11-18"),
        ({"business_date": "2026-11-19"}, MIDNIGHT, "2026-11-19"),
        # A retry after midnight keeps the day of the run.
        ({"run_after": MIDNIGHT - MOMENT}, NOW, "2026-11-18"),
    ],
)
def test_the_day_of_a_run(run, now, day):
    with time_machine.travel(now, tick=False):
        assert str(day_of(**run)) == day


NO_DATES = ("2026-02-30", "yesterday", "20261118", "2026-W47-3", "2026-11-18T00:00:00")


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date(text):
    message = "is not a business date like 2026-11-19"
    with pytest.raises(ConfigurationError, match=message):
        day_of(business_date=text)


def test_a_run_has_one_day_that_has_ended():
    message = "key is 2026-11-18 but its param business_date is 2026-11-17"
    with pytest.raises(ConfigurationError, match=message):
        day_of(partition_key="2026-11-18", business_date="2026-11-17")
    message = "2026-11-19 has not ended yet in America/New_York: it closes at 2026-11-20T05:00Z"
    with time_machine.travel(MIDNIGHT - MOMENT, tick=False):
        with pytest.raises(ConfigurationError, match=message):
            day_of(business_date="2026-11-19")


@time_machine.travel(NOW, tick=False)
def test_the_days_of_a_run_are_one_span():
    # The clocks go back on the first of November.
    days = day_of(first_day="2026-10-31", last_day="2026-11-02")
    assert str(days.start) == "2026-10-31 04:00:00+00:00"
    assert str(days.end) == "2026-11-03 05:00:00+00:00"
    assert list(map(str, days.dates)) == ["2026-10-31", "2026-11-01", "2026-11-02"]
    newest = day_of(first_day="2026-11-01", last_day=None, run_after=NOW)
    assert str(newest.dates[-1]) == "2026-11-19"
    single = day_of(first_day="2026-11-18", last_day="2026-11-18")
    assert single == day_of(partition_key="2026-11-18")


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("first_day", "last_day", "message"),
    [
        ("2026-10-01", "2026-11-01", "is not a range of 1 to 31 days"),
        ("2026-11-02", "2026-11-01", "is not a range of 1 to 31 days"),
        ("2026-11-02", "2026-11-20", "2026-11-20 has not ended yet"),
    ],
)
def test_what_are_no_days_of_a_run(first_day, last_day, message):
    with pytest.raises(ConfigurationError, match=message):
        day_of(first_day=first_day, last_day=last_day)
