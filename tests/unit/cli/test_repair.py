"""The commands `repair` and `report`, against a stand-in for Airflow."""

import pytest

from ecommerce.cli.__main__ import main
from ecommerce.core.names import TASK_GATE
from ecommerce.sources import SOURCES
from tests.unit.cli.airflow_server import NEXT, attempt, logged

LOADS = [(1, "up_for_retry"), (2, "failed")]


def test_repair_clears_the_source_and_all_behind_it_in_the_newest_run(airflow, capsys):
    assert main(["repair", "--day", "2026-11-02", "--source", "sales_db"]) == 0
    path, body = airflow.requests[-1]
    assert path.endswith("/dags/daily_sales_pipeline/clearTaskInstances")
    assert body == {
        "dry_run": False,
        "only_failed": False,
        "include_downstream": True,
        "dag_run_id": "new",
        "task_ids": ["extract.sales_db"],
    }
    shown = capsys.readouterr()
    url = f"{airflow.url}/dags/daily_sales_pipeline/runs/new"
    assert shown.err == f"running again extract.sales_db, load.load: {url}\n"
    assert shown.out == "The run of 2026-11-02 succeeded\n"


def test_the_path_of_a_report_that_was_built_again_is_shown(
    airflow, capsys, monkeypatch, tmp_path
):
    (tmp_path / "2026-11-02").mkdir()
    (tmp_path / "2026-11-02" / "report.pdf").touch()
    monkeypatch.setenv("REPORTS_URI", f"file://{tmp_path}")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    assert main(["report", "--day", "2026-11-02"]) == 0
    assert (
        capsys.readouterr().out.splitlines()[-1]
        == f"The report: file://{tmp_path}/2026-11-02/report.pdf"
    )


def test_a_repair_that_fails_shows_the_cause_of_each_attempt_but_not_of_earlier_ones(
    airflow, capsys
):
    airflow.state_of_load = "failed"
    earlier = attempt("extract.storefront", 6, "failed", run="new")
    retried, last = (
        attempt("load.load", number, state, run="new") for number, state in LOADS
    )
    airflow.failed_attempts = [
        [earlier],
        [earlier, retried],
        [earlier, retried],
        [earlier, last],
    ]
    airflow.looks_at_run = 3
    airflow.logs["load.load", 1] = [logged(f"BigQuery is down; {NEXT}")]
    assert main(["repair", "--day", "2026-11-02", "--source", "sales_db"]) == 1
    shown = capsys.readouterr()
    assert shown.err.splitlines()[1:] == [
        f"  2026-11-02 load.load failed: BigQuery is down; {NEXT}",
        "  2026-11-02 load.load failed: see its log",
    ]
    url = f"{airflow.url}/dags/daily_sales_pipeline/runs/new"
    assert shown.out == f"The run of 2026-11-02 failed: see {url}\n"


GATE, BEHIND = TASK_GATE, ("load.load", "load.checks", "report.report", "mail.send")

EXTRACTS = [f"extract.{source}" for source in SOURCES]


def states(failed, *, off=()):
    """The states of a run whose tasks `failed` have failed: what follows them did not run."""
    found = {
        each: "skipped" if each in off else "success" for each in EXTRACTS
    } | dict.fromkeys(failed, "failed")
    gate = "failed" if GATE in failed else "success"
    behind = "upstream_failed" if gate == "failed" else "success"
    return {GATE: gate} | dict.fromkeys(BEHIND, behind) | found


REPAIRS = {
    "a wrong Variable": ([*EXTRACTS, GATE], EXTRACTS),
    "one source": (["extract.storefront", GATE], ["extract.storefront"]),
    "an optional source": (["extract.storefront"], ["extract.storefront"]),
    "two of three transforms": (
        ["transform.transform_source/storefront", "load.load"],
        ["extract.storefront"],
    ),
    "a transform without a name": (["transform.transform_source/2"], EXTRACTS),
    "a due partner's file": ([GATE], ["extract.partner_files"]),
    "the warehouse": (["load.load"], ["load.load"]),
    "the checks": (["load.checks"], EXTRACTS),
    "the report": (["report.report"], ["report.report"]),
    "the mail server": (["mail.send", "mail.alarm"], ["mail.alarm", "mail.send"]),
}


