from __future__ import annotations

from decimal import Decimal

import pytest

from ecommerce.core import text as wording

D = Decimal
MINUS, NOTHING = wording.MINUS, wording.NOTHING


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234.5", "USD", "1,234.50"),
        ("1234.5", "JPY", "1,235"),
        ("0.0005", "KWD", "0.001"),
        ("-0.005", "USD", f"{MINUS}0.01"),
        ("-0.004", "USD", "0.00"),
        ("123456789012.345", "KWD", "123,456,789,012.345"),
    ],
)
def test_amounts_have_the_currency_s_decimals_and_round_half_away_from_zero(value, currency, text):
    assert wording.amount(D(value), currency) == text


@pytest.mark.parametrize(
    ("value", "base", "text"),
    [
        ("110", "100", "+10.0 %"),
        ("90", "100", f"{MINUS}10.0 %"),
        ("100", "100", "±0.0 %"),
        ("100.01", "100", "±0.0 %"),
        ("50", "-100", "+150.0 %"),
        ("-50", "100", f"{MINUS}150.0 %"),
        ("5", "0", NOTHING),
        ("0", "0", NOTHING),
        (None, "5", NOTHING),
        ("5", None, NOTHING),
        ("1000000", "1", ">+999 %"),
        ("-1000000", "1", f"<{MINUS}999 %"),
    ],
)
def test_changes_are_signed_and_missing_comparisons_are_no_change(value, base, text):
    assert wording.change(value and D(value), base and D(base)) == text


def test_more_returns_are_not_welcome_and_more_tax_is_neither():
    assert wording.direction(D(2), D(1), good=1) == 1
    assert wording.direction(D(2), D(1), good=-1) == -1
    assert wording.direction(D(2), D(1), good=0) == 0
    assert wording.direction(D(2), None, good=1) == 0


def test_quantities_show_no_needless_zeros():
    assert wording.quantity(D("12.0000")) == "12"
    assert wording.quantity(D("1200.2500")) == "1,200.25"
    assert wording.quantity(D("100")) == "100"
    assert wording.quantity(D("1365.1731")) == "1,365.17"


def test_shares_need_a_positive_whole():
    assert wording.share(D(1), D(3)) == "33.3 %"
    assert wording.share(D(1), D(0)) == NOTHING
    assert wording.share(D(1), D(-5)) == NOTHING


def test_sums_of_several_currencies_show_the_smallest_difference():
    assert wording.plain(D("20500.5500")) == "20,500.55"
    assert wording.plain(D("0.0001")) == "0.0001"


def test_sources_are_named_for_people():
    assert wording.source_name("sales_db") == "Sales database"
    assert wording.source_name("partner_files") == "Partner files"


def test_clean_leaves_one_line_without_control_or_override_characters():
    assert wording.clean("a\r\n\tb \x00\x1b[31m\u202ec\u2066") == "a b [31mc"
    assert wording.clean('שולחן 🎁 \\ "#$') == 'שולחן 🎁 \\ "#$'
    assert wording.clean(None) == ""
    assert len(wording.clean("W" * 10_000)) <= 251
