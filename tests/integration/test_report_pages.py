"""The *Sales reports* pages in a running Airflow API server: only for people who have signed in."""

from __future__ import annotations

import json

import pytest
import requests

from demo.services.ports import free_port, wait_for
from ecommerce.sales.report import archive
from tests.integration.airflow_process import copy
from tests.unit.sales.report.samples import make_figures

USER, PASSWORD = "viewer", "only in this test"


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, migrated_airflow):
    """The base URL of an API server with one user who may only look."""
    root = tmp_path_factory.mktemp("pages")
    figures = make_figures()
    folders = [f"file://{root}/{name}" for name in ("figures", "document")]
    archive.write_figures(folders[0], figures)
    archive.write_document(folders[1], figures)
    archive.publish(f"file://{root}/reports", figures, folders)
    passwords = root / "passwords.json"
    passwords.write_text(json.dumps({USER: PASSWORD}))
    port = free_port()
    home = copy(
        migrated_airflow,
        root / "airflow",
        {
            "REPORTS_URI": f"file://{root}/reports",
            "CUSTOMER_HASH_KEY": "a hash key that only tests use",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:viewer",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        },
    )
    process = home.start("api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    try:
        wait_for(port, 120)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def token(airflow):
    answer = requests.post(f"{airflow}/auth/token", json={"username": USER, "password": PASSWORD}, timeout=30)
    return answer.json()["access_token"]


PATHS = [
    "/sales-reports/",
    "/sales-reports/2026-11-19/",
    "/sales-reports/2026-11-19/report.pdf",
    "/sales-reports/2026-11-19/page-1.png",
    "/sales-reports/2026-11-19/figures.json",
]


@pytest.mark.parametrize("path", PATHS)
def test_strangers_see_nothing(airflow, path):
    for headers in ({}, {"Authorization": "Bearer forged"}, {"Cookie": "_token=forged"}):
        answer = requests.get(f"{airflow}{path}", headers=headers, timeout=30)
        assert answer.status_code in (401, 403)
        assert "18,342.56" not in answer.text


@pytest.mark.parametrize("path", PATHS)
def test_who_has_signed_in_sees_the_reports(airflow, token, path):
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"_token={token}"}):
        answer = requests.get(f"{airflow}{path}", headers=headers, timeout=30)
        assert answer.status_code == 200
        assert len(answer.content) > 500


def test_the_navigation_leads_to_the_pages(airflow, token):
    plugins = requests.get(
        f"{airflow}/api/v2/plugins", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ).json()["plugins"]
    (view,) = next(plugin["external_views"] for plugin in plugins if plugin["name"] == "sales_reports")
    assert (view["destination"], view["url_route"]) == ("nav", "sales-reports")
    page = requests.get(f"{airflow}/{view['href']}", headers={"Cookie": f"_token={token}"}, timeout=30)
    assert "Thursday, 19 November 2026" in page.text
