import json
from datetime import date, timedelta

import pytest

from ecommerce.core.errors import StagingError
from ecommerce.sales.report import archive
from ecommerce.sales.report.figures.model import figures_hash
from tests.unit.sales.report.samples import DAY, breakdown, full, make_figures


@pytest.fixture
def store(tmp_path):
    """Archive figures; returns the archive's URI and the day's folder."""

    def put(figures):
        return archive.publish(f"file://{tmp_path}/reports", figures)

    return put


def test_a_day_s_folder_holds_the_report_and_nothing_half_written(store, tmp_path):
    figures = full()
    uri = store(figures)
    assert uri == f"file://{tmp_path}/reports/2026-11-19"
    names = {path.name for path in (tmp_path / "reports" / "2026-11-19").iterdir()}
    assert names == {*archive.FILES, "manifest.json"}
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["2026-11-19"]
    assert archive.read_figures(uri) == figures


def test_a_report_is_read_only_with_the_figures_it_was_made_with(store):
    store(make_figures(channels=[breakdown("storefront", "1")]))
    figures = make_figures()
    uri = store(figures)
    again, pdf = archive.read_report(uri, figures_hash(figures))
    assert again == figures
    assert pdf.startswith(b"%PDF-")
    with pytest.raises(StagingError, match="newer run has replaced it"):
        archive.read_report(uri, "0" * 64)


def test_a_missing_report_says_how_to_make_it(tmp_path):
    with pytest.raises(StagingError, match="clear the task `report`"):
        archive.read_figures(f"file://{tmp_path}/reports/2026-11-19")


def test_figures_of_another_version_are_no_crash(store, tmp_path):
    uri = store(make_figures())
    (tmp_path / "reports/2026-11-19/figures.json").write_text('{"layout": "of 2031"}')
    with pytest.raises(StagingError, match="another version"):
        archive.read_figures(uri)


def test_only_known_files_are_read_from_the_archive(store, tmp_path):
    store(make_figures())
    uri = f"file://{tmp_path}/reports"
    assert archive.read_file(uri, DAY, "report.pdf").startswith(b"%PDF-")
    assert archive.read_file(uri, DAY, "manifest.json") is None
    assert archive.read_file(uri, DAY, "../2026-11-19/report.pdf") is None
    assert archive.read_file(uri, DAY - timedelta(days=1), "report.pdf") is None


def test_days_of_one_month_are_listed_in_order_and_other_folders_are_not(tmp_path):
    for name in (
        "2026-11-19",
        "2026-12-01",
        "2026-11-02",
        "2026-11-31",
        ".2026-11-20.abc.partial",
        "notes",
    ):
        (tmp_path / name).mkdir()
    uri = f"file://{tmp_path}"
    assert archive.archived_days(uri, 2026, 11) == [
        date(2026, 11, 2),
        date(2026, 11, 19),
    ]
    assert archive.archived_days(uri, 2026, 12) == [date(2026, 12, 1)]
    assert archive.archived_days(uri, 2025, 11) == []
    assert archive.archived_days(f"{uri}/nowhere", 2026, 11) == []


def test_archiving_gives_location_and_headline_and_again_ends_in_the_same_archive(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")
    figures = make_figures()
    report = archive.archive_report(figures)
    assert report["uri"] == f"file://{tmp_path}/reports/2026-11-19"
    assert report["figures_hash"] == figures_hash(figures)
    assert report["headline"]["net_sales"] == "18342.56"
    assert report["figures_at"] == figures.provenance.generated_at.isoformat()
    assert report["complete"] is True
    assert json.loads(json.dumps(report)) == report, "must fit into XCom as it is"
    folder = tmp_path / "reports/2026-11-19"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert archive.archive_report(figures) == report
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
