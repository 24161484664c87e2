"""Which sources a run can do without, and which errors are tried again."""

from __future__ import annotations

import pytest
from airflow.sdk import RetryAction

from ecommerce.core import errors
from ecommerce.sources import (EXCHANGE_RATES, PARTNER_FILES, SALES_DB, SOURCES, STOREFRONT)
from ecommerce.sales import source_policy as policy

MANIFESTS = {source: {"source": source} for source in SOURCES}


def go_on(policies=None, without=()):
    left = {source: manifest for source, manifest in MANIFESTS.items() if source not in without}
    given = policy.parse_source_policy("{}") | (policies or {})
    return [manifest["source"] for manifest in policy.go_on_with(given, left)]


def test_all_sources_pass_their_manifests_on():
    assert go_on() == list(SOURCES)


def test_failed_required_source_fails_the_run():
    with pytest.raises(errors.PipelineError, match="sales_db failed and is required: nothing was loaded"):
        go_on(without=[SALES_DB])


def test_run_goes_on_without_a_failed_optional_source():
    assert go_on({STOREFRONT: "optional"}, without=[STOREFRONT]) == [SALES_DB, PARTNER_FILES, EXCHANGE_RATES]


def test_failed_optional_source_is_missing_and_one_that_is_off_is_not():
    policies = policy.parse_source_policy('{"storefront": "optional", "partner_files": "off"}')
    assert policy.missing_sources(policies, {SALES_DB, EXCHANGE_RATES}) == [STOREFRONT]


def test_sales_database_alone_is_enough_when_the_others_are_off():
    off = dict.fromkeys([STOREFRONT, PARTNER_FILES, EXCHANGE_RATES], "off")
    assert go_on(off, without=off) == [SALES_DB]


def test_run_without_any_source_is_an_error():
    with pytest.raises(errors.PipelineError, match="no source to load"):
        go_on(dict.fromkeys(SOURCES, "off"), without=SOURCES)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "source_policy is not JSON"),
        ("[]", "must be like"),
        ('{"shop": "off"}', "names 'shop'; the sources are sales_db, storefront"),
        ('{"sales_db": "maybe"}', "says 'maybe' for sales_db; allowed are required, optional, off"),
    ],
)
def test_malformed_policy_is_refused(text, sentence):
    with pytest.raises(errors.ConfigurationError, match=sentence):
        policy.parse_source_policy(text)


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (errors.CredentialsError("x"), RetryAction.FAIL),
        (errors.ConfigurationError("x"), RetryAction.FAIL),
        (errors.ContractError("x"), RetryAction.FAIL),
        (errors.CheckFailed("x"), RetryAction.FAIL),
        (TypeError("x"), RetryAction.FAIL),
        (errors.RateLimitedError("x"), RetryAction.RETRY),
        (errors.ConcurrentUpdateError("x"), RetryAction.RETRY),
        (TimeoutError("x"), RetryAction.RETRY),
        (ConnectionResetError("x"), RetryAction.RETRY),
        (ValueError("x"), RetryAction.DEFAULT),
    ],
)
def test_kind_of_error_decides_about_retrying(error, action):
    retries = policy.NETWORK_RETRIES["retry_policy"]
    assert retries.evaluate(error, try_number=1, max_tries=5).action is action


def test_rate_limit_waits_longer_than_a_lost_connection():
    retries = policy.NETWORK_RETRIES["retry_policy"]
    limited = retries.evaluate(errors.RateLimitedError("x"), try_number=1, max_tries=5)
    assert limited.retry_delay > policy.NETWORK_RETRIES["retry_delay"]


def test_the_verdict_on_the_extracts_is_final_but_a_lost_worker_is_not():
    retries = policy.GATE_RETRIES["retry_policy"]
    assert retries.evaluate(errors.PipelineError("x"), try_number=1, max_tries=1).action is RetryAction.FAIL
    assert retries.evaluate(OSError("x"), try_number=1, max_tries=1).action is not RetryAction.FAIL
