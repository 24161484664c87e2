"""The archive, the mail with the report, and the mail that forecasts drift."""

import json
import logging
import re
from collections.abc import Callable
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from ecommerce.core.errors import StagingError
from ecommerce.core.settings import load_settings
from ecommerce.forecast.report import archive
from ecommerce.forecast.report.figures import ForecastFigures
from ecommerce.sales.report.archive import archived_days
from tests.unit.forecast.report.samples import history, make_figures, names, rows

TO = ["ann@example.com", "bob@example.com"]
Mailbox = Callable[[], list[EmailMessage]]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", ", ".join(TO))
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "eve@example.com")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")


@pytest.fixture
def archived(tmp_path: Path) -> Callable[[ForecastFigures], dict[str, Any]]:
    """Archive figures as the tasks do; what the mails are given."""

    def put(figures: ForecastFigures) -> dict[str, Any]:
        return archive.publish(load_settings().reports_uri, figures)

    return put


def test_a_folder_holds_the_report_beside_the_days(archived, tmp_path: Path) -> None:
    figures = make_figures()
    report = archived(figures)
    assert report["uri"] == f"file://{tmp_path}/reports/forecasts/2026-11-16"
    folder = tmp_path / "reports" / "forecasts" / "2026-11-16"
    assert {path.name for path in folder.iterdir()} == {
        "forecast.pdf", "page-1.png", "figures.json", "figures.csv", "forecast.svg",
        "forecast-narrow.svg", "forecast.png",
        "manifest.json",
    }  # fmt: skip
    assert archive.read_figures(report["uri"]) == figures
    assert json.loads(json.dumps(report)) == report, "must fit into XCom as it is"
    assert "@" not in json.dumps(report)
    (tmp_path / "reports" / "2026-11-15").mkdir()
    assert [
        str(day) for day in archived_days(f"file://{tmp_path}/reports", 2026, 11)
    ] == ["2026-11-15"]
    assert archive.archived(f"file://{tmp_path}/reports") == [figures.as_of]
    assert archive.archived(f"file://{tmp_path}/nowhere") == []


def test_the_newest_run_of_a_day_wins_and_the_older_is_not_mailed(archived) -> None:
    older, newer = archived(make_figures()), archived(make_figures(promotions=()))
    assert older["uri"] == newer["uri"]
    assert archive.read_figures(newer["uri"]).promotions == []
    with pytest.raises(StagingError, match="a newer run has replaced it"):
        archive.send_report(older)


def test_figures_that_are_gone_or_of_another_version_say_what_to_do(
    archived, tmp_path: Path
) -> None:
    with pytest.raises(StagingError, match="clear the task `report` with downstream"):
        archive.read_figures(f"file://{tmp_path}/nowhere")
    uri = archived(make_figures())["uri"]
    (tmp_path / "reports/forecasts/2026-11-16/figures.json").write_text(
        '{"layout": "of 2031"}'
    )
    with pytest.raises(StagingError, match="another version"):
        archive.read_figures(uri)


def test_the_report_arrives_as_text_html_with_the_chart_and_pdf(
    archived, mailbox: Mailbox
) -> None:
    figures = make_figures()
    assert archive.send_report(archived(figures)) == ""
    (message,) = mailbox()
    week = "gross sales 95,697 USD, +0.1 % vs a usual week"
    assert message["Subject"] == f"Forecast for the week from Mon 16 Nov: {week}"
    assert message["X-Envelope-To"] == ", ".join(TO)
    assert message["X-Sales-Mail"] == "forecast"
    alternative, pdf = message.iter_parts()
    assert pdf.get_filename() == "sales-forecast-2026-11-16.pdf"
    assert pdf.get_content().startswith(b"%PDF-")
    text, related = alternative.iter_parts()
    html, picture = related.iter_parts()
    assert picture.get_content_type() == "image/png"
    assert picture.get_content_disposition() == "inline"
    body = html.get_content()
    assert (
        f'src="cid:{picture["Content-ID"][1:-1]}" alt="Daily gross sales of the eight weeks before'
        in body
    )
    for words in (text.get_content(), body.replace("\N{NO-BREAK SPACE}", " ")):
        for expected in (
            "16 Nov to 13 Dec 2026",
            "95,697",
            "143,546 USD gross sales expected, +",
            "Canvas bag (TEX-003)",
            "Fri 13 Nov",
            "outside the 95 % interval",
            "Toys",
            "2 promotions",
        ):
            assert expected in words


