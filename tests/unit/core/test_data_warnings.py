"""The wordings of data warnings, as users read them."""

from datetime import date
from string import Formatter

import pytest

from ecommerce.core.data_warnings import (
    CHECK,
    Wording,
    days_of,
    sentence,
    sentences,
    wording,
    wordings,
)


@pytest.mark.parametrize("kind", wordings())
def test_a_wording_is_complete_for_one_thing_and_for_many(kind):
    words = wordings()[kind]
    assert words.weight in (1, 2, 3)
    names = set()
    for text in words[:3]:
        names.update(name for _, name, _, _ in Formatter().parse(text) if name)
    for count in (1, 1234):
        fields = dict.fromkeys(names, count) | {"source": "shop"}
        found, *more, _ = wording({"kind": kind, **fields})
        text = " ".join([found, *more])
        assert found
        assert not set("{|}") & set(text)
        assert "1234" not in text, "has no thousands separator"


@pytest.mark.parametrize(
    ("count", "found"),
    [
        (1, "1 order of the storefront is"),
        (1234, "1,234 orders of the storefront are"),
    ],
)
def test_a_count_chooses_the_form_of_its_words(count, found, monkeypatch):
    words = "{n} {n:order|orders} of the {source} {n:is|are}"
    monkeypatch.setitem(wordings(), "example", Wording(words, "", "", 1))
    warning = {"kind": "example", "n": count, "source": "storefront"}
    assert wording(warning).found == sentence(warning) == found


def test_a_sentence_has_what_was_found_and_what_it_means_once():
    check = {"kind": CHECK, "found": "A", "meaning": "b", "action": "c", "weight": 2}
    assert wording(check) == ("A", "b", "c", 2)
    other = check | {"found": "B", "meaning": ""}
    assert sentences([check, other, check]) == ["A: b", "B"]


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({"day": "2026-11-19"}, [19]),
        ({"days": ["2026-11-20", "2026-11-18", "2026-11-20"]}, [18, 20]),
        ({"file": "acme_2026-11-17.csv.gz"}, [17]),
        ({"file": "acme_12026-11-17.csv", "day": None}, []),
        ({"day": "yesterday"}, []),
        ({"day": "2026-02-30"}, []),
    ],
)
def test_the_days_of_a_warning(fields, days):
    assert days_of(fields) == [date(2026, 11, day) for day in days]
