"""Formats figures and dates for users, in the current locale by Babel, and cleans text from data.

The words of reports are always English. In English and in right-to-left locales, dates and percentages have
the house style, `Thu 19 Nov` and `+1.3 %`; their numbers, and everything in other locales, are Babel's.
Amounts have the currency's own decimals. Rounding is half away from zero. Examples are in en_US.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, partial
from typing import Any, Literal

from ecommerce.core.email_masking import without_controls
from ecommerce.core.settings import load_settings

Kind = Literal["money", "count", "quantity"]

NOTHING, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
MANIFOLD = "> 10\N{MULTIPLICATION SIGN}"
"""A change above 999 %."""
UNALLOCATED = "unallocated"
"""The category of refunds without a line: those of whole orders."""
LONGEST = 250
"""Characters of a line on a page or in a mail."""
_WORDS = {"db": "database", "api": "API", "pos": "POS", "b2b": "B2B"}
_ENGLISH = "en_US"
_current: ContextVar[str] = ContextVar("locale", default=_ENGLISH)


@contextmanager
def written_in(locale: str = "") -> Iterator[None]:
    """Make `locale` (such as `de_DE`) the current one in this thread; by default that of REPORT_LOCALE."""
    token = _current.set(locale or load_settings().report_locale)
    try:
        yield
    finally:
        _current.reset(token)


in_report_locale = written_in()
"""Decorates a function whose texts are in the locale of REPORT_LOCALE, read when it is called."""


@cache
def decimals(currency: str) -> int:
    """Return the number of decimals of a currency: JPY 0, USD 2, KWD 3."""
    from babel.numbers import get_currency_precision

    return int(get_currency_precision(currency))


def amount(value: Decimal | None, currency: str) -> str:
    """Format 1234.5 in USD as `1,234.50`, with a typographic minus; None as `NOTHING`."""
    return NOTHING if value is None else _number(value, decimals(currency))


def with_currency(value: Decimal | None, currency: str) -> str:
    """Format an amount as `1,234.50 USD`, for texts without a currency of their own."""
    return NOTHING if value is None else f"{amount(value, currency)} {currency}"


def signed(value: Decimal, currency: str) -> str:
    """Format a difference with its sign, unless it is zero."""
    return f"+{amount(value, currency)}" if value > 0 else amount(value, currency)


def count(value: Decimal | int | None) -> str:
    """Format a whole number with thousands separators."""
    return NOTHING if value is None else _number(Decimal(value), 0)


def plural(number: Decimal | int, one: str, more: str = "") -> str:
    """Return the form of a noun for a number: `order` for 1, else `more`, which is `orders` by default."""
    if number == 1:
        return one
    return more or f"{one}s"


def counted(number: Decimal | int, one: str, more: str = "") -> str:
    """Return `1 order` or `1,234 orders`; forms as in `plural`."""
    return f"{count(number)} {plural(number, one, more)}"


def quantity(value: Decimal | None) -> str:
    """Format units with up to two decimals, none where they are zeros."""
    return NOTHING if value is None else _shortest(value, 0, 2)


def plain(value: Decimal | None) -> str:
    """Format an amount of several currencies with two to four decimals."""
    return NOTHING if value is None else _shortest(value, 2, 4, step=2)


def figure(value: Decimal | None, kind: Kind, currency: str) -> str:
    """Format a headline figure by how it is counted; `currency` is that of money."""
    if kind == "money":
        return amount(value, currency)
    return count(value) if kind == "count" else quantity(value)


def change(value: Decimal | None, base: Decimal | None) -> str:
    """Format the change from `base` to `value` in percent with a sign. It is `NOTHING` without a base or with
    a base of zero, above 999.9 % `MANIFOLD`, or `NOTHING` where the sign changes too."""
    if value is None or not base:
        return NOTHING
    percent = ((value - base) / abs(base) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if abs(percent) > Decimal("999.9"):
        return MANIFOLD if (value > 0) == (base > 0) else NOTHING
    return f"{'+' if percent > 0 else MINUS if percent < 0 else '±'}{_percent(abs(percent), 1)}"


def versus(value: Decimal, base: Decimal | None, name: str) -> str:
    """Return `, +1.3 % vs forecast`; nothing where there is no `change` in percent."""
    percent = change(value, base)
    return "" if percent == NOTHING else f", {percent} vs {name}"


def direction(value: Decimal | None, base: Decimal | None, good: int) -> int:
    """Return 1 for a welcome change from `base` to `value`, -1 for an unwelcome one, 0 for neither. `good` is
    1 where a rise is welcome, -1 where a fall is, 0 where neither is."""
    return 0 if value is None or not base else ((value > base) - (value < base)) * good


def average_name(days: int, without_sales: int = 0) -> str:
    """Return the name of an average: `28-day average`, or `28-day average, 4 days without sales`."""
    closed = f", {counted(without_sales, 'day')} without sales" if without_sales else ""
    return f"{days}-day average{closed}"


def share(
    part: Decimal | float | None, whole: Decimal = Decimal(1), places: int = 1
) -> str:
    """Format `part` of `whole` in percent with `places` decimals; `NOTHING` without a part, or where the
    whole is not positive."""
    if part is None or whole <= 0:
        return NOTHING
    percent = (Decimal(str(part)) / whole * 100).quantize(
        Decimal(1).scaleb(-places), ROUND_HALF_UP
    )
    return f"{MINUS if percent < 0 else ''}{_percent(abs(percent), places)}"


def compact(value: float, digits: int = 0) -> str:
    """Format a position on an axis: `1.2M`, `250k`; from 1,000 on with at least so many digits: `31.0k`."""
    from babel.numbers import format_compact_decimal

    exact = Decimal(
        repr(float(value) + 0.0)
    )  # numpy's repr differs, and so does that of -0.0
    locale = _words_locale()
    text = str(format_compact_decimal(exact, locale=locale, fraction_digits=3))
    if locale.language == "en":
        text = text.replace("K", "k")
    if digits and abs(value) >= 1000:
        whole, *fraction = re.findall(r"\d+", text)
        padded = _number(
            Decimal(".".join([whole, *fraction])), max(digits - len(whole), 0)
        )
        text = re.sub(r"\d+(\D\d+)?", padded, text, count=1)
    return text.replace("-", MINUS)


def unbroken(words: str) -> str:
    """Return text for a layout that wraps lines, with a percent sign on the line of its number."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", words)


