"""Which sources a run can do without."""

import pytest

from ecommerce.core import errors
from ecommerce.runtime.task_log import failure_reason
from ecommerce.sales import source_policy
from ecommerce.sources import (
    EXCHANGE_RATES,
    PARTNER_FILES,
    SALES_DB,
    SHOPIFY,
    SOURCES,
    STOREFRONT,
)

MANIFESTS = {source: {"source": source} for source in SOURCES}


def usable(policies=None, without=()):
    manifests = [
        manifest for source, manifest in MANIFESTS.items() if source not in without
    ]
    every_policy = source_policy.parse_source_policy("{}") | (policies or {})
    return [
        manifest["source"]
        for manifest in source_policy.usable_manifests(every_policy, manifests)
    ]


def test_all_sources_pass_their_manifests_on():
    assert usable() == list(SOURCES)


def test_failed_required_source_fails_the_run():
    with pytest.raises(
        errors.PipelineError, match="no data from sales_db, which is required: nothing"
    ):
        usable(without=[SALES_DB])


def test_run_goes_on_without_a_failed_optional_source():
    without_one = [source for source in SOURCES if source != STOREFRONT]
    assert usable({STOREFRONT: "optional"}, without=[STOREFRONT]) == without_one


def test_failed_optional_source_is_missing_and_one_that_is_off_is_not():
    policies = source_policy.parse_source_policy(
        '{"storefront": "optional", "partner_files": "off"}'
    )
    assert source_policy.missing_sources(policies, {SALES_DB, EXCHANGE_RATES}) == [
        STOREFRONT
    ]


def test_sales_database_alone_is_enough_when_the_others_are_off():
    off = dict.fromkeys([STOREFRONT, SHOPIFY, PARTNER_FILES, EXCHANGE_RATES], "off")
    assert usable(off, without=off) == [SALES_DB]


def test_an_opt_in_source_is_off_until_its_connection_exists(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SHOPIFY_API", raising=False)
    assert source_policy.parse_source_policy("{}")[SHOPIFY] == "off"
    assert (
        source_policy.parse_source_policy('{"shopify": "optional"}')[SHOPIFY]
        == "optional"
    )
    why = "shopify is off: to switch it on, define the connection shopify_api"
    assert source_policy.reason_to_skip(SHOPIFY) == why
    monkeypatch.setenv("AIRFLOW_CONN_SHOPIFY_API", "http://shop.example.com")
    assert source_policy.parse_source_policy("{}")[SHOPIFY] == "required"
    assert source_policy.reason_to_skip(SHOPIFY) == ""
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"shopify": "off"}')
    assert (
        source_policy.reason_to_skip(SHOPIFY)
        == "shopify is off in the Variable source_policy"
    )


@pytest.mark.parametrize("left", [[], [EXCHANGE_RATES]])
def test_run_without_any_source_of_orders_is_an_error(left):
    off = {*SOURCES} - {*left}
    with pytest.raises(errors.PipelineError, match="no source of orders to load"):
        usable(dict.fromkeys(off, "off"), without=off)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "source_policy is not a JSON object"),
        ("[]", "is not a JSON object"),
        ('{"partner_deliveries": "off"}', "has partner_deliveries: off; valid: "),
        ('{"sales_db": "maybe"}', "has sales_db: maybe; "),
        ('{"shop": "off"}', "has shop: off; the sources are sales_db"),
    ],
)
def test_malformed_policy_is_refused(text, sentence):
    with pytest.raises(errors.ConfigurationError, match=sentence) as raised:
        source_policy.parse_source_policy(text)
    # In a mail, too, which is cut to one line.
    assert failure_reason(raised.value).endswith(
        '; valid: {"exchange_rates": "optional"}, in the UI (Admin, Variables) or as '
        "AIRFLOW_VAR_SOURCE_POLICY in the environment"
    )
