import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from ecommerce.core.data_warnings import data_warning
from ecommerce.core.text import written_in
from ecommerce.sales.report import archive
from ecommerce.sales.report.view.page import page_texts
from tests.unit.sales.report.samples import (
    NASTY,
    breakdown,
    crowded,
    empty_day,
    full,
    make_figures,
    noted,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a report, made once per kind of figures."""

    @cache
    def write(make):
        folder = tmp_path_factory.mktemp("report")
        archive.write_document(make(), folder)
        return folder

    return write


@pytest.fixture(scope="module")
def pages(written):
    """The pages of a report."""
    return cache(lambda make: PdfReader(written(make) / archive.PDF))


@cache
def words(reader, page):
    """The text of a page; spaces are squeezed."""
    return re.sub(r"\s+", " ", reader.pages[page].extract_text())


def test_page_one_answers_the_executive(pages):
    text = words(pages(make_figures), 0)
    for expected in (
        "Thursday, 19 November 2026",
        "Net sales", "18,342.56", "+13.8 %", "vs Thu 12 Nov", "+18.3 %", "vs 28-day average",
        "Orders", "214", "91.63", "Customers", "Returns", "1,266.40",
        "Teapot no. 0", "Month to date", "331,402.18", "+22.7 %",
        "America/New_York", "Amounts in USD", "Page 1 of",
    ):  # fmt: skip
        assert expected in text
    assert "INCOMPLETE" not in text
    assert all(len(tile["shown"]) == 2 for tile in page_texts(make_figures())["tiles"])


def test_two_pages_are_the_executive_s_and_the_annex_follows(pages):
    reader = pages(full)
    _, second, third, *others = (
        words(reader, page) for page in range(len(reader.pages))
    )
    for title in (
        "What changed since Thu 12 Nov",
        "Rising products",
        "Website",
        "The coming days",
    ):
        assert title in second
    assert "DAILY SALES REPORT Annex: details and data quality" in third
    for text in (third, *others):
        assert "(America/New_York) · Annex Page" in text


def test_what_rises_stands_before_what_falls(pages):
    reader = pages(make_figures)
    text = " ".join(words(reader, page) for page in range(len(reader.pages)))
    assert text.index("Rising products") < text.index("Falling products")


def test_every_page_says_its_day_and_number(pages):
    reader = pages(make_figures)
    total = len(reader.pages)
    for page in range(total):
        text = words(reader, page)
        assert f"Page {page + 1} of {total}" in text
        assert "business day 2026-11-19" in text


def test_an_incomplete_day_names_what_is_missing_on_page_one(pages):
    text = words(pages(crowded), 0)
    assert "INCOMPLETE" in text
    assert "Storefront, Partner files and Exchange rates were not read." in text
    assert "123,456,789,012 JPY" in text
    assert "no exchange rate to KWD" in text


def test_what_no_run_can_see_is_said_beside_the_data_quality(pages):
    reader = pages(make_figures)
    text = " ".join(words(reader, page) for page in range(len(reader.pages)))
    assert "Limits" in text
    assert (
        "an order deleted for good; reconciliation finds it up to 35 days later" in text
    )


def test_what_a_figure_leaves_out_is_a_footnote_of_page_one(pages):
    text = words(pages(noted), 0)
    assert "Average order value* 91.63" in text
    assert (
        "*Average order value: without orders in BRL, which have no exchange rate."
        in text
    )
    ordinary = words(pages(make_figures), 0)
    assert "*" not in ordinary
    assert (
        "Average order value: gross sales less discounts, divided by orders."
        in ordinary
    )


def test_a_day_without_sales_is_a_report(pages):
    text = words(pages(empty_day), 0)
    assert "No counted orders on 2026-11-19." in text
    assert "0.00" in text


def test_names_from_data_are_printed_and_never_evaluated(pages):
    reader = pages(crowded)
    text = " ".join(words(reader, page) for page in range(len(reader.pages)))
    for name in (
        'Lamp "Aurora" \\ 12" #1',
        "$x^2$ #set text(red) *bold* _it_ `raw` @ref <label>",
        '=HYPERLINK("http://x")',
        '#include("/etc/passwd") // comment /* */',
        "line one line two[31m evil",
    ):
        assert name in text


def test_the_breakdown_by_attribute_has_a_table_of_its_own(tmp_path):
    values = [
        breakdown(f"value {place:02}", str(1000 - place), 2) for place in range(35)
    ]
    figures = make_figures(attribute="sales_channel", attributes=values)
    archive.write_document(figures, tmp_path)
    text = " ".join(
        page.extract_text() for page in PdfReader(tmp_path / archive.PDF).pages
    )
    assert "Sales channel" in text
    assert "value 28" in text
    assert "value 29" not in text
    assert "6 others 12" in " ".join(text.split())


def test_without_an_attribute_there_is_no_such_table():
    assert "attribute" not in {
        each["id"] for each in page_texts(make_figures())["sections"]
    }


def test_long_words_are_broken_not_cut(pages):
    reader = pages(crowded)
    text = "".join(words(reader, page) for page in range(len(reader.pages))).replace(
        " ", ""
    )
    assert NASTY[6] in text
    assert "\u200b" not in text, "whoever copies a word copies the word"


def test_data_quality_and_provenance_can_be_read(pages):
    reader = pages(make_figures)
    text = " ".join(words(reader, page) for page in range(1, len(reader.pages)))
    for expected in (
        "Partner files", "Invalid number", "unit_price: twelve", "a number such as 12.50",
        "20,500.55", "76.99", "No day since the first daily run is missing.",
        "scheduled__2026-11-20T11:00:00+00:00", "1f2e3d4c", "2026-11-20 11:04:05 UTC", "gift_note",
    ):  # fmt: skip
        assert expected in text

    assert "northwind_2026-11-19.csv,line17;orderP-1001" in text.replace(" ", ""), (
        "broken, and whole"
    )


def test_missing_days_come_with_the_command_that_fills_them(pages):
    reader = pages(crowded)
    text = " ".join(words(reader, page) for page in range(len(reader.pages)))
    assert "make backfill FROM=2026-10-31 TO=2026-11-17" in text


@pytest.mark.slow
@settings(max_examples=5)
@given(names=st.lists(st.text(max_size=60), min_size=12, max_size=12))
def test_any_text_at_all_can_be_printed(names):
    """Whatever a source calls its things, the report is made."""
    ordinary = make_figures()
    figures = make_figures(
        channels=[breakdown(name, "10") for name in names],
        categories=[breakdown(name, "10") for name in names],
        products=[
            each.model_copy(update={"name": name})
            for name, each in zip(names, ordinary.products, strict=False)
        ],
        warnings=[data_warning("note", text=name) for name in names],
    )
    with TemporaryDirectory() as folder:
        archive.write_document(figures, Path(folder))
        assert PdfReader(Path(folder) / archive.PDF).pages


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "de_CH",
            (
                "Donnerstag, 19. November 2026",
                "+7.8%",
                "vs Do., 12. Nov.",
                "Vereinigte Staaten",
            ),
        ),
        ("ja_JP", ("2026年11月19日木曜日", "18,342.56", "アメリカ合衆国")),
        ("ru_RU", ("четверг, 19 ноября 2026", "Соединенные Штаты")),
    ],
)
def test_the_report_is_written_as_the_locale_does(tmp_path, locale, said, caplog):
    with written_in(locale):
        archive.write_document(full(), tmp_path)
    reader = PdfReader(tmp_path / archive.PDF)
    text = words(reader, 0) + words(reader, 2)
    assert [each for each in said if each not in text] == []
    assert not caplog.messages


def test_the_same_figures_give_the_same_bytes(written, tmp_path):
    archive.write_document(make_figures(), tmp_path)
    for name in (archive.PDF, archive.PREVIEW):
        assert (written(make_figures) / name).read_bytes() == (
            tmp_path / name
        ).read_bytes()
