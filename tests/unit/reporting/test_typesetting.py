"""What all documents are: in their own fonts, tagged, fit for the archive. Shown by the sales report."""

import re

import pytest
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import NullObject

from ecommerce.reporting import typesetting
from ecommerce.reporting.sections import charts_of
from ecommerce.sales.report import archive, build
from ecommerce.sales.report.texts.page import page_texts
from tests.unit.sales.report.samples import DAY, breakdown, make_figures

NAMES = {
    "japanese": "日本の急須",
    "chinese": "简体中文茶壶",
    "korean": "한국어 도자기",
    "arabic": "كرسي مكتب مريح",
    "hebrew": "שולחן עץ אלון",
    "hindi": "चाय की केतली",
    "emoji": "🎁 👩\u200d👩\u200d👧 🇩🇪",
    "thai": "นาฬิกา",
    "long": "名" * 200,
    "private": "Teapot \ue000",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of articles with such names, one of which has a picture."""
    folder = tmp_path_factory.mktemp("report")
    Image.new("RGB", (64, 48), "teal").save(folder / "picture.png")
    ordinary = make_figures()
    named = [
        each.model_copy(
            update={"name": name, "thumbnail": (folder / "picture.png").as_uri()}
        )
        for each, name in zip(ordinary.products, NAMES.values(), strict=False)
    ]
    categories = [breakdown(name, "1000") for name in NAMES.values()]
    build.write_document(make_figures(products=named, categories=categories), folder)
    return PdfReader(folder / archive.PDF)


@pytest.fixture(scope="module")
def words(report):
    return " ".join(page.extract_text() for page in report.pages)


@pytest.mark.parametrize("script", ["japanese", "chinese", "korean", "long"])
def test_names_in_any_script_can_be_read_and_copied(words, script):
    copied = re.sub(r"[\s\u200b]+", "", words)
    assert re.sub(" ", "", NAMES[script]) in copied


def test_names_that_run_from_right_to_left_are_stored_in_the_order_of_reading(words):
    for script in ("arabic", "hebrew"):
        for word in NAMES[script].split():
            assert word in words


def test_emoji_are_letters_too(words):
    assert "🎁" in words
    assert "👩\u200d👩\u200d👧" in words


def test_letters_without_meaning_are_replaced(words):
    assert "Teapot \ufffd" in words


def test_every_font_is_in_the_file_and_comes_from_no_system(report):
    seen = set()
    for page in report.pages:
        for font in page["/Resources"]["/Font"].values():
            for each in font.get_object().get("/DescendantFonts", [font]):
                descriptor = each.get_object()["/FontDescriptor"].get_object()
                assert {"/FontFile2", "/FontFile3"} & set(descriptor)
                seen.add(
                    re.sub(r"^/[A-Z]{6}\+|-.*$", "", each.get_object()["/BaseFont"])
                )
    assert seen == {
        "DejaVuSans",
        "NotoSansCJKjp",
        "NotoEmoji",
        "NotoSansDevanagari",
        "LastResortHE",
    }


def test_the_document_says_its_language_title_and_standards(report):
    """The standards are what Typst has found to hold; where one does not, there is none."""
    root = report.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert report.metadata.title == f"Daily sales report {DAY}"
    described = root["/Metadata"].get_object().get_data().decode()
    for each in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"):
        assert each in described


def test_charts_are_figures_with_alternative_texts(tmp_path):
    figures = make_figures()
    build.write_document(figures, tmp_path)
    root = PdfReader(tmp_path / archive.PDF).trailer["/Root"]["/StructTreeRoot"]
    texts = page_texts(figures)
    charts = [chart["alt"] for chart in charts_of(texts["sections"])]
    assert charts
    assert sorted(alternative_texts(root)) == sorted(charts)


def alternative_texts(element):
    """The texts of an element of the document's structure and of those in it."""
    element = element.get_object()
    if isinstance(element, list):
        return [words for child in element for words in alternative_texts(child)]
    if not isinstance(element, dict):
        return []
    words = [element["/Alt"]] if "/Alt" in element else []
    return words + alternative_texts(element.get("/K", NullObject()))


def test_a_picture_that_pdf_a_forbids_costs_the_standard_and_not_the_document(
    tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(
        typesetting, "STANDARDS", ["1.4", "ua-1"]
    )  # a pair that there is not
    build.write_document(make_figures(), tmp_path)
    assert PdfReader(tmp_path / archive.PDF).pages
    assert "report.pdf is neither PDF/A nor PDF/UA" in caplog.text
