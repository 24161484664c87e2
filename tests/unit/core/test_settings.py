"""Settings come from the environment and are refused with one sentence."""

import re

import pytest

from ecommerce.core.errors import ConfigurationError
from tests.recipes import REPOSITORY
from tests.settings import settings_of


def test_the_calendar_is_that_of_the_timezone_unless_it_is_set():
    calendars = {"": "US", "none": "", "DE-BY": "DE-BY"}
    for holidays, calendar in calendars.items():
        assert settings_of({"HOLIDAYS": holidays}).holiday_calendar == calendar
    in_berlin = settings_of({"SHOP_TIMEZONE": "Europe/Berlin"})
    assert in_berlin.holiday_calendar == "DE"


def test_empty_counts_as_not_set_because_compose_and_kubernetes_hand_on_what_is_empty():
    text = (REPOSITORY / ".env.example").read_text().partition("# Connections")[0]
    names = set(re.findall(r"(?m)^([A-Z][A-Z_]+)=", text))
    assert {"SHOP_TIMEZONE", "STAGING_URI", "MAXIMUM_BYTES_BILLED"} <= names
    empty = dict.fromkeys(names - {"CUSTOMER_HASH_KEY"}, "")
    assert settings_of(empty) == settings_of()


REFUSED = [
    {"CUSTOMER_HASH_KEY": ""},
    {"CUSTOMER_HASH_KEY": "my-secret-of-15"},
    {"SHOP_TIMEZONE": "New York"},
    {"REPORTING_CURRENCY": "dollars"},
    {"BIGQUERY_DATASET": "sales; DROP"},
    {"SYNC_START_DATE": "1.11.2026"},
    {"STAGING_URI": "/data"},
    {"STAGING_URI": " file:///data"},
    {"STAGING_URI": '"file:///data"'},
    {"REPORTS_URI": "gs://"},
    {"REPORTS_URI": "file://data/reports"},
    {"BIGQUERY_LOCATION": " EU"},
    {"RECONCILE_DAYS": "²"},
    {"RECONCILE_DAYS": "0"},
    {"STAGING_RETENTION_DAYS": "36501"},
    {"REPORT_LOCALE": "../de"},
    {"SHOP_LABELS": "Agora"},
    {"SHOP_LABELS": '["Agora"]'},
    {"SHOP_LABELS": '{"storefront": 1}'},
    {"SHOP_LABELS": '{"storefront": " "}'},
    {"FORECAST_MISS_ALERT_PERCENT": "20%"},
    {"OWNER_LINK": "mailto:ann@example.com"},
    {"OWNER_LINK": "javascript:alert(1)"},
    {"OWNER_LINK": "https://"},
    {"PAYOUT_DAYS": "two weeks"},
    {"ORDER_ATTRIBUTES": "sales channel"},
    {"ORDER_ATTRIBUTES": "sales_channel,"},
    {"ORDER_ATTRIBUTES": "1st"},
    {"ORDER_ATTRIBUTES": "größe"},
    {"ORDER_ATTRIBUTES": "a" * 64},
    {"ORDER_ATTRIBUTES": "_PARTITIONTIME"},
    {"ORDER_ATTRIBUTES": "Utm,payment,utm"},
    {"ORDER_ATTRIBUTES": "utm", "REPORT_ATTRIBUTE": "channel"},
    {"ORDER_ATTRIBUTES": "", "REPORT_ATTRIBUTE": "utm"},
    # All wrong ones are named at once.
    {"RECONCILE_DAYS": "many", "REPORTING_CURRENCY": "Euro", "OWNER_LINK": "wiki"},
]


def test_what_is_refused(snapshot):
    report = []
    for environ in REFUSED:
        with pytest.raises(ConfigurationError) as error:
            settings_of(environ)
        report.append(str(error.value))
    assert "\n".join(report) == snapshot
    assert "my-secret" not in "".join(report)


def test_attributes_are_sorted_and_the_report_may_break_down_by_one_of_them():
    longest = "a" * 63
    names = f" sales_channel, _wc_order_attribution_utm_source,Payment,{longest} "
    environ = {"ORDER_ATTRIBUTES": names, "REPORT_ATTRIBUTE": "Payment"}
    settings = settings_of(environ)
    assert settings.order_attributes == (
        "Payment",
        "_wc_order_attribution_utm_source",
        longest,
        "sales_channel",
    )
    assert settings.report_attribute == "Payment"


def test_payments_have_lists_of_meta_data_and_gateways():
    """Names of meta data are in the shop's spelling, and may have blanks; those of gateways in any case."""
    environ = {
        "PAYMENT_FEE_META": " _mollie_fee, Terminal Fee ,,",
        "GATEWAYS_WITHOUT_FEES": "BACS, cod",
        "PAYOUT_DAYS": "21",
    }
    settings = settings_of(environ)
    assert settings.payment_fee_meta == ("_mollie_fee", "Terminal Fee")
    assert settings.gateways_without_fees == ("bacs", "cod")
    assert settings.payout_days == 21
