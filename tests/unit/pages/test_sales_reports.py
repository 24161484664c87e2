from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ecommerce.pages import sales_reports as pages
from ecommerce.sales.report import archive
from tests.unit.sales.report.samples import DAY, breakdown, crowded, make_figures


@pytest.fixture(scope="module")
def two_days(tmp_path_factory):
    """An archive with two days in two months."""
    root = tmp_path_factory.mktemp("archive")
    for figures in (make_figures(), make_figures(business_date=DAY.replace(month=10))):
        folders = [f"file://{root}/{name}" for name in ("figures", "document")]
        archive.write_figures(folders[0], figures)
        archive.write_document(folders[1], figures)
        archive.publish(f"file://{root}/reports", figures, folders)
    return root / "reports"


@pytest.fixture
def reports(two_days, tmp_path, monkeypatch):
    """A copy of it that this deployment is set to."""
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "a hash key that only tests use")
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}/reports")
    return Path(shutil.copytree(two_days, tmp_path / "reports"))


@pytest.fixture
def client(reports):
    """The application with somebody signed in."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi.testclient import TestClient

    app = pages.create_app()
    for dependency in app.router.dependencies:
        app.dependency_overrides[dependency.dependency] = lambda: None
    app.dependency_overrides[get_user] = lambda: None
    return TestClient(app)


def test_the_list_shows_the_newest_month_and_links_the_others(client):
    page = client.get("/").text
    assert "Thursday, 19 November 2026" in page
    assert "18,342.56" in page
    assert 'href="2026-11-19/report.pdf"' in page
    assert 'href="?month=2026-10"' in page
    assert "19 October 2026" not in page
    assert "19 October 2026" in client.get("/", params={"month": "2026-10"}).text
    assert "19 November 2026" in client.get("/", params={"month": "<script>"}).text


def test_an_empty_archive_is_explained(client, reports):
    shutil.rmtree(reports)
    assert "No report has been made yet" in client.get("/").text


def test_a_day_shows_page_one_and_its_files(client):
    page = client.get("/2026-11-19/").text
    assert '<img src="page-1.png"' in page
    for name in ("report.pdf", "figures.csv", "figures.json"):
        assert f'href="{name}"' in page
        answer = client.get(f"/2026-11-19/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == archive.FILES[name]
        assert (
            answer.headers["content-disposition"] == f'attachment; filename="sales-report-2026-11-19-{name}"'
        )
    picture = client.get("/2026-11-19/page-1.png")
    assert picture.content.startswith(b"\x89PNG")
    assert "content-disposition" not in picture.headers


@pytest.mark.parametrize(
    "path",
    [
        "/2026-11-19/manifest.json",
        "/2026-11-19/..%2f..%2fetc%2fpasswd",
        "/..%2f2026-11-19/report.pdf",
        "/2026-11-18/",
        "/2026-11-18/report.pdf",
        "/2026-13-45/",
        "/today/report.pdf",
        "/docs",
        "/openapi.json",
    ],
)
def test_nothing_else_can_be_reached(client, path):
    assert client.get(path).status_code in (404, 422)


def test_pages_allow_no_scripts_and_only_airflow_may_frame_them(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_a_day_whose_figures_another_version_wrote_is_still_listed(client, reports):
    (reports / "2026-11-19" / "figures.json").write_text("{}")
    page = client.get("/").text
    assert "Thursday, 19 November 2026" in page
    assert "18,342.56" not in page
    assert client.get("/2026-11-19/").status_code == 200


def test_what_comes_from_data_is_escaped(reports):
    figures = make_figures(complete=False, missing_sources=["<b>x</b>"], channels=[breakdown("x", "1")])
    archive.write_figures(f"file://{reports}/2026-11-19", figures)
    page = pages.index_page("2026-11")
    assert "<b>" not in page
    assert "INCOMPLETE" in page


def test_hostile_figures_do_not_break_the_list(reports):
    archive.write_figures(f"file://{reports}/2026-11-19", crowded())
    assert "123,456,789,012" in pages.index_page("2026-11")
