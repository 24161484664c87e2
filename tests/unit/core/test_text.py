"""Figures, days and names as readers of reports see them."""

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from ecommerce.core import text as wording
from ecommerce.core.text import compact
from ecommerce.sales.terms import country, source_place

D = Decimal
MINUS = wording.MINUS
NOTHING = wording.NOTHING
DAY = date(2026, 11, 19)


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
def test_amounts_have_the_currency_s_decimals_and_round_half_away_from_zero(
    value, currency, text
):
    assert wording.amount(D(value), currency) == text


@pytest.mark.parametrize(
    ("value", "base", "text"),
    [
        (110, 100, "+10.0 %"),
        (90, 100, f"{MINUS}10.0 %"),
        ("100.01", 100, "±0.0 %"),
        ("100.05", 100, "+0.1 %"),
        ("1099.94", 100, "+999.9 %"),
        ("1099.95", 100, wording.MANIFOLD),
        (50, -100, "+150.0 %"),
        (-50, 100, f"{MINUS}150.0 %"),
        (5, 0, NOTHING),
        (None, 5, NOTHING),
        (5, None, NOTHING),
        (-647, -10, wording.MANIFOLD),
        # That a sum has become a loss is no change in percent.
        (-1_000_000, 1, NOTHING),
        (1_000_000, -1, NOTHING),
    ],
)
def test_a_change_has_a_sign_and_a_base_and_may_turn_around(value, base, text):
    assert wording.change(value and D(value), base) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (1, 3, "33.3 %"),
        (-1, 3, f"{MINUS}33.3 %"),
        (1, 0, NOTHING),
        (1, -5, NOTHING),
        (None, 5, NOTHING),
    ],
)
def test_shares_need_a_positive_whole(part, whole, text):
    assert wording.share(part and D(part), D(whole)) == text


# The words of Hebrew would turn the English sentences around them.
LOCALES = ("en_US", "en_IN", "de_CH", "tr_TR", "ja_JP", "he_IL")


def test_figures_and_days_are_written_as_the_locale_does(snapshot, monkeypatch):
    report = []
    for locale in LOCALES:
        monkeypatch.setenv("REPORT_LOCALE", locale)
        numbers = [
            wording.with_currency(D("-1234567.5"), "USD"),
            wording.amount(D("1234.5"), "JPY"),
            wording.amount(D("1234.5"), "KWD"),
            wording.quantity(D("1200.2500")),
            compact(250_000),
            compact(np.float64(-1_250_000.0)),
            wording.number_of(31_000, "order"),
        ]
        shares = [
            wording.change(D("101.3"), D(100)),
            wording.change(D("98.7"), D(100)),
            wording.change(D(100), D(100)),
            wording.share(D(1), D(3)),
            wording.unbroken(f"{wording.share(D('0.5'))} of 5 kg"),
        ]
        days = [
            wording.short_day(DAY),
            wording.long_day(DAY),
            wording.weekday(DAY),
            wording.short_weekday(DAY),
            wording.month(DAY),
            wording.short_month(date(2026, 12, 1)),
            wording.span(DAY, DAY),
            wording.span(DAY, date(2026, 12, 13)),
            wording.span(DAY, date(2027, 1, 3)),
        ]
        countries = map(country, ("US", "ZZ", "Q1"))
        report.append(locale)
        for group in (numbers, shares, days, countries):
            report.append(" | ".join(group))
        assert wording.counted(1234, "order") == "1,234 orders"
    assert "\n".join(report) == snapshot


def test_words():
    assert wording.source_name("shopify_pos") == "Shopify POS"
    assert wording.counted(1, "day") == "1 day"
    assert wording.counted(0, "entry", "entries") == "0 entries"
    assert wording.listed("ABCDE", 3) == "A, B and 3 more"
    assert wording.listed("ABC", 3) == "A, B and C"
    assert wording.versus(D(110), D(100), "forecast") == ", +10.0 % vs forecast"
    assert wording.versus(D(110), None, "forecast") == ""


def test_the_label_of_a_shop_is_that_of_its_channels_too(monkeypatch):
    labels = {"shopify": "Agora", "shopify_de": "agora Germany", "acme": "ACME Ltd."}
    monkeypatch.setenv("SHOP_LABELS", json.dumps(labels))
    assert wording.source_name("shopify_de") == "agora Germany"
    assert wording.source_name("shopify_de_online_pos") == "agora Germany online POS"
    assert wording.source_name("shopify_pos") == "Agora POS"
    assert wording.source_name("shopifyde") == "Shopifyde"
    assert wording.source_name("sales_db") == "Sales database"
    assert wording.source_title("partner_files: acme") == "ACME Ltd."
    assert source_place("shopify_de") == "agora Germany"


@pytest.mark.parametrize(
    ("other", "locale", "expected"),
    [
        ("zh_TW", "cs_CZ", "listopad 2026 čt"),
        ("pt_BR", "pt_PT", "11/2026 quinta"),
    ],
)
def test_a_locale_has_its_own_names_after_another(other, locale, expected):
    for name in (other, locale):
        with wording.in_locale(name):
            found = f"{wording.short_month(DAY)} {wording.short_weekday(DAY)}"
    assert found == expected


def test_clean_leaves_one_line_without_control_or_override_characters():
    assert wording.clean("a\r\n\tb \x00\x1b[31m\u202ec\u2066") == "a b [31mc"
    assert wording.clean('שולחן 🎁 \\ "#$') == 'שולחן 🎁 \\ "#$'
    assert wording.clean(None) == ""
    assert wording.clean("W" * 10_000) == f"{'W' * 250}…"
    assert wording.clean("W" * 250) == "W" * 250
