"""The command `backfill`, against a stand-in for Airflow."""

from datetime import UTC, date, datetime

import pytest

from ecommerce.cli.__main__ import main
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import Range, plan, start, wait
from ecommerce.core.errors import PipelineError
from tests.unit.cli.airflow_server import DAYS, HIDDEN, NEXT, Handler, attempt, logged


def run_backfill(**options):
    api = AirflowApi.from_environment()
    return wait(
        api,
        start(api, Range(date(2026, 11, 1), date(2026, 11, 3), again=True), **options),
    )


def created(server):
    return next(body for path, body in server.requests if path.endswith("/backfills"))


def test_backfill_goes_from_midnight_to_the_last_second_so_that_the_last_day_is_in(
    airflow,
):
    run_backfill(jobs=4)
    body = created(airflow)
    assert (body["from_date"], body["to_date"]) == (
        "2026-11-01T00:00:00",
        "2026-11-03T23:59:59",
    )
    assert body["max_active_runs"] == 4


def test_days_that_failed_are_run_again_without_asking(airflow):
    plan(AirflowApi.from_environment(), Range(date(2026, 11, 1), date(2026, 11, 3)))
    assert airflow.requests[-1][1]["reprocess_behavior"] == "failed"


def test_backfill_mails_only_when_asked(airflow):
    run_backfill()
    assert created(airflow)["dag_run_conf"] == {}
    airflow.requests.clear()
    run_backfill(mail=True)
    assert created(airflow)["dag_run_conf"] == {"send_mail": True}


def test_backfill_runs_the_days_of_another_dag(airflow, capsys):
    command = [
        "backfill",
        "--from",
        "2026-11-01",
        "--to",
        "2026-11-03",
        "--again",
        "--dag",
        "user_events_daily",
    ]
    assert main(command) == 0
    assert created(airflow)["dag_id"] == "user_events_daily"
    assert main([*command, "--mail"]) == 2
    assert "user_events_daily makes no report" in capsys.readouterr().err
    assert main([*command[:-1], "storefront_orders_sync"]) == 2
    assert "'daily_sales_pipeline', 'user_events_daily'" in capsys.readouterr().err


def test_backfill_waits_for_all_days_and_names_the_failed(airflow):
    airflow.failing = ["2026-11-02"]
    assert run_backfill() == (["2026-11-01", "2026-11-03"], ["2026-11-02"])


def test_backfill_ends_when_airflow_would_take_the_next(airflow):
    run_backfill()
    assert airflow.looks_at_end == 2


def test_runs_of_an_earlier_backfill_are_not_counted(airflow):
    airflow.earlier_run = airflow.run(
        "2026-11-01", "failed", queued_at="2026-11-18T00:00:00Z"
    )
    assert run_backfill()[1] == []


def test_exit_code_says_whether_a_day_failed(airflow, capsys):
    command = ["backfill", "--from", "2026-11-01", "--to", "2026-11-03", "--again"]
    assert main(command) == 0
    airflow.failing, airflow.looks = ["2026-11-01", "2026-11-03"], 0
    assert main(command) == 1
    output = capsys.readouterr().out
    assert "failed: 2026-11-03" in output
    assert "1 day succeeded, 2 failed" in output


def test_nothing_to_do_is_said_and_is_no_failure(airflow, capsys):
    assert main(["backfill", "--from", "2026-11-01", "--to", "2026-11-03"]) == 0
    assert capsys.readouterr().out == (
        "nothing to do: every day from 2026-11-01 to 2026-11-03 has succeeded before, or is running "
        "(AGAIN=1 runs them again)\n"
    )


def test_runs_behind_a_hundred_newer_ones_are_found(airflow):
    airflow.newer_runs = [
        airflow.run(f"another {number}", "success") for number in range(100)
    ]
    assert run_backfill()[0] == DAYS


def test_a_day_that_somebody_else_began_after_the_plan_is_not_waited_for(airflow):
    airflow.lost = ["2026-11-03"]
    assert run_backfill()[0] == ["2026-11-01", "2026-11-02"]


