"""Formats figures and dates for readers of reports and pages, and cleans text from data.

Numbers and dates are in the locale of REPORT_LOCALE, or of `in_locale`, by Babel; words are always English.
In English and in right-to-left locales, dates and percentages have the house style, `Thu 19 Nov` and
`+1.3 %`. Amounts have the currency's own decimals. Rounding is half away from zero. Examples are in en_US.

Texts of logs, alerts and commands are English in every locale: they use `counted`, `plural` and `listed`.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy, deepcopy
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, Literal

from ecommerce.core.email_masking import without_controls

Kind = Literal["money", "count", "quantity", "share"]
Number = Decimal | int | None
"""A figure; None where it is unknown."""

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
MANIFOLD = "> 10\N{MULTIPLICATION SIGN}"
"""A change above 999 %."""
LONGEST = 250
"""Characters of a line on a page or in a mail."""
DEFAULT_LOCALE = "en_US"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, with the full-width forms of its signs."""

_OWN_LOCALE = ContextVar("own_locale", default="")
"""The locale of `in_locale`, which is that of one reader."""
_WORDS = {"db": "database", "api": "API", "pos": "POS", "b2b": "B2B"}
_INVISIBLE = "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""Control characters, overrides of the text direction, and halves of characters."""


@cache
def country_codes(language: str) -> dict[str, str]:
    """Return the codes of countries by their names in a language, such as `de`, in lower case. Raise
    ValueError for an unknown language."""
    from babel import Locale, UnknownLocaleError

    try:
        territories = Locale.parse(language).territories
    except UnknownLocaleError:
        raise ValueError("must be a language such as de") from None
    return {name.lower(): code for code, name in territories.items() if len(code) == 2}


@cache
def decimals(currency: str) -> int:
    """Return the number of decimals of a currency: JPY 0, USD 2, KWD 3."""
    from babel.numbers import get_currency_precision

    return get_currency_precision(currency)


def amount(value: Number, currency: str) -> str:
    """Format 1234.5 in USD as `1,234.50`, with a typographic minus; None as `NOTHING`."""
    places = decimals(currency)
    return _number(value, places, places)


def with_currency(value: Number, currency: str) -> str:
    """Format an amount as `1,234.50 USD`, for texts without a currency of their own."""
    if value is None:
        return NOTHING
    return f"{amount(value, currency)} {currency}"


def count(value: Number) -> str:
    """Format a number, or an amount in whole units of its currency, with thousands separators: `29,887`."""
    return _number(value, 0, 0)


def quantity(value: Number) -> str:
    """Format units with up to two decimals, none where they are zeros."""
    return _number(value, 0, 2)


def figure(value: Number, kind: Kind, currency: str) -> str:
    """Format a headline figure by how it is counted; `currency` is that of money."""
    if kind == "money":
        return amount(value, currency)
    if kind == "count":
        return count(value)
    if kind == "share":
        return share(value)
    return quantity(value)


def compact(value: float) -> str:
    """Format a position on an axis or a cell of a calendar: `1.2M`, `250k`."""
    from babel.numbers import format_compact_decimal

    locale = words_locale()
    # Adding zero removes the sign of -0.0.
    number = float(value) + 0.0
    text = format_compact_decimal(number, locale=locale, fraction_digits=3)
    if locale.language == "en":
        text = text.replace("K", "k")
    return text.replace("-", MINUS)


def change(value: Number, base: Number, places: int = 1) -> str:
    """Format the change from `base` to `value` in percent with a sign and `places` decimals. It is `NOTHING`
    without a base or with a base of zero, above 999.9 % `MANIFOLD`, or `NOTHING` where the sign changes
    too."""
    if value is None or not base:
        return NOTHING
    before = Decimal(base)
    ratio = _rounded((value - before) / abs(before), places + 2)
    if abs(ratio) > Decimal("9.999"):
        has_turned = (value > 0) != (base > 0)
        return NOTHING if has_turned else MANIFOLD
    percent = _percent(ratio, places)
    if ratio == 0:
        return f"±{percent}"
    if ratio > 0:
        return f"+{percent}"
    return percent


