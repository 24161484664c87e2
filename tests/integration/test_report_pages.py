"""The report pages in a running Airflow API server behind a path: who sees them, and what their forms do.

`unit/pages` has every page and form with a stand-in for Airflow.
"""

import json
import re
from dataclasses import dataclass, field

import pytest
import requests

from demo.services.ports import free_port, wait_for
from ecommerce.cli.airflow_api import AirflowApi, tasks_path
from ecommerce.core.names import DAG_DAILY, TASK_CHECKS, TASK_REPORT
from ecommerce.pages.navigation import NAVIGATION
from tests.integration.airflow_process import copy
from tests.rows import column_of
from tests.unit.pages.made_up import write_archive

pytestmark = pytest.mark.slow

VIEWER = "viewer"
ANALYST = "analyst"
PASSWORD = "only in this test"
DAY = "2026-11-19"
FIGURE = "18,342.56"
TASKS = (TASK_REPORT, "extract.sales_db", TASK_CHECKS)
RUNS = f"dags/{DAG_DAILY}/dagRuns"


@dataclass
class Server:
    """The API server at `base`; `run_id` is of the day's only run."""

    base: str
    apis: dict[str, AirflowApi] = field(default_factory=dict)
    run_id: str = ""

    def token(self, user):
        header = self.apis[user]._session.headers["Authorization"]
        return str(header).removeprefix("Bearer ")

    def send(self, path, user=None, form=None, **headers):
        """Request a page, or post a form, as a browser in which a user has signed in, or nobody."""
        cookies = {"_token": self.token(user)} if user else {}
        return requests.request(
            "GET" if form is None else "POST",
            f"{self.base}{path}",
            data=form,
            headers=headers,
            cookies=cookies,
            timeout=60,
            allow_redirects=False,
        )

    def states(self):
        """The states of the run's tasks."""
        api = self.apis[ANALYST]
        return [api.get(f"{tasks_path(self.run_id)}/{task}")["state"] for task in TASKS]

    def end_run(self):
        """Let the day's run have succeeded; there is no scheduler."""
        api = self.apis[ANALYST]
        for task in TASKS:
            path = f"{tasks_path(self.run_id)}/{task}"
            if api.get(path)["state"] != "success":
                api.request("PATCH", path, json={"new_state": "success"})
        api.request(
            "PATCH",
            f"{RUNS}/{self.run_id}",
            json={"state": "success"},
        )


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, migrated_airflow):
    """An API server with one user who may only look and one who may clear tasks."""
    root = tmp_path_factory.mktemp("pages")
    passwords = root / "passwords.json"
    passwords.write_text(json.dumps({VIEWER: PASSWORD, ANALYST: PASSWORD}))
    port = free_port()
    server = Server(f"http://127.0.0.1:{port}/team")
    settings = {
        "REPORTS_URI": f"file://{write_archive(root)}",
        "CUSTOMER_HASH_KEY": "a hash key that only tests use",
        "AIRFLOW__API__BASE_URL": server.base,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{VIEWER}:viewer,{ANALYST}:op",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }
    home = copy(migrated_airflow, root / "airflow", settings)
    assert home.start("dags", "reserialize").wait(180) == 0, home.log()[-3000:]
    process = home.start("api-server", "--host=127.0.0.1", f"--port={port}")
    try:
        wait_for(port, 120)
        for user in (VIEWER, ANALYST):
            server.apis[user] = AirflowApi(server.base, user, PASSWORD)
        api = server.apis[ANALYST]
        api.request(
            "PATCH",
            f"dags/{DAG_DAILY}",
            json={"is_paused": False},
        )
        run = api.post(RUNS, {"logical_date": None, "partition_key": DAY})
        server.run_id = run["dag_run_id"]
        server.end_run()
        yield server
    finally:
        process.terminate()
        process.wait(30)


def test_strangers_see_nothing_and_are_sent_to_sign_in(airflow):
    path = f"/sales-reports/{DAY}/report.pdf"
    for headers in ({}, {"Authorization": "Bearer forged"}):
        answer = airflow.send(path, **headers)
        assert answer.status_code in (401, 403)
        assert FIGURE not in answer.text
    answer = airflow.send(path, Accept="text/html")
    assert answer.status_code == 303
    assert answer.content == b""
    sign_in = f"/team/api/v2/auth/login?next=/team{path}"
    assert requests.utils.unquote(answer.headers["location"]) == sign_in


def test_who_has_signed_in_sees_the_pages_to_which_the_navigation_leads(airflow):
    bearer = {"Authorization": f"Bearer {airflow.token(VIEWER)}"}
    plugins = airflow.send("/api/v2/plugins", **bearer).json()["plugins"]
    [plugin] = [plugin for plugin in plugins if plugin["name"] == "report_pages"]
    views = plugin["external_views"]
    assert column_of(views, "name") == [name for name, _, _ in NAVIGATION]
    for view in views:
        page = airflow.send(f"/{view['href']}", VIEWER)
        assert f'aria-current="page">{view["name"]}' in page.text
    pdf = airflow.send(f"/sales-reports/{DAY}/report.pdf", VIEWER)
    assert pdf.content.startswith(b"%PDF")


def forms(airflow, user):
    page = airflow.send(f"/sales-reports/{DAY}/", user).text
    return re.findall(r'<form method="post" action="(\w+)"', page)


def test_only_who_may_clear_tasks_can_trigger(airflow):
    assert forms(airflow, VIEWER) == []
    url = f"/sales-reports/{DAY}/build"
    assert airflow.send(url, VIEWER, form={}).status_code == 403
    assert airflow.send(url, form={}).status_code == 401
    assert airflow.states() == ["success"] * 3


def test_the_report_is_built_again_and_a_source_is_read_again_by_the_days_run(airflow):
    url = f"/sales-reports/{DAY}/build"
    answer = airflow.send(url, ANALYST, form={})
    target = (answer.status_code, answer.headers["location"])
    assert target == (303, "./?restarted=report")
    assert airflow.states() == [None, "success", "success"]
    assert forms(airflow, ANALYST) == []  # while it is under way
    again = airflow.send(url, ANALYST, form={})
    assert again.status_code == 409
    assert "under way" in again.text
    api = airflow.apis[ANALYST]
    logged = api.get(
        "eventLogs",
        dag_id=DAG_DAILY,
        run_id=airflow.run_id,
    )["event_logs"]
    cleared = [event for event in logged if event["event"].startswith("post_clear")]
    assert column_of(cleared, "owner") == [ANALYST]

    airflow.end_run()
    form = {"source": "sales_db"}
    answer = airflow.send(
        f"/sales-reports/{DAY}/read",
        ANALYST,
        form=form,
    )
    assert answer.status_code == 303
    assert airflow.states() == [None, None, None]
