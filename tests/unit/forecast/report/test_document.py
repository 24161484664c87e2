"""The PDF and its chart."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from ecommerce.forecast.report import archive, charts
from ecommerce.reporting import drawing
from ecommerce.reporting.archive import PREVIEW
from tests.unit.forecast.report.samples import (
    ALL_DAYS,
    day,
    history,
    make_figures,
    names,
    rows,
)

JAPANESE = "日本の急須と茶碗のとても長い名前" * 12
NASTY = (
    "Kitchen " + "elaborate " * 19,
    "W" * 200,
    JAPANESE,
    "=HYPERLINK(1) #set text(red) $x$ *b*",
    "Toys",
)


def nasty_and_crowded():
    """Sixty series, some with nasty names, that drift, after a week with missing days."""
    categories = [*NASTY, *(f"Category {number:02}" for number in range(28))]
    series = names(categories, 25)
    gone = {day(-50), day(-20)}
    return make_figures(
        series,
        complete=ALL_DAYS[:-7],
        forecasts=rows(history(series), bias=1.3),
        unknown=gone,
        gaps=sorted(gone),
    )


def pages_of(folder):
    """The texts of the PDF's pages; spaces are squeezed."""
    pages = []
    for page in PdfReader(folder / archive.PDF).pages:
        text = page.extract_text().replace("\u200b", "")
        pages.append("\n".join(re.sub(r"\s+", " ", line) for line in text.splitlines()))
    return pages


def test_the_document_of_an_ordinary_week(tmp_path, snapshot):
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
        archive.write_document(make_figures(), folder)
    for name in (archive.PDF, PREVIEW, charts.SVG, charts.NARROW_SVG, charts.PNG):
        first, again = ((folder / name).read_bytes() for folder in folders)
        assert first == again, name
    assert "\n\n".join(pages_of(folders[0])) == snapshot


@pytest.mark.parametrize(
    "make", [nasty_and_crowded, lambda: make_figures(forecasts=[])], ids=["all", "none"]
)
def test_any_figures_have_a_document(make, tmp_path):
    archive.write_document(make(), tmp_path)
    pages = pages_of(tmp_path)
    assert "Promotions in the next four weeks" in pages[1], "page one is one page"
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "as of 2026-11-16" in page
    for name in (charts.SVG, charts.NARROW_SVG):
        root = ElementTree.parse(tmp_path / name).getroot()
        assert root.findall(".//{http://www.w3.org/2000/svg}use")
    preview = Image.open(tmp_path / PREVIEW).convert("L")
    margin = round(preview.width * 15 / 210)  # millimetres of an A4 page
    for left in (0, preview.width - margin):
        strip = preview.crop((left, 0, left + margin, preview.height))
        assert strip.getextrema() == (255, 255), "nothing is printed into the margins"
    if make is nasty_and_crowded:
        text = re.sub(r"\s", "", "".join(pages[1:]))
        for name in NASTY:
            if name != JAPANESE:  # which a machine without its font prints as boxes
                assert name.replace(" ", "") in text


ALL_ENTRIES = [
    "Sales",
    "Forecast in force",
    "Outside 80 %",
    "Outside 95 %",
    "Forecast",
    "80 % interval",
    "95 % interval",
]


@pytest.mark.parametrize(
    ("figures", "entries"),
    [
        (make_figures(), ALL_ENTRIES),
        (
            make_figures(past=False),
            ["Sales", "Forecast", "80 % interval", "95 % interval"],
        ),
        (make_figures(forecasts=[]), ["Sales"]),
    ],
)
def test_the_chart_explains_what_it_shows(figures, entries):
    with drawing.style():
        axes = charts.chart(figures).axes[0]
    labels = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert labels == entries
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert ticks[:5] == [
        "Mon 21 Sep",
        "Mon 5 Oct",
        "Mon 19 Oct",
        "Mon 2 Nov",
        "Mon 16 Nov",
    ]


def test_the_chart_shows_sales_forecasts_and_marks_on_their_days():
    figures = make_figures(unknown={day(-50), day(-20)})
    with drawing.style():
        axes = charts.chart(figures).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    sales = lines["Sales"]
    assert sales.get_xdata().tolist() == list(range(-56, 0))
    assert np.flatnonzero(np.isnan(sales.get_ydata())).tolist() == [6, 36]
    assert sales.get_ydata()[-1] == float(figures.past[-1].actual)
    coming = lines["Forecast"]
    assert coming.get_xdata().tolist() == list(range(28))
    assert coming.get_ydata()[0] == float(figures.total.days[0].expected.forecast)
    in_force = lines["Forecast in force"]
    assert in_force.get_ydata()[-1] == float(figures.past[-1].expected.forecast)
    assert lines["Outside 80 %"].get_xdata()[-1] == -5
    assert lines["Outside 95 %"].get_xdata()[-1] == -3
