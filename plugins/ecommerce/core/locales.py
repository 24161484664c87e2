"""Numbers and dates in the current locale, by Babel.

The words of reports are always English. In English and in right-to-left locales, dates and percentages have
the house style, `Thu 19 Nov` and `+1.3 %`; their numbers, and everything in other locales, are Babel's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

DEFAULT = "en_US"
_current: ContextVar[str] = ContextVar("locale", default=DEFAULT)
_AXIS_DIGITS = 3


@contextmanager
def written_in(locale: str) -> Iterator[None]:
    """Make `locale` (a Babel identifier such as `de_DE`) the current one, in this thread only."""
    token = _current.set(locale)
    try:
        yield
    finally:
        _current.reset(token)


def in_report_locale(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorate a function whose texts are in the locale of the setting REPORT_LOCALE.

    Raises:
        ConfigurationError: when called, where the setting is malformed.
    """

    @wraps(function)
    def wrapped(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        from ecommerce.core.settings import read_setting

        with written_in(read_setting("report_locale")):
            return function(*args, **kwargs)

    return wrapped


def habits() -> Habits:
    """Return the formats of the current locale."""
    return _habits(_current.get())


@dataclass(eq=False)
class Habits:
    """The formats of one locale."""

    locale: Locale

    @cached_property
    def is_english(self) -> bool:
        """Whether dates and percentages have the house style."""
        return self.words.language == "en"

    @cached_property
    def words(self) -> Locale:
        """The locale of the names of days, months and countries: English where its own run from right to
        left, which would reorder an English sentence."""
        from babel import Locale

        return Locale.parse(DEFAULT) if self.locale.text_direction == "rtl" else self.locale

    @cached_property
    def _symbols(self) -> dict[int, str] | None:
        """Group and decimal separators; None where digits are not grouped by thousands."""
        from babel.numbers import get_decimal_symbol, get_group_symbol

        known: Any = self.locale.decimal_formats[None]
        if known.grouping != (3, 3):
            return None
        return {ord(","): get_group_symbol(self.locale), ord("."): get_decimal_symbol(self.locale)}

    def number(self, value: Decimal, places: int) -> str:
        """Format `value` with `places` decimals."""
        # Babel has a hyphen for most minus signs; callers replace it.
        if self._symbols is not None:
            return f"{value:,.{places}f}".translate(self._symbols)  # three times as fast as the pattern
        return _pattern(self.locale, "decimal", places).apply(value, self.locale)

    def per_cent(self, percent: Decimal, places: int) -> str:
        """Format 13.5 as `13.5 %`, without a sign."""
        if self.is_english:
            return f"{self.number(percent, places)} %"
        return _pattern(self.locale, "percent", places).apply(percent / 100, self.locale)

    def axis(self, value: float) -> str:
        """Format a round number in few letters."""
        from babel.numbers import format_compact_decimal

        exact = Decimal(repr(float(value) + 0.0))  # numpy's repr differs, and so does that of -0.0
        return str(
            format_compact_decimal(
                exact, format_type="short", locale=self.locale, fraction_digits=_AXIS_DIGITS
            )
        )

    def day(self, day: date, form: str) -> str:
        """Format a day by one of Babel's forms (such as `full`) or by a pattern."""
        from babel.dates import format_date

        return str(format_date(day, form, locale=self.locale))

    def parts(self, day: date, skeleton: str) -> str:
        """Format the parts of a day that a CLDR skeleton names, in the locale's order."""
        from babel.dates import format_skeleton

        return str(format_skeleton(skeleton, day, locale=self.locale))

    def span(self, first: date, last: date) -> str:
        """Format a range of days with the year."""
        from babel.dates import format_interval

        return str(format_interval(first, last, "yMMMd", locale=self.locale))

    def country(self, code: str) -> str | None:
        """Return the name of a country by its ISO 3166 code."""
        return self.words.territories.get(code)


@cache
def _habits(locale: str) -> Habits:
    from babel import Locale

    return Habits(Locale.parse(locale))


@cache
def _pattern(locale: Locale, kind: str, places: int) -> NumberPattern:
    from babel.numbers import parse_pattern

    known: Any = locale.decimal_formats[None] if kind == "decimal" else locale.percent_formats[None]
    pattern = parse_pattern(known.pattern)
    pattern.frac_prec = (places, places)
    return pattern
