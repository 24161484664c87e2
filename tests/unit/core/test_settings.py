"""Settings come from the environment and are refused with one sentence."""

import re
from pathlib import Path

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import OWNER, load_settings, owner_links

KEY = {"CUSTOMER_HASH_KEY": "0123456789abcdef"}


def test_defaults_suit_a_shop_in_new_york_that_reports_in_dollars():
    settings = load_settings(KEY)
    assert (settings.shop_timezone, settings.reporting_currency) == (
        "America/New_York",
        "USD",
    )
    assert settings.staging_dataset == "sales_staging"


def test_trailing_slash_of_a_uri_is_dropped():
    assert (
        load_settings(KEY | {"STAGING_URI": "gs://bucket/staging/"}).staging_uri
        == "gs://bucket/staging"
    )


def test_empty_counts_as_not_set_because_compose_and_kubernetes_hand_on_what_is_empty():
    example = Path(__file__).parents[3] / ".env.example"
    names = re.findall(
        r"^([A-Z][A-Z_]+)=",
        example.read_text().partition("# Connections")[0],
        re.MULTILINE,
    )
    assert {"SHOP_TIMEZONE", "STAGING_URI", "MAXIMUM_BYTES_BILLED"} <= set(names)
    assert load_settings(dict.fromkeys(names, "") | KEY) == load_settings(KEY)


@pytest.mark.parametrize(
    ("given", "locale"), [("", "en_US"), ("de-CH", "de_CH"), ("fr_FR.UTF-8", "fr_FR")]
)
def test_a_locale_may_be_written_as_browsers_and_systems_do(given, locale):
    assert load_settings(KEY | {"REPORT_LOCALE": given}).report_locale == locale