def versus(value: Decimal, base: Number, name: str, places: int = 1) -> str:
    """Return `, +1.3 % vs forecast`; nothing where there is no `change` in percent."""
    percent = change(value, base, places)
    if percent == NOTHING:
        return ""
    return f", {percent} vs {name}"


def share(
    part: Decimal | float | None, whole: Decimal | int = 1, places: int = 1
) -> str:
    """Format `part` of `whole` in percent with `places` decimals; `NOTHING` without a part, or where the
    whole is not positive."""
    if part is None or whole <= 0:
        return NOTHING
    return _percent(Decimal(str(part)) / whole, places)


def signed_share(part: Decimal | float | None) -> str:
    """Format a share of 1 in percent with its sign; `NOTHING` without one."""
    if part is None:
        return NOTHING
    return change(1 + Decimal(str(part)), Decimal(1))


def number_of(number: Decimal | int, noun: str) -> str:
    """Return `1 order` or `1,234 orders` for a report or a page."""
    return f"{count(number)} {plural(number, noun)}"


def counted(number: int, noun: str, plural_noun: str = "") -> str:
    """Return `1 order` or `1,234 orders` in English; nouns as in `plural`."""
    return f"{number:,} {plural(number, noun, plural_noun)}"


def plural(number: Decimal | int, noun: str, plural_noun: str = "") -> str:
    """Return the form of a noun for a number: `order` for 1, else `plural_noun`, by default `orders`."""
    if number == 1:
        return noun
    return plural_noun or f"{noun}s"


def unbroken(words: str) -> str:
    """Return text for a layout that wraps lines, with a percent sign on the line of its number."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", words)


def shop_label(name: str) -> str:
    """Return the name that SHOP_LABELS gives a source or channel; empty where it gives none."""
    labels = json.loads(os.environ.get("SHOP_LABELS") or "{}")
    return clean(labels.get(name))


def source_name(source: str) -> str:
    """Return the name of a source or channel: its `shop_label`, `orders_db` → `Orders database`, `store_pos`
    → `Store POS`, or `Agora POS` where the label of `store` is `Agora`."""
    name = clean(source)
    words: list[str] = []
    while name and not shop_label(name):
        name, _, word = name.rpartition("_")
        words.insert(0, _WORDS.get(word, word))
    if name:
        return " ".join([shop_label(name), *words])
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def source_title(source: str) -> str:
    """Return the name of a source, or the partner of `<source>: <partner>`."""
    partner = source.partition(": ")[2]
    if not partner:
        return source_name(source)
    return shop_label(partner) or clean(partner)


def long_day(day: date) -> str:
    """Return `Thursday, 19 November 2026`."""
    from babel.dates import format_date

    locale = words_locale()
    if locale.language == "en":
        return format_date(day, "EEEE, d MMMM y", locale)
    return format_date(day, "full", locale)


def short_day(day: date) -> str:
    """Return `Thu 19 Nov`."""
    return _date(day, "EEE d MMM", "MMMEd")


def month(day: date) -> str:
    """Return `November 2026`."""
    return _date(day, "MMMM y", "yMMMM")


def weekday(day: date) -> str:
    """Return `Thursday`."""
    return _date(day, "EEEE")


def short_weekday(day: date) -> str:
    """Return `Thu`."""
    return _date(day, "ccc")


def short_month(day: date) -> str:
    """Return `Nov 2026`."""
    return _date(day, "MMM y", "yMMM")


def span(first: date, last: date) -> str:
    """Return `16 Nov to 13 Dec 2026`, or `16 Nov 2026` for one day."""
    from babel.dates import format_interval

    locale = words_locale()
    if locale.language != "en":
        return format_interval(first, last, "yMMMd", locale=locale)
    pattern = "d MMM y"
    end = _date(last, pattern)
    if first == last:
        return end
    if first.year == last.year:
        pattern = "d MMM"
    return f"{_date(first, pattern)} to {end}"


def instant(when: datetime | None) -> str:
    """Format an instant in UTC to the second."""
    if when is None:
        return NOTHING
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def utc_text(moment: datetime) -> str:
    """Return an instant in UTC to the full second, without `Z`: `2026-11-19T05:00:00`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def clean(text: str | None, longest: int = LONGEST) -> str:
    """Clean a text from data for any layout: one line of at most `longest` characters, without control
    characters and overrides of the text direction."""
    if text is None:
        return ""
    line = re.sub(_INVISIBLE, "", " ".join(text.split()))
    if len(line) > longest:
        return f"{line[:longest]}…"
    return line


