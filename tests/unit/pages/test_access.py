"""Who sees what, and what is sent beside the pages."""

import subprocess
import sys

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.parts import exists
from ecommerce.pages import access
from ecommerce.pages.application import create_app
from ecommerce.pages.navigation import PREFIX
from tests.unit.pages import made_up

FORECAST = "/forecast/"
PAGES = ["/", "/2026-11-19/", "/quality/", *([FORECAST] if exists("forecast") else [])]
PATHS = [
    "/",
    "/?month=2026-11",
    "/2026-11-19/",
    "/2026-11-19/report.pdf",
    "/2026-11-19/products/0.png",
    "/quality/",
    "/forecast/",
    "/forecast/2026-11-16/forecast.pdf",
    "/nowhere",
    "/2026-13-45/",
    "/2026-11-19",
    "/quality",
    "/forecast",
    "/forecast/2026-11-16",
]


@pytest.fixture
def stranger(reports):
    """The pages as Airflow mounts them under a prefix, and nobody signed in."""
    outer = FastAPI(root_path="/team")
    outer.mount(PREFIX, create_app())
    return TestClient(outer, base_url="http://airflow.example", follow_redirects=False)


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_sent_to_sign_in_and_see_nothing(stranger, path):
    answer = stranger.get(
        f"/team{PREFIX}{path}", headers={"Accept": "text/html,*/*;q=0.8"}
    )
    assert answer.status_code == 303
    wanted = f"/team{PREFIX}{path}".replace("?", "%3F").replace("=", "%3D")
    assert answer.headers["location"] == f"/team/api/v2/auth/login?next={wanted}"
    assert answer.content == b""
    plain = stranger.get(f"/team{PREFIX}{path}")
    assert (plain.status_code, plain.text) == (401, "Not signed in.\n")


def test_a_stranger_triggers_nothing_and_comes_back_to_the_days_page(stranger):
    answer = stranger.post(
        f"/team{PREFIX}/2026-11-19/build", headers={"Accept": "text/html"}
    )
    assert (
        answer.headers["location"]
        == f"/team/api/v2/auth/login?next=/team{PREFIX}/2026-11-19/"
    )


def test_whatever_changes_something_asks_for_the_right_to_clear_tasks():
    routes = create_app().routes
    changing = [
        route
        for route in routes
        if getattr(route, "methods", {"GET"}) - {"GET", "HEAD"}
    ]
    assert {route.path for route in changing} == {"/{day}/build", "/{day}/read"}
    for route in changing:
        assert access.may_clear in {each.call for each in route.dependant.dependencies}


@pytest.mark.parametrize(
    "path",
    [
        "/2026-11-19/manifest.json",
        "/2026-11-19/..%2f..%2fetc%2fpasswd",
        "/..%2f2026-11-19/report.pdf",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/2026-11-18x/report.pdf",
        "/2026-11-02/report.pdf",
        "/2026-13-45/",
        "/today/report.pdf",
        "/0/",
        "/1700006400/",
        "/20261119/",
        "/forecast/0/",
        "/nowhere",
        "/forecast/2026-11-02/",
        "/forecast/2026-11-16/manifest.json",
        "/forecast/..%2f2026-11-16/forecast.pdf",
        "/?month=2026-13",
        "/?month=<script>",
        "/docs",
        "/openapi.json",
    ],
)
def test_what_leads_nowhere_gets_a_page_and_a_way_back(client, path):
    answer = client.get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "All sales reports" in answer.text
    assert "<script>" not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("path", [path.rstrip("/") for path in PAGES[1:]])
def test_without_the_last_slash_one_comes_to_the_page_also_below_a_path(
    open_pages, path
):
    outer = FastAPI(root_path="/team")
    outer.mount(PREFIX, open_pages().app)
    client = TestClient(
        outer, base_url="http://airflow.example", follow_redirects=False
    )
    answer = client.get(f"/team{PREFIX}{path}")
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        f"{path.rpartition('/')[2]}/",
    )
    followed = client.get(f"/team{PREFIX}{path}", follow_redirects=True)
    assert (followed.status_code, followed.url.path) == (200, f"/team{PREFIX}{path}/")


@pytest.mark.parametrize(
    "path", ["/", "/2026-11-17/", "/2026-11-17/report.pdf", *PAGES[3:]]
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
    monkeypatch.setattr("ecommerce.sales.report.archive.archived_days", fails)
    if FORECAST in PAGES:
        monkeypatch.setattr("ecommerce.forecast.report.archive.archived", fails)
    answer = client.get(path)
    assert answer.status_code == 503
    assert words in answer.text
    assert "All sales reports" in answer.text
    assert "geheim" not in answer.text


def test_the_way_back_is_relative_to_the_address_as_it_was_sent(client):
    assert (
        '<a class="button strong" href="../">'
        in client.get("/2026-11-19/..%2f..%2fx").text
    )
    assert '<a class="button strong" href="./">' in client.get("/docs").text
    assert '<a class="button strong" href="../../">' in client.get("/a/b/c").text


def test_all_links_are_relative(reports, open_pages):
    for path in (
        "/",
        "/2026-11-19/",
        "/quality/",
        "/forecast/",
        "/forecast/2026-11-09/",
        "/2026-11-09/",
    ):
        page = open_pages().get(path).text
        assert 'href="/' not in page
        assert 'src="/' not in page
        assert 'action="/' not in page


@pytest.mark.parametrize(
    "path", ["/", "/2026-11-19/", "/2026-11-19/report.pdf", "/nowhere", "/forecast/"]
)
def test_no_scripts_no_foreign_content_and_only_airflow_may_frame_them(client, path):
    answer = client.get(path)
    policy = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "form-action 'self'" in policy
    assert not any("unsafe" in part or "script-src" in part for part in policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "private" in answer.headers["cache-control"]


def test_pages_hold_no_styles_that_the_policy_forbids(client):
    for path in ("/", "/2026-11-19/", "/quality/", "/forecast/"):
        page = client.get(path).text
        assert " style=" not in page.partition("</head>")[2]
        assert "<script" not in page


def test_in_airflows_frame_there_is_no_second_way_home(client):
    framed = client.get("/", headers={"Sec-Fetch-Dest": "iframe"}).text
    assert 'class="home"' not in framed
    assert 'class="home" href="./../"' in client.get("/").text


def test_other_processes_than_the_api_server_load_no_fastapi():
    code = "import sys, report_pages_plugin; assert 'fastapi' not in sys.modules"
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": "plugins"}
    )


def test_what_comes_from_data_is_escaped(open_pages):
    rows = made_up.quality_rows() | {
        "rejected": [
            made_up.rejected("storefront", "<b>x</b>", 1, detail="<i>", raw="<script>")
        ]
    }
    page = open_pages(warehouse=made_up.FakeWarehouse(rows=rows)).get("/quality/").text
    assert "<b>" not in page
    assert "<script" not in page
