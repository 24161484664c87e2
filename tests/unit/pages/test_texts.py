"""What the pages say, in reviewed snapshots, and the addresses they lead to."""

import shutil
from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.core import text
from ecommerce.pages.runs import Run
from ecommerce.sales.report.texts.page import page_texts
from tests.unit.pages.made_up import (
    RUNS,
    FakeRuns,
    FakeWarehouse,
    archive_figures_alone,
    day,
    day_state,
    day_states,
    quality_rows,
    rejected,
)
from tests.unit.pages.reading import check_report, lines_of, row
from tests.unit.sales.report.samples import make_figures

EARLY = datetime(2026, 11, 20, 10, 59, tzinfo=UTC)
"""A minute before the daily run of the 19th is due."""


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?month=2026-10",
        "/2026-11-02/",
        "/2026-11-09/",
        "/2026-11-25/",
        "/2026-13-45/",
        "/quality/",
        "/nowhere/at/all",
    ],
)
def test_a_page(client, path, snapshot):
    assert lines_of(client.get(path).text) == snapshot


@pytest.mark.parametrize("number", [16, 17, 18, 19])
def test_what_frames_the_report_of_a_day(client, number, snapshot):
    """The heading, what changed since the mail, the run and its forms."""
    page = lines_of(client.get(f"/2026-11-{number}/").text)
    head, _, report = page.partition("\nNet sales\n")
    run = report.rpartition("\nRun\n")[2]
    assert f"{head}\n…\n{run}" == snapshot


def test_the_report_of_a_day_has_every_section_with_its_rows(client):
    check_report(client.get("/2026-11-19/").text, page_texts(make_figures()))


@pytest.mark.parametrize("path", ["/", "/2026-11-19/", "/quality/"])
def test_a_page_without_warehouse(open_pages, path, snapshot):
    lines = lines_of(open_pages(warehouse=None).get(path).text).splitlines()
    assert "\n".join(lines[:40]) == snapshot


def test_data_quality_without_anything_wrong(open_pages, snapshot):
    page = open_pages(warehouse=FakeWarehouse(rows={})).get("/quality/").text
    assert lines_of(page).partition("[#differences]")[2] == snapshot


def test_months_and_weekdays_are_written_as_the_locale_does(
    client, monkeypatch, snapshot
):
    monkeypatch.setenv("REPORT_LOCALE", "de_DE")
    assert lines_of(client.get("/?month=2026-05").text) == snapshot
    assert "<h1>Donnerstag, 19. November 2026</h1>" in client.get("/2026-11-19/").text
    assert "No report of Donnerstag, 1. Oktober 2026" in client.get("/2026-10-01/").text


@pytest.mark.parametrize(
    ("number", "lacks", "words"),
    [
        (19, {"empty_sources": ["storefront"]}, "✕ Storefront"),
        (19, {"missing_sources": ["partner_files: acme"]}, "✕ acme"),
        (19, {}, "Incomplete"),
        (20, {"missing_sources": ["storefront"]}, "In progress"),
    ],
)
def test_the_status_of_a_day(open_pages, number, lacks, words):
    state = day_state(day(number), complete=False, **lacks)
    client = open_pages(warehouse=FakeWarehouse({day(number): state}))
    shown = row(client.get("/").text, text.short_day(day(number)))
    assert words in shown
    assert ("Incomplete" in shown) == (number == 19)
    assert ("✕" in shown) == ("✕" in words)


def test_a_mailed_day_stays_so_without_its_run_and_its_archive(open_pages, reports):
    shutil.rmtree(reports / "2026-11-18")
    state = day_state(day(18), mail_count=1)
    client = open_pages(runs=FakeRuns({}), warehouse=FakeWarehouse({day(18): state}))
    assert "Mailed" in row(client.get("/").text, text.short_day(day(18)))


