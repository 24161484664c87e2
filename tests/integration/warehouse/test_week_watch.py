"""What the watch over the week learns from the warehouse."""

from datetime import timedelta

from ecommerce.core.business_day import day_window
from ecommerce.core.periods import period_of
from ecommerce.forecast import loading, missing_forecast
from ecommerce.sources import live_sources
from tests.integration.warehouse import loadable
from tests.integration.warehouse.conftest import MONDAY

DAY = day_window(MONDAY, "America/New_York")
WEEK = period_of("week", MONDAY).before


def forecast(shop, as_of, zone="America/New_York"):
    """Put a forecast of the total of its first and its last day into the warehouse."""
    made_at = day_window(as_of, zone).start
    rows = []
    for ahead in (0, 27):
        day = as_of + timedelta(days=ahead)
        rows.append(loadable.forecast("total", day, made_at))
    shop.insert("sales_forecasts", rows)


def missing_days():
    missing, _ = loading.week_state(WEEK, "test")
    return missing


def test_the_watch_knows_missing_days_and_whether_forecasts_are_made(shop, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    alerted = "the Variable alert_recipients is empty"
    *others, wednesday = *WEEK.days[:2], *WEEK.days[3:], WEEK.days[2]
    shop.ran(others)
    # A run of some sources is no daily run.
    shop.ran([wednesday], list(live_sources())[:2])
    forecast(shop, MONDAY - timedelta(days=91))  # until nine weeks before
    assert "the forecast is not in use" in missing_forecast.check_last_week(DAY)
    forecast(shop, MONDAY - timedelta(days=56))
    assert missing_forecast.check_last_week(DAY) == alerted
    assert missing_days() == [wednesday]
    shop.ran([wednesday])
    assert missing_forecast.check_last_week(DAY) == alerted
    assert missing_days() == []
    forecast(shop, MONDAY)
    exists = "the forecast after the week of 2026-02-23 exists"
    assert missing_forecast.check_last_week(DAY) == exists

    # In Berlin its origin is a Sunday in UTC.
    shop.sql("DELETE FROM sales.warehouse_settings WHERE TRUE")
    monkeypatch.setenv("SHOP_TIMEZONE", "Europe/Berlin")
    following = MONDAY + timedelta(days=7)
    forecast(shop, following, "Europe/Berlin")
    day = day_window(following, "Europe/Berlin")
    assert missing_forecast.check_last_week(day).endswith("of 2026-03-02 exists")


def test_a_daily_run_has_every_source_that_existed_by_then(shop):
    monday, *others = WEEK.days
    *first_sources, last_source = live_sources()
    # The sync of one shop, and the catalogue, which is none of the sources.
    shop.ran([monday], [first_sources[0], "product_catalogue"])
    # The last source was added on Thursday; an export had its rates of earlier years.
    shop.exported(last_source, monday - timedelta(days=400), monday)
    shop.ran(others[:2], first_sources)
    shop.ran(others[2:])
    assert missing_days() == [monday]
