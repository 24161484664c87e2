"""The PDF of a period: its pages, nothing is cut off, and names are printed and never evaluated."""

import re

import pytest
from pypdf import PdfReader

from ecommerce.sales.periods import build
from ecommerce.sales.periods.texts.page import page_texts
from tests.unit.sales.periods import samples
from tests.unit.sales.report.readable import page_one

pytestmark = pytest.mark.slow
MOST_PAGES = {"day": 1, "week": 3, "month": 4}


def document_of(figures, folder):
    """Return the texts, the words of each page, and the metadata of the document."""
    texts = page_texts(figures)
    build.write_document(figures, texts, folder)
    document = PdfReader(folder / "report.pdf")
    pages = [re.sub(r"\s+", " ", page.extract_text()) for page in document.pages]
    return texts, pages, document.metadata


def unknown_week():
    """Return a week that is not loaded."""
    unknown = {"net_sales": None, "complete": False, "forecast": None}
    days = [day.model_copy(update=unknown) for day in samples.week().days]
    return samples.week(days=days)


WORDS = {
    samples.week: ["Drivers"],
    samples.sliced_day: [
        "By country",
        "Germany 301 31,000.00 24,100.00 +28.6 %",
        "By channel",
        "By category",
        "Returns by reason",
    ],
    samples.first_week: [],
    samples.incomplete_week: ["Forecast Incomplete Not loaded"],
    samples.empty_week: [],
    samples.negative_week: [],
    samples.crowded_month: ["Pot <script>{{ 7 * 7 }} #box[x]", "W" * 10],
    unknown_week: ["Not loaded"],
}
"""What page one of each period has."""


@pytest.mark.parametrize("make", WORDS)
def test_a_period_is_laid_out(make, tmp_path, caplog):
    figures = make()
    texts, pages, metadata = document_of(figures, tmp_path)
    assert len(pages) <= MOST_PAGES[figures.kind]
    for words in (*page_one(texts), *WORDS[make], texts["slice"]):
        assert words in pages[0]
    # A day has no section but its breakdowns.
    sections = [] if figures.kind == "day" else texts["sections"]
    for section in sections:
        title = f"{section['title']} {section['note']}".strip()
        assert title in " ".join(pages)
    assert "All definitions: docs/DEFINITIONS.md." in pages[-1]
    assert metadata["/Title"] == texts["title"]
    assert metadata["/Author"] == "Daily sales pipeline"
    assert metadata["/Keywords"] == texts["day"]
    assert not caplog.messages, "it is PDF/A"


def test_the_name_of_a_country_is_in_full_beside_large_amounts(tmp_path):
    amounts = {"AE": ("1234567.80", "1224567.80"), "DE": ("1", "2")}
    figures = samples.week(countries=samples.rows_of(amounts))
    _, pages, _ = document_of(figures, tmp_path)
    assert "United Arab Emirates" in pages[0]
    assert "United Arab" in pages[1]
    assert "Emirates" in pages[1]
    assert "United Arab…" not in pages[1]


def test_a_long_day_has_a_second_page(tmp_path):
    crowded = samples.crowded_month()
    figures = samples.sliced_day(
        channels=crowded.channels,
        categories=crowded.categories,
        shops=samples.rows_of({f"s{number}": ("1", "2") for number in range(12)}),
    )
    _, pages, _ = document_of(figures, tmp_path)
    assert len(pages) == 2
    assert "22 others" not in pages[0]
    assert "21 others" in " ".join(pages)
