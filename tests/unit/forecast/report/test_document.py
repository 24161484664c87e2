"""The PDF and its chart."""

import re

from PIL import Image
from pypdf import PdfReader

from ecommerce.forecast.report import archive, charts
from ecommerce.storage.report_archive import PREVIEW
from tests.unit.forecast.report.samples import (
    ALL_DAYS,
    day,
    history,
    make_figures,
    names,
    rows,
)

# A machine without its font prints it as boxes.
JAPANESE = "日本の急須と茶碗のとても長い名前" * 12
NASTY = (
    "Kitchen " + "elaborate " * 19,
    "W" * 200,
    "=HYPERLINK(1) #set text(red) $x$ *b*",
    "Toys",
)


def pages_of(folder):
    """The texts of the PDF's pages; spaces are squeezed."""
    pages = []
    for page in PdfReader(folder / archive.PDF).pages:
        text = page.extract_text().replace("\u200b", "")
        pages.append(re.sub(r"[^\S\n]+", " ", text))
    return pages


def test_the_document_of_an_ordinary_week(tmp_path, snapshot):
    archive.write_document(make_figures(), tmp_path)
    assert "\n\n".join(pages_of(tmp_path)) == snapshot
    before = (tmp_path / archive.PDF).read_bytes()
    archive.write_document(make_figures(), tmp_path)
    assert (tmp_path / archive.PDF).read_bytes() == before


def test_nasty_names_have_a_document(tmp_path):
    """Sixty series that drift, after a week with missing days."""
    ordinary = [f"Category {number:02}" for number in range(28)]
    series = names(
        [*NASTY, JAPANESE, *ordinary],
        25,
    )
    figures = make_figures(
        series,
        complete=ALL_DAYS[:-7],
        forecasts=rows(history(series), bias=1.3),
        unknown={day(-50)},
        gaps=[day(-50)],
    )
    archive.write_document(figures, tmp_path)
    pages = pages_of(tmp_path)
    check_layout(tmp_path, pages)
    text = re.sub(
        r"\s",
        "",
        "".join(pages[1:]),
    )
    for name in NASTY:
        assert name.replace(" ", "") in text


def test_no_forecast_has_a_document(tmp_path):
    archive.write_document(make_figures(forecasts=[]), tmp_path)
    check_layout(tmp_path, pages_of(tmp_path))


def check_layout(folder, pages):
    assert "Promotions in the next four weeks" in pages[1], "page one is one page"
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]
    preview = Image.open(folder / PREVIEW).convert("L")
    margin = round(preview.width * 15 / 210)  # millimetres of an A4 page
    strip = preview.crop(
        (
            preview.width - margin,
            0,
            *preview.size,
        )
    )
    assert strip.getextrema() == (255, 255), "nothing is printed into the margin"


def test_the_chart_shows_sales_forecasts_and_marks_on_their_days():
    figures = make_figures(unknown={day(-50), day(-20)})
    chart = charts.chart(figures)
    past = chart["past"]
    coming = chart["coming"]
    assert (len(past), len(coming)) == (56, 28)
    unknown = [place for place, shown in enumerate(past) if shown["actual"] is None]
    assert unknown == [6, 36]
    last = figures.past[-3]
    assert past[-3] == {
        "label": "Fri 13 Nov",
        "outside": 95,
        "actual": last.actual,
        "expected": last.expected.model_dump(),
    }
    first = figures.total.days[0].expected
    assert coming[0] == {"label": "Mon 16 Nov", "expected": first.model_dump()}
