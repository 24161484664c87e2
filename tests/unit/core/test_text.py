import re
from datetime import date
from decimal import Decimal

import numpy as np
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
def test_amounts_have_the_currency_s_decimals_and_round_half_away_from_zero(
    value, currency, text
):
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
        ("1000000", "1", wording.MANIFOLD),
        ("-646.01", "-10", wording.MANIFOLD),
        ("-1000000", "1", NOTHING),  # no percentage says that a sum has become a loss
        ("1000000", "-1", NOTHING),
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


@pytest.mark.parametrize(
    "locale", ["en_US", "de_DE", "fr_FR", "sv_SE", "ar_EG", "tr_TR"]
)
def test_no_line_breaks_between_a_number_and_its_percent_sign(locale):
    with wording.written_in(locale):
        words = f"{wording.change(D(110), D(100))} vs forecast, 80 % interval, {wording.share(D('0.5'))}"
    assert not re.search(r"\d %", wording.unbroken(words))
    assert wording.unbroken("CSS: 100% and 5 kg") == "CSS: 100% and 5 kg"


def test_sources_are_named_for_people():
    assert wording.source_name("sales_db") == "Sales database"
    assert wording.source_name("partner_files") == "Partner files"
    assert wording.source_name("shopify_pos") == "Shopify POS"


def test_clean_leaves_one_line_without_control_or_override_characters():
    assert wording.clean("a\r\n\tb \x00\x1b[31m\u202ec\u2066") == "a b [31mc"
    assert wording.clean('שולחן 🎁 \\ "#$') == 'שולחן 🎁 \\ "#$'
    assert wording.clean(None) == ""
    assert len(wording.clean("W" * 10_000)) <= 251


DAY = date(2026, 11, 19)
NARROW, NO_BREAK = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"


LOCALES = {
    "en_US": ("1,234,567.50 USD", "+1.3 %", "33.3 %", "250k", "Thu 19 Nov", "Thursday, 19 November 2026"),
    "en_IN": ("12,34,567.50 USD", "+1.3 %", "33.3 %", "250k", "Thu 19 Nov", "Thursday, 19 November 2026"),
    "de_DE": (
        "1.234.567,50 USD", f"+1,3{NO_BREAK}%", f"33,3{NO_BREAK}%", "250000", "Do., 19. Nov.",
        "Donnerstag, 19. November 2026",
    ),
    "fr_FR": (
        f"1{NARROW}234{NARROW}567,50 USD", f"+1,3{NO_BREAK}%", f"33,3{NO_BREAK}%", f"250{NO_BREAK}k",
        "jeu. 19 nov.", "jeudi 19 novembre 2026",
    ),
    "de_CH": (
        f"1{APOSTROPHE}234{APOSTROPHE}567.50 USD", "+1.3%", "33.3%", "250000", "Do., 19. Nov.",
        "Donnerstag, 19. November 2026",
    ),
    "ja_JP": ("1,234,567.50 USD", "+1.3%", "33.3%", "25万", "11月19日(木)", "2026年11月19日木曜日"),
    "hi_IN": (
        "12,34,567.50 USD", "+1.3%", "33.3%", f"2.5{NO_BREAK}लाख", "गुरु, 19 नव॰", "गुरुवार, 19 नवंबर 2026",
    ),
    # Their words would turn the English sentences around them.
    "ar": ("1,234,567.50 USD", "+1.3 %", "33.3 %", "250k", "Thu 19 Nov", "Thursday, 19 November 2026"),
    "he_IL": ("1,234,567.50 USD", "+1.3 %", "33.3 %", "250k", "Thu 19 Nov", "Thursday, 19 November 2026"),
}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_figures_and_days_are_written_as_the_locale_does(locale):
    money, change, share, axis, day, long = LOCALES[locale]
    with wording.written_in(locale):
        assert wording.with_currency(D("1234567.5"), "USD") == money
        assert wording.with_currency(D("-1234567.5"), "USD") == f"{MINUS}{money}"
        assert wording.change(D("101.3"), D(100)) == change
        assert wording.change(D("98.7"), D(100)) == change.replace("+", MINUS)
        assert wording.share(D(1), D(3)) == share
        assert wording.compact(250_000) == axis
        assert (wording.short_day(DAY), wording.long_day(DAY)) == (day, long)
    assert wording.with_currency(D("1234.5"), "USD") == "1,234.50 USD"


