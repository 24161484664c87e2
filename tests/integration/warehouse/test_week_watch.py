"""What the watch over the week learns from the warehouse, and whom it tells."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.forecast import missing_forecast
from tests.integration.mailbox import ALERTED, Mailbox, open_mailbox
from tests.integration.warehouse.conftest import MONDAY, Shop

DAY = day_window(MONDAY, "America/New_York")
WEEK = [MONDAY - timedelta(days=back) for back in range(7, 0, -1)]


@pytest.fixture
def mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    with open_mailbox(tmp_path / "mailbox") as box:
        for name, value in box.environment().items():
            monkeypatch.setenv(name, value)
        yield box


def insert(shop: Shop, table: str, columns: str, rows: list[str]) -> None:
    dataset = shop.warehouse.settings.bigquery_dataset
    shop.warehouse.run(
        f"INSERT INTO `{dataset}.{table}` ({columns}) VALUES {', '.join(rows)}", table
    )


def forecast(shop: Shop, as_of: date) -> None:
    """Put a forecast of the total of its first and its last day into the warehouse."""
    made_at = f"TIMESTAMP '{day_window(as_of, 'America/New_York').start.isoformat()}'"
    amounts = ", ".join(["NUMERIC '1'"] * 5)
    columns = "series, target_date, model, made_at, forecast, lower_80, upper_80, lower_95, upper_95, run_id"
    insert(
        shop,
        "sales_forecasts",
        columns,
        [
            f"('total', DATE '{as_of + timedelta(days=ahead)}', 'blend', {made_at}, {amounts}, 'run')"
            for ahead in (0, 27)
        ],
    )


def run(shop: Shop, *days: date) -> None:
    """The days have had a daily run."""
    rows = [
        f"(DATE '{day}', '{source}', 'run', 'success')"
        for day in days
        for source in ("sales_db", "storefront")
    ]
    insert(shop, "load_audit", "business_date, source, run_id, status", rows)


def test_people_are_told_on_tuesday_which_days_of_the_week_are_missing(
    shop: Shop, mailbox: Mailbox
) -> None:
    run(shop, *WEEK[:2], *WEEK[3:])
    forecast(
        shop, MONDAY - timedelta(days=63)
    )  # it reaches into the eight weeks before
    assert "the forecast is not in use" in missing_forecast.check_last_week(DAY)
    forecast(shop, MONDAY - timedelta(days=56))
    assert missing_forecast.check_last_week(DAY) == ""
    assert missing_forecast.check_last_week(DAY) == ""
    first, again = mailbox.messages()
    assert first["Subject"] == "No sales forecast after the week of 2026-02-23"
    assert first["X-Envelope-To"] == ALERTED
    assert first["Message-ID"] != again["Message-ID"]
    body = first.get_body(("plain",)).get_content()
    assert "no daily run of Wed 25 Feb" in body
    assert "make backfill FROM=2026-02-25 TO=2026-02-25" in body

    run(shop, WEEK[2])
    assert missing_forecast.check_last_week(DAY) == ""
    body = mailbox.messages()[-1].get_body(("plain",)).get_content()
    assert "all days are loaded, but no forecast was made" in body

    forecast(shop, MONDAY)
    assert (
        missing_forecast.check_last_week(DAY)
        == "the forecast after the week of 2026-02-23 exists"
    )
    assert len(mailbox.messages()) == 3


def test_without_recipients_nobody_is_told(
    shop: Shop, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    forecast(shop, MONDAY - timedelta(days=7))
    assert (
        missing_forecast.check_last_week(DAY)
        == "the Variable alert_recipients is empty"
    )
    assert mailbox.messages() == []


def test_a_warehouse_older_than_the_forecast_gets_its_table(
    shop: Shop, mailbox: Mailbox
) -> None:
    shop.warehouse.run(
        f"DROP TABLE `{shop.warehouse.settings.bigquery_dataset}.sales_forecasts`",
        "drop",
    )
    assert "the forecast is not in use" in missing_forecast.check_last_week(DAY)