def listed(names: Iterable[object], most: int = 0, others: str = "more") -> str:
    """Return `A, B and C`; of more than `most` names, where it is set, `A, B and 4 more`."""
    from babel.lists import format_list

    shown = [str(name) for name in names]
    if 0 < most < len(shown):
        hidden = len(shown) - most + 1
        shown = [*shown[: most - 1], f"{hidden} {others}"]
    # American English would have a comma before `and`.
    return format_list(shown, locale="en_GB")


def inert(text: str) -> str:
    """Clean a cell of a CSV file: without control characters, and with an apostrophe where a spreadsheet
    would take it for a formula."""
    text = without_controls(text)
    # Some programs remove blanks first.
    if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA):
        return f"'{text}"
    return text


@cache
def parse_locale(name: str) -> Any:
    """Return the `babel.Locale` of a name such as `de_CH`; ValueError or `babel.UnknownLocaleError` where
    there is none."""
    from babel import Locale, localedata

    locale = Locale.parse(name.strip().replace("-", "_"))
    # Babel stores names that it looks up in data that locales share: without a copy, a Czech report has the
    # months of a Chinese one before it.
    data = localedata.load(str(locale))
    data.update(deepcopy(data))
    return locale


@contextmanager
def in_locale(name: str) -> Iterator[None]:
    """Format in the locale `name`, or in REPORT_LOCALE where it is empty, until the block ends."""
    before = _OWN_LOCALE.set(name)
    try:
        yield
    finally:
        _OWN_LOCALE.reset(before)


def _locale() -> Any:
    name = _OWN_LOCALE.get() or os.environ.get("REPORT_LOCALE")
    return parse_locale(name or DEFAULT_LOCALE)


def words_locale() -> Any:
    """Return the locale of days, countries and percentages. Words that run from right to left would reorder
    an English sentence."""
    locale = _locale()
    if locale.language == "en" or locale.text_direction == "rtl":
        return parse_locale(DEFAULT_LOCALE)
    return locale


def _date(day: date, english: str, skeleton: str = "") -> str:
    """Format by the pattern `english`; in other locales by the CLDR skeleton, if there is one."""
    from babel.dates import format_date, format_skeleton

    locale = words_locale()
    if skeleton and locale.language != "en":
        return format_skeleton(skeleton, day, locale=locale)
    return format_date(day, english, locale)


def _number(value: Number, fewest: int, places: int) -> str:
    """Format with `places` decimals, None as `NOTHING`. Zeros at the end are left out down to `fewest`
    decimals."""
    if value is None:
        return NOTHING
    pattern = _locale().decimal_formats[None]
    return _by_pattern(pattern, Decimal(value), fewest, places)


def _percent(ratio: Decimal, places: int) -> str:
    """Format 0.135 as `13.5 %`."""
    from babel.numbers import parse_pattern

    locale = words_locale()
    pattern = locale.percent_formats[None]
    if locale.language == "en":
        pattern = parse_pattern("#,##0 %")
    return _by_pattern(pattern, ratio, places, places)


def _by_pattern(pattern: Any, value: Decimal, fewest: int, places: int) -> str:
    """Format by a pattern of the locale, with from `fewest` to `places` decimals, of percent where it is one
    of percentages."""
    pattern = copy(pattern)
    pattern.frac_prec = (fewest, places)
    text = pattern.apply(_rounded(value, places + pattern.scale), _locale())
    return text.replace("-", MINUS)


def _rounded(value: Decimal, places: int) -> Decimal:
    unit = Decimal(1).scaleb(-places)
    # Adding zero removes the sign of -0.00.
    return value.quantize(unit, ROUND_HALF_UP) + 0
