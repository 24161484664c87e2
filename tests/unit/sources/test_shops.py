"""The shops of the setting SHOPS: each is a source of its platform, with a connection of its own."""

import json

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.sources import (
    PLATFORMS,
    check_names,
    configured_sources,
    live_sources,
    partner_layouts,
    reserved_names,
)

OWN = [platform.name for platform in PLATFORMS]


@pytest.fixture
def name_shops(monkeypatch):
    def name_shops(**shops):
        monkeypatch.setenv("SHOPS", json.dumps(shops))

    return name_shops


def test_without_shops_each_platform_has_its_own_source(monkeypatch):
    for text in ("", "{}"):
        monkeypatch.setenv("SHOPS", text)
        assert list(configured_sources()) == OWN


def test_a_shop_is_a_source_after_its_platforms_own(name_shops):
    name_shops(shopify=["de", "fr2"], storefront=["outlet"], sales_db=["brand"])
    sources = configured_sources()
    assert list(sources) == [
        "sales_db",
        "sales_db_brand",
        "storefront",
        "storefront_outlet",
        "shopify",
        "shopify_de",
        "shopify_fr2",
        "partner_files",
        "exchange_rates",
    ]
    subjects = {name: source.subject for name, source in sources.items() if source.shop}
    assert subjects == {
        "sales_db_brand": "sales_db_brand",
        "storefront_outlet": "storefront_api_outlet",
        "shopify_de": "shopify_api_de",
        "shopify_fr2": "shopify_api_fr2",
    }
    assert {*sources, "web_events", "product_catalogue"} == reserved_names()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"shopify": ["de", "de"]}', "there is another source shopify_de"),
        ('{"shop": ["de"]}', "shop is none of sales_db, storefront, shopify"),
        ('{"partner_files": ["de"]}', "partner_files is none of"),
        ('{"shopify": ["De"]}', "is not JSON with names of shops by platform"),
        ('{"shopify": ["1de"]}', "is not JSON with names"),
        ('{"shopify": ["de_at"]}', "is not JSON with names"),
        (f'{{"shopify": ["{"a" * 21}"]}}', "is not JSON with names"),
        ('{"shopify": "de"}', "is not JSON with names"),
        ('{"shopify": ["de"]', "is not JSON with names"),
    ],
)
def test_wrong_names_are_refused_in_one_sentence_and_break_no_dag(
    monkeypatch, text, problem
):
    monkeypatch.setenv("SHOPS", text)
    with pytest.raises(ConfigurationError, match=problem) as raised:
        configured_sources()
    assert "\n" not in str(raised.value)
    assert '{"shopify": ["de", "fr"]}' in str(raised.value)
    assert list(live_sources()) == OWN


def test_the_longest_name_is_accepted(name_shops):
    name_shops(shopify=["a" * 20])
    assert f"shopify_{'a' * 20}" in configured_sources()


def test_a_shop_has_not_the_name_of_a_partner(name_shops, monkeypatch, tmp_path):
    monkeypatch.setattr(partner_layouts, "FOLDER", tmp_path)
    name_shops(shopify=["de"])
    check_names()
    monkeypatch.setenv("EXPECTED_PARTNERS", "shopify_de:mon-fri")
    with pytest.raises(ConfigurationError, match="there is a partner shopify_de"):
        check_names()
    monkeypatch.setenv("EXPECTED_PARTNERS", "none")
    (tmp_path / "shopify_de.yaml").write_text("delimiter: ';'")
    with pytest.raises(ConfigurationError, match="there is a partner shopify_de"):
        check_names()
