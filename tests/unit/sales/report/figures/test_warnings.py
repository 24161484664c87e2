"""Warnings: what was found, what it means, what to do."""

from __future__ import annotations

import pytest

from ecommerce.core.text import clean
from ecommerce.sales.report.figures.warnings import DOUBTFUL, HARMLESS, WRONG, Remark, remarks, until
from ecommerce.sales.report.view.notices import page_texts
from tests.unit.sales.report.samples import DAY, make_figures

CHECK = {
    "found": "1 currency has no exchange rate (for example JPY on 2026-11-19)",
    "meaning": "the amounts are in no sum",
    "action": "wait for the rate",
    "weight": WRONG,
}


def test_the_worst_comes_first_and_each_once():
    quiet = {**CHECK, "found": "quiet", "weight": HARMLESS}
    found = remarks([quiet, "something new", CHECK, "something new", CHECK])
    assert [(each.found, each.weight) for each in found] == [
        (CHECK["found"], WRONG),
        ("something new", DOUBTFUL),
        ("quiet", HARMLESS),
    ]


def test_the_page_has_three_parts():
    warnings = remarks([CHECK, "acme.csv has columns that are not read: mood"])
    assert page_texts(make_figures(warnings=warnings))["warnings"] == [
        [CHECK["found"], "The amounts are in no sum", "Wait for the rate"],
        [
            "acme.csv has columns that are not read: mood",
            "No figure lacks anything",
            "Name in ORDER_ATTRIBUTES what reports should know of them",
        ],
    ]


def test_warnings_of_the_day_come_first_and_others_with_their_day():
    """A report of 19 November, by a run that loaded orders of other days."""
    packed = "10 order(s) of {} have the status packed, which order_status.sql does not list: they count "
    packed += "as no sale"
    aed = {**CHECK, "found": "1 currency has no rate (for example AED on 2026-11-09)", "days": ["2026-11-09"]}
    later = {**aed, "found": "a day later", "days": ["2026-11-20"]}
    both = {**aed, "found": "two days", "days": ["2026-11-18", "2026-11-20"]}
    given = [
        packed.format("2026-11-17"),
        packed.format("2026-11-19"),
        aed,
        aed,
        later,
        both,
        "x_2026-02-30.csv",
    ]
    warnings = remarks(until(DAY, given))
    texts = page_texts(make_figures(warnings=warnings))
    assert [cells[0] for cells in texts["warnings"]] == [
        "10 order(s) of 2026-11-19 have the status packed, which order_status.sql does not list",
        "x_2026-02-30.csv",
    ]
    assert texts["other_warnings"] == [
        "Wed 18 Nov: two days",
        "Tue 17 Nov: 10 order(s) of 2026-11-17 have the status packed, which order_status.sql does not list",
        "Mon 9 Nov: 1 currency has no rate (for example AED on 2026-11-09)",
    ]


def test_warnings_about_many_days_are_a_short_list():
    days = [f"2026-10-{day:02}" for day in range(1, 13)]
    texts = page_texts(
        make_figures(warnings=remarks([{**CHECK, "found": day, "days": [day]} for day in days]))
    )
    assert texts["other_warnings"][0] == "Mon 12 Oct: 2026-10-12"
    assert texts["other_warnings"][-1] == "2 more in figures.json"
    every = remarks([{**CHECK, "days": days}])
    assert page_texts(make_figures(warnings=every))["other_warnings"] == [
        f"Thu 1 Oct, Fri 2 Oct, Sat 3 Oct and 9 more days: {CHECK['found']}"
    ]


@pytest.mark.parametrize(
    ("sentence", "found", "weight"),
    [
        ("acme_2026-11-19.csv was not loaded and will be tried again: its header lacks sku", None, WRONG),
        ("alpenmarkt has delivered no file for 2026-11-19", None, WRONG),
        ("a.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz", None, WRONG),
        (
            "2 file(s) came more than 7 days late and were not read, the first is a_2026-02-15.csv: "
            "make backfill FROM=2026-02-15 TO=2026-02-20",
            "2 file(s) came more than 7 days late and were not read, the first is a_2026-02-15.csv",
            WRONG,
        ),
        (
            "3 storefront order(s) have refunds that the storefront does not hand out: "
            "the figures lack these refunds",
            "3 storefront order(s) have refunds that the storefront does not hand out",
            WRONG,
        ),
        (
            "1 order(s) of 2026-11-19 have the status lost, which order_status.sql does not list: they count "
            "as no sale",
            "1 order(s) of 2026-11-19 have the status lost, which order_status.sql does not list",
            WRONG,
        ),
        ("no exchange rate was published in the 10 days before 2026-11-19", None, WRONG),
        (
            "a.csv: 1 order(s) have lines that differ in status, currency, time, customer or country; "
            "what the line with the lowest number says was taken (for example order P1)",
            "a.csv: 1 order(s) have lines that differ in status, currency, time, customer or country "
            "(for example order P1)",
            DOUBTFUL,
        ),
        ("storefront sales stay uncategorised: 403", "storefront sales stay uncategorised", DOUBTFUL),
    ],
)
def test_what_extracts_and_transforms_say_is_known(sentence, found, weight):
    remark = Remark.model_validate(sentence)
    assert (remark.found, remark.weight) == (found or sentence, weight)
    assert remark.meaning
    assert remark.action


def test_a_command_in_a_sentence_is_what_to_do():
    late = "1 file(s) came more than 7 days late and were not read, the first is a: make backfill FROM=1 TO=1"
    assert Remark.model_validate(late).action == "run their days once more: make backfill FROM=1 TO=1"


def test_addresses_are_masked():
    (found,) = remarks(["ann@example.com has delivered no file for 2026-11-19"])
    assert clean(found.found) == "<e-mail> has delivered no file for 2026-11-19"


def test_warnings_of_an_archived_report_of_before_can_be_read():
    stored = make_figures(warnings=[]).to_json().replace('"warnings": []', '"warnings": ["one is odd"]')
    assert type(make_figures()).model_validate_json(stored).quality.warnings == [Remark(found="one is odd")]
