"""The environment of deliveries: a shop in New York, the delivery log in memory, and made-up mails."""

import json

import pytest

from ecommerce.sales.subscribed import delivery, figure_alerts, sending
from tests.unit.sales.subscribed import samples


@pytest.fixture(autouse=True)
def _settings(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")
    monkeypatch.setenv("REPORT_LOCALE", "en_US")
    monkeypatch.setenv("CODE_VERSION", "test")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team")
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "ops@example.com")
    monkeypatch.setattr(delivery, "read_mail", samples.read_mail)


@pytest.fixture
def subscribe(monkeypatch):
    """Call it with the subscriptions."""

    def set_variable(*subscriptions):
        text = json.dumps(subscriptions)
        monkeypatch.setenv("AIRFLOW_VAR_REPORT_SUBSCRIPTIONS", text)

    set_variable()
    return set_variable


@pytest.fixture
def delivery_log(monkeypatch):
    log = samples.DeliveryLog()
    monkeypatch.setattr(delivery, "delivery_log", log)
    monkeypatch.setattr(figure_alerts, "delivery_log", log)
    monkeypatch.setattr(sending, "delivery_log", log)
    return log
