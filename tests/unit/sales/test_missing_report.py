"""Which run of the day the watch links, which of its tasks it lists, and what it advises."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.mail import transport as mail
from ecommerce.sales import missing_report

DAY = day_window(date(2026, 11, 19), "America/New_York")
SCHEDULED = "scheduled__2026-11-20T11:00:00+00:00__2026-11-19__aB3xY"
BACKFILL = "backfill__2026-11-20T12:30:00+00:00__2026-11-19__Qw9"
BY_API = "manual__2026-11-20T12:00:00+00:00__Zz1"


@pytest.fixture(autouse=True)
def new_york(monkeypatch):
    monkeypatch.setenv("SHOP_TIMEZONE", "America/New_York")


def run(key=None, started="11:00", **conf):
    """A run as Airflow knows it, of 20 November; `started=None`: it has not begun."""
    at = started and datetime.fromisoformat(f"2026-11-20T{started}:00+00:00")
    asked_for = datetime(2026, 11, 20, 11, tzinfo=UTC)
    return SimpleNamespace(
        partition_key=key, conf=conf, start_date=at, run_after=asked_for
    )


def latest(runs):
    return missing_report.latest_run(runs, DAY, runs.__getitem__)


def pipeline(**states):
    """All tasks of a run; `extract_sales_db="failed"` changes `extract.sales_db`."""
    tasks = (
        *(
            "extract.sales_db",
            "extract.storefront",
            "extract.shopify",
            "extract.partner_files",
        ),
        "extract.exchange_rates",
        *(
            "extract.sources_ready",
            "transform.transform_source_0",
            "load.load",
            "load.checks",
        ),
        *("report.report", "mail.send", "mail.alarm"),
    )
    return {task: states.get(task.replace(".", "_"), "success") for task in tasks}


def texts(**states):
    return missing_report.mail_texts(DAY, SCHEDULED, pipeline(**states))


def test_without_a_run_the_scheduler_or_the_pause_is_to_blame():
    other_day = "scheduled__2026-11-19T11:00:00+00:00__2026-11-18__aB3xY"
    assert (
        latest(
            {other_day: run("2026-11-18"), "by_hand": run(business_date="2026-11-17")}
        )
        == ""
    )
    found = missing_report.mail_texts(DAY, "", {})
    assert "daily_sales_pipeline has no run for 2026-11-19" in found["problem"]
    assert "The scheduler was down or the DAG was paused" in found["advice"]
    assert found["commands"] == ["make backfill FROM=2026-11-19 TO=2026-11-19 MAIL=1"]


def test_a_run_that_somebody_started_is_of_the_day_of_its_key():
    assert latest({BY_API: run("2026-11-19")}) == BY_API
    assert latest({BY_API: run("2026-11-18")}) == ""


def test_a_run_without_key_is_of_the_day_of_its_param():
    assert latest({BY_API: run(business_date="2026-11-19")}) == BY_API
    assert latest({BY_API: run(business_date="2026-11-09")}) == ""


def test_a_run_with_neither_is_of_the_day_before_it_began():
    assert latest({"by_hand": run()}) == "by_hand"


def test_an_id_that_somebody_chose_says_nothing():
    assert (
        latest(
            {"manual__2026-11-20T12:00:00+00:00__2026-11-19__Zz1": run("2026-11-18")}
        )
        == ""
    )


def test_a_run_whose_key_and_param_differ_is_of_no_day():
    assert latest({BY_API: run("2026-11-19", business_date="2026-11-18")}) == ""


def test_the_run_that_began_last_counts():
    earlier, later = run("2026-11-19", "11:00"), run("2026-11-19", "12:30")
    assert latest({BACKFILL: later, SCHEDULED: earlier}) == BACKFILL
    assert latest({BACKFILL: earlier, SCHEDULED: later}) == SCHEDULED


def test_a_run_that_waits_for_its_beginning_is_the_last():
    assert (
        latest({BY_API: run("2026-11-19", None), SCHEDULED: run("2026-11-19", "12:30")})
        == BY_API
    )


def test_runs_that_airflow_itself_started_for_other_days_are_not_asked_for():
    """There may be thousands, and each is a question."""
    scheduled, backfilled = (
        f"{kind}__2026-01-{{:02}}T11:00:00+00:00__2026-01-{{:02}}__x"
        for kind in ("scheduled", "backfill")
    )
    others = [
        each.format(day + 1, day)
        for day in range(1, 20)
        for each in (scheduled, backfilled)
    ]
    assert (
        missing_report.latest_run(
            [*others, SCHEDULED], DAY, {SCHEDULED: run("2026-11-19")}.__getitem__
        )
        == SCHEDULED
    )


def test_the_failed_tasks_are_listed_with_the_command_that_repairs_them():
    states = {
        "extract_storefront": "failed",
        "extract_sources_ready": "failed",
        "mail_send": "upstream_failed",
    }
    found = texts(**states)
    assert (
        found["problem"]
        == "extract.sources_ready (failed), extract.storefront (failed)"
    )
    assert found["commands"] == ["make repair DAY=2026-11-19"]
    assert texts(report_report="failed")["commands"] == ["make repair DAY=2026-11-19"]


def test_an_optional_source_that_failed_is_not_at_fault_when_the_checks_are():
    found = texts(
        extract_storefront="failed", load_checks="failed", mail_send="upstream_failed"
    )
    assert found["problem"] == "load.checks (failed)"


def test_a_run_under_way_needs_time():
    found = texts(load_load="up_for_retry", load_checks=None, mail_send=None)
    assert (
        found["problem"]
        == "load.checks (not started), load.load (up_for_retry), mail.send (not started)"
    )
    assert "under way" in found["advice"]


def test_a_report_that_the_run_decided_not_to_mail():
    found = texts(mail_send="skipped")
    assert found["problem"] == "the run has ended without a failure and without a mail"
    assert "The log of mail.send" in found["advice"]


def test_without_a_run_of_the_day_the_mail_links_all_runs(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    found = missing_report.mail_texts(DAY, "", {})
    assert found["run_url"] == "https://airflow.example/dags/daily_sales_pipeline/runs"
    body = (
        mail.compose("No sales report", "watch_mail", found)
        .get_body(("plain",))
        .get_content()
    )
    assert "https://airflow.example/dags/daily_sales_pipeline/runs" in body


def test_the_mail_names_day_run_task_and_command(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/shop/")
    found = texts(extract_sales_db="failed", extract_sources_ready="failed")
    message = mail.compose("No sales report", "watch_mail", found)
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert "The sales report of 2026-11-19 has not been mailed" in body
        assert "extract.sales_db (failed)" in body
        assert SCHEDULED in body
        assert "make repair DAY=2026-11-19" in body
        assert (
            "https://airflow.example/shop/dags/daily_sales_pipeline/runs/scheduled__"
            in body
        )
