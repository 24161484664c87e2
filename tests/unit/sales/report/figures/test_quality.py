"""Warnings: which of them a report has, and how it words them."""

import json
from string import Formatter

import pytest

from ecommerce.core.data_warnings import (
    HARMLESS,
    WRONG,
    data_warning,
    days_of,
    sentence,
    sentences,
    wording,
    wordings,
)
from ecommerce.sales.report.figures.quality import (
    collected_warnings,
    export_warnings,
    file_warnings,
)
from ecommerce.sales.report.view.quality_tables import other_days, warning_rows
from tests.unit.sales.report.samples import DAY

CHECK = {
    "kind": "check",
    "found": "1 currency has no exchange rate (for example JPY on 2026-11-19)",
    "meaning": "the amounts are in no sum",
    "action": "wait for the rate",
    "weight": WRONG,
}
UNREAD = data_warning("columns_not_read", file="acme.csv", columns="mood")


def packed(day: str) -> dict:
    return data_warning("unknown_status", orders=10, day=day, status="packed")


def test_the_worst_comes_first_and_each_once():
    quiet, new = (
        {**CHECK, "found": "quiet", "weight": HARMLESS},
        data_warning("note", text="something new"),
    )
    assert collected_warnings(DAY, [quiet, new, CHECK], [new, CHECK]) == [
        CHECK,
        new,
        quiet,
    ]


def test_the_page_has_three_parts():
    assert warning_rows(collected_warnings(DAY, [CHECK, UNREAD]), DAY) == [
        [CHECK["found"], "The amounts are in no sum", "Wait for the rate"],
        [
            "acme.csv has columns that are not read: mood",
            "No figure is affected",
            "Name the columns that reports should use in ORDER_ATTRIBUTES",
        ],
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
        "x_2026-02-30.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
    ]
    assert other_days(warnings, DAY) == [
        "Wed 18 Nov and Fri 20 Nov: two days",
        'Tue 17 Nov: 10 orders have the status "packed", which order_status.sql does not list',
        "Mon 9 Nov: 1 currency has no rate (for example AED on 2026-11-09)",
    ]


def test_warnings_about_many_days_are_a_short_list():
    days = [f"2026-10-{day:02}" for day in range(1, 13)]
    lines = other_days([{**CHECK, "found": day, "days": [day]} for day in days], DAY)
    assert lines[0] == "Mon 12 Oct: 2026-10-12"
    assert lines[-1] == "2 more in figures.json"
    assert other_days([{**CHECK, "days": days}], DAY) == [
        f"Thu 1 Oct, Fri 2 Oct, Sat 3 Oct and 9 more days: {CHECK['found']}"
    ]


@pytest.mark.parametrize("kind", wordings())
def test_every_wording_can_be_filled_and_travels_as_json(kind):
    fields = {
        name
        for words in wordings()[kind][:3]
        for _, name, *_ in Formatter().parse(words)
        if name
    }
    warning = data_warning(kind, **dict.fromkeys(fields, 2))
    assert "{" not in "".join(wording(warning)[:3])
    assert wording(json.loads(json.dumps(warning))) == wording(warning)
    if fields:
        with pytest.raises(KeyError):
            data_warning(kind)


def test_counts_choose_the_form_of_a_word():
    one, many = (
        data_warning("orders_withheld", source="storefront", orders=orders)
        for orders in (1, 1200)
    )
    counts = "the source storefront counts"
    assert (
        sentence(one)
        == f"{counts} 1 more order than it returns: the figures lack these orders"
    )
    assert wording(many).found == f"{counts} 1,200 more orders than it returns"
    assert sentences([many, many]) == [sentence(many)]


def test_a_warning_archived_without_its_source_can_be_worded():
    action = wording({"kind": "refunds_withheld", "orders": 2}).action
    assert action.endswith("make repair DAY=<day> SOURCE=<source> reads them again")


def test_the_days_of_a_warning_are_its_own_or_those_of_its_file():
    assert [str(day) for day in days_of(packed("2026-11-17"))] == ["2026-11-17"]
    assert [str(day) for day in days_of({**UNREAD, "file": "acme_2026-11-12.csv"})] == [
        "2026-11-12"
    ]
    assert days_of(UNREAD) == []


def test_refused_files_and_stored_warnings_file_warnings():
    refused = {
        "warning": None,
        "file": "acme_2026-11-19.csv",
        "detail": "no header",
        "is_loaded": True,
    }
    stored = {
        "warning": json.dumps(UNREAD),
        "file": None,
        "detail": None,
        "is_loaded": False,
    }
    assert file_warnings([stored, refused]) == [
        UNREAD,
        {
            "kind": "new_version_refused",
            "file": "acme_2026-11-19.csv",
            "detail": "no header",
        },
    ]


def test_exports_that_were_loaded_in_part():
    row = {
        "source": "old_shop",
        "run_id": "manual",
        "orders": 1200,
        "rows_read": 20,
        "rows_rejected": 0,
    }
    (whole,) = export_warnings([{**row, "reasons": None}])
    (part,) = export_warnings(
        [{**row, "rows_rejected": 2, "reasons": "2 missing_value"}]
    )
    assert sentence(whole).startswith(
        "old_shop: the run manual loaded an export of 1,200 orders: "
    )
    assert "; 2 of its 20 rows were rejected (2 missing_value)" in sentence(part)


def test_addresses_are_masked():
    absent = data_warning("no_delivery", partner="ann@example.com", day="2026-11-19")
    (masked,) = collected_warnings(DAY, [absent])
    assert wording(masked).found == "<e-mail> has delivered no file for 2026-11-19"