def test_folders_may_have_blanks_and_any_letters():
    uri = "file:///srv/größe und maß"
    assert load_settings(KEY | {"STAGING_URI": uri}).staging_uri == uri


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "CUSTOMER_HASH_KEY is missing"),
        ({"CUSTOMER_HASH_KEY": "short"}, "shorter than 16 characters"),
        (
            KEY | {"SHOP_TIMEZONE": "New York"},
            "SHOP_TIMEZONE='New York' is not an IANA timezone",
        ),
        (
            KEY | {"REPORTING_CURRENCY": "dollars"},
            "is not a three-letter ISO 4217 code",
        ),
        (
            KEY | {"BIGQUERY_DATASET": "sales; DROP"},
            "may only hold letters, digits and underscores",
        ),
        (KEY | {"SYNC_START_DATE": "1.11.2026"}, "is not a date like 2026-11-01"),
        (KEY | {"STAGING_URI": "/data"}, "STAGING_URI='/data' is not a URI"),
        (
            KEY | {"STAGING_URI": " file:///data"},
            "STAGING_URI=' file:///data' is not a URI",
        ),
        (
            KEY | {"STAGING_URI": "file:///data "},
            "STAGING_URI='file:///data ' is not a URI",
        ),
        (
            KEY | {"STAGING_URI": '"file:///data"'},
            "is not a URI: begin it with file:///",
        ),
        (KEY | {"REPORTS_URI": "gs://"}, "REPORTS_URI='gs://' is not a URI"),
        (
            KEY | {"REPORTS_URI": "file://data/reports"},
            "is not a URI: begin it with file:/// and a folder",
        ),
        (
            KEY | {"BIGQUERY_LOCATION": " EU"},
            "BIGQUERY_LOCATION=' EU' is not a location such as EU",
        ),
        (
            KEY | {"RECONCILE_DAYS": "²"},
            "RECONCILE_DAYS='²' is not a whole number from 1 to 36500",
        ),
        (
            KEY | {"STAGING_RETENTION_DAYS": "9999999"},
            "='9999999' is not a whole number from 1 to 36500",
        ),
        (
            KEY | {"REPORT_LOCALE": "german"},
            "REPORT_LOCALE='german' is no locale that Babel knows",
        ),
        (
            KEY | {"REPORT_LOCALE": "../de"},
            "REPORT_LOCALE='../de' is no locale that Babel knows",
        ),
        (
            KEY | {"RECONCILE_DAYS": "0"},
            "RECONCILE_DAYS='0' is not a whole number from 1 to 36500",
        ),
        (
            KEY | {"FORECAST_MISS_ALERT_PERCENT": "20%"},
            "FORECAST_MISS_ALERT_PERCENT='20%' is not a positive",
        ),
    ],
)
def test_what_is_refused(environ, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        load_settings(environ)


def test_all_wrong_settings_are_named_at_once():
    wrong = {
        "CUSTOMER_HASH_KEY": "short",
        "REPORTING_CURRENCY": "Euro",
        "ORDER_ATTRIBUTES": "sales channel",
        "REPORT_ATTRIBUTE": "channel",
        "RECONCILE_DAYS": "many",
        "OWNER_LINK": "wiki",
    }
    with pytest.raises(ConfigurationError) as error:
        load_settings(wrong)
    named = [
        "CUSTOMER_HASH_KEY",
        "OWNER_LINK",
        "ORDER_ATTRIBUTES",
        "RECONCILE_DAYS",
        "REPORTING_CURRENCY",
    ]
    assert sorted(
        re.split(r"\W", each)[0] for each in str(error.value).splitlines()
    ) == sorted(named)


def test_the_hash_key_is_not_in_the_error():
    with pytest.raises(ConfigurationError) as error:
        load_settings({"CUSTOMER_HASH_KEY": "my-secret"})
    assert "my-secret" not in str(error.value)


def test_attributes_are_sorted_and_the_report_may_break_down_by_one_of_them():
    names = " sales_channel, _wc_order_attribution_utm_source,Payment "
    settings = load_settings(
        KEY | {"ORDER_ATTRIBUTES": names, "REPORT_ATTRIBUTE": "Payment"}
    )
    assert settings.order_attributes == (
        "Payment",
        "_wc_order_attribution_utm_source",
        "sales_channel",
    )
    assert settings.report_attribute == "Payment"
    assert load_settings(KEY).order_attributes == ()


@pytest.mark.parametrize(
    ("names", "report", "sentence"),
    [
        ("sales channel", "", "ORDER_ATTRIBUTES: 'sales channel' cannot name a column"),
        ("sales_channel,", "", "ORDER_ATTRIBUTES: '' cannot name a column"),
        ("1st", "", "'1st' cannot name a column"),
        ("größe", "", "'größe' cannot name a column"),
        ("a`b", "", "'a`b' cannot name a column"),
        (
            "a" * 64,
            "",
            "cannot name a column: use letters, digits and underscores (63 at most",
        ),
        ("_PARTITIONTIME", "", "'_PARTITIONTIME' cannot name a column"),
        ("utm,Status", "", "ORDER_ATTRIBUTES: Status is a column of orders already"),
        ("attributes", "", "attributes is a column of orders already"),
        ("Utm,payment,utm", "", "ORDER_ATTRIBUTES names Utm more than once"),
        (
            ",".join(f"a{n}" for n in range(21)),
            "",
            "ORDER_ATTRIBUTES names 21 columns, more than 20",
        ),
        (
            "utm",
            "channel",
            "REPORT_ATTRIBUTE='channel' is not one of ORDER_ATTRIBUTES (utm)",
        ),
        ("", "utm", "REPORT_ATTRIBUTE='utm' is not one of ORDER_ATTRIBUTES (none)"),
    ],
)
def test_attributes_that_are_refused(names, report, sentence):
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        load_settings(KEY | {"ORDER_ATTRIBUTES": names, "REPORT_ATTRIBUTE": report})


def test_the_owners_name_leads_to_the_page_that_the_setting_names():
    assert owner_links({"OWNER_LINK": "https://wiki.example.com/sales"}) == {
        OWNER: "https://wiki.example.com/sales"
    }


@pytest.mark.parametrize(
    "link",
    ["mailto:ann@example.com", "wiki.example.com", "javascript:alert(1)", "https://"],
)
def test_an_owner_link_that_is_no_web_address_is_refused(link):
    with pytest.raises(
        ConfigurationError, match=r"OWNER_LINK='.*' is not a web address"
    ) as caught:
        load_settings(KEY | {"OWNER_LINK": link})
    assert "ann@" not in str(caught.value)