def source_name(source: str) -> str:
    """Return the name of a source or channel: `orders_db` → `Orders database`, `store_pos` → `Store POS`."""
    text = " ".join(_WORDS.get(word, word) for word in clean(source).split("_"))
    return text[:1].upper() + text[1:]


def _date(day: date, english: str, pattern: str = "", skeleton: str = "") -> str:
    """Format by the pattern `english`, or in other locales by Babel's pattern or CLDR skeleton."""
    from babel.dates import format_date, format_skeleton

    if _is_english():
        return format_date(day, english, locale=_ENGLISH)
    if skeleton:
        return format_skeleton(skeleton, day, locale=_locale())
    return format_date(day, pattern, _locale())


long_day = partial(_date, english="EEEE, d MMMM y", pattern="full")
"""`Thursday, 19 November 2026`."""
short_day = partial(_date, english="EEE d MMM", skeleton="MMMEd")
"""`Thu 19 Nov`."""
weekday = partial(_date, english="EEEE", pattern="EEEE")
"""`Thursday`."""
short_weekday = partial(_date, english="EEE", pattern="ccc")
"""`Thu`."""
month = partial(_date, english="MMMM y", skeleton="yMMMM")
"""`November 2026`."""
short_month = partial(_date, english="MMM", pattern="LLL")
"""`Nov`."""


def span(first: date, last: date) -> str:
    """`16 Nov to 13 Dec 2026`, or `16 Nov 2026` for one day."""
    if first == last:
        return _date(first, "d MMM y", skeleton="yMMMd")
    if not _is_english():
        from babel.dates import format_interval

        return format_interval(first, last, "yMMMd", locale=_locale())
    begins = _date(first, "d MMM" if first.year == last.year else "d MMM y")
    return f"{begins} to {_date(last, 'd MMM y')}"


def country(code: str) -> str:
    """Return the name of a country by its ISO 3166 code; an unknown code itself, `Unknown` for `ZZ`."""
    return (
        "Unknown"
        if code == "ZZ"
        else _words_locale().territories.get(code) or clean(code)
    )


def instant(when: datetime | None) -> str:
    """Format an instant in UTC to the second."""
    return NOTHING if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def category(name: str) -> str:
    """Return the name of a category of `daily_sales`."""
    names = {UNALLOCATED: "Returns of whole orders", "uncategorised": "Uncategorised"}
    return names.get(name) or clean(name)


def clean(text: str | None, longest: int = LONGEST) -> str:
    """Clean a text from data for any layout: one line of at most `longest` characters, without control
    characters and overrides of the text direction."""
    if text is None:
        return ""
    spaced = re.sub(r"\s+", " ", text[: 4 * longest]).strip()
    turns = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    line = "".join(
        letter
        for letter in spaced
        if letter not in turns and unicodedata.category(letter) not in ("Cc", "Cs")
    )
    return line if len(line) <= longest else f"{line[:longest]}…"


def listed(names: Iterable[object], most: int = 0, others: str = "more") -> str:
    """Return `A, B and C`; of more than `most` names, where it is set, `A, B and 4 more`."""
    shown = [str(name) for name in names]
    if 0 < most < len(shown):
        shown[most - 1 :] = [f"{len(shown) - most + 1} {others}"]
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def inert(text: str) -> str:
    """Clean a cell of a CSV file: without control characters, and with an apostrophe where a spreadsheet
    would take it for a formula."""
    text = without_controls(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@cache
def _parsed(locale: str) -> Any:
    from babel import Locale

    return Locale.parse(locale)


def _locale() -> Any:
    return _parsed(_current.get())


def _words_locale() -> Any:
    return _parsed(_ENGLISH) if _is_english() else _locale()


def _is_english() -> bool:
    # Words that run from right to left would reorder an English sentence.
    return _locale().language == "en" or _locale().text_direction == "rtl"


def _number(value: Decimal, places: int) -> str:
    rounded = (
        value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0
    )  # without the sign of -0.00
    text: str = _pattern(_current.get(), "decimal", places).apply(rounded, _locale())
    return text.replace("-", MINUS)


def _percent(percent: Decimal, places: int) -> str:
    """Format 13.5 as `13.5 %`, without a sign."""
    if _is_english():
        return f"{_number(percent, places)} %"
    return str(
        _pattern(_current.get(), "percent", places).apply(percent / 100, _locale())
    )


@cache
def _pattern(locale: str, kind: str, places: int) -> Any:
    from babel.numbers import parse_pattern

    pattern = parse_pattern(getattr(_parsed(locale), f"{kind}_formats")[None].pattern)
    pattern.frac_prec = (places, places)
    return pattern


def _shortest(value: Decimal, least: int, most: int, step: int = 1) -> str:
    """Format with `least` decimals, or by `step` more up to `most` where they are not zeros."""
    rounded = value.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    places = least
    while rounded != rounded.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):
        places += step
    return _number(rounded, places)
