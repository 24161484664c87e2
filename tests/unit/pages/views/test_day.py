import re

import pytest

from ecommerce.core import text
from ecommerce.core.errors import ConfigurationError
from ecommerce.pages import day_status
from ecommerce.sales.report import archive
from ecommerce.sales.report.view.page import page_texts
from tests.unit.pages.made_up import (
    VIEWER,
    FakeRuns,
    FakeWarehouse,
    archive_figures_alone,
    day,
    day_state,
)
from tests.unit.pages.reading import part, row, text_of
from tests.unit.sales.report.samples import crowded, empty_day, make_figures


@pytest.mark.parametrize("made", [make_figures, crowded, empty_day])
def test_the_page_says_all_that_the_report_says(client, reports, made):
    figures = made()
    archive_figures_alone(reports, figures)
    (reports / "2026-11-19" / "report.pdf").write_bytes(b"%PDF-")
    page = client.get("/2026-11-19/").text
    words = text_of(page)
    texts = text.in_report_locale(page_texts)(figures)
    for tile in (*texts["tiles"], *texts["small_tiles"]):
        assert f"{tile['label']} {tile['value']}" in words
    assert "Annex: details and data quality All figures" in words
    for section in texts["sections"]:
        shown = part(page, section["id"])
        for cell in (cell for cells in section["rows"] for cell in cells):
            assert " ".join(cell.split()) in shown
        if not section["rows"]:
            assert section["empty"] in shown


def test_charts_are_pictures_with_words(client):
    page = client.get("/2026-11-19/").text
    assert re.search(r'<img src="trend.svg" alt="[^"]{10}', page)


def test_a_restated_day_shows_both_figures(client):
    words = text_of(client.get("/2026-11-17/").text)
    assert "Net sales: 18,716.13 → 20,373.40 USD (+8.9 %)" in words
    assert "Changed since the report was mailed" not in client.get("/2026-11-16/").text


def test_a_day_leads_to_its_run_its_files_its_neighbours_and_its_month(client):
    page = client.get("/2026-11-17/").text
    run = "../../dags/daily_sales_pipeline/runs/scheduled__2026-11-18T11%3A00%3A00%2B00%3A00"
    for address in (
        run,
        "../2026-11-16/",
        "../2026-11-18/",
        "../?month=2026-11",
        "report.pdf",
        "figures.csv",
    ):
        assert f'href="{address}"' in page
    assert (
        'rel="next"' not in client.get("/2026-11-19/").text
    )  # the next one has not ended


def test_files_are_saved_under_a_name_that_says_what_they_are(client):
    for name, media_type in archive.FILES.items():
        if name not in (
            "report.pdf",
            "figures.csv",
            "figures.json",
            "page-1.png",
            "trend.svg",
        ):
            continue
        answer = client.get(f"/2026-11-19/{name}")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (
            200,
            media_type,
        )
        saved = answer.headers.get("content-disposition")
        shown = name.endswith((".png", ".svg"))
        assert saved == (
            None if shown else f'attachment; filename="sales-report-2026-11-19-{name}"'
        )


def test_figures_of_another_version_leave_the_picture_of_page_one(client, reports):
    (reports / "2026-11-19" / "figures.json").write_text("{}")
    page = client.get("/2026-11-19/").text
    assert '<img class="page" src="page-1.png"' in page
    assert 'href="report.pdf"' in page


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (25, "has not ended yet"),
        (9, "has not built its report"),
        (2, "make backfill FROM=2026-11-02 TO=2026-11-02"),
    ],
)
def test_a_day_without_report_says_why_and_leads_back(client, number, words):
    answer = client.get(f"/{day(number)}/")
    assert answer.status_code == 404
    assert words in answer.text
    assert 'href="../?month=2026-11"' in answer.text


def test_only_who_may_trigger_sees_buttons(open_pages):
    assert "Build again" in open_pages().get("/2026-11-17/").text
    assert "<form" not in open_pages(VIEWER).get("/2026-11-17/").text


def test_while_a_run_is_under_way_there_are_no_buttons(client):
    page = client.get("/2026-11-18/").text
    assert "<form" not in page
    assert "still running" in page


