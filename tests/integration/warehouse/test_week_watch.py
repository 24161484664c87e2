"""What the watch over the week learns from the warehouse, and whom it tells."""

from datetime import timedelta

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.forecast import missing_forecast
from ecommerce.sources import live_sources
from tests.integration.mailbox import ALERTED, open_mailbox
from tests.integration.warehouse import loadable
from tests.integration.warehouse.conftest import MONDAY

DAY = day_window(MONDAY, "America/New_York")
WEEK = loadable.days_from(MONDAY - timedelta(days=7), 7)


@pytest.fixture
def mailbox(tmp_path, monkeypatch):
    with open_mailbox(tmp_path / "mailbox") as box:
        for name, value in box.environment().items():
            monkeypatch.setenv(name, value)
        yield box


def forecast(shop, as_of, zone="America/New_York"):
    """Put a forecast of the total of its first and its last day into the warehouse."""
    made_at = day_window(as_of, zone).start
    rows = []
    for ahead in (0, 27):
        day = as_of + timedelta(days=ahead)
        rows.append(loadable.forecast("total", day, made_at))
    shop.insert("sales_forecasts", rows)


def test_people_are_told_on_tuesday_which_days_of_the_week_are_missing(
    shop, mailbox, monkeypatch
):
    shop.ran([*WEEK[:2], *WEEK[3:]])
    shop.ran(
        [WEEK[2]], list(live_sources())[:2]
    )  # a run of some sources is no daily run
    forecast(shop, MONDAY - timedelta(days=91))  # until nine weeks before
    assert "the forecast is not in use" in missing_forecast.check_last_week(DAY)
    forecast(shop, MONDAY - timedelta(days=56))
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    why = "the Variable alert_recipients is empty"
    assert missing_forecast.check_last_week(DAY) == why
    assert mailbox.messages() == []

    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", ALERTED)
    assert missing_forecast.check_last_week(DAY) == ""
    shop.ran([WEEK[2]])
    assert missing_forecast.check_last_week(DAY) == ""
    messages = mailbox.messages()
    reasons = "no daily run of 2026-02-25", "all days are loaded, but no forecast"
    for message, why in zip(messages, reasons, strict=True):
        assert message["Subject"] == "No sales forecast after the week of 2026-02-23"
        assert message["X-Envelope-To"] == ALERTED
        assert why in message.get_body(("plain",)).get_content()

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
    assert len(mailbox.messages()) == 2
