"""Which partners are due: as the setting says, or as they delivered in the weeks before."""

from datetime import date, timedelta

import pytest

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.expected_partners import doubtful_partners, due_partners
from tests.settings import settings_of

THURSDAY = date(2026, 11, 19)


def back(*days, partner="acme"):
    """Deliveries so many days before."""
    return [(partner, THURSDAY - timedelta(days=number)) for number in days]


DUE = (
    range(1, 29),
    (7, 14, 21, 28),
    (7, 14, 28),  # one was left out
    (14, 21, 28),  # the second day in a row that it does not come
    (7, 14),  # began two weeks ago
    (7, 14, 20),  # began on a Friday
    (1, 2, 3, 4, 5, 6),  # began six days ago
    range(1, 11),  # ten days ago
    (1, 2, 3, 4, 5),
    (2, 3, 4, 5, 6),  # a day on which nobody delivered
)
NOT_DUE = (
    (7, 21),  # every other week
    (21, 28),  # it has stopped
    (7, 20, 21),
    (7,),
    (1, 2, 3, 4),
    (1, 2, 3, 5, 6, 8, 9, 10),  # leaves out Thursdays: so it did a week ago
    (35, 42, 49),
    (-7, 0, 1, 2, 3, 4),  # today and later days
)


def test_habits_are_learnt_by_weekday():
    for days in DUE:
        assert due_partners(THURSDAY, back(*days), None) == ["acme"], days
    for days in NOT_DUE:
        assert due_partners(THURSDAY, back(*days), None) == [], days


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
    expected = settings_of({"EXPECTED_PARTNERS": text}).expected_partners
    monday = date(2026, 11, 16)
    deliveries = back(7, 14, partner="other")
    for weekday, partners in due.items():
        day = monday + timedelta(days=weekday)
        assert due_partners(day, deliveries, expected) == partners


def test_workdays_are_no_public_holidays():
    text = "acme:workdays,globex:workdays+sun,initech:mon-fri"
    expected = settings_of({"EXPECTED_PARTNERS": text}).expected_partners
    friday, saturday, sunday = (date(2026, 11, day) for day in (20, 21, 22))
    thanksgiving = date(2026, 11, 26)
    everyone = ["acme", "globex", "initech"]
    assert due_partners(friday, [], expected, "US") == everyone
    assert due_partners(saturday, [], expected, "US") == []
    assert due_partners(sunday, [], expected, "US") == ["globex"]
    assert due_partners(thanksgiving, [], expected, "US") == ["initech"]
    assert due_partners(thanksgiving, [], expected, "DE") == everyone


@pytest.mark.parametrize("text", ["acme:someday", "acme,,globex"])
def test_a_setting_that_nobody_can_read_is_refused(text):
    with pytest.raises(ConfigurationError, match="is not a list such as acme"):
        settings_of({"EXPECTED_PARTNERS": text})


def test_five_days_are_those_on_which_any_partner_delivered():
    acme = back(2, 3, 4, 5, 6)
    bolt = back(1, 2, 3, 4, 5, 6, partner="bolt")
    assert due_partners(THURSDAY, acme + bolt, None) == ["bolt"]
    acme = back(1, 2, 3, 5, 6)
    bolt = back(1, 2, 3, 5, 6, partner="bolt")
    assert due_partners(THURSDAY, acme + bolt, None) == ["acme", "bolt"]


DOUBTFUL = (
    (1, 2),  # two days known
    (1, 2, 3, 4),
    (2, 3, 4, 5, 6, 7),
    (1, 2, 3, 4, 5, 6, 14, 15),  # one Thursday without, one with
    (1, 2, 3, 7),
)
NOT_DOUBTFUL = (
    (1,),
    (1, 2, 3, 4, 5, 6, 8),  # no Thursday yet
    (2, 4, 6),  # every other day
    (7, 14),  # once a week: due, not doubtful
    (5, 6, 7),  # has stopped
    (),
)


def test_who_delivers_on_most_days_is_doubtful():
    for days in DOUBTFUL:
        assert doubtful_partners(THURSDAY, back(*days)) == ["acme"], days
    for days in NOT_DOUBTFUL:
        assert doubtful_partners(THURSDAY, back(*days)) == [], days
