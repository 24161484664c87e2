"""When the watch over the week tells people, and what its mail says."""

from datetime import date, timedelta

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.forecast import missing_forecast
from ecommerce.forecast.weeks import Week
from ecommerce.mail import transport as mail

WEEK = Week(date(2026, 11, 9))


def bodies(texts):
    message = mail.compose("No sales forecast", "week_mail", texts)
    return [
        " ".join(message.get_body((kind,)).get_content().split())
        for kind in ("plain", "html")
    ]


@pytest.mark.parametrize("weekday", range(1, 7))
def test_it_looks_on_tuesdays_alone(weekday):
    day = day_window(WEEK.as_of + timedelta(days=weekday), "America/New_York")
    assert missing_forecast.check_last_week(day).startswith(
        f"{day} is not a Monday"
    )  # without a query


def test_one_missing_day_has_its_command():
    texts = missing_forecast.mail_texts(WEEK, [date(2026, 11, 12)])
    assert texts["problem"] == "no daily run of Thu 12 Nov"
    assert texts["commands"] == ["make backfill FROM=2026-11-12 TO=2026-11-12"]
    for body in bodies(texts):
        assert "There is no sales forecast after the week of 2026-11-09" in body
        assert "make backfill FROM=2026-11-12 TO=2026-11-12" in body
        assert "as soon as all days of the week are loaded and checked" in body
        assert (
            "To forecast now, trigger the DAG with 2026-11-09 as Week and Forecast"
            in body
        )


def test_missing_days_have_one_command():
    missing = [WEEK.days[place] for place in (0, 1, 2, 5)]
    texts = missing_forecast.mail_texts(WEEK, missing)
    assert (
        texts["problem"]
        == "no daily run of Mon 9 Nov, Tue 10 Nov, Wed 11 Nov, Sat 14 Nov"
    )
    assert texts["commands"] == ["make backfill FROM=2026-11-09 TO=2026-11-14"]


def test_where_no_day_is_missing_the_dag_is_to_blame(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/shop/")
    texts = missing_forecast.mail_texts(WEEK, [])
    assert texts["commands"] == []
    for body in bodies(texts):
        assert "all days are loaded, but no forecast was made" in body
        assert "https://airflow.example/shop/dags/weekly_sales_forecast/runs" in body
