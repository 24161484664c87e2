"""Every case of `cases` is a report that can be read: page one is one page, and has the day's figures."""

import re
from itertools import pairwise

import pytest
from PIL import Image
from pypdf import PdfReader

from ecommerce.core.text import written_in
from ecommerce.reporting import drawing, typesetting
from ecommerce.sales.report import archive, chart_files, plots
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report import cases

# Laid out like others, but for a word or a date.
ALIKE = {"loaded_for_ten_days", "partner_missing", "spring_forward", "fall_back"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in ALIKE))
        for name in cases.CASES
    ],
)
def test_a_case_is_laid_out(name, tmp_path):
    figures = cases.CASES[name]()
    archive.write_document(figures, tmp_path)
    pdf = tmp_path / archive.PDF
    pages = [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(pdf).pages]
    texts = page_texts(figures)

    assert texts["long_day"] in pages[0]
    assert "All definitions: docs/DEFINITIONS.md." in pages[0], (
        "its last line is on page one"
    )
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
            section["rows"]
            if section["id"] in ("figures", "outlook", "restatements", "totals")
            else ()
        ):
            for cell in row:
                assert cell in everything
    assert "\u200b" not in everything, "what is copied has characters that nobody sees"
    if name == "big_shop":  # its words are long, and not as wide as a page
        annex = {
            each["id"]: {
                word for row in each["rows"] for cell in row for word in cell.split()
            }
            for each in texts["sections"]
        }
        for part in ("products", "categories", "warnings", "rejects"):
            assert [
                word for word in annex[part] if word not in everything.split()
            ] == []
    assert [
        round(each, 2) for each in typesetting.fills(pdf.read_bytes()) if each < 1 / 3
    ] == []
    _assert_margins_are_white(tmp_path / archive.PREVIEW)
    drawn = {path.name for path in tmp_path.iterdir()} - {archive.PDF, archive.PREVIEW}
    assert drawn == {*texts["charts"], chart_files.TREND_PNG}


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize("locale", ["en_US", "de_CH", "pt_BR", "ru_RU", "ja_JP", "ar"])
def test_the_labels_of_axes_stand_side_by_side_and_inside_the_drawing_in_every_locale(
    locale, times
):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figures = cases.normal()
    days = [
        each.model_copy(update={"net_sales": (each.net_sales or 0) * times})
        for each in figures.trend
    ]
    coming = [
        each.model_copy(
            update={
                name: getattr(each, name) * times for name in ("lower_80", "upper_80")
            }
        )
        for each in figures.outlook.days
    ]
    outlook = figures.outlook.model_copy(update={"days": coming})
    figures = figures.model_copy(update={"trend": days, "outlook": outlook})
    for draw in (plots.outlook, plots.trend):
        with written_in(locale), drawing.style():
            figure = draw(figures)
            figure.set_dpi(600)  # finer than the hinting of letters
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            axes, inside = figure.axes[0], figure.bbox
            dates, amounts = (
                [label.get_window_extent(canvas.get_renderer()) for label in labels]
                for labels in (axes.get_xticklabels(), axes.get_yticklabels())
            )
            dates.sort(key=lambda box: box.x0)
            assert all(left.x1 < right.x0 for left, right in pairwise(dates))
            for box in (*dates, *amounts):
                assert box.x0 >= inside.x0
                assert box.y0 >= inside.y0
                assert box.x1 <= inside.x1 + 1


def _assert_margins_are_white(preview):
    page = Image.open(preview).convert("L")
    margin = round(page.width * 15 / 210)  # millimetres of an A4 page
    left = page.crop((0, 0, margin, page.height))
    right = page.crop((page.width - margin, 0, page.width, page.height))
    assert left.getextrema() == right.getextrema() == (255, 255)
