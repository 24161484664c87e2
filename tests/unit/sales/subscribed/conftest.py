"""The environment of deliveries: a shop in New York, the delivery log in memory, and made-up mails."""

import json

import pytest

from ecommerce.core import templates
from ecommerce.sales.subscribed import delivery, figure_alerts, sending
from tests.unit.sales.subscribed import samples

PLAIN = """{% for line in corrected or [] %}
Corrected: {{ line }}
{% endfor %}
Net sales {{ net_sales }}.
{% if has_pdf %}
The full report is attached.
{% endif %}
Sent to the subscription {{ subscription }}.
"""
TEMPLATES_OF_PERIODS = {
    "period_mail.txt": PLAIN,
    "period_chat.txt": PLAIN,
    "period_mail.html": f"<img src='cid:{{{{ picture_cid }}}}'>{PLAIN}",
}


@pytest.fixture(scope="session")
def templates_folder(tmp_path_factory):
    """The templates, with plain ones of the mails of periods, whose look is tested where they are made."""
    folder = tmp_path_factory.mktemp("templates")
    for path in templates.TEMPLATES.iterdir():
        if path.name not in TEMPLATES_OF_PERIODS:
            (folder / path.name).symlink_to(path)
    for name, content in TEMPLATES_OF_PERIODS.items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture(autouse=True)
def _settings(monkeypatch, templates_folder):
    monkeypatch.setattr(templates, "TEMPLATES", templates_folder)
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
