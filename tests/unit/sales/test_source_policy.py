"""Which sources a run can do without."""

import json
from types import SimpleNamespace

import pytest

from ecommerce.core import errors
from ecommerce.core.error_messages import failure_reason
from ecommerce.sales import source_policy
from ecommerce.sources import live_sources
from tests.source_names import (
    EXCHANGE_RATES,
    PARTNER_FILES,
    SALES_DB,
    SHOPIFY,
    STOREFRONT,
)


def manifests(without=(), **control_totals):
    """Those of the extracts that were neither off nor failed."""
    return [
        SimpleNamespace(source=source, control_totals=control_totals)
        for source in reversed(live_sources())
        if source not in without
    ]


def usable(policies, left):
    every_policy = source_policy.parse_source_policy("{}") | policies
    kept = source_policy.usable_manifests(every_policy, left)
    return [manifest.source for manifest in kept]


def others_than(source):
    return [other for other in live_sources() if other != source]


def test_a_run_goes_on_with_the_sources_that_it_has():
    assert usable({}, manifests()) == list(live_sources())
    without_one = usable({STOREFRONT: "optional"}, manifests([STOREFRONT]))
    assert without_one == others_than(STOREFRONT)
    others = others_than(SALES_DB)
    assert usable(dict.fromkeys(others, "off"), manifests(others)) == [SALES_DB]
    # Deliveries that are not required may be missing.
    missing = manifests(missing_deliveries=["acme"])
    for policies in ({}, {"partner_deliveries": "optional"}):
        assert usable(policies, missing) == list(live_sources())


@pytest.mark.parametrize(
    ("policies", "left", "complaint"),
    [
        (
            {},
            manifests([SALES_DB]),
            "no data from sales_db, which is required: nothing",
        ),
        (
            {},
            manifests([SALES_DB, STOREFRONT]),
            "no data from sales_db and storefront, which are required",
        ),
        (dict.fromkeys(live_sources(), "off"), [], "no source of orders to load"),
        (
            dict.fromkeys(set(live_sources()) - {EXCHANGE_RATES}, "off"),
            manifests(set(live_sources()) - {EXCHANGE_RATES}),
            "no source of orders to load",
        ),
        (
            {"partner_deliveries": "required"},
            manifests(missing_deliveries=["acme", "bolt"]),
            "no usable file of acme, bolt, and partner deliveries are required",
        ),
    ],
)
def test_a_run_fails_without_what_is_required(policies, left, complaint):
    with pytest.raises(errors.PipelineError, match=complaint):
        usable(policies, left)


def test_failed_optional_source_is_missing_and_one_that_is_off_is_not():
    policies = source_policy.parse_source_policy(
        '{"storefront": "optional", "partner_files": "off"}'
    )
    present = {SALES_DB, EXCHANGE_RATES}
    assert source_policy.missing_sources(policies, present) == [STOREFRONT]
    assert policies[PARTNER_FILES] == "off"