@pytest.mark.parametrize("hour", [5, 11, 23])
def test_a_day_that_has_not_ended_is_refused_before_its_run_waits_for_it(airflow, hour):
    # The 3rd ends at 05:00 UTC on the 4th: midnight in New York.
    api, days = (
        AirflowApi.from_environment(),
        Range(date(2026, 11, 1), date(2026, 11, 3), again=True),
    )
    with pytest.raises(
        PipelineError,
        match="day 2026-11-03 has not ended yet: 2026-11-02 is the last that",
    ):
        plan(api, days, now=datetime(2026, 11, 3, hour, 30, tzinfo=UTC))
    with pytest.raises(PipelineError, match="has not ended yet"):
        plan(api, days, now=datetime(2026, 11, 4, 4, 59, 59, tzinfo=UTC))
    assert plan(api, days, now=datetime(2026, 11, 4, 5, tzinfo=UTC)) == DAYS


def test_a_range_that_ends_before_it_begins_is_said_in_its_own_words(airflow, capsys):
    assert main(["backfill", "--from", "2026-11-03", "--to", "2026-11-01"]) == 1
    assert capsys.readouterr().err == "FROM=2026-11-03 is after TO=2026-11-01\n"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        (
            "--jobs",
            "0",
            "0 is not in the range x>=1",
        ),  # Airflow would start none, and wait
        ("--to", "2026-02-30", "'2026-02-30' is not a day like 2026-11-19"),
    ],
)
def test_what_can_never_run_is_refused(capsys, option, value, said):
    assert (
        main(
            [
                "backfill",
                "--from",
                "2026-02-01",
                "--to",
                "2026-02-02",
                f"{option}={value}",
            ]
        )
        == 2
    )
    assert said in capsys.readouterr().err


def test_paused_dag_is_said_instead_of_waiting_for_ever(airflow):
    airflow.paused = True
    with pytest.raises(
        PipelineError, match="is paused, so a backfill would wait for ever"
    ):
        run_backfill()


def test_refusal_of_airflow_is_passed_on(airflow):
    with pytest.raises(
        PipelineError, match="Airflow answered 409: There is already a running backfill"
    ):
        run_backfill(jobs=9)


def test_an_airflow_whose_database_is_locked_is_asked_again(airflow):
    airflow.busy = [503, 503]
    assert run_backfill()[1] == []
    airflow.busy = [503] * 20
    with pytest.raises(PipelineError, match="Airflow answered 503: Database is locked"):
        run_backfill()


def test_a_backfill_that_fails_half_way_is_not_asked_for_twice(airflow, monkeypatch):
    post, created = Handler.do_POST, []

    def fails(self):
        if not self.path.endswith("/backfills"):
            return post(self)
        created.append(self.path)
        return self.answer(500, {"detail": HIDDEN})

    monkeypatch.setattr(Handler, "do_POST", fails)
    with pytest.raises(
        PipelineError,
        match="cancel the backfill that the UI may show, then run the command",
    ):
        run_backfill()
    assert len(created) == 1


def test_each_day_that_ends_has_a_line(airflow, capsys):
    airflow.failing = ["2026-11-02"]
    run_backfill()
    assert capsys.readouterr().err.splitlines() == [
        "1 of 3: 2026-11-01 success",
        "2 of 3: 2026-11-02 failed",
        "3 of 3: 2026-11-03 success",
    ]


def test_each_attempt_that_fails_is_shown_once_with_its_cause_and_the_next(
    airflow, capsys
):
    run = "backfill__2026-11-02"
    retried = attempt("extract.storefront", 1, "up_for_retry", run=run)
    others = [attempt("load.load", 1, "failed", run="scheduled__2026-11-04")]
    airflow.failed_attempts = [[*others, retried]] * 3
    airflow.logs["extract.storefront", 1] = [logged(f"the storefront is down; {NEXT}")]
    airflow.looks_at_end = -3
    run_backfill()
    assert [
        line for line in capsys.readouterr().err.splitlines() if " of 3: " not in line
    ] == [f"  2026-11-02 extract.storefront failed: the storefront is down; {NEXT}"]


@pytest.mark.parametrize(
    "command",
    [
        ["backfill", "--from", "2026-11-01", "--to", "2026-11-03", "--again"],
        ["repair", "--day", "2026-11-02", "--source", "sales_db"],
    ],
)
def test_an_interrupted_command_reports_that_airflow_continues(
    airflow, capsys, monkeypatch, command
):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", lambda seconds: seconds and interrupt(seconds))
    assert main(command) == 130
    shown = (
        "Interrupted; Airflow continues what was started; its UI shows the progress\n"
    )
    assert capsys.readouterr().err.endswith(shown)
