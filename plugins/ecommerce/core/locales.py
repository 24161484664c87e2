"""How a locale writes numbers and dates, by Babel: the one that texts are written in at the moment.

The words of reports are English everywhere. In English locales dates and per cents are written in one way,
`Thu 19 Nov` and `+1.3 %`, and so they are in those that run from right to left; their numbers, and everything
in other locales, are as Babel has them. Babel's data are read once per locale and process.
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
    """Write texts as people of `locale` do (an identifier that Babel knows, such as `de_DE`); in this thread
    and task only."""
    token = _current.set(locale)
    try:
        yield
    finally:
        _current.reset(token)


def in_report_locale(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorates what makes pages, mails and documents: its texts are written in the setting REPORT_LOCALE.

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
    """Those of the locale that texts are written in."""
    return _habits(_current.get())


@dataclass(eq=False)
class Habits:
    """What one locale writes."""

    locale: Locale

    @cached_property
    def is_english(self) -> bool:
        """Whether dates and per cents follow the house style."""
        return self.words.language == "en"

    @cached_property
    def words(self) -> Locale:
        """Whose names of days, months and countries are written. Those that run from right to left would turn
        the figures around them in an English sentence."""
        from babel import Locale

        return Locale.parse(DEFAULT) if self.locale.text_direction == "rtl" else self.locale

    @cached_property
    def _symbols(self) -> dict[int, str] | None:
        """What stands for comma and point; None where digits are not grouped by thousands."""
        from babel.numbers import get_decimal_symbol, get_group_symbol

        known: Any = self.locale.decimal_formats[None]
        if known.grouping != (3, 3):
            return None
        return {ord(","): get_group_symbol(self.locale), ord("."): get_decimal_symbol(self.locale)}

    def number(self, value: Decimal, places: int) -> str:
        """`value`, which has no more than so many decimals, with all of them."""
        # Babel's data have a plain hyphen for most minus signs; callers put the typographic one.
        if self._symbols is not None:
            return f"{value:,.{places}f}".translate(self._symbols)  # three times as fast as the pattern
        return _pattern(self.locale, "decimal", places).apply(value, self.locale)

    def per_cent(self, percent: Decimal, places: int) -> str:
        """13.5 as `13.5 %`, without a sign."""
        if self.is_english:
            return f"{self.number(percent, places)} %"
        return _pattern(self.locale, "percent", places).apply(percent / 100, self.locale)

    def axis(self, value: float) -> str:
        """A round number in few letters."""
        from babel.numbers import format_compact_decimal

        exact = Decimal(repr(float(value) + 0.0))  # numpy's floats are written otherwise, and so is -0.0
        return str(
            format_compact_decimal(
                exact, format_type="short", locale=self.locale, fraction_digits=_AXIS_DIGITS
            )
        )

    def day(self, day: date, form: str) -> str:
        """`day` in one of Babel's forms (such as `full`) or by a pattern."""
        from babel.dates import format_date

        return str(format_date(day, form, locale=self.locale))

    def parts(self, day: date, skeleton: str) -> str:
        """`day` in the parts that the CLDR skeleton names, in the locale's order."""
        from babel.dates import format_skeleton

        return str(format_skeleton(skeleton, day, locale=self.locale))

    def span(self, first: date, last: date) -> str:
        """Two different days and those between them, with the year."""
        from babel.dates import format_interval

        return str(format_interval(first, last, "yMMMd", locale=self.locale))

    def country(self, code: str) -> str | None:
        """The name of a country by its ISO 3166 code."""
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
