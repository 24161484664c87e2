import json
import shutil
from datetime import UTC, date, datetime

import pytest

from ecommerce.core.text import MINUS, NOTHING
from ecommerce.pages.views.calendar import shifted
from ecommerce.sales.report import archive
from tests.unit.pages import made_up
from tests.unit.pages.made_up import FakeRuns, FakeWarehouse, day, day_state
from tests.unit.pages.reading import cell, row, text_of
from tests.unit.sales.report.samples import crowded


def test_the_list_shows_the_current_figure_of_a_day_that_changed(client):
    page = client.get("/").text
    assert row(page, "Tue 17 Nov").startswith(
        "Tue 17 Nov ✓ Mailed Δ Restated 20,373.40 214"
    )
    assert "Restated" not in row(page, "Thu 19 Nov")


@pytest.mark.parametrize(
    ("number", "label"),
    [
        (3, "No report"),
        (8, "Report made"),
        (9, "Missing"),
        (12, "Incomplete"),
        (14, "Failed"),
        (16, "Corrected"),
        (18, "Running"),
        (19, "Mailed"),
    ],
)
def test_every_status_stands_in_calendar_list_and_legend(client, number, label):
    page = client.get("/").text
    assert label in cell(page, number)
    assert label in row(page, f"{day(number):%a} {number} Nov")
    assert label in text_of(
        page.partition('<ul class="legend"')[2].partition("</ul>")[0]
    )


def test_the_list_says_which_source_or_partner_is_missing(client):
    assert "without Storefront, alpenmarkt" in row(client.get("/").text, "Thu 12 Nov")


def test_a_source_that_brought_no_order_is_named(open_pages):
    empty = day_state(day(19), complete=False, empty_sources=("storefront",))
    found = row(
        open_pages(warehouse=FakeWarehouse({day(19): empty})).get("/").text,
        "Thu 19 Nov",
    )
    assert "Incomplete" in found
    assert "no orders from Storefront" in found


def test_a_day_that_is_not_over_lacks_nothing(open_pages):
    begun = day_state(day(20), complete=False, missing_sources=("storefront",))
    found = row(
        open_pages(warehouse=FakeWarehouse({day(20): begun})).get("/").text,
        "Fri 20 Nov",
    )
    assert "In progress" in found
    assert "without" not in found


def test_without_warehouse_the_archive_is_shown_and_said_to_be_old(open_pages):
    page = open_pages(warehouse=None).get("/").text
    assert "The warehouse is unavailable: BigQuery cannot be reached." in page
    assert row(page, "Thu 19 Nov").startswith("Thu 19 Nov ○ Report 18,342.56 214")
    assert "Mailed" not in text_of(page)


def test_only_the_month_that_is_shown_is_looked_at(open_pages, reports, monkeypatch):
    asked = []

    class Watched(FakeWarehouse):
        def query(self, path, **given):
            asked.append((path, given))
            return super().query(path, **given)

    read = archive.read_figures
    monkeypatch.setattr(
        archive, "read_figures", lambda uri: asked.append(uri) or read(uri)
    )
    spans = []
    monkeypatch.setattr(
        "ecommerce.sales.day_state.load_day_states",
        lambda warehouse, first, last, required: (
            spans.append((first, last, *required))
            or made_up.load_day_states(warehouse, first, last, required)
        ),
    )
    page = open_pages(warehouse=Watched()).get("/", params={"month": "2026-10"}).text
    assert "<h1>October 2026</h1>" in page
    assert spans == [
        (date(2026, 10, 1), date(2026, 10, 31), "sales_db", "storefront")
    ], "required ones"
    assert asked == [("report/pages/loaded_days.sql", {})]
    assert "2026-11-19/" not in page


def test_ten_years_are_paged(open_pages):
    days = {date(2016, 11, 3): day_state(date(2016, 11, 3))} | made_up.day_states()
    client = open_pages(warehouse=FakeWarehouse(days))
    page = client.get("/").text
    assert [
        year for year in range(2010, 2030) if f'href="?month={year}-11"' in page
    ] == list(range(2016, 2027))
    assert 'href="?month=2026-10" rel="prev"' in page
    assert 'rel="next"' not in page
    older = client.get("/", params={"month": "2016-11"}).text
    assert "No report" in row(older, "Thu 3 Nov")
    assert 'href="?month=2016-12" rel="next"' in older


