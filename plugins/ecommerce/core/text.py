"""Formats figures and dates for users, and cleans text from data.

Amounts have the currency's own decimals. Rounding is half away from zero. The locale is the current one of
`written_in`, by default en_US, as in the examples below.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Literal

from ecommerce.core.email_masking import mask_e_mails, without_controls
from ecommerce.core.locales import habits, in_report_locale, written_in

__all__ = [
    "LONGEST", "MANIFOLD", "MINUS", "NOTHING", "UNALLOCATED", "Kind", "amount", "average_name", "category",
    "change", "clean", "compact", "count",
    "country", "decimals", "direction", "figure", "in_report_locale", "inert", "instant", "listed",
    "long_day", "mask_e_mails", "month", "plain", "quantity", "share", "short_day", "short_month",
    "short_weekday",     "signed", "source_name", "span", "weekday", "with_currency", "written_in",
]  # fmt: skip

Kind = Literal["money", "count", "quantity"]

NOTHING, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
MANIFOLD = "> 10\N{MULTIPLICATION SIGN}"
"""A change above 999 %."""
UNALLOCATED = "unallocated"
"""The category of refunds without a line: those of whole orders."""
LONGEST = 250
"""Characters of a line on a page or in a mail."""
_WORDS = {"db": "database", "api": "API"}


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


def quantity(value: Decimal | None) -> str:
    """Format units with up to two decimals, none where they are zeros."""
    return NOTHING if value is None else _shortest(value, 0, 2)


def plain(value: Decimal | None) -> str:
    """Format an amount of several currencies with two to four decimals."""
    return NOTHING if value is None else _shortest(value, 2, 4, step=2)


def figure(value: Decimal | None, kind: Kind, currency: str) -> str:
    """Format a headline figure.

    Args:
        value: the figure.
        kind: how it is counted.
        currency: of money.
    """
    if kind == "money":
        return amount(value, currency)
    return count(value) if kind == "count" else quantity(value)


def change(value: Decimal | None, base: Decimal | None) -> str:
    """Format the change from `base` to `value` in percent with a sign. It is `NOTHING` without a base or with
    a base of zero, above 999.9 % `MANIFOLD`, or `NOTHING` where the sign changes too."""
    if value is None or not base:
        return NOTHING
    percent = ((value - base) / abs(base) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    sign = "+" if percent > 0 else MINUS if percent < 0 else "±"
    if abs(percent) > Decimal("999.9"):
        return MANIFOLD if (value > 0) == (base > 0) else NOTHING
    return f"{sign}{habits().per_cent(abs(percent), 1)}"


def direction(value: Decimal | None, base: Decimal | None, good: int) -> int:
    """Return 1 for a welcome change, -1 for an unwelcome one, 0 for neither.

    Args:
        value: the figure.
        base: the one to compare with.
        good: 1 where a rise is welcome, -1 where a fall is, 0 where neither is.
    """
    return 0 if value is None or not base else ((value > base) - (value < base)) * good


def average_name(days: int, without_sales: int = 0) -> str:
    """Return the name of an average: `28-day average`, or `28-day average, 4 days without sales`."""
    plural = "" if without_sales == 1 else "s"
    closed = f", {without_sales} day{plural} without sales" if without_sales else ""
    return f"{days or 28}-day average{closed}"


def share(part: Decimal, whole: Decimal, places: int = 1) -> str:
    """Format `part` of `whole` in percent; `NOTHING` where the whole is not positive.

    Args:
        part: of the whole.
        whole: all parts.
        places: decimals.
    """
    if whole <= 0:
        return NOTHING
    percent = (part / whole * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{MINUS if percent < 0 else ''}{habits().per_cent(abs(percent), places)}"


def compact(value: float) -> str:
    """Format a position on an axis: `1.2M`, `250k`."""
    if not habits().is_english:
        return habits().axis(value).replace("-", MINUS)
    for limit, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{suffix}".replace("-", MINUS)
    return f"{value:g}".replace("-", MINUS)


def source_name(source: str) -> str:
    """`sales_db` → `Sales database`."""
    text = " ".join(_WORDS.get(word, word) for word in clean(source).split("_"))
    return text[:1].upper() + text[1:]


def long_day(day: date) -> str:
    """`Thursday, 19 November 2026`."""
    return f"{day:%A}, {day.day} {day:%B %Y}" if habits().is_english else habits().day(day, "full")


def short_day(day: date) -> str:
    """`Thu 19 Nov`."""
    return f"{day:%a} {day.day} {day:%b}" if habits().is_english else habits().parts(day, "MMMEd")


def weekday(day: date) -> str:
    """`Thursday`."""
    return f"{day:%A}" if habits().is_english else habits().day(day, "EEEE")


def short_weekday(day: date) -> str:
    """`Thu`."""
    return f"{day:%a}" if habits().is_english else habits().day(day, "ccc")


def month(day: date) -> str:
    """`November 2026`."""
    return f"{day:%B %Y}" if habits().is_english else habits().parts(day, "yMMMM")


def short_month(day: date) -> str:
    """`Nov`."""
    return f"{day:%b}" if habits().is_english else habits().day(day, "LLL")


def span(first: date, last: date) -> str:
    """`16 Nov to 13 Dec 2026`, or `16 Nov 2026` for one day."""
    if not habits().is_english:
        return habits().parts(first, "yMMMd") if first == last else habits().span(first, last)
    if first == last:
        return f"{first.day} {first:%b %Y}"
    begins = f"{first.day} {first:%b}" if first.year == last.year else f"{first.day} {first:%b %Y}"
    return f"{begins} to {last.day} {last:%b %Y}"


def country(code: str) -> str:
    """Return the name of a country by its ISO 3166 code; an unknown code itself, `Unknown` for `ZZ`."""
    return "Unknown" if code == "ZZ" else habits().country(code) or clean(code)


def instant(when: datetime | None) -> str:
    """Format an instant in UTC to the second."""
    return NOTHING if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def category(name: str) -> str:
    """Return the name of a category of `daily_sales`."""
    return "Returns of whole orders" if name == UNALLOCATED else clean(name)


def clean(text: str | None, longest: int = LONGEST) -> str:
    """Clean a text from data for any layout: one line of at most `longest` characters, without control
    characters and overrides of the text direction."""
    if text is None:
        return ""
    spaced = re.sub(r"\s+", " ", text[: 4 * longest]).strip()
    line = "".join(letter for letter in spaced if not _is_control(letter))
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


def _is_control(letter: str) -> bool:
    turns = "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"
    return turns or unicodedata.category(letter) in ("Cc", "Cs")


def _number(value: Decimal, places: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return habits().number(rounded + 0, places).replace("-", MINUS)  # + 0 makes a rounded "-0.00" plain


def _shortest(value: Decimal, least: int, most: int, step: int = 1) -> str:
    """Format with `least` decimals, or by `step` more up to `most` where they are not zeros."""
    rounded = value.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    places = least
    while rounded != rounded.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):
        places += step
    return _number(rounded, places)