@pytest.mark.parametrize("base", ["", "https://airflow.example/team/"])
def test_mail_and_pdf_link_to_the_page_where_airflow_knows_its_address(
    base: str, archived, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base)
    archive.send_report(archived(make_figures()))
    alternative, pdf = mailbox()[0].iter_parts()
    links = [
        annotation.get_object()["/A"]["/URI"]
        for annotation in PdfReader(BytesIO(pdf.get_content()))
        .pages[0]
        .get("/Annots", [])
    ]
    url = f"{base}plugin/sales-forecast/team/sales-reports/forecast/2026-11-16/"
    assert links == ([url] if base else [])
    for kind in ("plain", "html"):
        body = alternative.get_body((kind,)).get_content()
        assert body.count("/sales-reports/") == body.count(url) == bool(base)


def test_a_text_mail_s_columns_stand_below_each_other() -> None:
    text = (
        archive.report_message(make_figures(), b"", b"")
        .get_body(("plain",))
        .get_content()
    )
    lines = text[text.index("Last week:") :].splitlines()[1:9]
    assert (
        len(
            {
                line.index(line.split()[-1]) + len(line.split()[-1])
                for line in lines
                if line.endswith("%")
            }
        )
        == 1
    )
    assert all(len(line) < 100 for line in lines)


def test_a_verdict_is_below_its_day_where_a_phone_has_room_for_its_words() -> None:
    html = (
        archive.report_message(make_figures(), b"", b"")
        .get_body(("html",))
        .get_content()
    )
    assert re.search(
        'Fri 13 Nov</span> <span class="muted"[^>]*>outside the 95\N{NO-BREAK SPACE}% interval</span></th>',
        html,
    )
    assert "Verdict" not in html


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "W" * 300, "line\r\nBcc: eve@x.example"]
)
def test_names_from_data_are_harmless(name: str) -> None:
    message = archive.report_message(
        make_figures(["category:Toys", f"category:{name}"]), b"", b""
    )
    assert "<script>" not in message.get_body(("html",)).get_content()
    assert message["Bcc"] is None


def test_the_same_figures_always_have_the_same_message_id(
    archived, mailbox: Mailbox
) -> None:
    report = archived(make_figures())
    for _ in range(2):
        archive.send_report(report)
    archive.send_report(archived(make_figures(promotions=())))
    first, again, other = (message["Message-ID"] for message in mailbox())
    assert (
        first
        == again
        == f"<forecast.2026-11-16.{report['figures_hash'][:16]}@reports.example>"
    )
    assert other != first


def test_nobody_is_a_reason(
    archived, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = archived(make_figures())
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", "")
    gone = report | {"uri": f"{report['uri']}/gone"}
    assert archive.send_report(gone) == "the Variable report_recipients is empty"
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "")
    drifting = report | {"drift": ["forecasts were 30.0 % too high"]}
    assert archive.send_alarm(drifting) == "the Variable alert_recipients is empty"
    assert mailbox() == []


def test_addresses_are_not_logged(
    archived, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    archive.send_report(archived(make_figures()))
    ours = " ".join(
        record.getMessage() for record in caplog.records if record.name != "mail.log"
    )
    assert "accepted for 2 recipients" in ours
    assert not any(address in ours for address in TO)


def test_drift_is_told_to_those_who_get_alerts(archived, mailbox: Mailbox) -> None:
    report = archived(make_figures(forecasts=rows(history(names()), bias=1.3)))
    assert len(report["drift"]) == 3
    assert archive.send_alarm(report) == archive.send_alarm(report) == ""
    message, again = mailbox()
    assert message["Subject"] == "Drift: the sales forecast as of 2026-11-16"
    assert message["X-Envelope-To"] == "eve@example.com"
    assert message["Message-ID"] == again["Message-ID"]
    for kind in ("plain", "html"):
        body = " ".join(message.get_body((kind,)).get_content().split())
        assert all(reason in body for reason in report["drift"])


def test_without_drift_nobody_is_told(archived, mailbox: Mailbox) -> None:
    assert archive.send_alarm(archived(make_figures())).startswith(
        "the forecast does not drift"
    )
    assert mailbox() == []
