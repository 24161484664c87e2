import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pypdfium2
import pytest
from matplotlib.axes import Axes
from pypdf import PdfReader

from ecommerce.forecast.report import archive, charts
from ecommerce.forecast.report.figures import ForecastFigures
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


def axes_of(figures: ForecastFigures) -> Axes:
    """The axes of the chart, drawn within the style."""
    return charts.chart(figures).axes[0]


def ordinary() -> ForecastFigures:
    return make_figures()


def first_ever() -> ForecastFigures:
    return make_figures(past=False, warnings=[], promotions=())


def nasty() -> ForecastFigures:
    return make_figures(names(NASTY))


def crowded() -> ForecastFigures:
    """Sixty series that drift, after a week that is not all there."""
    series = names(tuple(f"Category {number:02}" for number in range(33)), 25)
    forecasts = rows(history(series), bias=1.3)
    gone = {day(-50), day(-20)}
    return make_figures(
        series,
        complete=ALL_DAYS[:-7],
        forecasts=forecasts,
        unknown=gone,
        gaps=sorted(gone),
    )


def too_young() -> ForecastFigures:
    return make_figures(forecasts=[])


def without_lead() -> ForecastFigures:
    return make_figures(unknown={day(-back) for back in range(1, 57, 7)})


EVERY = [ordinary, first_ever, nasty, crowded, too_young, without_lead]


@pytest.fixture(scope="module")
def written(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Callable[[], ForecastFigures]], Path]:
    """The folder of a report, made once per kind of figures."""

    @cache
    def write(make: Callable[[], ForecastFigures]) -> Path:
        folder = tmp_path_factory.mktemp("forecast")
        archive.write_document(make(), folder)
        return folder

    return write


@pytest.fixture(scope="module")
def pages(written) -> Callable[[Callable[[], ForecastFigures]], list[str]]:
    """The pages' texts of a report; spaces are squeezed."""

    @cache
    def read(make: Callable[[], ForecastFigures]) -> list[str]:
        return [
            re.sub(r"\s+", " ", page.extract_text().replace("\u200b", ""))
            for page in PdfReader(written(make) / archive.PDF).pages
        ]

    return read


def test_page_one_answers_the_executive(pages) -> None:
    for expected in (
        "16 Nov to 13 Dec 2026", "Gross sales in USD",
        "143,546 USD gross sales expected, +", "Canvas bag (TEX-003)", "Coming week",
        "vs a usual week", "Coming four weeks",
        "Usual week", "Last week: forecast vs actual", "Wed 11 Nov", "outside the 95 % interval",
        "Largest expected changes", "Toys", "Page 1 of",
    ):  # fmt: skip
        assert expected in pages(ordinary)[0]
    assert "Drift" not in pages(ordinary)[0]


@pytest.mark.parametrize("make", EVERY)
def test_page_one_is_one_page_and_every_page_says_day_and_number(pages, make) -> None:
    found = pages(make)
    assert "Promotions in the next four weeks" in found[1]
    for number, page in enumerate(found, start=1):
        assert f"Page {number} of {len(found)}" in page
        assert "as of 2026-11-16" in page


def test_without_a_first_sentence_the_tiles_follow_the_title(written) -> None:
    def distance(make: Callable[[], ForecastFigures]) -> float:
        with pypdfium2.PdfDocument(written(make) / archive.PDF) as document:
            text = document[0].get_textpage()
            title, tile = (
                text.search(words).get_next()
                for words in ("16 Nov to 13 Dec", "Coming week")
            )
            return text.get_charbox(title[0])[1] - text.get_charbox(tile[0])[3]

    assert 0 < distance(without_lead) < 25 < distance(ordinary)


def test_the_detail_can_be_read(pages) -> None:
    text = " ".join(pages(ordinary)[1:])
    for expected in (
        "14 Nov to 18 Nov 2026 Tea kettle (KIT-001) 15 %", "Whole shop 12.5 %", "Product, by week",
        "The forecast does not drift", "Sales database Channel",
        "No forecast of Lamp (new): fewer than 28 days of history",
        "1 of 40 rows cannot be used",
        "selected on 2026-11-02", "boosting 42.0 %", "scheduled__2026-11-16T11:00:00+00:00",
        "1f2e3d4c", "2026-11-16 11:04:05 UTC", "later days, net sales",
    ):  # fmt: skip
        assert expected in text


def test_the_first_forecast_says_what_there_is_not(pages) -> None:
    text = " ".join(pages(first_ever))
    for expected in (
        "No forecast was available for last week.", "No day that has ended had a forecast.",
        "No promotions are announced.",
    ):  # fmt: skip
        assert expected in text


def test_drift_and_what_is_missing_are_said_on_page_one(pages) -> None:
    assert "Drift In the last four weeks forecasts were" in pages(crowded)[0]
    assert "Incomplete Sales of Mon 9 Nov" in pages(crowded)[0]
    text = " ".join(pages(crowded))
    assert "2026-09-27 and 2026-10-27" in text
    assert all(f"Category {number:02} Category" in text for number in range(33))


def test_long_names_are_broken_not_cut_and_never_evaluated(pages) -> None:
    text = "".join(pages(nasty)[1:]).replace(" ", "")
    for name in NASTY:
        if name != JAPANESE:  # which a machine without its font prints as boxes
            assert name.replace(" ", "") in text


def test_nothing_is_printed_into_the_margins(written) -> None:
    from PIL import Image

    page = Image.open(written(nasty) / PREVIEW).convert("L")
    margin = round(page.width * 15 / 210)  # millimetres of an A4 page
    for box in (
        (0, 0, margin, page.height),
        (page.width - margin, 0, page.width, page.height),
    ):
        assert page.crop(box).getextrema() == (255, 255)


def test_the_same_figures_give_the_same_bytes(written, tmp_path: Path) -> None:
    archive.write_document(ordinary(), tmp_path)
    for name in (archive.PDF, PREVIEW, charts.SVG, charts.PNG):
        assert (written(ordinary) / name).read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("make", EVERY)
def test_the_chart_is_well_formed_whatever_the_figures(make, written) -> None:
    for name in (charts.SVG, charts.NARROW_SVG):
        root = ElementTree.parse(written(make) / name).getroot()
        assert root.findall(".//{http://www.w3.org/2000/svg}use")
    assert (written(make) / charts.PNG).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            ordinary,
            [
                "Sales",
                "Forecast in force",
                "Outside 80 %",
                "Outside 95 %",
                "Forecast",
                "80 %",
                "95 %",
            ],
        ),
        (first_ever, ["Sales", "Forecast", "80 %", "95 %"]),
        (too_young, ["Sales"]),
    ],
)
def test_the_chart_explains_what_it_shows_and_nothing_else(
    make, words: list[str]
) -> None:
    with drawing.style():
        axes = axes_of(make())
    labels = [
        text.get_text().removesuffix(" interval")
        for text in axes.figure.legends[0].get_texts()
    ]
    assert labels == words
    assert "Mon 16 Nov" in [label.get_text() for label in axes.get_xticklabels()]


def test_the_chart_breaks_where_nothing_is_known() -> None:
    with drawing.style():
        axes = axes_of(crowded())
    assert np.isnan(axes.lines[0].get_ydata()).sum() == 2
