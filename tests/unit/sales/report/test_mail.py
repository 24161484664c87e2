"""The mail of a report: its subject, and names that no form may take for markup."""

import pytest

from ecommerce.core.templates import TEMPLATES, environment
from ecommerce.sales.report.texts.mail import subject
from ecommerce.sales.report.texts.page import page_texts
from tests.archived_reports import archived_texts, chat_text, report_message
from tests.unit.mail.readable import html, plain
from tests.unit.pages.reading import text_of
from tests.unit.sales.report.parts import D, day, figure, hostile_day
from tests.unit.sales.report.samples import breakdown, make_figures

FEW = {"doubtful_sources": ["partner_files: alpenmarkt"]}
AVERAGE = {"headline": {"net_sales": figure("29887", average="28195")}}
HUGE = {"headline": {"net_sales": figure("123456789012.3", week_before="1")}}
DAY = "Thu 19 Nov"


NOTHING = {"headline": {"orders": figure("0")}}


@pytest.mark.parametrize(
    ("net_sales", "changes", "words"),
    [
        (
            "29887",
            AVERAGE | FEW,
            "29,887 USD, +6 % vs the 28-day average (may change)",
        ),
        (
            "29887",
            HUGE,
            "123,456,789,012 USD, > 10\N{MULTIPLICATION SIGN} vs last Thursday",
        ),
        ("10000", {}, "10,000 USD, ±0 % vs last Thursday"),
        ("-500000", {}, "\N{MINUS SIGN}500,000 USD"),
        ("0", NOTHING, "0 USD"),
    ],
)
def test_the_subject_is_the_result_in_one_line(net_sales, changes, words):
    """The snapshots of mails have more of them."""
    found = subject(day(net_sales, **changes))
    assert found == f"Sales {DAY}: {words}"
    assert len(found) <= 69


def corrected(**mailed):
    """Return corrections of figures that were mailed with these values."""
    return {name: D(value) for name, value in mailed.items()}


@pytest.mark.parametrize(
    ("corrections", "words"),
    [
        (corrected(tax="1", returns="1"), f"returns {DAY}: 1,266 USD"),
        (corrected(returning_customers="1"), f"returning customers {DAY}: 137"),
    ],
)
def test_the_subject_of_a_correction_has_the_first_figure_that_changed(
    corrections, words
):
    found = archived_texts(day("29887.4", "28195"), corrections)["subject"]
    assert found == f"Corrected {words}"
    assert len(found) <= 69


def test_the_mail_of_several_shops_compares_them_in_place_of_channels():
    figures = make_figures(shops=[breakdown("shopify_de", "300", orders=7)])
    message = report_message(archived_texts(figures), b"%PDF-")
    words = " ".join(plain(message).split())
    assert "Net sales in USD and orders by shop: 300.00 7 Shopify de" in words
    table = text_of(html(message))
    assert "Shop Orders Net sales Shopify de 7 300.00" in table
    assert "Channel" not in table


def test_names_from_data_are_no_markup_in_any_form(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team")
    figures = hostile_day()
    texts = archived_texts(figures)
    message = report_message(texts, b"%PDF-")
    parts = environment(TEMPLATES).get_template("pages/parts.html").module
    page = str(parts.summary(page_texts(figures)["summary"]))
    sentences = " ".join(figures.summary.sentences)
    for text in (plain(message), chat_text(texts)):
        assert sentences in " ".join(text.split())
    for markup in (html(message), page):
        assert sentences in text_of(markup)
        assert "<script>" not in markup
