"""The quality of a day: which warnings a report has, and how it words them."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest

from ecommerce.core.data_warnings import data_warning, wording
from ecommerce.core.settings import load_settings
from ecommerce.sales.days.quality import (
    SourceQuality,
    collected_warnings,
    quality_of,
)
from ecommerce.sales.report.figures.quality import website_warnings
from ecommerce.sales.report.figures.website import Tracked, Website
from tests.rows import column_of
from tests.unit.sales.report.samples import DAY, archived, before
from tests.unit.sales.report.texts.answers import Answers

CHECK = {
    "kind": "check",
    "found": "1 currency has no exchange rate (for example JPY on 2026-11-19)",
    "meaning": "the amounts are in no sum",
    "action": "wait for the rate",
    "weight": 3,
}
UNREAD = data_warning("columns_not_read", file="acme.csv", columns="mood")
SOURCE = dict.fromkeys(SourceQuality.model_fields)
SOURCE |= {"source": "partner_files", "status": "success"}


@pytest.fixture
def quality(monkeypatch):
    """Return the quality of a day from the rows that its queries return by their names."""
    monkeypatch.setenv("REFUND_LOOKBACK_DAYS", "9")
    monkeypatch.setenv("RECONCILE_DAYS", "21")

    def quality_with(loaded=(), **rows):
        def query(path, **_):
            if path.endswith("daily_runs.sql"):
                return [{"business_date": day} for day in loaded]
            return []

        warehouse = SimpleNamespace(settings=load_settings(), query=query)
        rows = {"first_export": [{"first_exported": None}]} | rows
        return quality_of(Answers.of(warehouse=warehouse, **rows))

    return quality_with


def test_the_worst_warning_comes_first_and_each_once():
    quiet = {**CHECK, "found": "quiet", "weight": 1}
    new = data_warning("note", text="something new")
    found = collected_warnings(DAY, [quiet, new, CHECK, new, CHECK])
    assert found == [CHECK, new, quiet]


def test_a_check_of_later_days_alone_is_left_out():
    later = {**CHECK, "days": ["2026-11-20"]}
    both = {**CHECK, "days": ["2026-11-18", "2026-11-20"]}
    assert collected_warnings(DAY, [later, both]) == [both]


def test_addresses_are_masked():
    absent = data_warning("no_delivery", partner="ann@example.com", day="2026-11-19")
    (masked,) = collected_warnings(DAY, [absent])
    assert wording(masked).found == "<e-mail> has delivered no file for 2026-11-19"


def test_refused_files_and_stored_warnings_of_files(quality):
    refused = {"file": "acme_2026-11-19.csv", "detail": "no header", "warning": None}
    nothing = {"file": None, "detail": None, "is_loaded": False}
    rows = [
        nothing | {"warning": json.dumps(UNREAD)},
        refused | {"is_loaded": True},
        refused | {"is_loaded": False},
    ]
    found = quality(file_warnings=rows)
    assert [file.is_loaded for file in found.refused_files] == [True, False]
    assert {file.partner for file in found.refused_files} == {"acme"}
    kinds = set(column_of(found.warnings, "kind"))
    assert kinds == {"columns_not_read", "new_version_refused", "file_refused"}


@pytest.mark.parametrize(
    ("file", "partners"),
    [("acme_2026-11-19.csv", ["bolt"]), ("acme_2026-11-18.csv", ["acme", "bolt"])],
)
def test_a_partner_whose_file_was_refused_has_no_second_warning(
    quality, file, partners
):
    missing = ["storefront", "partner_files: acme", "partner_files: bolt"]
    row = {"file": file, "detail": "x", "is_loaded": False, "warning": None}
    found = quality(today={"missing_sources": missing}, file_warnings=[row])
    absent = []
    for warning in found.warnings:
        if warning["kind"] == "no_delivery":
            absent.append(warning["partner"])
    assert absent == partners


def test_exports_that_were_loaded_in_part(quality):
    row = {"source": "old_shop", "run_id": "manual", "orders": 1200, "rows_read": 20}
    whole = row | {"rows_rejected": 0, "reasons": None}
    part = row | {"rows_rejected": 2, "reasons": "2 missing_value"}
    words = []
    for warning in quality(history_loads=[whole, part]).warnings:
        words.append(wording(warning).found)
    beginning = "old_shop: the run manual loaded an export of 1,200 orders"
    rejected = f"{beginning}; 2 of its 20 rows were rejected (2 missing_value)"
    assert words == [rejected, beginning]


@pytest.mark.parametrize(
    ("loaded", "missing"),
    [
        ([], []),
        ([DAY], []),
        ([DAY, before(3)], [before(2), before(1)]),
        ([DAY, before(400)], [before(back) for back in range(28, 0, -1)]),
    ],
)
def test_days_without_run_are_missing_only_after_the_first_one_ever_loaded(
    quality, loaded, missing
):
    found = quality(loaded)
    assert found.missing_days == missing
    command = None
    if missing:
        command = f"make backfill FROM={missing[0]} TO={before(1)}"
    assert found.fill_command == command


def test_the_limits_are_those_of_the_sources_in_use(quality, snapshot):
    off = SOURCE | {"source": "sales_db", "status": "off"}
    assert quality(sources=[SOURCE, off]).limits == []
    sources = ("sales_db", "storefront", "partner_files")
    rows = [SOURCE | {"source": source} for source in sources]
    assert "\n".join(quality(sources=rows).limits) == snapshot


def broken(**changes):
    """A full website of which only 61 of 98 orders are matched."""
    values = {
        "source": "storefront",
        "orders": 98,
        "seen": 61,
        "usual": Decimal("0.962"),
    }
    site = archived("full").website
    return site.model_copy(update={"tracked": [Tracked(**values | changes)]})


def website_words(site):
    return [wording(warning) for warning in website_warnings(site, DAY)]


def test_a_day_whose_events_are_not_loaded_has_a_warning():
    assert website_words(None) == []
    (warning,) = website_words(Website())
    assert f"FROM={DAY} TO={DAY}" in warning.action


@pytest.mark.parametrize(
    ("orders", "seen", "usual", "alarms"),
    [
        (98, 95, "0.962", False),
        (98, 61, "0.962", True),
        (98, 80, "0.962", False),
        (100, 76, "0.96", False),
        (100, 75, "0.96", True),
        (10, 0, "0.962", True),
        (9, 0, "0.962", False),
        (98, 61, None, False),
    ],
)
def test_when_tracking_is_broken(orders, seen, usual, alarms):
    """20 points below the usual share, of ten orders or more."""
    site = broken(orders=orders, seen=seen, usual=usual and Decimal(usual))
    assert bool(website_words(site)) is alarms


def test_broken_tracking_is_a_bad_warning():
    (warning,) = website_words(broken(orders=100, seen=0, usual=Decimal("0.95")))
    words = (
        "web events match only 0 of 100 orders of Storefront (0.0 %, usually 95.0 %)"
    )
    assert (warning.found, warning.weight) == (words, 3)
