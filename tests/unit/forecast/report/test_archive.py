"""The archive, and who gets the mail with the report and the mail that forecasts drift."""

from unittest.mock import Mock

import pytest

from ecommerce.core.errors import StagingError
from ecommerce.forecast.report import archive
from ecommerce.sales.report.archive import ARCHIVE as DAILY_REPORTS
from ecommerce.storage.staging import read_manifest, storage_path
from tests.unit.forecast.report.samples import history, make_figures, names, rows

TO = ["ann@example.com", "bob@example.com"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch, uri):
    monkeypatch.setenv("AIRFLOW_VAR_REPORT_RECIPIENTS", ", ".join(TO))
    monkeypatch.setenv("AIRFLOW_VAR_ALERT_RECIPIENTS", "eve@example.com")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/team/")
    monkeypatch.setenv("REPORTS_URI", uri)


@pytest.fixture
def uri(tmp_path):
    return f"file://{tmp_path}/reports"


@pytest.fixture
def archived(uri):
    """Archive a report as the tasks do; return what the mails are given."""
    return lambda **changes: archive.publish(uri, make_figures(**changes))


def test_a_folder_holds_the_report_beside_the_days(tmp_path, uri):
    assert archive.ARCHIVE.days(uri) == []
    figures = make_figures()
    report = archive.publish(uri, figures)
    assert report["uri"] == f"{uri}/forecasts/2026-11-16"
    manifest = read_manifest(report["uri"])
    assert str(manifest.business_date) == "2026-11-15"
    assert str(manifest.window_start).startswith("2026-11-16 05:00")
    assert str(manifest.window_end).startswith("2026-12-14 05:00")
    assert archive.ARCHIVE.read_figures(report["uri"]) == figures
    (tmp_path / "reports" / "2026-11-15").mkdir()
    assert [str(day) for day in DAILY_REPORTS.days(uri, "2026-11")] == ["2026-11-15"]
    assert archive.ARCHIVE.days(uri) == [figures.as_of]
    assert archive.ARCHIVE.read_file(uri, figures.as_of, "forecast-narrow.svg")


def test_no_mail_has_parts_of_two_reports(archived, monkeypatch):
    older = archived()
    path = type(storage_path(older["uri"]))
    read = path.read_bytes

    def read_and_replace(file):
        content = read(file)
        monkeypatch.setattr(path, "read_bytes", read)
        archived(promotions=())
        return content

    monkeypatch.setattr(path, "read_bytes", read_and_replace)
    with pytest.raises(StagingError, match="a newer run has replaced it"):
        archive.send_report(older)


def test_a_newer_report_replaces_it_and_has_a_mail_of_its_own(
    archived, mailbox, caplog
):
    caplog.set_level("INFO")
    older = archived()
    assert archive.send_report(older) == archive.send_report(older) == ""
    newer = archived(promotions=())
    assert newer["uri"] == older["uri"]
    with pytest.raises(StagingError, match="a newer run has replaced it"):
        archive.send_report(older)
    archive.send_report(newer)
    message, again, other = mailbox()
    message_id = f"<forecast.2026-11-16.{older['figures_hash'][:16]}@reports.example>"
    assert message["Message-ID"] == again["Message-ID"] == message_id
    assert other["Message-ID"] != message_id
    assert message["X-Envelope-To"] == ", ".join(TO)
    assert message["X-Sales-Mail"] == "forecast"
    for record in caplog.records:
        assert record.name == "mail.log" or "ann@" not in record.getMessage()


def test_the_mail_has_chart_pdf_and_links(archived, mailbox):
    archive.send_report(archived())
    [message] = mailbox()
    alternative, pdf = message.iter_parts()
    assert pdf.get_filename() == "sales-forecast-2026-11-16.pdf"
    text, related = alternative.iter_parts()
    html, picture = related.iter_parts()
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in html.get_content()
    url = "https://airflow.example/team/plugin/sales-forecast/team/sales-reports/forecast/2026-11-16/"
    for body in (text.get_content(), html.get_content()):
        assert body.count("/sales-reports/") == body.count(url) == 1


def test_drift_is_mailed_to_those_who_get_alerts(archived, mailbox, monkeypatch):
    monkeypatch.setattr(archive, "write_document", Mock())
    assert archive.send_alarm(archived()).startswith("the forecast does not drift")
    report = archived(forecasts=rows(history(names()), bias=1.3))
    assert len(report["drift"]) == 3
    assert archive.send_alarm(report) == archive.send_alarm(report) == ""
    message, again = mailbox()
    assert message["X-Envelope-To"] == "eve@example.com"
    assert message["Message-ID"] == again["Message-ID"]
