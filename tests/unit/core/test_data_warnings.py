"""The wordings of data warnings, as users read them."""

from datetime import date
from string import Formatter

from ecommerce.core.data_warnings import days_of, wording, wordings


def fields_of(kind):
    fields = set()
    for words in wordings()[kind][:3]:
        fields.update(name for _, name, _, _ in Formatter().parse(words) if name)
    return fields


def test_warnings_of_one_thing_and_of_many(snapshot):
    report = []
    for kind in wordings():
        for count in (1, 1234):
            fields = dict.fromkeys(fields_of(kind), count) | {"source": "shop"}
            words = wording({"kind": kind, **fields})
            report += [f"{kind} ({words.weight})", *words[:3], ""]
    assert "\n".join(report) == snapshot


def test_the_days_of_a_warning():
    for fields, days in (
        ({"day": "2026-11-19"}, [19]),
        ({"days": ["2026-11-20", "2026-11-18", "2026-11-20"]}, [18, 20]),
        ({"file": "acme_2026-11-17.csv.gz"}, [17]),
        ({"file": "acme_12026-11-17.csv", "day": None}, []),
        ({"day": "yesterday"}, []),
    ):
        assert days_of(fields) == [date(2026, 11, day) for day in days]
