"""The page *Forecast*."""

import shutil

from tests.unit.differences import differences
from tests.unit.forecast.report.test_texts import SAMPLES
from tests.unit.pages.reading import lines_of


def test_the_page(client, reports, snapshot):
    """That of an ordinary week, and what differs in others."""
    file = reports / "forecasts/2026-11-16/figures.json"
    pages = []
    for make in SAMPLES:
        file.write_text(make().model_dump_json())
        page = lines_of(client.get("/forecast/").text)
        pages.append(differences(page, pages[0]) if pages else page)
    assert "\n\n".join(pages) == snapshot


def test_an_older_forecast_leads_to_the_newest(client, snapshot):
    lines = lines_of(client.get("/forecast/2026-11-09/").text).splitlines()
    assert "\n".join(lines[:10]) == snapshot


def test_before_the_first_forecast_the_page_says_what_makes_one(client, reports):
    shutil.rmtree(reports / "forecasts")
    answer = client.get("/forecast/")
    assert answer.status_code == 200
    sentence = (
        "the DAG weekly_sales_forecast makes one when all days of a week are loaded."
    )
    assert f"There is no forecast yet: {sentence}" in answer.text
