"""The names of periods, of what they are compared with, and of slices."""

import pytest

from ecommerce.core.periods import parse_period
from ecommerce.core.text import in_locale
from ecommerce.sales.periods.texts import names
from ecommerce.sales.slices import WHOLE, Slice

NAMES = {
    # period: name, title, label of before, label of the year before, before in a sentence
    "2026-W53": (
        "week 53",
        "Week 53 · 28 Dec 2026 to 3 Jan 2027",
        "week 52",
        "week 1 of 2026",
        "the week before",
    ),
    "2026-01": (
        "January 2026",
        "January 2026",
        "Dec 2025",
        "Jan 2025",
        "the month before",
    ),
}
"""Where a year changes; others are in the snapshots of pages."""


@pytest.mark.parametrize("written", NAMES)
def test_a_period_and_its_bases_have_names(written):
    period = parse_period(written)
    found = names.names_of(period)
    assert (found.name, found.title, *found[3:]) == NAMES[written]
    assert found.next == names.names_of(period.next).name


def test_dates_are_those_of_the_locale_and_words_are_english():
    with in_locale("de_DE"):
        week = parse_period("2026-W48")
        assert names.names_of(week).title == "Week 48 · 23.\N{EN DASH}29. Nov. 2026"
        assert (
            names.names_of(parse_period("2026-11-28")).before_words == "Sa., 21. Nov."
        )
        assert names.names_of(parse_period("2026-03")).before == "Feb. 2026"


def test_a_slice_is_named_by_its_values(monkeypatch):
    monkeypatch.setenv("SHOP_LABELS", '{"shopify_de": "Laden Berlin"}')
    assert names.slice_name(WHOLE) == ""
    assert names.slice_name(Slice(country=("DE", "AT"))) == "Austria and Germany"
    several = Slice(country=("DE",), shop=("shopify_de",), category=("unallocated",))
    assert names.slice_name(several) == (
        "Germany · Laden Berlin · Returns of whole orders"
    )
    long = Slice(channel=("a", "b", "c", "d", "e", "f"))
    assert names.slice_name(long) == "A, B, C and 3 more"