def test_an_opt_in_source_is_off_until_its_connection_exists(monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_SHOPIFY_API", raising=False)
    assert source_policy.parse_source_policy("{}")[SHOPIFY] == "off"
    optional = source_policy.parse_source_policy('{"shopify": "optional"}')
    assert optional[SHOPIFY] == "optional"
    reason = "shopify is off: to switch it on, define the connection shopify_api"
    assert source_policy.reason_to_skip(SHOPIFY) == reason
    monkeypatch.setenv("AIRFLOW_CONN_SHOPIFY_API", "http://shop.example.com")
    assert source_policy.parse_source_policy("{}")[SHOPIFY] == "required"
    assert source_policy.reason_to_skip(SHOPIFY) == ""
    # Airflow takes a connection that it cannot read for none: its orders would be left out.
    monkeypatch.setenv("AIRFLOW_CONN_SHOPIFY_API", '{"conn_type": "http", "host": ')
    with pytest.raises(errors.ConfigurationError, match="is neither JSON nor a URI"):
        source_policy.parse_source_policy("{}")
    monkeypatch.setenv("AIRFLOW_CONN_SHOPIFY_API", "http://shop.example.com")
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", '{"shopify": "off"}')
    reason = "shopify is off in the Variable source_policy"
    assert source_policy.reason_to_skip(SHOPIFY) == reason


@pytest.fixture
def shops(monkeypatch):
    """The platform of shops is itself a source, and no shop."""
    monkeypatch.setenv("AIRFLOW_CONN_SHOPIFY_API", "http://shop.example.com")
    monkeypatch.setenv("SHOPS", '{"shopify": ["de", "fr"], "storefront": ["outlet"]}')
    return (SHOPIFY, "shopify_de", "shopify_fr", "storefront_outlet")


def test_a_shop_is_required_without_a_policy_even_if_it_has_no_connection(shops):
    policies = source_policy.parse_source_policy("{}")
    assert {policies[shop] for shop in shops} == {"required"}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            {"shopify_*": "optional"},
            ["required", "optional", "optional", "required"],
        ),
        # A name precedes the patterns, in whatever order.
        (
            {"shopify_de": "required", "shopify_*": "optional"},
            ["required", "required", "optional", "required"],
        ),
        (
            {"shopify_*": "optional", "shopify_de": "off"},
            ["required", "off", "optional", "required"],
        ),
        # Of two patterns, the later one.
        (
            {"*": "optional", "shopify_*": "off", "storefront": "required"},
            ["optional", "off", "off", "optional"],
        ),
        # Of a shop that SHOPS no longer has.
        ({"shopify_at": "optional"}, ["required"] * 4),
        ({"sales_db_*": "off"}, ["required"] * 4),
    ],
)
def test_a_pattern_is_the_policy_of_several_shops(shops, policy, expected):
    policies = source_policy.parse_source_policy(json.dumps(policy))
    assert [policies[shop] for shop in shops] == expected


def test_a_run_fails_where_shops_are_named_wrongly(monkeypatch):
    monkeypatch.setenv("SHOPS", '{"shop": ["de"]}')
    with pytest.raises(errors.ConfigurationError, match="SHOPS: shop is none of"):
        source_policy.reason_to_skip(STOREFRONT)


def test_a_run_of_several_days_needs_every_source_that_is_on(monkeypatch):
    policy = '{"partner_files": "off", "storefront": "optional", "partner_deliveries": "required"}'
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", policy)
    params = {"first_day": "2026-11-01", "source": None}
    expected = dict.fromkeys(live_sources(), "required")
    for source, known in source_policy.read_policies().items():
        if known == "off":
            expected[source] = "off"
    assert expected[PARTNER_FILES] == "off"
    assert source_policy.policies_of_run(params) == expected
    day = {"business_date": None}
    assert source_policy.policies_of_run(day) == source_policy.read_policies()


def test_a_run_of_one_source_reads_it_and_the_rates_and_lacks_no_other():
    params = {"first_day": "2026-11-01", "source": STOREFRONT}
    policies = source_policy.policies_of_run(params)
    assert policies == {STOREFRONT: "required", EXCHANGE_RATES: "required"}
    assert source_policy.reason_to_skip(STOREFRONT, params) == ""
    assert source_policy.reason_to_skip(EXCHANGE_RATES, params) == ""
    reason = source_policy.reason_to_skip(SALES_DB, params)
    assert reason == "the run reads storefront only"
    assert source_policy.missing_sources(policies, {STOREFRONT}) == [EXCHANGE_RATES]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "source_policy is not a JSON object"),
        ("[]", "is not a JSON object"),
        ('{"sales_db": "maybe"}', "with required, optional or off; valid: "),
        ('{"shop": "off"}', "has shop; the sources are sales_db"),
        ('{"shopfy_*": "off"}', "has shopfy_\\*; the sources are sales_db"),
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
