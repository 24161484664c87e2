from __future__ import annotations

import json

import pytest

from ecommerce.sales.report import archive, building
from ecommerce.sales.report.figures import Figures, figures_hash
from tests.unit.sales.report.samples import make_figures


@pytest.fixture
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")


def test_document_and_archive_hand_on_locations_and_the_headline(environment, tmp_path):
    figures = make_figures()
    figures_uri = f"file://{tmp_path}/staging/run/report/figures"
    archive.write_figures(figures_uri, figures)
    document_uri = building.document(figures_uri)
    assert document_uri == f"file://{tmp_path}/staging/run/report/document"
    report = building.archive(figures_uri, document_uri)
    assert report["uri"] == f"file://{tmp_path}/reports/2026-11-19"
    assert report["figures_hash"] == figures_hash(figures)
    assert report["headline"]["net_sales"] == "18342.56"
    assert report["figures_at"] == figures.provenance.generated_at.isoformat()
    assert report["complete"] is True
    assert json.loads(json.dumps(report)) == report, "must fit into XCom as it is"
    assert len(json.dumps(report)) < 2000


def test_archiving_again_ends_in_the_same_archive(environment, tmp_path):
    figures_uri = f"file://{tmp_path}/staging/run/report/figures"
    archive.write_figures(figures_uri, make_figures())
    first = building.archive(figures_uri, building.document(figures_uri))
    before = {path.name: path.read_bytes() for path in (tmp_path / "reports/2026-11-19").iterdir()}
    assert building.archive(figures_uri, building.document(figures_uri)) == first
    assert {path.name: path.read_bytes() for path in (tmp_path / "reports/2026-11-19").iterdir()} == before


def test_figures_survive_the_way_through_staging(tmp_path):
    uri = f"file://{tmp_path}/figures"
    figures = make_figures()
    archive.write_figures(uri, figures)
    assert isinstance(archive.read_figures(uri), Figures)
    assert archive.read_figures(uri) == figures
