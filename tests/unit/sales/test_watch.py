"""Which task of which run keeps a report from being mailed."""

from __future__ import annotations

from datetime import date

from ecommerce.core.business_day import day_window
from ecommerce.core.staging import path_safe
from ecommerce.mail import transport as mail
from ecommerce.sales import watch

DAY = day_window(date(2026, 11, 19), "America/New_York")
SCHEDULED = "scheduled__2026-11-20T11:00:00+00:00__2026-11-19__aB3xY"
LATER = "backfill__2026-11-20T12:30:00+00:00__2026-11-19__Qw9"


def states_of(runs):
    """What Airflow answers a task that asks for the states of the daily DAG's runs."""

    def answer(dag_id, task_ids=None, run_ids=None):
        assert dag_id == "daily_sales_pipeline"
        return {
            run: {task: state for task, state in states.items() if not task_ids or task in task_ids}
            for run, states in runs.items()
            if not run_ids or run in run_ids
        }

    return answer


def pipeline(**states):
    """All tasks of a run; `extract_sales_db="failed"` changes `extract.sales_db`."""
    tasks = (
        *("extract.sales_db", "extract.storefront", "extract.partner_files", "extract.exchange_rates"),
        *("extract.sources_ready", "transform.transform_source_0", "load.load", "load.checks"),
        *("report.figures", "report.document", "report.archive", "mail.claim", "mail.send", "mail.mark"),
    )
    return {task: states.get(task.replace(".", "_"), "success") for task in tasks}


def fault(**states):
    return watch.find_fault(DAY, states_of({SCHEDULED: pipeline(**states)}))


def test_without_a_run_the_scheduler_or_the_pause_is_to_blame():
    other_day = "scheduled__2026-11-19T11:00:00+00:00__2026-11-18__aB3xY"
    found = watch.find_fault(DAY, states_of({other_day: pipeline(), "by_hand": pipeline()}))
    assert "there is no run of daily_sales_pipeline for 2026-11-19" in found.problem
    assert found.commands == ["make backfill FROM=2026-11-19 TO=2026-11-19 MAIL=1"]


def test_the_latest_run_of_the_day_counts():
    runs = {LATER: pipeline(load_load="failed"), SCHEDULED: pipeline(extract_sales_db="failed")}
    assert watch.find_fault(DAY, states_of(runs)).tasks == ["load.load"]


def test_a_run_without_key_is_of_the_days_for_which_it_left_files():
    run_id = "manual__2026-11-20T12:00:00+00:00__Zz1"
    folder = "manual__2026-11-20T12_00_00_00_00__Zz1"
    assert watch.latest_run([run_id], DAY, {folder}) == run_id
    assert watch.latest_run([run_id], DAY, {"another"}) is None


def test_a_later_run_without_key_counts_before_the_scheduled_one():
    later = "manual__2026-11-20T12:00:00+00:00__Zz1"
    assert watch.latest_run([later, SCHEDULED], DAY, [path_safe(later), path_safe(SCHEDULED)]) == later


def test_an_id_that_somebody_chose_counts_when_it_left_files():
    assert watch.latest_run(["by_hand"], DAY, ["by_hand"]) == "by_hand"
    assert watch.latest_run(["by_hand", SCHEDULED], DAY, ["by_hand"]) == SCHEDULED


def test_the_key_counts_only_as_a_whole():
    assert watch.latest_run(["manual__2026-11-19T12:00:00+00:00__2026-11-18"], DAY) is None


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
    found = watch.find_fault(DAY, states_of({SCHEDULED: dict.fromkeys(pipeline(), None)}))
    assert found.tasks == ["extract.exchange_rates"]
    assert "extract.exchange_rates (not begun)" in found.problem
    assert "the scheduler is down" in found.advice


def test_without_a_run_of_the_day_the_mail_links_all_runs(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    texts = watch.mail_texts(DAY, watch.find_fault(DAY, states_of({})))
    assert texts["run_url"] == "https://airflow.example/dags/daily_sales_pipeline/runs"
    body = mail.compose("No sales report", "watch_mail", texts).get_body(("plain",)).get_content()
    assert "https://airflow.example/dags/daily_sales_pipeline/runs" in body


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
