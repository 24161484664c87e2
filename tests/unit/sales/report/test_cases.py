"""Every case of `cases` is a report that can be read: page one is one page, and has the day's figures."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from pypdf import PdfReader

from ecommerce.sales.report import charts, document
from ecommerce.sales.report.texts import page_texts
from tests.unit.sales.report import cases


@pytest.mark.parametrize("name", cases.CASES)
def test_a_case_is_laid_out(name, tmp_path):
    figures = cases.CASES[name]()
    document.write(figures, tmp_path)
    pages = [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(tmp_path / document.PDF).pages]
    texts = page_texts(figures)

    assert texts["long_day"] in pages[0]
    assert "All definitions: docs/DEFINITIONS.md." in pages[0], "its last line is on page one"
    for tile in (*texts["tiles"], *texts["small_tiles"]):
        assert tile["label"] in pages[0]
        assert tile["value"] in pages[0]
        assert tile["change"]["words"] in pages[0]
    for notice in texts["notices"]:
        assert notice["title"] in pages[0]
    for finding in texts["findings"]:
        assert finding in pages[0]
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page

    everything = " ".join(pages)
    for section in texts["sections"]:
        for row in (
            section["rows"] if section["id"] in ("figures", "outlook", "restatements", "totals") else ()
        ):
            for cell in row:
                assert cell in everything
    assert "\u200b" not in everything, "what is copied has characters that nobody sees"
    _assert_margins_are_white(tmp_path / document.PREVIEW)
    drawn = {path.name for path in tmp_path.iterdir()} - {document.PDF, document.PREVIEW}
    assert drawn == {*texts["charts"], charts.TREND_PNG}


def _assert_margins_are_white(preview):
    page = Image.open(preview).convert("L")
    margin = round(page.width * 15 / 210)  # millimetres of an A4 page
    left = page.crop((0, 0, margin, page.height))
    right = page.crop((page.width - margin, 0, page.width, page.height))
    assert left.getextrema() == right.getextrema() == (255, 255)
