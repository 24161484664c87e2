from dataclasses import replace
from datetime import date
from unittest.mock import Mock, patch

import pytest

from ecommerce.core.errors import StagingError
from ecommerce.sales.report import archive, build
from ecommerce.sales.report.figures.daily import figures_hash
from ecommerce.sales.report_mail import read_mail
from ecommerce.storage.staging import storage_path
from tests.archived_reports import REPORT, archived_texts
from tests.unit.sales.report.samples import DAY, full, make_figures, troubled


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The archive's folder, with the full day in place of an older report of it."""
    folder = tmp_path_factory.mktemp("reports")
    with patch.object(build, "write_document"):
        build.archive_report(f"file://{folder}", make_figures(countries=[]))
    report = build.archive_report(f"file://{folder}", full())
    assert report.uri == f"file://{folder}/{DAY}"
    return folder


def test_a_mail_is_read_only_with_the_figures_it_was_made_with(reports):
    uri = f"file://{reports}/{DAY}"
    assert [path.name for path in reports.iterdir()] == [str(DAY)]
    assert archive.ARCHIVE.read_figures(uri) == full()
    report = replace(REPORT, uri=uri, figures_hash=figures_hash(full()))
    mailed = read_mail(report)
    assert mailed.texts == archived_texts(full()) | {"page_url": ""}
    assert mailed.pdf.startswith(b"%PDF-")
    with pytest.raises(StagingError, match="newer run has replaced it"):
        read_mail(replace(report, figures_hash="0" * 64))


@pytest.mark.parametrize("locale", ["", "de_DE"])
def test_no_mail_has_parts_of_two_reports(tmp_path, monkeypatch, locale):
    pdf = b"%PDF-"
    monkeypatch.setattr(
        build,
        "write_document",
        lambda _, folder: (folder / archive.PDF).write_bytes(pdf),
    )
    uri = f"file://{tmp_path}"
    report = build.archive_report(uri, full())
    path = type(storage_path(uri))
    read = path.read_bytes

    def read_and_replace(file):
        content = read(file)
        monkeypatch.setattr(path, "read_bytes", read)
        build.archive_report(uri, make_figures(countries=[]))
        return content

    monkeypatch.setattr(path, "read_bytes", read_and_replace)
    with pytest.raises(StagingError, match="newer run has replaced it"):
        read_mail(report, locale)


def test_a_reader_finds_a_report_that_is_replaced(reports, monkeypatch):
    uri = f"file://{reports}"
    folder = reports / str(DAY)
    for read in (
        lambda: archive.ARCHIVE.has(uri, DAY),
        lambda: archive.ARCHIVE.read_figures(f"{uri}/{DAY}"),
    ):
        aside = folder.rename(reports / ".aside")
        monkeypatch.setattr(
            "ecommerce.storage.report_archive.time.sleep",
            lambda _, aside=aside: aside.rename(folder),
        )
        assert read()


def test_a_missing_report_says_how_to_make_it(tmp_path):
    with pytest.raises(StagingError, match="clear the task `report`"):
        archive.ARCHIVE.read_figures(f"file://{tmp_path}/{DAY}")


def test_days_of_one_month_are_listed_in_order_and_other_folders_are_not(tmp_path):
    others = ("2026-11-31", ".2026-11-20.abc.partial", "notes")
    for name in ("2026-11-19", "2026-12-01", "2026-11-02", *others):
        (tmp_path / name).mkdir()
    uri = f"file://{tmp_path}"
    november = archive.ARCHIVE.days(uri, "2026-11")
    assert november == [date(2026, 11, 2), date(2026, 11, 19)]
    assert archive.ARCHIVE.days(uri, "2026-12") == [date(2026, 12, 1)]
    assert archive.ARCHIVE.days(f"{uri}/nowhere", "2026-11") == []


def test_archiving_gives_location_and_headline_and_again_ends_in_the_same_archive(
    tmp_path, monkeypatch
):
    # The fixture has the documents.
    monkeypatch.setattr(build, "write_document", Mock())
    measured = []
    monkeypatch.setattr(
        build.metrics, "business_day_done", lambda *of: measured.append(of)
    )
    figures = make_figures()
    reports_uri = f"file://{tmp_path}/reports"
    report = build.archive_report(reports_uri, figures)
    assert measured == [("report", figures.provenance.window_end)]
    headline = {name: figure.value for name, figure in figures.headline.items()}
    assert report == archive.ArchivedReport(
        uri=f"{reports_uri}/2026-11-19",
        business_date=DAY,
        figures_hash=figures_hash(figures),
        figures_at=figures.provenance.generated_at,
        complete=True,
        alarms=[],
        headline=headline,
    )
    assert build.archive_report(reports_uri, figures) == report
    incomplete = build.archive_report(reports_uri, troubled())
    assert not incomplete.complete
    assert incomplete.alarms[0].startswith("alpenmarkt has delivered no valid file")
