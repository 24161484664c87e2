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


def context(key=None, param=None, run_after=None):
    run = SimpleNamespace(partition_key=key, run_after=run_after)
    return {"dag_run": run, "params": {"business_date": param}}


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
    with time_machine.travel(now, tick=False):
        assert str(business_day(context(**given))) == day


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
    with time_machine.travel(MIDNIGHT - MOMENT, tick=False):
        with pytest.raises(ConfigurationError, match=message):
            business_day(context(**given))


def context_of_days(first_day, last_day=None):
    run = SimpleNamespace(partition_key=None, run_after=NOW)
    return {
        "dag_run": run,
        "params": {"first_day": first_day, "last_day": last_day},
    }


def test_the_days_of_a_run_are_one_span():
    with time_machine.travel(NOW, tick=False):
        # The clocks go back on the first of November.
        days = business_day(context_of_days("2026-10-31", "2026-11-02"))
        assert (str(days.start), str(days.end)) == (
            "2026-10-31 04:00:00+00:00",
            "2026-11-03 05:00:00+00:00",
        )
        assert list(map(str, days.dates)) == ["2026-10-31", "2026-11-01", "2026-11-02"]
        newest = business_day(context_of_days("2026-11-01"))
        assert str(newest.dates[-1]) == "2026-11-19"
        single = business_day(context_of_days("2026-11-18", "2026-11-18"))
        assert single == business_day(context(key="2026-11-18"))


@pytest.mark.parametrize(
    ("first_day", "last_day", "message"),
    [
        ("2026-10-01", "2026-11-01", "is not a range of 1 to 31 days"),
        ("2026-11-02", "2026-11-01", "is not a range of 1 to 31 days"),
        ("2026-11-02", "2026-11-20", "2026-11-20 has not ended yet"),
    ],
)
def test_what_are_no_days_of_a_run(first_day, last_day, message):
    with time_machine.travel(NOW, tick=False):
        with pytest.raises(ConfigurationError, match=message):
            business_day(context_of_days(first_day, last_day))
