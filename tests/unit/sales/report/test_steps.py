from __future__ import annotations

import json

import pytest

from ecommerce.sales.report import steps
from ecommerce.sales.report.figures.model import figures_hash
from tests.unit.sales.report.samples import make_figures


@pytest.fixture(autouse=True)
def _environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")


def test_archiving_gives_location_and_headline_and_again_ends_in_the_same_archive(tmp_path):
    figures = make_figures()
    report = steps.archive_report(figures)
    assert report["uri"] == f"file://{tmp_path}/reports/2026-11-19"
    assert report["figures_hash"] == figures_hash(figures)
    assert report["headline"]["net_sales"] == "18342.56"
    assert report["figures_at"] == figures.provenance.generated_at.isoformat()
    assert report["complete"] is True
    assert json.loads(json.dumps(report)) == report, "must fit into XCom as it is"
    assert len(json.dumps(report)) < 2000
    before = {path.name: path.read_bytes() for path in (tmp_path / "reports/2026-11-19").iterdir()}
    assert steps.archive_report(figures) == report
    assert {path.name: path.read_bytes() for path in (tmp_path / "reports/2026-11-19").iterdir()} == before
