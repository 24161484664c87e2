"""The PDF of a period: its pages, nothing is cut off, and names are printed and never evaluated."""

import re

import pytest
from pypdf import PdfReader

from ecommerce.sales.periods import build
from ecommerce.sales.periods.texts.page import page_texts
from tests.unit.sales.periods import samples

pytestmark = pytest.mark.slow
MOST_PAGES = {"day": 2, "week": 3, "month": 4}


def pages_of(figures, folder):
    """Return the words of each page, and the metadata of the document."""
    build.write_document(figures, page_texts(figures), folder)
    document = PdfReader(folder / "report.pdf")
    words = [re.sub(r"\s+", " ", page.extract_text()) for page in document.pages]
    return words, document


@pytest.mark.parametrize("make", samples.EVERY)
def test_a_period_is_laid_out(make, tmp_path, caplog):
    figures = make()
    texts = page_texts(figures)
    pages, document = pages_of(figures, tmp_path)
    first = pages[0]
    assert len(pages) <= MOST_PAGES[figures.kind]
    assert texts["long_day"] in first
    assert texts["slice"] in first
    assert " ".join(texts["summary"]["sentences"]) in first
    trust = texts["summary"]["trust"]
    assert f"{trust['label']} {trust['words']}" in first
    for tile in (*texts["tiles"], *texts["small_tiles"]):
        assert tile["label"] in first
        assert tile["value"] in first
    assert "All definitions: docs/DEFINITIONS.md." in pages[-1]
    assert document.metadata["/Title"] == texts["title"]
    assert document.metadata["/Author"] == "Daily sales pipeline"
    assert document.metadata["/Keywords"] == texts["day"]
    assert not caplog.messages, "it is PDF/A"


def test_a_week_has_every_section(tmp_path):
    pages, _ = pages_of(samples.week(), tmp_path)
    sections = page_texts(samples.week())["sections"]
    for part in sections:
        title = f"{part['title']} {part['note']}".strip()
        assert title in " ".join(pages), title
    for title in ("Net sales by day", "Target and forecast", "Drivers", "Top products"):
        assert title in pages[0]
    files = {path.name for path in tmp_path.iterdir()}
    charts = {part["chart"]["file"] for part in sections if part["chart"]}
    assert files == {"report.pdf", "page-1.png", "days.png", *charts}


def test_the_name_of_a_country_is_in_full_beside_large_amounts(tmp_path):
    amounts = {"AE": ("1234567.80", "1224567.80"), "DE": ("1", "2")}
    figures = samples.week(countries=samples.rows_of(amounts))
    pages, _ = pages_of(figures, tmp_path)
    assert "United Arab Emirates" in pages[0]
    assert "United Arab" in pages[1]
    assert "Emirates" in pages[1]
    assert "United Arab…" not in pages[1]


def test_a_day_of_a_slice_is_one_page_with_its_names(tmp_path):
    pages, _ = pages_of(samples.sliced_day(), tmp_path)
    assert len(pages) == 1
    for title in ("By country", "By channel", "By category", "Returns by reason"):
        assert title in pages[0]
    assert "Germany 301 31,000.00 24,100.00 +28.6 %" in pages[0]
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


def test_a_long_day_has_a_second_page(tmp_path):
    crowded = samples.crowded_month()
    figures = samples.sliced_day(
        channels=crowded.channels,
        categories=crowded.categories,
        shops=samples.rows_of({f"s{number}": ("1", "2") for number in range(12)}),
    )
    pages, _ = pages_of(figures, tmp_path)
    assert len(pages) == 2
    assert "22 others" not in pages[0]
    assert "21 others" in " ".join(pages)


def test_names_are_printed_and_never_evaluated(tmp_path):
    pages, _ = pages_of(samples.crowded_month(), tmp_path)
    assert "Pot <script>{{ 7 * 7 }} #box[x]" in " ".join(pages)
    assert "W" * 10 in pages[0]


def test_days_that_are_not_complete_are_drawn(tmp_path):
    pages, _ = pages_of(samples.incomplete_week(), tmp_path)
    assert "Forecast Incomplete Not loaded" in pages[0]
    days = [
        day.model_copy(update={"net_sales": None, "complete": False, "forecast": None})
        for day in samples.week().days
    ]
    pages, _ = pages_of(samples.week(days=days), tmp_path)
    assert "Not loaded" in pages[0]
