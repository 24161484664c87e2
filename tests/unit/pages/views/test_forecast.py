"""The page *Forecast*."""

import shutil

from ecommerce.forecast.report import archive
from tests.unit.pages.reading import lines_of, part


def test_the_newest_forecast_and_the_one_before(client, snapshot):
    for path in ("/forecast/", "/forecast/2026-11-09/"):
        lines = lines_of(client.get(path).text).splitlines()
        assert "\n".join(lines[:40]) == snapshot
    page = client.get("/forecast/").text
    assert 'href="../forecast/" aria-current="page">Forecast<' in page
    words = part(page, "coming")
    assert "Mon 16 Nov" in words
    assert "Sun 13 Dec" in words


def test_files_have_their_type_and_are_saved_under_a_name_that_says_what_they_are(
    client,
):
    for name, media_type in archive.FILES.items():
        answer = client.get(f"/forecast/2026-11-16/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == media_type
        shown = name == "page-1.png" or name.endswith(".svg")
        saved = (
            None
            if shown
            else f'attachment; filename="sales-forecast-2026-11-16-{name}"'
        )
        assert answer.headers.get("content-disposition") == saved


def test_before_the_first_forecast_the_page_says_what_makes_one(client, reports):
    shutil.rmtree(reports / "forecasts")
    answer = client.get("/forecast/")
    assert answer.status_code == 200
    sentence = (
        "the DAG weekly_sales_forecast makes one when all days of a week are loaded."
    )
    assert f"There is no forecast yet: {sentence}" in answer.text