def test_an_axis_hands_over_numpy_s_numbers():
    with wording.written_in("ja_JP"):
        assert wording.compact(np.float64(250_000)) == "25万"
        assert wording.compact(np.float64(-0.0)) == "0"


def test_everything_else_follows_the_locale_too():
    with wording.written_in("de_DE"):
        assert wording.count(1234567) == "1.234.567"
        assert wording.quantity(D("1200.2500")) == "1.200,25"
        assert wording.quantity(D("1200.0")) == "1.200"
        assert wording.plain(D("20500.5500")) == "20.500,55"
        assert wording.plain(D("0.0010")) == "0,0010"
        assert wording.amount(D("1234.5"), "JPY") == "1.235"
        assert wording.amount(D("1234.5"), "KWD") == "1.234,500"
        assert wording.change(D(100), D(100)) == f"±0,0{NO_BREAK}%"
        assert wording.change(D(1_000_000), D(1)) == wording.MANIFOLD
        assert wording.compact(-1_250_000) == f"{MINUS}1,25{NO_BREAK}Mio."
        assert (wording.weekday(DAY), wording.month(DAY)) == (
            "Donnerstag",
            "November 2026",
        )
        assert (wording.short_weekday(DAY), wording.short_month(date(2026, 12, 1))) == (
            "Do",
            "Dez",
        )
        assert (wording.country("US"), wording.country("ZZ"), wording.country("Q1")) == (
            "Vereinigte Staaten", "Unknown", "Q1",
        )  # fmt: skip
        assert wording.span(DAY, DAY) == "19. Nov. 2026"
        assert "13. Dez. 2026" in wording.span(DAY, date(2026, 12, 13))


def test_english_spans_name_a_year_once():
    assert wording.span(DAY, DAY) == "19 Nov 2026"
    assert wording.span(DAY, date(2026, 12, 13)) == "19 Nov to 13 Dec 2026"
    assert wording.span(DAY, date(2027, 1, 3)) == "19 Nov 2026 to 3 Jan 2027"


def test_reports_are_written_in_the_locale_of_the_settings(monkeypatch):
    monkeypatch.setenv("REPORT_LOCALE", "de-CH")
    assert (
        wording.in_report_locale(wording.count)(1234567)
        == f"1{APOSTROPHE}234{APOSTROPHE}567"
    )
    assert wording.count(1234567) == "1,234,567"


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, ["day"], "1 day"),
        (0, ["day"], "0 days"),
        (1234, ["order"], "1,234 orders"),
        (D(1), ["entry", "entries"], "1 entry"),
        (2, ["entry", "entries"], "2 entries"),
    ],
)
def test_a_counted_noun_has_the_form_of_its_number(number, noun, text):
    assert wording.counted(number, *noun) == text


@pytest.mark.parametrize(
    ("value", "locale", "text"),
    [
        (31_000, "en_US", "31.0k"),
        (25_200, "en_US", "25.2k"),
        (5_000, "en_US", "5.00k"),
        (101_000, "en_US", "101k"),
        (954, "en_US", "954"),
        (0, "en_US", "0"),
        (-31_000_000, "de_DE", f"{MINUS}31,0\N{NO-BREAK SPACE}Mio."),
    ],
)
def test_short_amounts_beside_each_other_have_the_same_number_of_digits(
    value, locale, text
):
    with wording.written_in(locale):
        assert wording.compact(value, digits=3) == text