@pytest.mark.parametrize(("failed", "again"), REPAIRS.values(), ids=REPAIRS)
def test_repair_without_a_source_runs_again_what_repairs_the_day(
    airflow, failed, again
):
    airflow.states = states(failed)
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert airflow.requests[-1][1]["task_ids"] == sorted(again)


def test_repair_of_failed_checks_leaves_a_source_alone_that_is_off(airflow):
    airflow.states = states(["load.checks"], off=["extract.storefront"])
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert "extract.storefront" not in airflow.requests[-1][1]["task_ids"]


def test_repair_of_a_run_that_ended_at_its_timeout_goes_on_where_airflow_skipped_tasks(
    airflow,
):
    airflow.states = (
        states([])
        | {"load.load": "skipped"}
        | dict.fromkeys(BEHIND[1:], "upstream_failed")
    )
    airflow.state_of_load = "failed"  # of the run, too
    airflow.looks = 1
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert airflow.requests[-1][1]["task_ids"] == ["load.load"]


def test_repair_where_nothing_failed_names_what_else_would_help(airflow, capsys):
    airflow.states = states([])
    assert main(["repair", "--day", "2026-11-02"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "nothing to repair: the newest run of 2026-11-02, new, has no failed task. "
    )
    assert "make repair DAY=2026-11-02 SOURCE=sales_db|storefront|" in shown
    assert shown.endswith("make report DAY=2026-11-02\n")
    assert not airflow.requests[1:]  # signed in, nothing cleared


def test_repair_names_the_failed_run_whose_day_a_later_run_has_taken_over(
    airflow, capsys
):
    airflow.states, airflow.older_run = states([]), {"state": "failed"}
    assert main(["repair", "--day", "2026-11-02"]) == 0
    shown = capsys.readouterr().out
    taken_over = (
        "It has taken over the day from old, which failed and needs no repair. "
    )
    assert f"2026-11-02, new, has no failed task. {taken_over}" in shown


def test_the_run_that_began_last_is_repaired_although_another_waited_in_the_queue_for_less(
    airflow,
):
    began, queued = "2026-11-20T12:00:00Z", "2026-11-20T11:00:00Z"
    airflow.older_run = {"state": "failed", "start_date": began, "queued_at": queued}
    airflow.newer_run = {
        "start_date": "2026-11-20T11:30:00Z",
        "queued_at": "2026-11-20T11:10:00Z",
    }
    airflow.states = states(["load.load"])
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert airflow.requests[-1][1]["dag_run_id"] == "old"


def test_repair_of_one_source_reads_the_others_that_failed_too(airflow):
    airflow.states = states(
        ["extract.sales_db", "extract.storefront", "extract.exchange_rates", GATE]
    )
    assert (
        main(["repair", "--day", "2026-11-02", "--source", "sales_db", "--no-wait"])
        == 0
    )
    failed = ["extract.sales_db", "extract.storefront", "extract.exchange_rates"]
    assert airflow.requests[-1][1]["task_ids"] == failed


@pytest.mark.parametrize("source", [None, "sales_db"])
def test_repair_reads_a_source_that_was_off_and_is_required_now(airflow, source):
    airflow.states = states(["extract.sales_db", GATE], off=["extract.storefront"])
    command = [
        "repair",
        "--day",
        "2026-11-02",
        "--no-wait",
        *(["--source", source] if source else []),
    ]
    assert main(command) == 0
    assert airflow.requests[-1][1]["task_ids"] == [
        "extract.sales_db",
        "extract.storefront",
    ]
    airflow.states = states([GATE], off=["extract.storefront"])
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert "extract.storefront" in airflow.requests[-1][1]["task_ids"]


def test_repair_of_one_source_leaves_a_failed_optional_one_alone(airflow):
    airflow.states = states(["extract.storefront"])
    assert (
        main(["repair", "--day", "2026-11-02", "--source", "sales_db", "--no-wait"])
        == 0
    )
    assert airflow.requests[-1][1]["task_ids"] == ["extract.sales_db"]


def test_a_run_that_timed_out_is_named_by_its_address(airflow, capsys):
    airflow.states = states([]) | {"load.load": "skipped"}
    airflow.state_of_load = "failed"  # of the run, too
    airflow.looks = 1
    assert main(["repair", "--day", "2026-11-02"]) == 1
    shown = f"The run of 2026-11-02 failed: see {airflow.url}/dags/daily_sales_pipeline/runs/new\n"
    assert capsys.readouterr().out == shown


def test_who_does_not_want_to_wait_gets_the_address_alone(airflow, capsys):
    assert (
        main(["repair", "--day", "2026-11-02", "--source", "sales_db", "--no-wait"])
        == 0
    )
    shown = capsys.readouterr()
    assert (shown.out, len(shown.err.splitlines())) == ("", 1)


def test_report_is_built_again_from_its_figures(airflow):
    assert main(["report", "--day", "2026-11-02"]) == 0
    assert airflow.requests[-1][1]["task_ids"] == ["report.report"]


@pytest.mark.parametrize("command", [["repair", "--source", "sales_db"], ["report"]])
def test_a_report_is_mailed_only_with_mail_by_the_next_attempt_alone(airflow, command):
    assert main([*command, "--day", "2026-11-02", "--no-wait"]) == 0
    assert [path.rpartition("/")[2] for path, _ in airflow.requests] == [
        "token",
        "clearTaskInstances",
    ]
    airflow.requests.clear()
    assert main([*command, "--day", "2026-11-02", "--no-wait", "--mail"]) == 0
    (_, (path, body), (last, _)) = airflow.requests
    assert path.endswith("/dagRuns/new/taskInstances/mail.send/state-store/send_mail")
    assert body == {"value": 3}
    assert last.endswith(
        "/clearTaskInstances"
    )  # the attempt finds the request when it begins


@pytest.mark.parametrize("state", ["failed", "upstream_failed"])
def test_no_report_is_promised_where_nothing_was_loaded(airflow, capsys, state):
    airflow.state_of_checks = state
    assert main(["report", "--day", "2026-11-02"]) == 1
    assert (
        "newest run of 2026-11-02 has not loaded the day: see the failed task"
        in capsys.readouterr().err
    )
    assert not airflow.requests[1:]  # signed in, nothing cleared


def test_the_report_of_a_run_that_is_under_way_is_left_to_it(airflow, capsys):
    airflow.state_of_checks = None
    assert main(["report", "--day", "2026-11-02"]) == 1
    assert (
        "new is in progress and will build the report itself" in capsys.readouterr().err
    )


@pytest.mark.parametrize("command", [["repair", "--source", "sales_db"], ["report"]])
def test_nothing_is_cleared_while_the_dag_is_paused(airflow, capsys, command):
    airflow.paused = True
    assert main([*command, "--day", "2026-11-02"]) == 1
    assert (
        "is paused, so nothing would run: unpause it in the UI"
        in capsys.readouterr().err
    )
    assert not airflow.requests[1:]


@pytest.mark.parametrize("command", ["repair", "report"])
def test_a_day_that_has_not_ended_is_refused(airflow, capsys, command):
    assert main([command, "--day", "2999-01-01"]) == 1
    sentence = "business day 2999-01-01 has not ended yet in America/New_York"
    assert capsys.readouterr().err.startswith(sentence)


def test_repair_of_a_day_without_run_names_the_backfill(airflow, capsys):
    assert main(["repair", "--day", "2026-11-05", "--source", "sales_db"]) == 1
    assert (
        "no run of 2026-11-05 yet: make backfill FROM=2026-11-05 TO=2026-11-05"
        in capsys.readouterr().err
    )
