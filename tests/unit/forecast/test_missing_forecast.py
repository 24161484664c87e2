"""When the watch over the week tells people, and what its mail says."""

from datetime import date, timedelta

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.forecast import missing_forecast
from ecommerce.forecast.weeks import Week
from ecommerce.mail import transport as mail

WEEK = Week(date(2026, 11, 9))
A_WEEK = timedelta(days=7)
FILLED = "as soon as these days are loaded and checked"
LOST = "unpausing does not make up for that week"


def bodies(texts):
    message = mail.compose("No sales forecast", "week_mail", texts)
    return [" ".join(message.get_body((kind,)).get_content().split()) for kind in ("plain", "html")]


@pytest.mark.parametrize("weekday", range(1, 7))
def test_it_looks_on_tuesdays_alone(weekday):
    day = day_window(WEEK.as_of + timedelta(days=weekday), "America/New_York")
    assert missing_forecast.check_last_week(day).startswith(f"{day} is not a Monday")  # without a query


def test_a_forecast_that_was_made_is_no_news():
    reason = missing_forecast.reason_for_silence(WEEK, {WEEK.as_of, WEEK.monday})
    assert reason == "the forecast after the week of 2026-11-09 exists"


@pytest.mark.parametrize(("weeks_ago", "waits"), [(1, True), (8, True), (9, False), (-1, False)])
def test_nobody_waits_where_no_forecast_was_made_in_eight_weeks(weeks_ago, waits):
    reason = missing_forecast.reason_for_silence(WEEK, {WEEK.as_of - weeks_ago * A_WEEK})
    assert reason == (
        "" if waits else "no forecast was made in the 8 weeks before: the forecast is not in use"
    )


def test_a_shop_that_never_forecast_is_left_in_peace():
    assert "not in use" in missing_forecast.reason_for_silence(WEEK, set())


def test_one_missing_day_has_its_command():
    texts = missing_forecast.mail_texts(WEEK, [date(2026, 11, 12)])
    assert texts["problem"] == "no daily run of Thu 12 Nov"
    assert texts["commands"] == ["make backfill FROM=2026-11-12 TO=2026-11-12"]
    for body in bodies(texts):
        assert "There is no sales forecast after the week of 2026-11-09" in body
        assert "make backfill FROM=2026-11-12 TO=2026-11-12" in body
        assert FILLED in body
        assert LOST not in body
        otherwise = "To forecast without them, trigger the DAG with 2026-11-09 as Week"
        assert f"{otherwise} and with Forecast in any case." in body


def test_missing_days_have_one_command():
    missing = [WEEK.days[place] for place in (0, 1, 2, 5)]
    texts = missing_forecast.mail_texts(WEEK, missing)
    assert texts["problem"] == "no daily run of Mon 9 Nov, Tue 10 Nov, Wed 11 Nov, Sat 14 Nov"
    assert texts["commands"] == ["make backfill FROM=2026-11-09 TO=2026-11-14"]


def test_where_no_day_is_missing_the_dag_is_to_blame(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/shop/")
    texts = missing_forecast.mail_texts(WEEK, [])
    assert texts["commands"] == []
    for body in bodies(texts):
        assert "all days are loaded, but no forecast was made" in body
        assert "https://airflow.example/shop/dags/weekly_sales_forecast/runs" in body
        assert LOST in body
        assert FILLED not in body
        assert "To forecast now, trigger the DAG with 2026-11-09 as Week" in body
