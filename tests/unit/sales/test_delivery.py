"""The report's mail: when it is sent, what it says, under which Message-ID."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from ecommerce.core import errors
from ecommerce.core.business_day import day_window
from ecommerce.sales import delivery
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures import figures_hash
from tests.unit.conftest import SENDER
from tests.unit.sales.report.samples import DAY, crowded, empty_day, make_figures, noted

TO = ["ann@example.com", "bob@example.com"]


@pytest.fixture(autouse=True)
def _readers(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", ", ".join(TO))


@pytest.fixture
def archived(tmp_path):
    """The archived report of an ordinary day, as the DAG hands it to the mail tasks."""
    figures = make_figures()
    folders = [f"file://{tmp_path}/{name}" for name in ("figures", "document")]
    archive.write_figures(folders[0], figures)
    archive.write_document(folders[1], figures)
    uri = archive.publish(f"file://{tmp_path}/reports", figures, folders)
    return {"uri": uri, "business_date": DAY.isoformat(), "figures_hash": figures_hash(figures)}


def test_only_the_newest_closed_day_is_mailed_unless_asked_for():
    newest = day_window(DAY, "America/New_York")
    now = datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert delivery.should_mail(newest, now, send_mail=False)
    assert not delivery.should_mail(newest.shifted(-1), now, send_mail=False)
    assert delivery.should_mail(newest.shifted(-1), now, send_mail=True)
    # 04:30 UTC on the 20th is still the 19th in New York: the 19th has not closed.
    assert not delivery.should_mail(newest, datetime(2026, 11, 20, 4, 30, tzinfo=UTC), send_mail=False)


def test_the_mail_says_which_orders_the_average_leaves_out():
    note = "3 orders in BRL without an exchange rate are not in it"
    for kind in ("plain", "html"):
        body = delivery.report_message(noted(), b"").get_body((kind,)).get_content()
        assert f"*Average order value: {note}." in body
        assert body.index("Average order value*") < body.index("*Average order value:")


def test_the_report_arrives_as_text_html_and_pdf(mailbox, archived):
    sent_id = delivery.send(archived)
    (message,) = mailbox()
    assert message["Subject"] == "Sales report 2026-11-19: net sales 18,342.56 USD"
    assert message["From"] == SENDER
    assert message["X-Envelope-To"] == ", ".join(TO)
    assert message["Message-ID"] == sent_id
    assert message["Date"].datetime.tzinfo is not None
    alternative, pdf = message.iter_parts()
    text, html = alternative.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for body in (text.get_content(), html.get_content()):
        for expected in ("18,342.56", "+13.8 %", "Thu 12 Nov", "Thursday, 19 November 2026", "Storefront"):
            assert expected in body
    assert pdf.get_filename() == "sales-report-2026-11-19.pdf"
    assert pdf.get_content().startswith(b"%PDF-")


def test_the_same_figures_have_the_same_message_id(use_server):
    def message_id(day, figures_hash):
        return delivery.message_id({"business_date": day, "figures_hash": figures_hash})

    use_server(1)
    first = message_id("2026-11-19", "a" * 64)
    assert first == message_id("2026-11-19", "a" * 64) == f"<report.2026-11-19.{'a' * 16}@reports.example>"
    assert first != message_id("2026-11-19", "b" * 64)
    assert first != message_id("2026-11-18", "a" * 64)


def test_an_incomplete_day_says_so_before_it_is_opened():
    message = delivery.report_message(crowded(), b"%PDF-")
    assert message["Subject"].endswith("[INCOMPLETE]")
    body = message.get_body(("plain",)).get_content()
    missing = "Storefront, partner files and exchange rates were not read since the day ended."
    assert f"INCOMPLETE: {missing}" in body
    assert "Restated" in body


def test_a_day_without_sales_can_be_mailed():
    message = delivery.report_message(empty_day(), b"%PDF-")
    assert "No counted orders on 2026-11-19." in message.get_body(("plain",)).get_content()


def test_html_escapes_what_comes_from_data():
    figures = make_figures(
        channels=make_figures().channels[:1], missing_sources=["<script>alert(1)</script>"], complete=False
    )
    html = delivery.report_message(figures, b"").get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_no_mail_for_figures_that_were_replaced(archived):
    with pytest.raises(errors.StagingError, match="newer run has replaced it"):
        delivery.send(archived | {"figures_hash": "0" * 64})


def test_addresses_are_not_logged(mailbox, archived, caplog):
    caplog.set_level(logging.DEBUG)
    delivery.send(archived)
    ours = " ".join(
        record.getMessage() for record in caplog.records if record.name != "mail.log"
    )  # the server's
    assert "accepted for 2 recipients" in ours
    assert not any(address in ours for address in TO)


def test_the_page_is_linked_where_airflow_knows_its_address(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")
    assert delivery.page_url(DAY) == (
        "https://airflow.example/team/plugin/sales-reports/team/sales-reports/2026-11-19/"
    )
    assert (
        delivery.page_url(DAY)
        in delivery.report_message(make_figures(), b"").get_body(("html",)).get_content()
    )
