"""The names of a period, of what it is compared with, and of a slice."""

from ecommerce.core import text
from ecommerce.core.periods import Period
from ecommerce.sales import terms
from ecommerce.sales.report.texts.drivers import LABELS
from ecommerce.sales.slices import Slice

BASES = ("before", "year_before")
"""The fields of `Compared` that a figure is compared with, and the periods of `Period`."""
KIND_NAMES = {
    "day": "Daily sales report",
    "week": "Weekly sales report",
    "month": "Monthly sales report",
}
MOST_VALUES = 4
"""Values of one dimension of a slice that its name has."""


def period_name(period: Period) -> str:
    """Return the name inside a sentence: `week 48`, `November 2026`, `Thu 19 Nov`."""
    if period.kind == "week":
        return f"week {period.first.isocalendar().week}"
    if period.kind == "month":
        return text.month(period.first)
    return text.short_day(period.first)


def title(period: Period) -> str:
    """Return the period for a title, a week with its number and its days."""
    if period.kind == "day":
        return text.long_day(period.first)
    name = terms.capital(period_name(period))
    if period.kind == "month":
        return name
    days = text.span(period.first, period.last)
    is_one_month = period.first.month == period.last.month
    if is_one_month and text.words_locale().language == "en":
        end = text.span(period.last, period.last)
        days = f"{period.first.day} {text.NOTHING} {end}"
    return f"{name} · {days}"


def base_name(period: Period, base: str) -> str:
    """Return the label of one of `BASES`: `week 47`, `week 48 of 2025`, `Nov 2025`, `Thu 20 Nov 2025`."""
    compared = period.before if base == "before" else period.year_before
    name = period_name(compared)
    if period.kind == "month":
        return f"{text.short_month(compared.first)} {compared.first:%Y}"
    if base == "before":
        return name
    if period.kind == "week":
        return f"{name} of {compared.first:%G}"
    return f"{name} {compared.first:%Y}"


def before_words(period: Period) -> str:
    """Return the name of the period before in a sentence: `the week before`, `last Thursday`."""
    if period.kind != "day":
        return f"the {period.kind} before"
    return terms.last_weekday(period.first)


def short_title(period: Period, only: Slice) -> str:
    """Return the period and the slice inside a sentence: `week 48, Germany and Austria`."""
    return ", ".join(filter(None, [period_name(period), slice_name(only)]))


def slice_name(only: Slice) -> str:
    """Return the name of a slice: `Germany and Austria · Lighting`; empty for the whole shop."""
    names = []
    for dimension, values in only.limits():
        labels = map(LABELS[dimension], values)
        names.append(text.listed(labels, MOST_VALUES))
    return " · ".join(names)
