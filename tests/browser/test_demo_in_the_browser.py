"""What a person sees after `make demo`: the DAG, a run they trigger, the reports, the mail."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from demo.airflow_services import PASSWORD, USER
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.names import DAG_DAILY, DAG_FORECAST, DAG_SELECTION
from ecommerce.core.text import short_day
from tests.browser.conftest import PATIENCE

pytestmark = pytest.mark.browser

HISTORY_DAG = "sales_history_load"
GROUPS = ["extract", "transform", "load", "report", "mail"]


@pytest.fixture(scope="module")
def days(demo):
    """The business days that the demo says it has run, in order."""
    found = re.findall(r"^(\d{4}-\d\d-\d\d) +\d+ .* yes$", demo.said, re.MULTILINE)
    assert len(found) in (12, 13)  # on a Sunday one more, so that a whole week is among them
    return found


@pytest.fixture(scope="module")
def api(demo):
    return AirflowApi(demo.airflow, USER, PASSWORD)


def trigger_form(demo, page, dag_id):
    page.goto(f"{demo.airflow}/dags/{dag_id}")
    page.get_by_test_id("trigger-dag-button").click()
    return page.get_by_role("dialog")


def ended(page, runs):
    """The newest of `runs` as soon as it has ended, or as it is after five minutes."""
    for _ in range(300):
        run = next(iter(runs()), {"state": None})
        if run["state"] in ("success", "failed"):
            break
        page.wait_for_timeout(1000)
    return run


def test_demo_says_where_everything_is(demo, days):
    assert f"{demo.airflow}/dags/{DAG_DAILY}\n" in demo.said
    assert f"user {USER}, password {PASSWORD}" in demo.said
    assert demo.mailbox in demo.said
    assert f"{days[-1]}/report.pdf" in demo.said


def test_graph_shows_the_five_groups(demo, signed_in):
    signed_in.goto(f"{demo.airflow}/dags/{DAG_DAILY}")
    signed_in.get_by_label("Show Graph").click()
    nodes = signed_in.locator(".react-flow__node")
    expect(nodes).to_have_count(len(GROUPS), timeout=PATIENCE)
    across = sorted((nodes.nth(place).bounding_box()["x"], place) for place in range(len(GROUPS)))
    assert [nodes.nth(place).get_attribute("data-id") for _, place in across] == GROUPS


def test_scheduler_ran_every_day_to_a_green_end(api, days):
    for day in days:
        newest = api.runs_of_day(date.fromisoformat(day))[0]
        assert (newest["state"], newest["run_type"]) == ("success", "backfill")
        path = f"dags/{DAG_DAILY}/dagRuns/{newest['dag_run_id']}/taskInstances"
        states = {task["state"] for task in api.get(path, limit=100)["task_instances"]}
        assert states == {"success"}


def test_every_dag_is_on_and_all_but_the_monthly_one_have_run(api):
    dags = {dag["dag_id"]: dag["is_paused"] for dag in api.get("dags")["dags"]}
    assert not any(dags.values()), dags
    for dag_id in dags.keys() - {DAG_SELECTION}:
        assert api.get(f"dags/{dag_id}/dagRuns", state="success")["dag_runs"], dag_id
        assert not api.get(f"dags/{dag_id}/dagRuns", state="failed")["dag_runs"], dag_id


def test_the_week_whose_days_were_loaded_was_forecast_and_mailed(api, demo):
    runs = api.get(f"dags/{DAG_FORECAST}/dagRuns")["dag_runs"]
    (week,) = {run["partition_key"] for run in runs}
    assert {run["run_type"] for run in runs} == {"asset_triggered"}
    as_of = date.fromisoformat(week) + timedelta(days=7)
    folder = demo.folders.reports / "forecasts" / str(as_of)
    assert (folder / "forecast.pdf").read_bytes().startswith(b"%PDF")
    assert str(folder) in demo.said
    mails = [path.read_bytes() for path in demo.folders.mail.glob("*.eml")]
    assert sum(b"X-Sales-Mail: forecast" in mail for mail in mails) == 1


def test_the_reconciliation_found_what_changed_without_a_trace(demo, days):
    (told,) = re.findall(r"it differs: (.*);", demo.said)
    assert set(told.split(", ")) == {f"storefront on {days[-3]}", f"sales_db on {days[-3]}"}


def test_docs_of_the_dag_begin_with_what_to_do_when_it_fails(demo, signed_in):
    signed_in.goto(f"{demo.airflow}/dags/{DAG_DAILY}")
    signed_in.get_by_label("Dag Docs").click()
    expect(signed_in.get_by_role("dialog")).to_contain_text("When it fails:", timeout=PATIENCE)


def test_a_day_is_triggered_by_its_partition_key(demo, signed_in, api, days):
    before = (date.fromisoformat(days[0]) - timedelta(days=1)).isoformat()
    form = trigger_form(demo, signed_in, DAG_DAILY)
    expect(form.get_by_text("Mail the report")).to_be_visible(timeout=PATIENCE)
    form.get_by_role("button", name="Advanced Options").click()
    form.locator("input[name=partitionKey]").fill(before)
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form).to_be_hidden(timeout=PATIENCE)
    run = ended(signed_in, lambda: api.runs_of_day(date.fromisoformat(before)))
    assert (run["state"], run["partition_key"]) == ("success", before)


def test_an_export_is_looked_at_by_the_form_of_the_history_load(demo, signed_in, api):
    form = trigger_form(demo, signed_in, HISTORY_DAG)
    form.locator("#element_files").fill(f"file://{demo.folders.partner_drop}/*.csv")
    form.locator("#element_source").fill("old_marketplace")
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form).to_be_hidden(timeout=PATIENCE)

    def asked():  # the other run was the demo's own
        runs = api.get(f"dags/{HISTORY_DAG}/dagRuns")["dag_runs"]
        return [run for run in runs if run["conf"]["source"] == "old_marketplace"]

    run = ended(signed_in, asked)
    assert (run["state"], run["conf"]["dry_run"]) == ("success", True)
    path = f"dags/{HISTORY_DAG}/dagRuns/{run['dag_run_id']}/taskInstances"
    states = {task["task_id"]: task["state"] for task in api.get(path, limit=100)["task_instances"]}
    assert (states["summary"], states["exchange_rates"], states["month.load"]) == (
        "success",
        "skipped",
        "skipped",
    )


def test_reports_are_in_the_navigation_with_picture_and_pdf(signed_in, days):
    signed_in.get_by_role("link", name="Sales reports").click()
    pages = signed_in.frame_locator("iframe")
    pages.locator(f"a[href*='{days[-1]}']").first.click()
    picture = pages.locator("img").first
    expect(picture).to_be_visible(timeout=PATIENCE)
    signed_in.wait_for_function("element => element.naturalWidth > 600", arg=picture.element_handle())
    with signed_in.expect_download() as download:
        pages.get_by_role("link", name="Report (PDF)").click()
    assert download.value.suggested_filename == f"sales-report-{days[-1]}-report.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_reports_are_for_people_who_have_signed_in(demo, page, days):
    answer = page.goto(f"{demo.airflow}/sales-reports/{days[-1]}/")
    assert answer.status in (401, 403) or "/auth/login" in urlsplit(page.url).path
    assert page.locator("img").count() == 0


def test_mails_are_in_the_mailbox_with_their_pdf(demo, page, days):
    page.goto(demo.mailbox)
    subjects = page.locator("a[href^='/messages/']").all_inner_texts()
    of_day = {day: re.compile(rf"^(?!Forecast).*{short_day(date.fromisoformat(day))}: ") for day in days}
    # The newest day may have two: the schedule runs it too, maybe before the late refund was booked.
    assert [day for day in days if any(map(of_day[day].search, subjects))] == days
    page.get_by_role("link", name=of_day[days[-1]]).first.click()
    body = page.frame_locator("iframe").locator("body")
    expect(body).to_contain_text("Net sales", timeout=PATIENCE)
    trend = body.get_by_role("img", name=re.compile("^Net sales of the 28 days"))
    assert trend.evaluate("picture => picture.naturalWidth") > 0
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"\.pdf$")).click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
