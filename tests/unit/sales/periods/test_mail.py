"""The mail and the chat message of a period's report. `tests/unit/mail` has the whole text of one."""

import re

import pytest

from ecommerce.core.templates import render
from ecommerce.mail.transport import compose
from ecommerce.sales.periods.texts.page import page_texts
from ecommerce.sales.report.texts.corrected import with_corrections
from tests.unit.mail.readable import Html, html, plain
from tests.unit.pages.reading import text_of
from tests.unit.sales.periods import samples

SET = {"page_url": "https://airflow.example/sales-reports/weeks/2026-W48/"}
"""What `mail_of` sets."""


def mail(figures, **texts):
    """Return the mail of a period."""
    texts = page_texts(figures) | SET | texts
    picture = b"png" if texts["days_cid"] else None
    return compose(texts["subject"], "period_mail", texts, picture, "days@report")


@pytest.mark.parametrize("make", [samples.week, samples.first_week, samples.sliced_day])
def test_the_html_has_what_the_text_has(make):
    message = mail(make(), subscription="board", has_pdf=True)
    shown = text_of(html(message))
    Html(html(message))
    for number in re.findall(r"\d[\d,.]*\d", plain(message)):
        assert number in shown, number


def test_the_picture_of_the_days_has_their_description():
    words = "Net sales by day: lowest 18,000.00 USD on Mon 23 Nov"
    with_picture = html(mail(samples.week(), days_cid="days@report"))
    assert f'src="cid:days@report" alt="{words}' in with_picture
    without = html(mail(samples.week()))
    assert "<img" not in without
    assert words in text_of(without)
    assert "Net sales by day" not in html(mail(samples.sliced_day()))


@pytest.mark.parametrize("read", [plain, lambda message: text_of(html(message))])
def test_a_mail_says_under_which_subscription_it_is_sent_and_what_is_attached(read):
    alone = read(mail(samples.week(), subscription="germany"))
    assert "Sent to the subscription germany." in alone
    assert "attached" not in alone
    attached = read(mail(samples.week(), has_pdf=True))
    assert "The full report is attached." in attached
    assert "subscription" not in attached


@pytest.mark.parametrize("read", [plain, lambda message: text_of(html(message))])
def test_a_slice_is_named_and_shows_nothing_of_the_whole_shop(read):
    words = read(mail(samples.sliced_week()))
    assert "Austria and Germany" in words
    for absent in ("Target", "Restated", "United States", "Forecast"):
        assert absent not in words


def test_the_chat_message_and_its_link():
    texts = page_texts(samples.week()) | SET | {"subscription": "board"}
    lines = render("period_chat.txt", texts).splitlines()
    assert lines == [
        *texts["summary"]["sentences"],
        "",
        "Complete: all 7 days are complete; Mon 23 Nov has changed since its report was mailed",
        "",
        SET["page_url"],
        "",
        "Sent to the subscription board.",
    ]
    texts |= {"page_url": "", "subscription": "", "corrected": ["One.", "Two."]}
    lines = render("period_chat.txt", texts).splitlines()
    assert lines[:2] == ["Corrected: One.", "Two."]
    assert lines[-1].startswith("Complete: ")


def test_a_correction_states_what_has_changed():
    figures = samples.sliced_week()
    headline = {name: figure.value for name, figure in figures.headline.items()}
    mailed = {"net_sales": samples.D("140000.00")}
    texts = with_corrections(page_texts(figures), headline, mailed)
    assert texts["subject"] == (
        "Corrected net sales week 48, Austria and Germany: 142,301 USD"
    )
    line = "Net sales 140,000.00 → 142,300.50, +1.6 %"
    message = mail(figures, **texts)
    assert plain(message).startswith(f"Corrected: {line}\n")
    assert f"Corrected since it was mailed {line}" in text_of(html(message))
    incomplete = page_texts(samples.incomplete_week())
    subject = with_corrections(incomplete, headline, mailed)["subject"]
    assert subject == "Corrected net sales week 48: 142,301 USD (incomplete)"


def test_names_from_data_are_no_markup():
    message = mail(samples.crowded_month())
    assert "<script>" not in html(message)
    assert "Pot <script>{{ 7 * 7 }}" in text_of(html(message))
    assert "Pot <script>{{ 7 * 7 }}" in " ".join(plain(message).split())