def test_the_page_begins_with_the_newest_month_that_has_days(open_pages):
    days = {date(2026, 3, 2): day_state(date(2026, 3, 2))}
    page = (
        open_pages(runs=FakeRuns({}), warehouse=FakeWarehouse(days, {})).get("/").text
    )
    assert "<h1>November 2026</h1>" in page  # the archive has days of it
    assert (
        "<h1>March 2026</h1>"
        in open_pages(warehouse=FakeWarehouse(days)).get("/?month=2026-03").text
    )


def test_an_empty_shop_is_told_which_dag_makes_reports(open_pages, reports):
    shutil.rmtree(reports)
    page = open_pages(runs=FakeRuns({}), warehouse=FakeWarehouse({}, {})).get("/").text
    assert "No report has been built yet. The DAG daily_sales_pipeline" in page


def test_who_may_not_see_runs_sees_no_state_of_them(open_pages):
    page = open_pages(runs=FakeRuns({})).get("/").text
    assert "Failed" not in page
    assert "Running" not in page


def test_figures_of_another_version_are_left_out(open_pages, reports):
    (reports / "2026-11-19" / "figures.json").write_text(json.dumps({"is": "older"}))
    page = open_pages(warehouse=None).get("/").text
    assert row(page, "Thu 19 Nov").startswith(
        f"Thu 19 Nov ○ Report {NOTHING} {NOTHING}"
    )


def test_hostile_figures_do_not_break_the_list(open_pages, reports):
    made_up.archive_figures_alone(reports, crowded())
    page = open_pages(warehouse=None).get("/").text
    assert f"{MINUS}123,456,789,012" in page
    nasty = day_state(
        day(19), complete=False, missing_sources=("<script>alert(1)</script>",)
    )
    assert (
        "<script>"
        not in open_pages(warehouse=FakeWarehouse({day(19): nasty})).get("/").text
    )


def test_months_go_over_the_turn_of_the_year():
    assert shifted(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert shifted(date(2026, 12, 1), 1) == date(2027, 1, 1)


@pytest.mark.parametrize("number", [9, 14, 18])
def test_a_day_without_report_leads_to_its_page_which_says_what_to_do(
    open_pages, reports, number
):
    shutil.rmtree(reports / str(day(number)), ignore_errors=True)
    client = open_pages()
    page = client.get("/").text
    assert page.count(f'href="{day(number)}/"') == 2, "in the calendar and in the list"
    assert f"No report of {day(number):%A}" in client.get(f"/{day(number)}/").text


EARLY = datetime(2026, 11, 20, 10, 59, tzinfo=UTC)


@pytest.mark.parametrize("synced", [True, False])
def test_until_its_daily_run_is_due_the_newest_day_is_awaited_and_not_missing(
    open_pages, reports, synced
):
    shutil.rmtree(reports / "2026-11-19")
    days, runs = made_up.day_states(), dict(made_up.RUNS)
    del days[day(19)], runs[day(19)]
    if synced:
        days[day(19)] = day_state(
            day(19), complete=False, missing_sources=("sales_db",)
        )
    warehouse = FakeWarehouse(days, {})
    client = open_pages(runs=FakeRuns(runs), warehouse=warehouse, now=EARLY)
    page = client.get("/").text
    assert "Not yet run" in row(page, "Thu 19 Nov")
    assert "without" not in row(page, "Thu 19 Nov")
    assert "Missing" in row(page, "Mon 9 Nov")
    assert "it begins at 2026-11-20 11:00:00 UTC" in client.get("/2026-11-19/").text
    late = open_pages(runs=FakeRuns(runs), warehouse=warehouse).get("/").text
    assert "Not yet run" not in late


def test_a_run_made_by_hand_before_the_schedule_tells_how_the_day_stands(open_pages):
    assert "Mailed" in row(open_pages(now=EARLY).get("/").text, "Thu 19 Nov")


def test_months_and_weekdays_are_written_as_the_locale_does(client, monkeypatch):
    monkeypatch.setenv("REPORT_LOCALE", "de_DE")
    page = client.get("/").text
    assert '<abbr title="Donnerstag">Do</abbr>' in page
    assert '<abbr title="Oktober 2026">Okt</abbr>' in page
    assert "</span>Oktober 2026</a>" in page
    assert (
        "<title>Sales reports, Mai 2026</title>" in client.get("/?month=2026-05").text
    )
