"""The report pages in a running Airflow API server behind a path: who sees them, and what their forms do."""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

import pytest
import requests

from demo.services.ports import free_port, wait_for
from ecommerce.cli.airflow_api import AirflowApi, tasks_path
from ecommerce.core.names import DAG_DAILY, TASK_CHECKS, TASK_REPORT
from ecommerce.pages.navigation import NAVIGATION
from tests.integration.airflow_process import copy
from tests.unit.pages.made_up import write_archive

pytestmark = pytest.mark.slow

VIEWER, ANALYST, PASSWORD = "viewer", "analyst", "only in this test"
DAY = "2026-11-19"
FIGURE = "18,342.56"
TASKS = {"report": TASK_REPORT, "source": "extract.sales_db", "before": TASK_CHECKS}


@dataclass
class Server:
    """The API server at `base`; `tokens` of its users by their names; `run_id` is of the day's only run."""

    base: str
    tokens: dict[str, str]
    run_id: str = ""

    def get(self, path, user=None, **headers):
        cookie = {"Cookie": f"_token={self.tokens[user]}"} if user else {}
        return requests.get(
            f"{self.base}{path}",
            headers=cookie | headers,
            timeout=60,
            allow_redirects=False,
        )

    def post(self, path, form, user=None):
        cookie = {"_token": self.tokens[user]} if user else {}
        return requests.post(
            f"{self.base}{path}",
            form,
            cookies=cookie,
            timeout=60,
            allow_redirects=False,
        )


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, migrated_airflow):
    """An API server with one user who may only look and one who may clear tasks."""
    root = tmp_path_factory.mktemp("pages")
    reports = write_archive(root)
    passwords = root / "passwords.json"
    passwords.write_text(json.dumps({VIEWER: PASSWORD, ANALYST: PASSWORD}))
    port = free_port()
    base = f"http://127.0.0.1:{port}/team"
    home = copy(
        migrated_airflow,
        root / "airflow",
        {
            "REPORTS_URI": f"file://{reports}",
            "CUSTOMER_HASH_KEY": "a hash key that only tests use",
            "AIRFLOW__API__BASE_URL": base,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{VIEWER}:viewer,{ANALYST}:op",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        },
    )
    assert home.start("dags", "reserialize").wait(180) == 0, home.log()[-3000:]
    process = home.start(
        "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"
    )
    try:
        wait_for(port, 120)
        apis = {user: AirflowApi(base, user, PASSWORD) for user in (VIEWER, ANALYST)}
        tokens = {
            user: str(api._session.headers["Authorization"]).removeprefix("Bearer ")
            for user, api in apis.items()
        }
        server = Server(base, tokens)
        server.run_id = _ended_run(apis[ANALYST])
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _ended_run(api):
    """A run of the day that has succeeded; there is no scheduler."""
    api.request("PATCH", f"dags/{DAG_DAILY}", json={"is_paused": False})
    run = api.post(
        f"dags/{DAG_DAILY}/dagRuns", {"logical_date": None, "partition_key": DAY}
    )
    _end(api, run["dag_run_id"])
    return run["dag_run_id"]


def _end(api, run_id):
    for task in TASKS.values():
        instance = f"{tasks_path(run_id)}/{task}"
        if api.get(instance)["state"] != "success":
            api.request("PATCH", instance, json={"new_state": "success"})
    api.request(
        "PATCH", f"dags/{DAG_DAILY}/dagRuns/{run_id}", json={"state": "success"}
    )


PATHS = [
    "/sales-reports/",
    "/sales-reports/?month=2026-11",
    f"/sales-reports/{DAY}/",
    f"/sales-reports/{DAY}/report.pdf",
    f"/sales-reports/{DAY}/page-1.png",
    f"/sales-reports/{DAY}/figures.json",
    "/sales-reports/quality/",
    "/sales-reports/forecast/",
    "/sales-reports/forecast/2026-11-16/forecast.pdf",
]


@pytest.mark.parametrize(
    "path", [*PATHS, "/sales-reports/2026-13-45/", "/sales-reports/nowhere/at/all"]
)
def test_strangers_see_nothing_and_are_sent_to_sign_in(airflow, path):
    for headers in (
        {},
        {"Authorization": "Bearer forged"},
        {"Cookie": "_token=forged"},
    ):
        answer = airflow.get(path, **headers)
        assert answer.status_code in (401, 403)
        assert FIGURE not in answer.text
    answer = airflow.get(path, Accept="text/html")
    assert answer.status_code == 303
    assert answer.content == b""
    assert (
        answer.headers["location"]
        == f"/team/api/v2/auth/login?next={quote('/team' + path, safe='/')}"
    )


@pytest.mark.parametrize("path", PATHS)
def test_who_has_signed_in_sees_the_pages(airflow, path):
    for user in (VIEWER, ANALYST):
        answer = airflow.get(path, user)
        assert answer.status_code == 200
        assert len(answer.content) > 500


def test_the_navigation_leads_to_the_pages(airflow):
    bearer = {"Authorization": f"Bearer {airflow.tokens[VIEWER]}"}
    plugins = airflow.get("/api/v2/plugins", **bearer).json()["plugins"]
    views = next(
        plugin["external_views"]
        for plugin in plugins
        if plugin["name"] == "report_pages"
    )
    assert [view["name"] for view in views] == [name for name, _, _ in NAVIGATION]
    for view in views:
        page = airflow.get(f"/{view['href']}", VIEWER)
        assert f'aria-current="page">{view["name"]}' in page.text


def _forms(airflow, user):
    page = airflow.get(f"/sales-reports/{DAY}/", user).text
    return re.findall(r'<form method="post" action="(\w+)"', page)


@pytest.fixture
def states(airflow):
    """What Airflow says of the run's tasks, by names; the run has ended again after the test."""
    api = AirflowApi(airflow.base, ANALYST, PASSWORD)
    yield lambda: {
        name: api.get(f"{tasks_path(airflow.run_id)}/{task}")["state"]
        for name, task in TASKS.items()
    }
    _end(api, airflow.run_id)


def test_only_who_may_clear_tasks_can_trigger(airflow, states):
    assert _forms(airflow, VIEWER) == []
    for path, form in (("build", {}), ("read", {"source": "sales_db"})):
        url = f"/sales-reports/{DAY}/{path}"
        assert airflow.post(url, form, VIEWER).status_code == 403
        assert airflow.post(url, form).status_code == 401
    assert set(states().values()) == {"success"}


def test_the_report_is_built_again_by_the_days_run(airflow, states):
    answer = airflow.post(f"/sales-reports/{DAY}/build", {}, ANALYST)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "./?restarted=report",
    )
    assert states() == {"report": None, "source": "success", "before": "success"}
    assert _forms(airflow, ANALYST) == []  # while it is under way
    again = airflow.post(f"/sales-reports/{DAY}/build", {}, ANALYST)
    assert again.status_code == 409
    assert "under way" in again.text
    api = AirflowApi(airflow.base, ANALYST, PASSWORD)
    logged = api.get("eventLogs", dag_id=DAG_DAILY, run_id=airflow.run_id)["event_logs"]
    assert [
        each["owner"] for each in logged if each["event"] == "post_clear_task_instances"
    ] == [ANALYST]


def test_a_source_is_read_again_with_all_that_follows(airflow, states):
    form = {"source": "sales_db"}
    assert airflow.post(f"/sales-reports/{DAY}/read", form, ANALYST).status_code == 303
    assert states() == {"report": None, "source": None, "before": None}
