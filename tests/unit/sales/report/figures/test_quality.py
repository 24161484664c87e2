"""Warnings: which of them a report has, and how it words them."""

import json
from string import Formatter

from ecommerce.core.data_warnings import (
    data_warning,
    sentence,
    wording,
    wordings,
)
from ecommerce.sales.report.figures.quality import (
    RefusedFile,
    collected_warnings,
    export_warnings,
    file_warnings,
    no_delivery_warnings,
)
from ecommerce.sales.report.view.quality_tables import other_days, warning_rows
from tests.unit.sales.report.samples import DAY

CHECK = {
    "kind": "check",
    "found": "1 currency has no exchange rate (for example JPY on 2026-11-19)",
    "meaning": "the amounts are in no sum",
    "action": "wait for the rate",
    "weight": 3,
}
UNREAD = data_warning("columns_not_read", file="acme.csv", columns="mood")


def packed(day):
    return data_warning("unknown_status", orders=10, day=day, status="packed")


def test_the_worst_comes_first_and_each_once():
    quiet, new = (
        {**CHECK, "found": "quiet", "weight": 1},
        data_warning("note", text="something new"),
    )
    assert collected_warnings(DAY, [quiet, new, CHECK], [new, CHECK]) == [
        CHECK,
        new,
        quiet,
    ]


def test_warnings_of_the_day_come_first_and_others_with_their_day():
    """A report of 19 November, by a run that loaded orders of other days."""
    aed = {
        **CHECK,
        "found": "1 currency has no rate (for example AED on 2026-11-09)",
        "days": ["2026-11-09"],
    }
    later = {**aed, "found": "a day later", "days": ["2026-11-20"]}
    both = {**aed, "found": "two days", "days": ["2026-11-18", "2026-11-20"]}
    no_day = data_warning("misnamed_file", file="x_2026-02-30.csv")
    warnings = collected_warnings(
        DAY, [packed("2026-11-17"), packed("2026-11-19"), aed, aed, later, both, no_day]
    )
    assert [cells[0] for cells in warning_rows(warnings, DAY)] == [
        '10 orders have the status "packed", which order_status.sql does not list',
        "x_2026-02-30.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz, or its day is "
        "in the future",
    ]
    assert other_days(warnings, DAY) == [
        "Wed 18 Nov and Fri 20 Nov: two days",
        'Tue 17 Nov: 10 orders have the status "packed", which order_status.sql does not list',
        "Mon 9 Nov: 1 currency has no rate (for example AED on 2026-11-09)",
    ]


def test_warnings_about_many_days_are_a_short_list():
    days = [f"2026-10-{day:02}" for day in range(1, 13)]
    lines = other_days([{**CHECK, "found": day, "days": [day]} for day in days], DAY)
    assert (lines[0], lines[-1]) == ("Mon 12 Oct: 2026-10-12", "2 more in figures.json")
    (line,) = other_days([{**CHECK, "days": days}], DAY)
    assert line.startswith("Thu 1 Oct, Fri 2 Oct, Sat 3 Oct and 9 more days: ")


COUNTS = {"orders", "files", "late_days", "entries", "former", "removed", "before"}
COUNTS |= {"matched", "rows", "rejected", "events"}


def test_the_words_of_every_warning(snapshot):
    lines = []
    for kind, words in wordings().items():
        text = " ".join(words[:3])
        names = {name for _, name, *_ in Formatter().parse(text) if name}
        fields = {name: 1200 if name in COUNTS else f"<{name}>" for name in names}
        lines += [f"{kind}:", *wording(data_warning(kind, **fields))[:3], ""]
    assert "\n".join(lines) == snapshot


def test_refused_files_and_stored_warnings_file_warnings():
    refused = {"file": "acme_2026-11-19.csv", "detail": "no header"}
    nothing = {"file": None, "detail": None, "is_loaded": False}
    rows = [
        nothing | {"warning": json.dumps(UNREAD)},
        refused | {"warning": None, "is_loaded": True},
        refused | {"warning": None, "is_loaded": False},
    ]
    assert file_warnings(rows) == [
        UNREAD,
        {"kind": "new_version_refused"} | refused,
        {"kind": "file_refused"} | refused,
    ]


def test_a_partner_whose_file_was_refused_has_no_second_warning():
    missing = ["storefront", "partner_files: acme", "partner_files: bolt"]
    file = RefusedFile(file="acme_2026-11-19.csv", detail="x", is_loaded=False)
    (warning,) = no_delivery_warnings(DAY, missing, [file])
    assert warning == {"kind": "no_delivery", "partner": "bolt", "day": "2026-11-19"}
    other_day = file.model_copy(update={"file": "acme_2026-11-18.csv"})
    assert len(no_delivery_warnings(DAY, missing, [other_day])) == 2


def test_exports_that_were_loaded_in_part():
    row = {"source": "old_shop", "run_id": "manual", "orders": 1200, "rows_read": 20}
    whole = row | {"rows_rejected": 0, "reasons": None}
    part = row | {"rows_rejected": 2, "reasons": "2 missing_value"}
    words = [sentence(warning) for warning in export_warnings([whole, part])]
    beginning = "old_shop: the run manual loaded an export of 1,200 orders"
    assert words[0].startswith(f"{beginning}: ")
    rejected = "2 of its 20 rows were rejected (2 missing_value)"
    assert words[1].startswith(f"{beginning}; {rejected}")


def test_addresses_are_masked():
    absent = data_warning("no_delivery", partner="ann@example.com", day="2026-11-19")
    (masked,) = collected_warnings(DAY, [absent])
    assert wording(masked).found == "<e-mail> has delivered no file for 2026-11-19"