@pytest.mark.parametrize("synced", [True, False])
def test_until_its_daily_run_is_due_the_newest_day_is_awaited(
    open_pages, reports, synced
):
    shutil.rmtree(reports / "2026-11-19")
    days = day_states()
    del days[day(19)]
    if synced:
        days[day(19)] = day_state(
            day(19), complete=False, missing_sources=("sales_db",)
        )
    runs = FakeRuns(dict(RUNS))
    del runs.runs[day(19)]
    warehouse = FakeWarehouse(days, {})
    early = open_pages(runs=runs, warehouse=warehouse, now=EARLY)
    page = early.get("/").text
    assert "Not yet run" in row(page, "Thu 19 Nov")
    assert "✕" not in row(page, "Thu 19 Nov")
    assert "Missing" in row(page, "Mon 9 Nov")
    words = "the run of a day begins on the morning after it"
    assert words in early.get("/2026-11-19/").text
    night = open_pages(now=datetime(2026, 11, 20, 4, 59, tzinfo=UTC))
    assert 'rel="next"' not in night.get("/2026-11-18/").text, "the 19th has not ended"
    due = EARLY + timedelta(minutes=1)
    late = open_pages(runs=runs, warehouse=warehouse, now=due)
    assert "Not yet run" not in late.get("/").text
    runs.runs[day(19)] = Run("manual__x", "running")
    words = "A run of this day is under way and builds its report."
    assert words in late.get("/2026-11-19/").text


def test_months_up_to_that_of_the_newest_day(open_pages, reports):
    days = {date(2016, 11, 3): day_state(date(2016, 11, 3))} | day_states()
    client = open_pages(warehouse=FakeWarehouse(days))
    older = client.get("/?month=2016-11").text
    assert "No report" in row(older, "Thu 3 Nov")
    assert 'href="?month=2016-12" rel="next"' in older
    shutil.rmtree(reports)
    empty = FakeWarehouse({}, {})
    nothing = open_pages(runs=FakeRuns({}), warehouse=empty).get("/").text
    assert "No report has been built yet. The DAG daily_sales_pipeline" in nothing


def test_figures_of_another_version_leave_the_picture_of_page_one(
    client, open_pages, reports
):
    (reports / "2026-11-19" / "figures.json").write_text('{"is": "older"}')
    page = client.get("/2026-11-19/").text
    assert '<img class="page" src="page-1.png"' in page
    assert 'href="report.pdf"' in page
    listed = open_pages(warehouse=None).get("/").text
    assert row(listed, "Thu 19 Nov").startswith(f"Thu 19 Nov ○ Report {text.NOTHING}")


def test_a_day_that_was_completed_after_its_report_says_so(open_pages, reports):
    figures = make_figures()
    incomplete = {"complete": False, "empty_sources": ["storefront"]}
    quality = figures.quality.model_copy(update=incomplete)
    archive_figures_alone(reports, figures.model_copy(update={"quality": quality}))
    (reports / "2026-11-19" / "report.pdf").write_bytes(b"%PDF-")
    client = open_pages()
    page = client.get("/2026-11-19/").text
    assert '<span class="pill incomplete">' not in page
    assert "Complete now" in page
    assert "Changed since the report was mailed" not in page
    other_day = client.get("/2026-11-17/").text
    assert "Complete now" not in other_day
    assert "Changed since the report was mailed" in other_day


def test_what_comes_from_data_is_escaped_and_masked(open_pages):
    address = "ann@example.com"
    row_of = rejected(
        "storefront",
        "<b>x</b>",
        1,
        file=f"{address}.csv",
        detail=f"<i> = {address}",
        raw="<script>",
    )
    nasty = day_state(
        day(19), complete=False, missing_sources=("<script>alert(1)</script>",)
    )
    warehouse = FakeWarehouse(
        {day(19): nasty}, rows=quality_rows() | {"rejected": [row_of]}
    )
    client = open_pages(warehouse=warehouse)
    quality = client.get("/quality/").text
    assert "&lt;e-mail&gt;" in quality
    assert "ann@" not in quality
    for page in (
        quality,
        client.get("/").text,
        client.get("/2026-11-17/?restarted=<script>").text,
    ):
        assert "<b>" not in page
        assert "<script" not in page


def test_each_query_reads_its_days_only(open_pages):
    warehouse = FakeWarehouse(rows=quality_rows())
    client = open_pages(warehouse=warehouse)
    client.get("/quality/")
    for name in ("rejected", "control_totals", "deliveries"):
        asked = warehouse.asked[name]
        assert (asked["first"], asked["day"]) == (date(2026, 10, 23), day(19))
    # What the next day's report would list.
    assert warehouse.asked["restated_figures"]["report_day"] == day(20)
    client.get("/?month=2026-02")
    month = {"first": date(2026, 2, 1), "day": date(2026, 2, 28)}
    assert warehouse.asked["figures"] == warehouse.asked["mailed_figures"] == month
