import shutil

from ecommerce.core.text import NOTHING
from ecommerce.forecast.report import archive
from tests.unit.pages.reading import part, text_of


def test_the_newest_forecast_comes_first_and_leads_to_the_one_before(client):
    page = client.get("/forecast/").text
    assert "<h1>Forecast 16 Nov to 13 Dec 2026</h1>" in page
    assert 'href="../forecast/2026-11-09/" rel="prev"' in page
    assert 'href="2026-11-16/forecast.pdf"' in page
    older = client.get("/forecast/2026-11-09/").text
    assert 'href="../../forecast/2026-11-16/" rel="next"' in older
    assert 'href="forecast.pdf"' in older


def test_the_page_has_four_weeks_what_came_and_the_models_card(client):
    page = client.get("/forecast/").text
    assert "143,546 USD gross sales expected, +" in text_of(page)
    assert "Canvas bag (TEX-003)" in part(page, "series")
    coming = part(page, "coming")
    assert coming.count(f" {NOTHING} ") >= 56
    assert "Sun 13 Dec" in coming
    assert "Thu 24 Sep" in part(page, "past")
    assert "outside the 95 % interval" in part(page, "last-week")
    assert "blend" in part(page, "card")
    assert "Error of the naive forecast" in text_of(page)


def test_its_files_are_served_by_fixed_names(client):
    for name, media_type in archive.FILES.items():
        answer = client.get(f"/forecast/2026-11-16/{name}")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (
            200,
            media_type,
        )


def test_figures_of_another_version_leave_the_picture(client, reports):
    (reports / "forecasts" / "2026-11-16" / "figures.json").write_text("{}")
    assert 'src="2026-11-16/page-1.png"' in client.get("/forecast/").text


def test_before_the_first_forecast_the_page_says_what_makes_one(client, reports):
    shutil.rmtree(reports / "forecasts")
    answer = client.get("/forecast/")
    assert answer.status_code == 200
    assert "weekly_sales_forecast" in answer.text
