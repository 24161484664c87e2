"""The PDF of a report: page one is one page, nothing is cut off, names are printed and never evaluated."""

import re
from functools import cache

import pytest
from PIL import Image
from pypdf import PdfReader

from ecommerce.reporting.sections import charts_of
from ecommerce.sales.report import archive, build
from ecommerce.sales.report.texts.page import page_texts
from tests.rows import column_of
from tests.unit.differences import differences
from tests.unit.sales.report import samples
from tests.unit.sales.report.parts import hostile_day, payout
from tests.unit.sales.report.readable import page_one
from tests.unit.sales.report.samples import NASTY


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a report, made once per kind of figures."""

    @cache
    def write(make):
        folder = tmp_path_factory.mktemp("report")
        build.write_document(make(), folder)
        return folder

    return write


def of_several_shops():
    """Return the full day of a company whose channels are shops, too."""
    figures = samples.full()

    def shops(channels):
        return [
            row.model_copy(update={"name": f"{row.name}_de"}) for row in channels[:3]
        ]

    of_changes = {"shops": shops(figures.changes.channels)}
    changes = figures.changes.model_copy(update=of_changes)
    return samples.full(shops=shops(figures.channels), changes=changes)


def of_twelve_channels():
    """Return the day of a large shop, of which a section begins where the page ends."""
    figures = samples.large_shop()
    return samples.changed(figures, channels=figures.channels[:12])


def text_of(folder):
    """The words of each page."""
    pages = PdfReader(folder / archive.PDF).pages
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pages]


def lines_of(folder):
    """Every line of the document."""
    lines = []
    for page in PdfReader(folder / archive.PDF).pages:
        lines += [line.rstrip() for line in page.extract_text().splitlines()]
        lines.append("--- end of the page")
    return "\n".join(lines)


def test_every_word_of_the_document(written, snapshot):
    whole = lines_of(written(samples.full))
    troubled = lines_of(written(samples.troubled))
    assert f"{whole}\n\n{differences(troubled, whole)}" == snapshot


@pytest.mark.parametrize(
    "make",
    [*samples.EVERY_DAY, hostile_day, of_several_shops, of_twelve_channels],
)
def test_a_day_is_laid_out(written, make):
    folder = written(make)
    pages = text_of(folder)
    texts = page_texts(make())
    last_line = "All definitions: docs/DEFINITIONS.md."
    for words in (*page_one(texts), last_line):
        assert words in pages[0]
    assert f"Page 2 of {len(pages)}" in pages[1]
    titles = {f"{part['title']} {part['note']}".strip() for part in texts["sections"]}
    for page in lines_of(folder).split("--- end of the page")[:-1]:
        last, footer = page.splitlines()[-2:]
        assert footer.startswith("Daily sales report")
        assert last.strip() not in titles, "no page ends with a heading"
    charts = set(column_of(charts_of(texts["sections"]), "file"))
    drawn = {path.name for path in folder.iterdir()} - {archive.PDF, archive.PREVIEW}
    assert drawn == {*charts, archive.TREND_PNG}


def test_two_pages_compare_several_shops_and_the_annex_has_the_channels(written):
    pages = text_of(written(of_several_shops))
    assert ["By shop" in page for page in pages[:2]] == [True, True]
    assert ["By channel" in page for page in pages[:2]] == [False, False]
    annex = " ".join(pages[2:])
    assert annex.count("By shop amounts in USD") == 1
    assert annex.count("By channel amounts in USD") == 1
    assert annex.count("By channel contribution to the change") == 1


@pytest.mark.parametrize(
    ("count", "more"),
    [(8, []), (9, ["1 more payout"]), (60, ["52 more payouts"])],
)
def test_page_two_has_the_first_payouts_and_the_annex_all(count, more, tmp_path):
    ids = [f"payout-{number:03}" for number in range(count)]
    payouts = [payout(payout_id=payout_id) for payout_id in ids]
    build.write_document(samples.full(payouts=payouts), tmp_path)
    pages = text_of(tmp_path)
    annex = " ".join(pages[2:])
    assert [payout_id for payout_id in ids if payout_id in pages[1]] == ids[:8]
    assert [payout_id for payout_id in ids if payout_id in annex] == (
        ids if more else []
    )
    assert re.findall(r"(\d+ more payouts?) in the annex", pages[1]) == more


def test_names_from_data_are_printed_whole_and_never_evaluated(written):
    pages = text_of(written(samples.crowded))
    text = "".join(pages).replace(" ", "")
    for name in (
        *NASTY[:2],
        NASTY[5],
        NASTY[6],
        NASTY[8],
        "line one line two[31m evil",
    ):
        assert name.replace(" ", "") in text


def test_products_have_their_pictures_and_a_broken_one_does_no_harm(tmp_path):
    figures = samples.full()
    (tmp_path / "broken.png").write_bytes(b"<html>")
    Image.new("RGB", (96, 64), (200, 80, 20)).save(tmp_path / "whole.png")
    products = list(figures.products)
    for place, name in enumerate(("whole", "broken", "missing")):
        thumbnail = {"thumbnail": f"file://{tmp_path}/{name}.png"}
        products[place] = products[place].model_copy(update=thumbnail)
    # The first is a rising product, too.
    picture = {"thumbnail": products[0].thumbnail}
    rising = figures.changes.rising[0].model_copy(update=picture)
    changes = figures.changes.model_copy(update={"rising": [rising], "falling": []})
    build.write_document(samples.full(products=products, changes=changes), tmp_path)
    pages = PdfReader(tmp_path / archive.PDF).pages
    # On page one, among the rising products, and in the table of products.
    assert [len(page.images) for page in pages[:3]] == [1, 1, 1]


def test_the_report_is_written_as_the_locale_does(
    tmp_path, caplog, snapshot, monkeypatch
):
    monkeypatch.setenv("REPORT_LOCALE", "de_CH")
    build.write_document(samples.full(), tmp_path)
    pages = PdfReader(tmp_path / archive.PDF).pages
    assert pages[0].extract_text() == snapshot
    assert not caplog.messages


def test_the_same_figures_give_the_same_bytes(written, tmp_path):
    build.write_document(samples.full(), tmp_path)
    for name in (archive.PDF, archive.PREVIEW):
        again = (tmp_path / name).read_bytes()
        assert (written(samples.full) / name).read_bytes() == again
