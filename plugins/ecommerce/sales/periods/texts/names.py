"""The names of a period, of what it is compared with, and of a slice."""

from typing import NamedTuple

from ecommerce.core import text
from ecommerce.core.periods import Period
from ecommerce.core.templates import render_lines
from ecommerce.sales import terms
from ecommerce.sales.report.texts.drivers import LABELS
from ecommerce.sales.slices import Slice

MOST_VALUES = 4
"""Values of one dimension of a slice that its name has."""


class PeriodNames(NamedTuple):
    """A period and the `next` one inside a sentence (`week 48`, `November 2026`, `Thu 19 Nov`), its title,
    the labels of those it is compared with (`week 47`, `week 48 of 2025`), and the one before in a sentence
    (`the week before`, `last Thursday`)."""

    name: str
    title: str
    next: str
    before: str
    year_before: str
    before_words: str


def names_of(period: Period) -> PeriodNames:
    """Return the names of a period."""
    facts = {
        "period": period,
        "is_english": text.words_locale().language == "en",
        "last_weekday": terms.last_weekday(period.first),
    }
    return PeriodNames(*render_lines("periods/names.txt", facts))


def slice_name(only: Slice) -> str:
    """Return the name of a slice: `Germany and Austria · Lighting`; empty for the whole shop."""
    names = []
    for dimension, values in only.limits():
        labels = map(LABELS[dimension], values)
        names.append(text.listed(labels, MOST_VALUES))
    return " · ".join(names)
