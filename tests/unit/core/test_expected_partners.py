"""Which partners are due: as the setting says, or as they delivered in the weeks before."""

from datetime import date, timedelta

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.expected_partners import doubtful_partners, due_partners
from tests.settings import settings_of

KEY = {"CUSTOMER_HASH_KEY": "0123456789abcdef"}
THURSDAY = date(2026, 11, 19)


def back(*days, partner="acme"):
    """Deliveries so many days before."""
    return [(partner, THURSDAY - timedelta(days=each)) for each in days]


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (range(1, 29), True),
        ((7, 14, 21, 28), True),
        ((7, 14, 28), True),  # one was left out
        ((7, 21), False),  # every other week
        ((14, 21, 28), True),  # the second day in a row that it does not come
        ((21, 28), False),  # it has stopped
        ((7, 14), True),  # began two weeks ago
        ((7, 14, 20), True),  # began on a Friday
        ((7, 20, 21), False),
        ((7,), False),
        ((1, 2, 3, 4, 5, 6), True),  # began six days ago
        (range(1, 11), True),  # ten days ago
        ((1, 2, 3, 4, 5), True),
        ((1, 2, 3, 4), False),
        ((2, 3, 4, 5, 6), True),  # a day on which nobody delivered
        (
            (1, 2, 3, 5, 6, 8, 9, 10),
            False,
        ),  # leaves out Thursdays: so it did a week ago
        ((35, 42, 49), False),
        ((-7, 0, 1, 2, 3, 4), False),  # today and later days
    ],
)
def test_habits_are_learnt_by_weekday(days, due):
    assert due_partners(THURSDAY, back(*days), None) == (["acme"] if due else [])


def test_partners_are_told_apart():
    deliveries = [
        *back(7, 14, 21),
        *back(8, 15, 22, partner="bolt"),
        *back(7, 14, 21, partner="cosy"),
    ]
    assert due_partners(THURSDAY, deliveries, None) == ["acme", "cosy"]


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("acme, globex", {0: ["acme", "globex"], 6: ["acme", "globex"]}),
        (
            "acme:mon-fri,globex:Sat-Mon",
            {0: ["acme", "globex"], 4: ["acme"], 5: ["globex"], 6: ["globex"]},
        ),
        ("acme:tue+sat", {0: [], 1: ["acme"], 5: ["acme"]}),
        ("none", {0: [], 3: []}),
    ],
)
def test_the_setting_is_all_there_is(text, due):
    expected = settings_of(KEY | {"EXPECTED_PARTNERS": text}).expected_partners
    monday = date(2026, 11, 16)
    for weekday, partners in due.items():
        assert (
            due_partners(
                monday + timedelta(days=weekday), back(7, 14, partner="other"), expected
            )
            == partners
        )


@pytest.mark.parametrize("text", ["acme:someday", "acme,,globex"])
def test_a_setting_that_nobody_can_read_is_refused(text):
    with pytest.raises(ConfigurationError, match="is not a list such as acme"):
        settings_of(KEY | {"EXPECTED_PARTNERS": text})


def test_five_days_are_those_on_which_any_partner_delivered():
    other = back(1, 2, 3, 4, 5, 6, partner="bolt")
    assert due_partners(THURSDAY, [*back(2, 3, 4, 5, 6), *other], None) == ["bolt"]
    closed = [*back(1, 2, 3, 5, 6), *back(1, 2, 3, 5, 6, partner="bolt")]
    assert due_partners(THURSDAY, closed, None) == ["acme", "bolt"]


@pytest.mark.parametrize(
    ("days", "doubtful"),
    [
        ((1,), False),
        ((1, 2), True),  # two days known
        ((1, 2, 3, 4), True),
        ((2, 3, 4, 5, 6, 7), True),
        ((1, 2, 3, 4, 5, 6, 14, 15), True),  # one Thursday without, one with
        ((1, 2, 3, 4, 5, 6, 8), False),  # no Thursday yet
        ((1, 2, 3, 7), True),
        ((2, 4, 6), False),  # every other day
        ((7, 14), False),  # once a week: due, not doubtful
        ((5, 6, 7), False),  # has stopped
        ((), False),
    ],
)
def test_who_delivers_on_most_days_is_doubtful(days, doubtful):
    assert doubtful_partners(THURSDAY, back(*days)) == (["acme"] if doubtful else [])
