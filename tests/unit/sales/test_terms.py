"""Amounts in whole units, differences, averages and names of the daily report."""

from decimal import Decimal as D

from ecommerce.core import text
from ecommerce.sales import terms


def test_whole_units_round_half_away_from_zero():
    assert text.count(D("29886.5")) == "29,887"
    assert text.count(D("2172.4")) == "2,172"
    assert text.count(D("-2172.5")) == "\N{MINUS SIGN}2,173"


def test_a_shop_names_its_sources_and_channels(monkeypatch):
    labels = '{"sales_db": "Agora Germany", "acme": "ACME Ltd."}'
    monkeypatch.setenv("SHOP_LABELS", labels)
    assert text.source_title("partner_files: acme") == "ACME Ltd."
    assert text.source_title("sales_db") == "Agora Germany"
    assert terms.source_place("sales_db") == "Agora Germany"
    assert text.source_title("storefront") == "Storefront"