def test_who_may_not_see_runs_sees_none(open_pages):
    page = open_pages(runs=FakeRuns({})).get("/2026-11-17/").text
    assert "runs/" not in page


def test_only_required_sources_can_be_read_again(client):
    page = client.get("/2026-11-17/").text
    assert re.findall(r'<option value="(\w+)">', page) == ["sales_db", "storefront"]


def test_thumbnails_come_from_where_pictures_are_kept(
    client, reports, monkeypatch, tmp_path
):
    monkeypatch.setenv("PICTURES_URI", f"file://{tmp_path}/pictures")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n!")
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n?")
    uris = [
        f"file://{tmp_path}/{name}"
        for name in ("pictures/one.png", "secret.png", "pictures/../secret.png")
    ]
    figures = make_figures()
    pictured = [
        product.model_copy(update={"thumbnail": uri})
        for product, uri in zip(figures.products[:3], uris, strict=True)
    ]
    figures = figures.model_copy(
        update={"products": [*pictured, *figures.products[3:]]}
    )
    (reports / "2026-11-19" / "figures.json").write_text(
        figures.model_dump_json(indent=1)
    )
    assert 'src="products/0.png" alt=""' in client.get("/2026-11-19/").text
    assert client.get("/2026-11-19/products/0.png").content.endswith(b"!")
    assert [
        client.get(f"/2026-11-19/products/{number}.png").status_code
        for number in (1, 2, 3, -1)
    ] == [404] * 4


def test_no_run_means_no_buttons(open_pages):
    assert "<form" not in open_pages(runs=FakeRuns({})).get("/2026-11-17/").text


def test_a_day_is_incomplete_where_the_warehouse_says_so(open_pages):
    page = open_pages(
        warehouse=FakeWarehouse({day(19): day_state(day(19), complete=False)})
    )
    assert '<span class="pill incomplete">' in page.get("/2026-11-19/").text
    assert "Incomplete" in row(page.get("/").text, "Thu 19 Nov")


def test_a_day_that_was_completed_after_its_report_says_so(open_pages, reports):
    figures = make_figures()
    quality = figures.quality.model_copy(
        update={"complete": False, "empty_sources": ["storefront"]}
    )
    archive_figures_alone(reports, figures.model_copy(update={"quality": quality}))
    (reports / "2026-11-19" / "report.pdf").write_bytes(b"%PDF-")
    page = open_pages().get("/2026-11-19/").text
    assert '<span class="pill incomplete">' not in page
    assert "Complete now" in page
    assert "Complete now" not in open_pages().get("/2026-11-17/").text
    unreachable = open_pages(warehouse=None).get("/2026-11-19/").text
    assert '<span class="pill incomplete">' in unreachable


def test_the_day_and_the_ways_are_written_as_the_locale_does(client, monkeypatch):
    monkeypatch.setenv("REPORT_LOCALE", "de_DE")
    assert "<h1>Donnerstag, 19. November 2026</h1>" in client.get("/2026-11-19/").text
    older = client.get("/2026-10-01/").text
    assert "No report of Donnerstag, 1. Oktober 2026" in older
    assert ">Oktober 2026</a>" in older


def test_the_first_day_of_the_calendar_has_none_before(client):
    answer = client.get("/0001-01-01/")
    assert answer.status_code == 404
    assert 'rel="prev"' not in answer.text
    assert client.get("/9999-12-31/").status_code == 404


def test_an_unreadable_source_policy_costs_one_form_only(client, monkeypatch):
    def unreadable():
        raise ConfigurationError("the Variable source_policy is not JSON")

    monkeypatch.setattr(day_status, "source_policy", unreadable)
    page = client.get("/2026-11-17/")
    assert page.status_code == 200
    assert "Build again" in page.text
    assert 'action="read"' not in page.text
    assert "the Variable source_policy is not JSON." in page.text


def test_a_report_is_not_read_to_see_whether_it_is_there(client, monkeypatch):
    read = archive.read_file
    names = []
    monkeypatch.setattr(
        archive, "read_file", lambda *asked: names.append(asked[-1]) or read(*asked)
    )
    assert client.get("/2026-11-19/").status_code == 200
    assert "report.pdf" not in names
