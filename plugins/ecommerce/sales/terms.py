"""Terms of the daily report: differences, averages and names."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from ecommerce.core.text import (
    amount,
    change,
    clean,
    counted,
    listed,
    shop_label,
    short_day,
    source_name,
    weekday,
    words_locale,
)

UNALLOCATED = "unallocated"
"""The category of refunds without a line: those of whole orders."""
_CATEGORIES = {
    UNALLOCATED: "Returns of whole orders",
    "uncategorised": "Uncategorised",
}


def signed(value: Decimal, currency: str) -> str:
    """Format a difference with its sign, unless it is zero."""
    text = amount(value, currency)
    if value > 0:
        return f"+{text}"
    return text


def direction(value: Decimal | None, base: Decimal | None, good: int) -> int:
    """Return 1 for a welcome change from `base` to `value`, -1 for an unwelcome one, 0 for neither. `good` is
    1 where a rise is welcome, -1 where a fall is, 0 where neither is."""
    if value is None or not base:
        return 0
    return good * int(value.compare(base))


def own_change(now: Decimal, before: Decimal | None) -> str:
    """Return the change of a row in percent, or `new`; there is none from a negative amount."""
    if now and before == 0:
        return "new"
    return change(now, max(before or Decimal(0), Decimal(0)))


def average_name(days: int, without_sales: int = 0) -> str:
    """Return the name of an average: `28-day average`, or `28-day average, 4 days without sales`."""
    name = f"{days}-day average"
    if without_sales:
        name += f", {counted(without_sales, 'day')} without sales"
    return name


def last_weekday(day: date) -> str:
    """Return the day one week before `day`: `last Monday`, or its date where words are not English."""
    if words_locale().language == "en":
        return f"last {weekday(day)}"
    return short_day(day - timedelta(weeks=1))


def without_amounts(currencies: Iterable[str]) -> str:
    """Return `, without amounts in BRL`; nothing where no currency is left out."""
    names = listed(map(clean, currencies))
    return f", without amounts in {names}" if names else ""


def capital(words: str) -> str:
    """Return `words` as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def inside(words: str) -> str:
    """Return `words` as they are inside a sentence."""
    return words[:1].lower() + words[1:]


def label(name: str) -> str:
    """Return a name from data as words: `arrived_broken` → `Arrived broken`."""
    return capital(name.replace("_", " ").strip())


def category(name: str | None) -> str:
    """Return the name of a category of `daily_sales`."""
    name = name or ""
    return _CATEGORIES.get(name) or clean(name)


def country(code: str) -> str:
    """Return the name of a country by its ISO 3166 code; an unknown code itself, `Unknown` for `ZZ`."""
    if code == "ZZ":
        return "Unknown"
    return words_locale().territories.get(code) or clean(code)


def source_place(source: str) -> str:
    """Return a source inside a sentence: `the sales database`, or the name that the shop gives it."""
    return shop_label(source) or f"the {inside(source_name(source))}"
