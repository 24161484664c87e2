"""What a person sees after `make demo`: the DAG, a run they trigger, the reports, the mail."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from demo.airflow_services import PASSWORD, USER
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.names import (
    DAG_DAILY,
    DAG_FORECAST,
    DAG_HISTORY_READ,
    DAG_MONTH,
    DAG_SELECTION,
    DAG_WEEK,
)
from ecommerce.core.text import short_day
from tests.browser.conftest import DAYS, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def days(demo):
    """The business days that the demo says it has run, in order."""
    found = re.findall(r"^(\d{4}-\d\d-\d\d) +\d+ .* yes$", demo.output, re.MULTILINE)
    assert len(found) == DAYS
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


def test_scheduler_ran_every_day_to_a_green_end(api, days):
    for day in days:
        newest = api.runs_of_day(date.fromisoformat(day))[0]
        by = "manual" if day == days[-1] else "backfill"
        assert (newest["state"], newest["run_type"]) == ("success", by)


def test_every_dag_is_on_and_all_but_two_have_run(api):
    dags = {dag["dag_id"]: dag["is_paused"] for dag in api.get("dags")["dags"]}
    assert not any(dags.values()), dags
    for dag_id in dags.keys() - {DAG_SELECTION, DAG_HISTORY_READ}:
        assert api.get(f"dags/{dag_id}/dagRuns", state="success")["dag_runs"], dag_id
        assert not api.get(f"dags/{dag_id}/dagRuns", state="failed")["dag_runs"], dag_id


def test_the_newest_whole_week_was_forecast_and_mailed(api, demo):
    runs = api.get(f"dags/{DAG_FORECAST}/dagRuns")["dag_runs"]
    (week,) = {run["partition_key"] for run in runs}
    as_of = date.fromisoformat(week) + timedelta(days=7)
    folder = demo.folders.reports / "forecasts" / str(as_of)
    assert (folder / "forecast.pdf").read_bytes().startswith(b"%PDF")
    mails = [path.read_bytes() for path in demo.folders.mail.glob("*.eml")]
    assert sum(b"X-Sales-Mail: forecast" in mail for mail in mails) == 1


@pytest.mark.parametrize(
    ("kind", "dag_id", "address"),
    [
        ("week", DAG_WEEK, "germany@example.com"),
        ("month", DAG_MONTH, "board@example.com"),
    ],
)
def test_the_week_and_the_month_were_mailed_to_their_subscriptions(
    api, demo, kind, dag_id, address
):
    [run] = api.get(f"dags/{dag_id}/dagRuns")["dag_runs"]
    assert (run["state"], run["run_type"]) == ("success", "manual")
    mails = [path.read_bytes() for path in demo.folders.mail.glob("*.eml")]
    to_address = f"\nTo: {address}".encode()
    # On the first of a month, `report_watch` mails the month that ended too.
    of_period = f"\nMessage-ID: <{kind}.{run['conf'][kind]}.".encode()
    [mail] = [mail for mail in mails if to_address in mail and of_period in mail]
    assert b"application/pdf" in mail


def test_the_report_of_the_week_is_where_the_demo_says(demo):
    [path] = re.findall(r"^  (/.*/weeks/.*/report\.pdf)$", demo.output, re.MULTILINE)
    assert Path(path).read_bytes().startswith(b"%PDF-")


def test_the_reconciliation_found_what_changed_without_a_trace(demo, days):
    (differences,) = re.findall(r"Differences: (.*);", demo.output)
    assert set(differences.split(", ")) == {
        f"storefront on {days[-3]}",
        f"sales_db on {days[-3]}",
    }


def test_a_day_is_triggered_by_its_partition_key(demo, signed_in, api, days):
    before = (date.fromisoformat(days[0]) - timedelta(days=1)).isoformat()
    form = trigger_form(demo, signed_in, DAG_DAILY)
    expect(form.get_by_text("Mail the report")).to_be_visible()
    form.get_by_role("button", name="Advanced Options").click()
    form.locator("input[name=partitionKey]").fill(before)
    form.get_by_role("button", name="Trigger", exact=True).click()
    expect(form).to_be_hidden()
    run = ended(signed_in, lambda: api.runs_of_day(date.fromisoformat(before)))
    assert (run["state"], run["partition_key"]) == ("success", before)


def frame_of(page, entry):
    """The frame that an entry of the navigation opens; Airflow gathers them behind one button."""
    page.get_by_role("button", name="Plugins").click()
    page.get_by_role("menuitem", name=entry).click()
    return page.frame_locator(f"iframe[title='{entry}']")


def expect_loaded(picture):
    """A picture has its space before its bytes have arrived; a broken one never has a width."""
    expect(picture).to_be_visible()
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_calendar_leads_to_a_day_its_charts_its_pdf_and_its_run(signed_in, days):
    pages = frame_of(signed_in, "Sales reports")
    expect(pages.locator("table.month")).to_be_visible()
    expect(pages.locator(".pill.mailed").first).to_be_visible()
    pages.locator(f"a[href='{days[-1]}/']").first.click()
    expect_loaded(pages.locator("#trend img"))
    expect(pages.get_by_text("The warehouse is unavailable")).to_have_count(0)
    with signed_in.expect_download() as download:
        pages.get_by_role("link", name="Report as PDF").click()
    assert download.value.suggested_filename == f"sales-report-{days[-1]}-report.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert f"/sales-reports/{days[-1]}/" in signed_in.url  # what the mail links to
    pages.locator("#run a").first.click()
    expect(pages.get_by_text(DAG_DAILY).first).to_be_visible()


def test_data_quality_and_forecast(signed_in):
    pages = frame_of(signed_in, "Data quality")
    expect(pages.locator("table.strips")).to_be_visible()
    expect(pages.locator("#rejected")).to_be_visible()
    for summary in pages.locator("#rejected summary").all():  # a long table is folded
        summary.click()
    expect(pages.locator("#rejected tbody tr").first).to_be_visible()
    pages = frame_of(signed_in, "Forecast")
    expect(pages.locator("#weeks img")).to_be_visible()
    expect(pages.locator("#weeks tbody tr")).to_have_count(4)


def test_who_signs_in_comes_to_the_page_they_wanted(demo, page, days):
    page.goto(f"{demo.airflow}/sales-reports/{days[-1]}/")
    assert page.locator("table").count() == 0
    sign_in(page)
    expect(page.locator("h1")).to_contain_text(str(date.fromisoformat(days[-1]).year))


def test_mails_are_in_the_mailbox_with_their_pdf(demo, page, days):
    page.goto(demo.mailbox)
    subjects = page.locator("a[href^='/messages/']").all_inner_texts()
    for day in days:
        name = short_day(date.fromisoformat(day))
        of_day = re.findall(rf"(?m)^(?!Forecast).*{name}: .*$", "\n".join(subjects))
        assert of_day, day
    # The newest was mailed first, before anything could be compared with, and last.
    assert of_day[0].startswith("Corrected ")
    assert not of_day[-1].startswith("Corrected ")
    page.get_by_role("link", name=of_day[0]).first.click()
    body = page.frame_locator("iframe").locator("body")
    trend = body.get_by_role("img", name=re.compile("^Net sales of the .*28 days"))
    expect_loaded(trend)
    expect(page.get_by_role("link", name=re.compile(r"\.pdf$"))).to_have_count(1)
