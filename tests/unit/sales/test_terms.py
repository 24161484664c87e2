"""Amounts in whole units, differences, averages and names of the daily report."""

from decimal import Decimal as D

from ecommerce.core import text
from ecommerce.sales import terms


def test_more_returns_are_not_welcome_and_more_tax_is_neither():
    assert terms.direction(D(2), D(1), good=1) == 1
    assert terms.direction(D(2), D(1), good=-1) == -1
    assert terms.direction(D(2), D(1), good=0) == 0
    assert terms.direction(D(1), D(1), good=1) == 0
    assert terms.direction(D(2), None, good=1) == 0


def test_an_average_names_its_days():
    assert terms.average_name(26, 1) == "26-day average, 1 day without sales"


def test_whole_units_round_half_away_from_zero():
    assert text.whole(D("29886.5")) == "29,887"
    assert text.whole(D("2172.4")) == "2,172"
    assert text.whole(D("-2172.5")) == "\N{MINUS SIGN}2,173"


def test_names_from_data_are_words():
    assert terms.label("arrived_broken") == "Arrived broken"
    assert terms.category("unallocated") == "Returns of whole orders"
    assert terms.category(None) == ""
    assert text.source_title("partner_files: acme") == "acme"
    assert text.source_title("sales_db") == "Sales database"
    assert terms.source_place("sales_db") == "the sales database"


def test_a_shop_names_its_sources_and_channels(monkeypatch):
    labels = '{"sales_db": "Agora Germany", "acme": "ACME Ltd."}'
    monkeypatch.setenv("SHOP_LABELS", labels)
    assert text.source_title("partner_files: acme") == "ACME Ltd."
    assert text.source_title("sales_db") == "Agora Germany"
    assert terms.source_place("sales_db") == "Agora Germany"
    assert text.source_title("storefront") == "Storefront"
