"""Addresses, headers, files, errors, forms and the cache of the pages."""

import re
from threading import Event

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ecommerce.core.errors import ConfigurationError
from ecommerce.forecast.report import archive as forecasts
from ecommerce.pages.navigation import PREFIX
from ecommerce.pages.warehouse_queries import WarehouseQueries
from ecommerce.sales.periods import archive as periods
from ecommerce.sales.report import archive
from ecommerce.sales.slices import Slice
from tests.unit.pages.made_up import SLICE, FakeRuns, day

NOT_ARCHIVED = periods.slice_key(Slice(category=("Lighting",)))
"""The key of a subscription's slice without a report."""

PAGES = [
    "/",
    "/2026-11-19/",
    "/2026-11-09/",
    "/quality/",
    "/forecast/",
    "/weeks/2026-W46/",
    f"/slices/{SLICE}/weeks/2026-W46/",
    "/months/2026-10/",
    "/months/2026-11/",
    "/nowhere/at/all",
]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/2026-11-19/manifest.json", 404),
        ("/2026-11-19/..%2f..%2fetc%2fpasswd", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/2026-11-02/report.pdf", 404),
        ("/2026-13-45/", 422),
        ("/20261119/", 422),
        ("/nowhere/", 422),
        ("/9999-12-31/", 422),
        ("/forecast/2026-11-02/", 404),
        ("/forecast/2026-11-16/manifest.json", 404),
        ("/?month=2026-13", 422),
        ("/?month=<script>", 422),
        ("/2026-11-17/build", 404),
        ("/weeks/2026-W45/", 404),
        ("/weeks/2026-W54/", 404),
        ("/weeks/2026-10/", 404),
        ("/months/2026-W46/", 404),
        ("/weeks/2026-11-09/", 422),
        ("/weeks/0999-W01/", 422),
        ("/weeks/2026-W46/manifest.json", 404),
        ("/weeks/2026-W46/mail.json", 404),
        ("/weeks/2026-W46/..%2f..%2fetc%2fpasswd", 404),
        ("/weeks/2026-W45/report.pdf", 404),
        (f"/slices/{SLICE}/weeks/2026-W45/", 404),
        (f"/slices/{SLICE}/months/2026-10/", 404),
        (f"/slices/{NOT_ARCHIVED}/weeks/2026-W46/", 404),
        ("/slices/0123456789abcdef/weeks/2026-W46/", 404),
        ("/slices/%2e%2e/weeks/2026-W46/", 404),
        ("/docs/", 422),
        ("/nowhere/at/all", 404),
    ],
)
def test_what_leads_nowhere_gets_a_page_and_a_way_back(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script>" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_scripts_no_foreign_content_and_relative_links(client, path):
    answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert re.fullmatch(
        "default-src 'none'; img-src 'self'; style-src 'sha256-[^']+'; frame-ancestors 'self'; "
        "form-action 'self'; base-uri 'none'",
        policy,
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "private" in answer.headers["cache-control"]
    assert "<script" not in answer.text
    assert " style=" not in answer.text.partition("</head>")[2]
    assert not re.search('(href|src|action)="/', answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/quality",
        "/2026-11-19",
        "/forecast/2026-11-16",
        "/weeks/2026-W46",
        "/months/2026-10",
        f"/slices/{SLICE}/weeks/2026-W46",
    ],
)
def test_an_address_without_its_last_slash_is_redirected(open_pages, path):
    outer = FastAPI(root_path="/team")
    outer.mount(PREFIX, open_pages().app)
    client = TestClient(outer, base_url="http://airflow.example")
    answer = client.get(f"/team{PREFIX}{path}")
    assert (answer.status_code, answer.url.path) == (200, f"/team{PREFIX}{path}/")
    assert [each.status_code for each in answer.history] == [307]


@pytest.mark.parametrize(
    "path", ["/", "/2026-11-17/", "/2026-11-17/report.pdf", "/weeks/2026-W46/"]
)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConfigurationError("the setting X is missing"), "the setting X is missing."),
        (PermissionError(13, "key=geheim"), "see the API server&#39;s log."),
    ],
)
def test_what_cannot_be_read_gets_a_page_without_secrets(
    client, monkeypatch, path, error, words
):
    def fails(*_):
        raise error

    monkeypatch.setattr("ecommerce.storage.staging.storage_path", fails)
    monkeypatch.setattr("ecommerce.storage.report_archive.Archive.days", fails)
    answer = client.get(path)
    assert answer.status_code == 503
    assert words in answer.text
    assert "All sales reports" in answer.text
    assert "geheim" not in answer.text


@pytest.mark.parametrize(
    ("folder", "saved", "files"),
    [
        ("/2026-11-19", "sales-report-2026-11-19", ["report.pdf", "trend.svg"]),
        ("/weeks/2026-W46", "sales-report-2026-W46", ["report.pdf", "days.svg"]),
        (
            f"/slices/{SLICE}/weeks/2026-W46",
            "sales-report-2026-W46",
            ["report.pdf", "days.svg"],
        ),
        ("/forecast/2026-11-16", "sales-forecast-2026-11-16", forecasts.FILES),
    ],
)
def test_files_have_their_type_and_are_saved_under_a_name_that_says_what_they_are(
    client, folder, saved, files
):
    types = archive.FILES | periods.FILES | forecasts.FILES
    for name in (*files, "figures.csv", "figures.json", "page-1.png"):
        answer = client.get(f"{folder}/{name}")
        assert answer.headers["content-type"].split(";")[0] == types[name]
        disposition = f'attachment; filename="{saved}-{name}"'
        if types[name].startswith("image/"):
            disposition = None
        assert answer.headers.get("content-disposition") == disposition


REPORT = "The report is being built again."
SOURCE = "The source is being read again; the report follows."


@pytest.mark.parametrize(
    ("form", "asked", "message"),
    [
        ("build", ("build", day(17)), REPORT),
        ("read", ("read", day(17), "storefront"), SOURCE),
    ],
)
def test_a_form_restarts_tasks_and_the_page_says_so(open_pages, form, asked, message):
    runs = FakeRuns()
    client = open_pages(runs=runs)
    answer = client.post(f"/2026-11-17/{form}", data={"source": "storefront"})
    assert (answer.status_code, runs.asked) == (303, [asked])
    location = answer.headers["location"]
    assert message in client.get(f"/2026-11-17/{location[2:]}").text


@pytest.mark.parametrize("source", ["partner_files", "exchange_rates", "../x", ""])
def test_only_required_sources_are_read_again(open_pages, source):
    runs = FakeRuns()
    answer = open_pages(runs=runs).post("/2026-11-17/read", data={"source": source})
    assert (answer.status_code, runs.asked) == (422, [])


def test_a_warehouse_that_hangs_or_fails_is_one_sentence():
    warehouse = WarehouseQueries(lambda: "warehouse", timeout=0.01)
    release = Event()
    hanging = warehouse.run(lambda _: release.wait(30))
    assert hanging == (None, "The warehouse timed out after 0.01 seconds.")
    release.set()

    def fail(_):
        raise ValueError("password=x")

    warehouse.timeout = 120
    _, failed = warehouse.run(fail)
    assert failed == "The warehouse is unavailable: see the API server's log."


def test_an_invalid_source_policy_leaves_the_archived_report(open_pages, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", "{")
    answer = open_pages().get("/2026-11-17/")
    assert answer.status_code == 200
    assert "the Variable source_policy is not a JSON object" in answer.text
    assert "Net sales" in answer.text
    assert 'action="build"' in answer.text
    assert 'action="read"' not in answer.text
