"""Alerts on figures that the warehouse has: each is evaluated as plain Python does."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.sales.subscribed import figure_alerts, sending
from ecommerce.sales.subscribed.failures import Failures
from ecommerce.storage.staging import DagRun
from tests.integration.warehouse.conftest import MONDAY
from tests.integration.warehouse.loadable import (
    at,
    daily_sales,
    daily_summary,
    forecast,
    midnight,
)

RUN = DagRun("daily_sales_pipeline", "scheduled")
SOLD = {
    # By weeks before Monday: gross sales on the web and in the store.
    0: {"web": 100, "store": 40},
    1: {"web": 90, "store": 70},
    2: {"web": 200, "store": 60},
    3: {"web": 900, "store": 90},
    4: {"web": 160, "store": 50},
}
INCOMPLETE = 3
"""Its sales are in no average."""
COUNTRY = {"web": "DE", "store": "US"}
ORDERS = {"web": 4, "store": 1}
"""Of each day."""


def average(*channels):
    """Of the complete days of four weeks."""
    days = [SOLD[week] for week in (1, 2, 4)]
    return Decimal(sum(day[channel] for day in days for channel in channels)) / 3


TOTAL, GERMANY = average("web", "store"), average("web")


def below(percent, line):
    return {"percent": str(percent), "of": line}


def just(base, value, *, is_below):
    """The percentage by which `value` is at the line of `base`, or a bit less than that, so that it is
    below."""
    percent = 100 * (base - value) / base
    return percent - Decimal("0.01") if is_below else percent + Decimal("0.01")


IN_GERMANY = {"country": "DE"}
ALERTS = [
    # The week before sold 160, the day 140.
    ("week-below", "net_sales", below(12.4, "last_week"), {}, "below"),
    ("week-above", "net_sales", below(12.6, "last_week"), {}, "above"),
    ("german-week", "gross_sales", below(1, "last_week"), IN_GERMANY, "above"),
    (
        "average-below",
        "net_sales",
        below(just(TOTAL, 140, is_below=True), "weekday_average"),
        {},
        "below",
    ),
    (
        "average-above",
        "net_sales",
        below(just(TOTAL, 140, is_below=False), "weekday_average"),
        {},
        "above",
    ),
    (
        "german-average-below",
        "gross_sales",
        below(just(GERMANY, 100, is_below=True), "weekday_average"),
        IN_GERMANY,
        "below",
    ),
    (
        "german-average-above",
        "gross_sales",
        below(just(GERMANY, 100, is_below=False), "weekday_average"),
        IN_GERMANY,
        "above",
    ),
    ("orders-below", "orders", {"amount": 5}, IN_GERMANY, "below"),
    ("orders-above", "orders", {"amount": 4}, IN_GERMANY, "above"),
    ("no-sale", "orders", {"amount": 1}, {"country": "FR"}, "below"),
    # The forecast of the channel is 125.
    ("web-below", "gross_sales", below(19, "forecast"), {"channel": "web"}, "below"),
    ("web-above", "gross_sales", below(21, "forecast"), {"channel": "web"}, "above"),
    ("store", "gross_sales", below(1, "forecast"), {"channel": "store"}, "unknown"),
    ("target", "net_sales", below(1, "target"), {}, "below"),
    ("no-target", "net_sales", below(1, "target"), {"channel": "web"}, "unknown"),
]


@pytest.fixture
def sold(shop):
    """The Mondays of five weeks."""
    sales = []
    summaries = []
    orders = []
    for week, by_channel in SOLD.items():
        day = MONDAY - timedelta(weeks=week)
        for channel, gross in by_channel.items():
            country = COUNTRY[channel]
            values = {"channel": channel, "country_code": country}
            sales.append(daily_sales(day, "sales_db", gross, **values))
            for number in range(ORDERS[channel]):
                order = {"business_date": day, "order_id": f"{channel} {day} {number}"}
                orders.append(order | values)
        total = sum(by_channel.values())
        complete = week != INCOMPLETE
        summaries.append(daily_summary(day, total, orders=5, complete=complete))
    shop.insert("daily_sales", sales)
    shop.insert("daily_summary", summaries)
    shop.insert(
        "orders",
        orders,
        source="sales_db",
        currency="USD",
        is_sale=True,
        **dict.fromkeys(
            ("ordered_at", "updated_at", "read_at"), at("2026-03-02 15:00")
        ),
    )
    shop.ran([MONDAY - timedelta(days=number) for number in range(29)])
    of_web = forecast("channel:web", MONDAY, midnight(MONDAY), forecast=125)
    of_all = forecast("total", MONDAY, midnight(MONDAY), forecast=1)
    shop.insert("sales_forecasts", [of_web, of_all])
    month = MONDAY.replace(day=1)
    target = {"month": month, "channel": "total", "net_sales": 1_000_000}
    shop.insert("sales_targets", [target])
    return shop


@pytest.mark.slow
def test_alerts_are_evaluated_as_by_hand(sold, monkeypatch):
    subscriptions = []
    for name, figure, line, only, _ in ALERTS:
        alert = {"name": name, "to": "chat:team", "alert": figure, "below": line}
        subscriptions.append(alert | ({"only": only} if only else {}))
    # An outage: the weekday has five orders on average, and five are needed; then six.
    outage = subscriptions[0] | {"name": "outage", "at_least": {"orders": 5}}
    quiet = subscriptions[0] | {"name": "quiet", "at_least": {"orders": 6}}
    subscriptions += [outage, quiet]
    monkeypatch.setenv(
        "AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", json.dumps(subscriptions, default=str)
    )
    messages = {}

    def send(alert, message, words):
        messages[alert.name] = words

    monkeypatch.setattr(sending, "send", send)

    def run_of(day):
        failures = Failures()
        window = day_window(day, "America/New_York")
        sentences = figure_alerts.send_alerts(window, RUN, failures)
        failures.raise_all()
        return sentences

    sentences = run_of(MONDAY)

    expected = {name: state for name, *_, state in ALERTS}
    expected |= {"outage": "below", "quiet": "above"}
    day_is = f"{MONDAY} is"
    assert sentences == [
        f"{name}: {day_is} {state}" for name, state in expected.items()
    ]
    assert messages.keys() == {
        name for name, state in expected.items() if state == "below"
    }
    stored = {}
    for name, state, status in sold.tuples(
        "report_deliveries", "subscription", "figures_hash", "state"
    ):
        stored[name] = state
        assert (status == "sent") == (state != "unknown")
    assert stored == expected
    # The store fell most, by 30 of the 20 by which the web rose and the store fell.
    assert f"Largest fall: US: {chr(0x2212)}30.00 USD vs Mon 23 Feb" in (
        messages["week-below"].replace("United States", "US")
    )
    assert "Largest fall" not in messages["german-average-below"]

    # The same run again evaluates only what could not be.
    messages.clear()
    assert run_of(MONDAY) == [
        f"{name}: {day_is} {state}"
        for name, state in expected.items()
        if state == "unknown"
    ]
    assert messages == {}
