"""Which task of which run keeps a report from being mailed."""

from __future__ import annotations

from datetime import date

import pytest

from ecommerce.core.business_day import day_window
from ecommerce.mail import transport as mail
from ecommerce.sales import watch

DAY = day_window(date(2026, 11, 19), "America/New_York")
SCHEDULED = "scheduled__2026-11-20T11:00:00+00:00__2026-11-19__aB3xY"
LATER = "backfill__2026-11-20T12:30:00+00:00__2026-11-19__Qw9"


class TaskInstance:
    """What Airflow's task API says of the daily DAG's runs."""

    def __init__(self, **runs):
        self.runs = runs

    def get_task_states(self, dag_id, task_ids=None, run_ids=None):
        assert dag_id == "daily_sales_pipeline"
        return {
            run: {task: state for task, state in states.items() if not task_ids or task in task_ids}
            for run, states in self.runs.items()
            if not run_ids or run in run_ids
        }


def pipeline(**states):
    """All tasks of a run; `extract_sales_db="failed"` changes `extract.sales_db`."""
    tasks = (
        *("extract.sales_db", "extract.storefront", "extract.partner_files", "extract.exchange_rates"),
        *("extract.sources_ready", "transform.transform_source_0", "load.load", "load.checks"),
        *("report.figures", "report.document", "report.archive", "mail.claim", "mail.send", "mail.mark"),
    )
    return {task: states.get(task.replace(".", "_"), "success") for task in tasks}


def fault(**states):
    return watch.find_fault(TaskInstance(**{SCHEDULED: pipeline(**states)}), DAY)


def test_without_a_run_the_scheduler_or_the_pause_is_to_blame():
    other_day = "scheduled__2026-11-19T11:00:00+00:00__2026-11-18__aB3xY"
    found = watch.find_fault(TaskInstance(**{other_day: pipeline(), "by_hand": pipeline()}), DAY)
    assert "there is no run of daily_sales_pipeline for 2026-11-19" in found.problem
    assert found.commands == ["make backfill FROM=2026-11-19 TO=2026-11-19 MAIL=1"]


def test_the_latest_run_of_the_day_counts():
    runs = {LATER: pipeline(load_load="failed"), SCHEDULED: pipeline(extract_sales_db="failed")}
    assert watch.find_fault(TaskInstance(**runs), DAY).tasks == ["load.load"]


@pytest.mark.parametrize(
    ("run_after", "is_of_the_day"), [("2026-11-20T12:00:00+00:00", True), ("2026-11-21T04:59:00+00:00", True)]
)
def test_a_run_without_key_is_of_the_day_before_it_began(run_after, is_of_the_day):
    assert (watch.latest_run([f"manual__{run_after}__Zz1"], DAY) is not None) is is_of_the_day


def test_an_id_may_lack_the_random_end():
    assert watch.latest_run(["manual__2026-11-20T12:00:00+00:00"], DAY)


def test_a_run_without_key_of_another_day_is_not():
    assert watch.latest_run(["manual__2026-11-21T05:00:00+00:00__Zz1"], DAY) is None


def test_a_required_source_that_failed_is_at_fault_and_not_the_gate_behind_it():
    states = {
        "extract_storefront": "failed",
        "extract_sources_ready": "failed",
        "mail_claim": "upstream_failed",
    }
    found = fault(**states)
    assert found.tasks == ["extract.storefront"]
    assert found.commands == ["make repair DAY=2026-11-19 SOURCE=storefront"]


def test_every_source_that_failed_gets_its_command():
    found = fault(extract_sales_db="failed", extract_storefront="failed", extract_sources_ready="failed")
    assert found.commands == [
        "make repair DAY=2026-11-19 SOURCE=sales_db",
        "make repair DAY=2026-11-19 SOURCE=storefront",
    ]


def test_an_optional_source_that_failed_is_not_at_fault_when_the_checks_are():
    found = fault(extract_storefront="failed", load_checks="failed", mail_claim="upstream_failed")
    assert found.tasks == ["load.checks"]
    assert "clear the task with downstream" in found.advice


def test_a_report_that_failed_is_built_again():
    assert fault(report_document="failed").commands == ["make report DAY=2026-11-19"]


def test_a_run_under_way_needs_time():
    found = fault(load_load="up_for_retry", load_checks=None, mail_claim=None)
    assert found.tasks == ["load.load"]
    assert "still under way: load.load (up_for_retry)" in found.problem


def test_a_report_that_the_run_decided_not_to_mail():
    found = fault(mail_claim="skipped", mail_send="skipped", mail_mark="skipped")
    assert found.tasks == ["mail.claim"]


def test_a_run_of_which_nothing_has_begun_waits_for_the_scheduler():
    nothing = dict.fromkeys(pipeline(), None)
    found = watch.find_fault(TaskInstance(**{SCHEDULED: nothing}), DAY)
    assert found.tasks == ["extract.exchange_rates"]
    assert "the scheduler is down" in found.advice


def test_the_mail_names_day_run_task_and_command(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/shop/")
    texts = watch.mail_texts(DAY, fault(extract_sales_db="failed", extract_sources_ready="failed"))
    message = mail.compose("No sales report", "watch_mail", texts)
    for kind in ("plain", "html"):
        body = message.get_body((kind,)).get_content()
        assert "The sales report of 2026-11-19 has not been mailed" in body
        assert "extract.sales_db (failed)" in body
        assert SCHEDULED in body
        assert "make repair DAY=2026-11-19 SOURCE=sales_db" in body
        assert "https://airflow.example/shop/dags/daily_sales_pipeline/runs/scheduled__" in body
