"""Warnings: what was found, what it means, what to do."""

from __future__ import annotations

import pytest

from ecommerce.core.text import clean
from ecommerce.sales.report.quality import page_texts
from ecommerce.sales.report.remarks import DOUBTFUL, HARMLESS, WRONG, Remark, remarks
from tests.unit.sales.report.samples import make_figures

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
            "1 order(s) have the status lost, which order_status.sql does not list: they count as no sale",
            "1 order(s) have the status lost, which order_status.sql does not list",
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
