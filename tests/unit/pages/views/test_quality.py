from datetime import UTC, datetime, timedelta

import pytest

from ecommerce.core.text import NOTHING
from ecommerce.pages.views.quality import DAYS, ago
from ecommerce.sources import SOURCES
from tests.unit.pages.made_up import (
    FakeWarehouse,
    day,
    delivered,
    quality_rows,
    rejected,
)
from tests.unit.pages.reading import part, text_of


@pytest.fixture
def page(client):
    return client.get("/quality/").text


def test_each_source_has_a_mark_for_each_day(page):
    strips = page.partition('<table class="strips">')[2].partition("</table>")[0]
    assert strips.count('<a class="mark') == len(SOURCES) * DAYS
    assert "2026-11-12 failed" in text_of(strips)
    assert "2026-11-12 late" in text_of(strips)
    assert "2026-11-19 differs" in text_of(strips)
    assert strips.count("not read") >= 4 * 10


def test_control_totals_that_differ_are_listed(page):
    words = part(page, "differences")
    assert (
        "Thu 19 Nov Partner files 120 118 25.00 EUR orders or amounts of the source are lost"
        in words
    )
    assert (
        f"Thu 12 Nov Partner files 120 120 {NOTHING} no valid file from alpenmarkt"
        in words
    )
    assert "Thu 12 Nov Storefront" in words
    assert "Wed 18 Nov" not in words


def test_rejected_rows_come_by_reason_and_masked(page):
    words = part(page, "rejected")
    first = (
        "Partner files Invalid number 3 "
        "alpenmarkt_2026-11-19.csv, line 17; order P-1001 unit_price: twelve"
    )
    assert f"{first} a number such as 12.50" in words
    assert (
        "Storefront Invalid quantity 1 order 8812 quantity: -2 a quantity above zero"
        in words
    )


def test_an_address_in_a_file_name_or_detail_is_masked_too(open_pages):
    rows = quality_rows() | {
        "rejected": [
            rejected(
                "partner_files",
                "x",
                1,
                file="ann@example.com.csv",
                detail="sku = ann@example.com",
            )
        ]
    }
    page = open_pages(warehouse=FakeWarehouse(rows=rows)).get("/quality/").text
    assert "&lt;e-mail&gt;" in page
    assert "ann@" not in page


def test_what_lies_in_the_partner_folder_and_is_not_read_is_listed(
    open_pages, monkeypatch, tmp_path
):
    late = "old_2026-11-11.csv"
    for name in (
        "acme_2026-11-19.csv",
        ".bolt_2026-11-19.csv.part",
        "bolt_2026-02-30.csv",
        late,
    ):
        (tmp_path / name).write_text("")
    monkeypatch.setenv("PARTNER_DROP_URI", f"file://{tmp_path}")
    words = part(open_pages().get("/quality/").text, "partners")
    assert "bolt_2026-02-30.csv was not read: its name is not" in words
    assert (
        "1 other entry of the partner folder was not read: .bolt_2026-11-19.csv.part"
        in words
    )
    assert "acme_2026-11-19.csv" not in words
    command = "make backfill FROM=2026-11-11 TO=2026-11-11 AGAIN=1"
    assert (
        f"1 file for an older day has not been loaded, the first is {late}: {command}"
        in words
    )


def test_freshness_of_sources_and_partners(page):
    assert "Sales database 2026-11-20 11:00:03 UTC 89 min Thu 19 Nov" in part(
        page, "freshness"
    )
    assert f"Exchange rates {NOTHING} {NOTHING} never read" in part(page, "freshness")
    words = part(page, "partners")
    assert (
        "alpenmarkt alpenmarkt_2026-11-19.csv 2026-11-19 23:00:00 UTC 13 h 20 delivered"
        in words
    )
    assert (
        "northwind northwind_2026-11-18.csv 2026-11-18 23:00:00 UTC 37 h 20 missing"
        in words
    )


def test_open_restatements_show_the_change(page):
    assert (
        "Tue 17 Nov Net sales 18,716.13 20,373.40 +8.9 % 13 orders loaded late from the file of alpenmarkt"
        in part(page, "restated")
    )


def test_without_anything_wrong_every_part_says_so(open_pages):
    words = text_of(open_pages(warehouse=FakeWarehouse(rows={})).get("/quality/").text)
    assert "None since Fri 23 Oct." in words
    assert "no mailed figure has changed" in words


def test_without_warehouse_the_page_says_why(open_pages):
    answer = open_pages(warehouse=None).get("/quality/")
    assert answer.status_code == 200
    assert "BigQuery cannot be reached." in answer.text


def test_everything_is_asked_for_28_days_only_and_who_is_due_as_the_daily_run_does(
    open_pages,
):
    spans = {}

    class Watched(FakeWarehouse):
        def query(self, path, **given):
            if "day" in given:
                spans[path.rpartition("/")[2]] = given.get("first"), given["day"]
            return super().query(path, **given)

    open_pages(warehouse=Watched(rows=quality_rows())).get("/quality/")
    shown = (day(19) - timedelta(days=DAYS - 1), day(19))
    assert spans == {
        "rejected.sql": shown,
        "control_totals.sql": shown,
        "currency_totals.sql": shown,
        "deliveries.sql": (day(19) - timedelta(days=28), day(19)),
        # What the next day's report would list.
        "restatements.sql": (None, day(20)),
    }


def test_a_partner_that_delivered_four_weeks_ago_is_due_as_for_the_daily_run(
    open_pages,
):
    class Asked(FakeWarehouse):
        def query(self, path, **given):
            rows = super().query(path, **given)
            if path.endswith("pages/deliveries.sql"):
                return [
                    row
                    for row in rows
                    if given["first"] <= row["business_date"] <= given["day"]
                ]
            return rows

    rows = quality_rows()
    weekly = [
        delivered("weekly", day(19) - timedelta(weeks=weeks)) for weeks in (1, 3, 4)
    ]
    words = part(
        open_pages(warehouse=Asked(rows=rows | {"deliveries": weekly}))
        .get("/quality/")
        .text,
        "partners",
    )
    assert words.endswith("20 missing")


def test_ages_are_told_in_one_unit():
    hour = timedelta(hours=1)
    assert [ago(hour * hours) for hours in (-1, 0.5, 7, 47, 72)] == [
        "0 min",
        "30 min",
        "7 h",
        "47 h",
        "3 days",
    ]


def test_until_the_daily_run_is_due_a_partner_is_not_read_yet_and_not_missing(
    open_pages,
):
    rows = quality_rows()
    rows["control_totals"] = [
        row for row in rows["control_totals"] if row["business_date"] != day(19)
    ]
    early = datetime(2026, 11, 20, 10, 59, tzinfo=UTC)
    warehouse = FakeWarehouse(rows=rows)
    words = part(
        open_pages(warehouse=warehouse, now=early).get("/quality/").text, "partners"
    )
    assert words.endswith("20 not read yet")
    assert part(
        open_pages(warehouse=warehouse).get("/quality/").text, "partners"
    ).endswith("20 missing")
    read = FakeWarehouse(rows=quality_rows())
    assert part(
        open_pages(warehouse=read, now=early).get("/quality/").text, "partners"
    ).endswith("20 missing")
