"""Which user may see and restart what: one table of users, pages and forms."""

import re
from types import SimpleNamespace

import pytest
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user
from airflow.models.dag import DagModel
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ecommerce.core.names import DAG_DAILY, DAG_FORECAST
from ecommerce.pages.application import create_app
from ecommerce.pages.navigation import PREFIX
from ecommerce.pages.runs import AirflowRuns
from ecommerce.pages.warehouse_queries import WarehouseQueries
from tests.unit.pages import made_up

TASKS = DagAccessEntity.TASK_INSTANCE
SEES_SALES = ("GET", None, DAG_DAILY)
SEES_FORECASTS = ("GET", None, DAG_FORECAST)
CLEARS_SALES = ("PUT", TASKS, DAG_DAILY)
USERS = {
    "other": [("GET", None, "catalogue_refresh"), ("PUT", TASKS, "catalogue_refresh")],
    "forecasts": [SEES_FORECASTS, ("PUT", TASKS, DAG_FORECAST)],
    "sales": [SEES_SALES],
    "both": [SEES_SALES, SEES_FORECASTS, ("PUT", TASKS, DAG_FORECAST)],
    "edits": [SEES_SALES, ("PUT", None, DAG_DAILY), ("GET", TASKS, DAG_DAILY)],
    "blind": [CLEARS_SALES],
    "operator": [SEES_SALES, CLEARS_SALES],
}
"""What each may do: method, entity, DAG."""
SALES = [
    "/",
    "/?month=2026-11",
    "/2026-11-17/",
    "/2026-11-09/",
    "/2026-11-19/report.pdf",
    "/2026-11-19/figures.json",
    "/quality/",
    "/weeks/2026-W46/",
    "/weeks/2026-W46/report.pdf",
    "/months/2026-10/",
    f"/slices/{made_up.SLICE}/weeks/2026-W46/",
    f"/slices/{made_up.SLICE}/weeks/2026-W46/figures.json",
]
FORECASTS = ["/forecast/", "/forecast/2026-11-16/", "/forecast/2026-11-16/forecast.pdf"]
FORMS = ["/2026-11-17/build", "/2026-11-17/read"]


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture
def sign_in(app, shop, monkeypatch):
    """The pages for one of `USERS`, with Airflow's own checks of their rights."""

    def is_authorized(*, method, user, details, access_entity=None, **_):
        return (method, access_entity, details.id) in user.rights

    manager = SimpleNamespace(is_authorized_dag=is_authorized)
    security = "airflow.api_fastapi.core_api.security"
    monkeypatch.setattr(f"{security}.get_auth_manager", lambda: manager)
    monkeypatch.setattr(DagModel, "get_team_name", lambda *_, **__: None)
    app.state.warehouse = WarehouseQueries(made_up.FakeWarehouse)

    def client(user):
        runs = made_up.FakeRuns()
        app.dependency_overrides = {
            get_user: lambda: SimpleNamespace(rights=USERS[user]),
            AirflowRuns: lambda: runs,
        }
        client = TestClient(app, follow_redirects=False)
        client.runs = runs
        return client

    yield client
    app.dependency_overrides = {}


@pytest.mark.parametrize(
    ("user", "sales", "forecasts", "forms"),
    [
        ("other", 403, 403, 403),
        ("forecasts", 403, 200, 403),
        ("sales", 200, 403, 403),
        ("both", 200, 200, 403),
        ("edits", 200, 403, 403),
        ("blind", 403, 403, 403),
        ("operator", 200, 403, 303),
    ],
)
def test_what_a_user_may_do(sign_in, user, sales, forecasts, forms):
    client = sign_in(user)
    for path in SALES:
        status = 404 if sales == 200 and path == "/2026-11-09/" else sales
        answer = client.get(path)
        assert answer.status_code == status, path
        if status == 403:
            assert (
                "Ask an Airflow administrator for permission to read the DAG."
                in answer.text
            )
    for path in FORECASTS:
        assert client.get(path).status_code == forecasts, path
    for path in FORMS:
        answer = client.post(path, data={"source": "storefront"})
        assert answer.status_code == forms, path
    assert len(client.runs.asked) == (2 if forms == 303 else 0)
    if sales == 200:
        buttons = re.findall(r'action="(\w+)"', client.get("/2026-11-17/").text)
        assert buttons == (["build", "read"] if forms == 303 else [])


@pytest.mark.parametrize("path", [*SALES, *FORECASTS, "/nowhere", "/2026-11-19"])
def test_strangers_are_sent_to_sign_in_and_see_nothing(app, shop, path):
    outer = FastAPI(root_path="/team")
    outer.mount(PREFIX, app)
    client = TestClient(
        outer, base_url="http://airflow.example", follow_redirects=False
    )
    address = f"/team{PREFIX}{path}"
    answer = client.get(address, headers={"Accept": "text/html,*/*;q=0.8"})
    wanted = address.replace("?", "%3F").replace("=", "%3D")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/team/api/v2/auth/login?next={wanted}"
    assert answer.content == b""
    plain = client.get(address)
    assert (plain.status_code, plain.text) == (401, "Not signed in.\n")


@pytest.mark.parametrize("path", FORMS)
def test_a_stranger_restarts_nothing_and_returns_to_the_page_of_the_day(
    app, shop, path
):
    client = TestClient(app, follow_redirects=False)
    answer = client.post(path, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/api/v2/auth/login?next=/2026-11-17/"
    assert client.post(path).status_code == 401


def test_every_address_needs_a_session_and_only_forms_change_something(app):
    changing = []
    for route in app.routes:
        if getattr(route, "methods", {"GET"}) - {"GET", "HEAD"}:
            changing.append(route.path)
    assert sorted(changing) == ["/{day}/build", "/{day}/read"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        (
            {
                "Sec-Fetch-Site": "same-origin",
                "Origin": "https://behind-a-proxy.example",
            },
            303,
        ),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        # Another subdomain of the company.
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none", "Origin": "http://testserver"}, 403),
        # Without HTTPS, a browser sends its origin alone; a proxy of base_url rewrites the host.
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "http://airflow.example"}, 303),
        ({"Origin": "http://other.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_another_site_is_refused(sign_in, monkeypatch, form, headers, status):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example/team")
    client = sign_in("operator")
    answer = client.post(form, data={"source": "sales_db"}, headers=headers)
    assert (answer.status_code, len(client.runs.asked)) == (status, status == 303)
