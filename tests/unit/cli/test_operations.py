"""The operator's commands, against a stand-in that answers as Airflow's REST API does."""

import json
import re
import threading
import time
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ecommerce.cli import backfill, environment
from ecommerce.cli.__main__ import main
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.cli.backfill import Range, plan, start, wait
from ecommerce.core.errors import CredentialsError, PipelineError, TransientError
from ecommerce.core.names import TASK_GATE
from ecommerce.sources import SOURCES

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03"]
CREATED = "2026-11-20T11:00:00Z"


class Airflow(ThreadingHTTPServer):
    """Answers the handful of requests the commands make; a day fails when it is in `failing`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.failing, self.paused, self.looks = [], [], False, 0
        self.earlier_run, self.busy, self.looks_at_end = None, [], 0
        self.state_of_load, self.state_of_checks = "success", "success"
        self.expired, self.lost, self.newer_runs, self.states, self.without_key = 0, [], [], {}, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def run(self, day, state, **more):
        return {
            "dag_run_id": f"backfill__{day}",
            "partition_key": day,
            "state": state,
            "queued_at": "2026-11-20T11:00:01Z",
            "start_date": None,
            "conf": {},
        } | more

    def runs(self, query):
        if "run_type" in query:  # the second look sees everything ended
            self.looks += 1
            states = [
                "running" if self.looks == 1 else "failed" if day in self.failing else "success"
                for day in DAYS
            ]
            runs = [self.run(day, state) for day, state in zip(DAYS, states, strict=True)]
            runs = [run for run in runs if run["partition_key"] not in self.lost]
            return [*runs, *([self.earlier_run] if self.earlier_run else [])]
        if query.get("partition_key_pattern") == ["2026-11-02"]:
            older = self.run("2026-11-02", "success", dag_run_id="old", queued_at="2026-11-19T11:00:00Z")
            return [older, self.run("2026-11-02", "failed", dag_run_id="new")]
        return self.without_key if "run_after_gte" in query else []


def instance(task, state):
    """A task instance as Airflow describes it; `task` is its id, or id and source of a mapped one."""
    task_id, _, source = task.partition("/")
    return {
        "task_id": task_id,
        "map_index": 0 if source else -1,
        "rendered_map_index": source or None,
        "state": state,
    }


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.server.expired:
            self.server.expired -= 1
            return self.answer(401, {"detail": "Token expired"})
        return self.answer(200, self.found())

    def found(self):  # noqa: PLR0911 - one for each address
        url, server = urlsplit(self.path), self.server
        match url.path.split("/")[3:]:
            case [*_, "taskInstances", "load.checks"]:
                return {"state": server.state_of_checks}
            case [*_, "taskInstances", "mail.send"]:
                return {"try_number": 2}
            case [*_, "details"]:
                return {"timezone": "America/New_York"}
            case [*_, "taskInstances"] if server.states:
                return {"task_instances": [instance(*each) for each in server.states.items()]}
            case [*_, "taskInstances"]:
                load = {"task_id": "load.load", "map_index": 0, "state": server.state_of_load}
                return {"task_instances": [load, instance("extract.sales_db", "success")]}
            case [*_, "dagRuns", "new"]:
                server.looks += 1
                ended = "failed" if server.state_of_load == "failed" else "success"
                return {"state": ended if server.looks > 1 else "running"}
            case [*_, "dagRuns"]:
                query = parse_qs(url.query)
                first, limit = (int(query.get(name, [0])[0]) for name in ("offset", "limit"))
                runs = [*server.newer_runs, *server.runs(query)]
                return {"dag_runs": runs[first : first + limit] if limit else runs}
            case ["backfills", *_]:
                server.looks_at_end += url.path[-1].isdigit()
                return {"completed_at": CREATED if server.looks_at_end > 1 else None}
        return {"is_paused": server.paused}

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body))
        match self.path.rsplit("/", 1)[1]:
            case "token":
                good = body["password"] == "right"
                return self.answer(201, {"access_token": "t"}) if good else self.answer(401, {"detail": "no"})
            case "dry_run":
                again = body["reprocess_behavior"] == "completed"
                days = [
                    day
                    for day in (DAYS if again else [])
                    if body["from_date"][:10] <= day <= body["to_date"][:10]
                ]
                entries = [{"partition_key": day, "partition_date": f"{day}T11:00:00Z"} for day in days]
                return self.answer(200, {"backfills": entries})
            case "backfills" if self.server.busy:
                return self.answer(self.server.busy.pop(), {"detail": "Database is locked"})
            case "backfills" if body["max_active_runs"] > 8:
                return self.answer(409, {"detail": "There is already a running backfill"})
            case "backfills":
                return self.answer(200, {"id": 7, "created_at": CREATED})
            case _:
                ids = [
                    "extract.sales_db",
                    "load.load",
                    "load.load",
                    *["mail.send"][: len(self.server.states)],
                ]
                return self.answer(200, {"task_instances": [{"task_id": each} for each in ids]})

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body))
        self.send_response(204)
        self.end_headers()

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def airflow(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "REPOSITORY", tmp_path)  # whose developer may have a demo with reports
    monkeypatch.delenv("DEMO_HOME", raising=False)
    monkeypatch.setattr(backfill, "PAUSE", 0)
    server = Airflow()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("AIRFLOW_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AIRFLOW_USERNAME", "admin")
    monkeypatch.setenv("AIRFLOW_PASSWORD", "right")
    yield server
    server.shutdown()
    server.server_close()


def run_backfill(**options):
    api = AirflowApi.from_environment()
    return wait(api, start(api, Range(date(2026, 11, 1), date(2026, 11, 3), again=True), **options))


def created(server):
    return next(body for path, body in server.requests if path.endswith("/backfills"))


def test_backfill_goes_from_midnight_to_the_last_second_so_that_the_last_day_is_in(airflow):
    run_backfill(jobs=4)
    body = created(airflow)
    assert (body["from_date"], body["to_date"]) == ("2026-11-01T00:00:00", "2026-11-03T23:59:59")
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


def test_backfill_runs_the_days_of_another_dag(airflow, capsys, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
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
    airflow.earlier_run = airflow.run("2026-11-01", "failed", queued_at="2026-11-18T00:00:00Z")
    assert run_backfill()[1] == []


def test_exit_code_says_whether_a_day_failed(airflow, capsys, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    command = ["backfill", "--from", "2026-11-01", "--to", "2026-11-03", "--again"]
    assert main(command) == 0
    airflow.failing, airflow.looks = ["2026-11-03"], 0
    assert main(command) == 1
    assert "failed: 2026-11-03" in capsys.readouterr().out


def test_nothing_to_do_is_said_and_is_no_failure(airflow, capsys):
    assert main(["backfill", "--from", "2026-11-01", "--to", "2026-11-03"]) == 0
    assert capsys.readouterr().out == (
        "nothing to do: every day from 2026-11-01 to 2026-11-03 has succeeded before, or is running "
        "(AGAIN=1 runs them again)\n"
    )


def test_runs_behind_a_hundred_newer_ones_are_found(airflow):
    airflow.newer_runs = [airflow.run(f"another {number}", "success") for number in range(100)]
    assert run_backfill()[0] == DAYS


def test_a_day_that_somebody_else_began_after_the_plan_is_not_waited_for(airflow):
    airflow.lost = ["2026-11-03"]
    assert run_backfill()[0] == ["2026-11-01", "2026-11-02"]


@pytest.mark.parametrize("hour", [5, 11, 23])
def test_a_day_that_has_not_ended_is_refused_before_its_run_waits_for_it(airflow, hour):
    # The 3rd ends at 05:00 UTC on the 4th: midnight in New York.
    api, days = AirflowApi.from_environment(), Range(date(2026, 11, 1), date(2026, 11, 3), again=True)
    with pytest.raises(PipelineError, match="day 2026-11-03 has not ended yet: 2026-11-02 is the last that"):
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
        ("--jobs", "0", "0 is not in the range x>=1"),  # Airflow would start none, and wait
        ("--to", "2026-02-30", "'2026-02-30' is not a day like 2026-11-19"),
    ],
)
def test_what_can_never_run_is_refused(capsys, option, value, said):
    assert main(["backfill", "--from", "2026-02-01", "--to", "2026-02-02", f"{option}={value}"]) == 2
    assert said in capsys.readouterr().err


def test_a_token_that_has_expired_is_renewed(airflow):
    api = AirflowApi.from_environment()
    airflow.expired = 1
    assert api.get("dags/x") == {"is_paused": False}


def test_paused_dag_is_said_instead_of_waiting_for_ever(airflow):
    airflow.paused = True
    with pytest.raises(PipelineError, match="is paused, so a backfill would wait for ever"):
        run_backfill()


def test_refusal_of_airflow_is_passed_on(airflow):
    with pytest.raises(PipelineError, match="Airflow answered 409: There is already a running backfill"):
        run_backfill(jobs=9)


def test_an_airflow_whose_database_is_locked_is_asked_again(airflow, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    airflow.busy = [503, 503]
    assert run_backfill()[1] == []
    airflow.busy = [503] * 20
    with pytest.raises(PipelineError, match="Airflow answered 503: Database is locked"):
        run_backfill()


HIDDEN = {
    "reason": "Database error",
    "statement": "hidden",
    "orig_error": "hidden",
    "message": "Serious error when handling your request. Check logs for more details",
}


def test_a_database_error_of_airflow_is_a_sentence_and_asked_again_where_nothing_can_be_done_twice(
    airflow, monkeypatch
):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    api, answers = AirflowApi.from_environment(), [500, 500, 200]
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.answer(answers.pop(0), {"detail": HIDDEN}))
    assert api.get("dags/x") == {"detail": HIDDEN}
    answers += [500] * 20
    with pytest.raises(
        PipelineError, match=r"own database failed or was busy \(GET dags/x; the API"
    ) as error:
        api.get("dags/x")
    assert "hidden" not in str(error.value)


def test_a_backfill_that_fails_half_way_is_not_asked_for_twice(airflow, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    post, created = Handler.do_POST, []

    def fails(self):
        if not self.path.endswith("/backfills"):
            return post(self)
        created.append(self.path)
        return self.answer(500, {"detail": HIDDEN})

    monkeypatch.setattr(Handler, "do_POST", fails)
    with pytest.raises(PipelineError, match="run the command again"):
        run_backfill()
    assert len(created) == 1


def test_an_airflow_that_is_gone_for_a_moment_is_asked_again_but_never_told_twice(airflow, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    api = AirflowApi.from_environment()
    send, asked = api._session.request, []

    def unwell(method, url, **options):
        asked.append(method)
        if len(asked) < 3:
            raise requests.ConnectionError
        return send(method, url, **options)

    monkeypatch.setattr(api._session, "request", unwell)
    assert api.get("dags/x") == {"is_paused": False}
    asked.clear()
    with pytest.raises(PipelineError, match="is unavailable: is it running"):
        api.post("backfills", {})
    assert asked == ["POST"]
    monkeypatch.setattr(api._session, "request", lambda *_, **__: unwell("GET", asked.clear() or ""))
    with pytest.raises(TransientError, match="is unavailable: is it running"):
        api.get("dags/x")


def test_repair_clears_the_source_and_all_behind_it_in_the_newest_run(airflow, capsys, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
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
    assert capsys.readouterr().out.splitlines() == [
        f"running again extract.sales_db, load.load: {airflow.url}/dags/daily_sales_pipeline/runs/new",
        "The run of 2026-11-02 succeeded",
    ]


def test_the_path_of_a_report_that_was_built_again_is_shown(airflow, capsys, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("REPORTS_URI", "gs://bucket/reports")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    assert main(["report", "--day", "2026-11-02"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "The report: gs://bucket/reports/2026-11-02/report.pdf"


def test_a_repair_that_fails_names_the_task(airflow, capsys, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    airflow.state_of_load = "failed"
    assert main(["repair", "--day", "2026-11-02", "--source", "sales_db"]) == 1
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == "The run of 2026-11-02 failed: the log of load.load[0] has the error"


GATE, BEHIND = TASK_GATE, ("load.load", "load.checks", "report.report", "mail.send")
EXTRACTS = [f"extract.{source}" for source in SOURCES]


def states(failed, *, off=()):
    """The states of a run whose tasks `failed` have failed: what follows them did not run."""
    found = {each: "skipped" if each in off else "success" for each in EXTRACTS} | dict.fromkeys(
        failed, "failed"
    )
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
def test_repair_without_a_source_runs_again_what_repairs_the_day(airflow, failed, again):
    airflow.states = states(failed)
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert airflow.requests[-1][1]["task_ids"] == sorted(again)


def test_repair_of_failed_checks_leaves_a_source_alone_that_is_off(airflow):
    airflow.states = states(["load.checks"], off=["extract.storefront"])
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert "extract.storefront" not in airflow.requests[-1][1]["task_ids"]


def test_repair_of_a_run_that_ended_at_its_timeout_goes_on_where_airflow_skipped_tasks(airflow):
    airflow.states = states([]) | {"load.load": "skipped"} | dict.fromkeys(BEHIND[1:], "upstream_failed")
    airflow.state_of_load = "failed"  # of the run, too
    airflow.looks = 1
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert airflow.requests[-1][1]["task_ids"] == ["load.load"]


def test_repair_where_nothing_failed_names_what_else_would_help(airflow, capsys):
    airflow.states = states([])
    assert main(["repair", "--day", "2026-11-02"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("nothing to repair: the newest run of 2026-11-02, new, has no failed task. ")
    assert "make repair DAY=2026-11-02 SOURCE=sales_db|storefront|" in shown
    assert shown.endswith("make report DAY=2026-11-02\n")
    assert not airflow.requests[1:]  # signed in, nothing cleared


def test_repair_of_one_source_reads_the_others_that_failed_too(airflow):
    airflow.states = states(["extract.sales_db", "extract.storefront", "extract.exchange_rates", GATE])
    assert main(["repair", "--day", "2026-11-02", "--source", "sales_db", "--no-wait"]) == 0
    failed = ["extract.sales_db", "extract.storefront", "extract.exchange_rates"]
    assert airflow.requests[-1][1]["task_ids"] == failed


@pytest.mark.parametrize("source", [None, "sales_db"])
def test_repair_reads_a_source_that_was_off_and_is_required_now(airflow, source):
    airflow.states = states(["extract.sales_db", GATE], off=["extract.storefront"])
    command = ["repair", "--day", "2026-11-02", "--no-wait", *(["--source", source] if source else [])]
    assert main(command) == 0
    assert airflow.requests[-1][1]["task_ids"] == ["extract.sales_db", "extract.storefront"]
    airflow.states = states([GATE], off=["extract.storefront"])
    assert main(["repair", "--day", "2026-11-02", "--no-wait"]) == 0
    assert "extract.storefront" in airflow.requests[-1][1]["task_ids"]


def test_repair_of_one_source_leaves_a_failed_optional_one_alone(airflow):
    airflow.states = states(["extract.storefront"])
    assert main(["repair", "--day", "2026-11-02", "--source", "sales_db", "--no-wait"]) == 0
    assert airflow.requests[-1][1]["task_ids"] == ["extract.sales_db"]


def test_who_does_not_want_to_wait_gets_the_address_alone(airflow, capsys):
    assert main(["repair", "--day", "2026-11-02", "--source", "sales_db", "--no-wait"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_report_is_built_again_from_its_figures(airflow, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert main(["report", "--day", "2026-11-02"]) == 0
    assert airflow.requests[-1][1]["task_ids"] == ["report.report"]


@pytest.mark.parametrize("command", [["repair", "--source", "sales_db"], ["report"]])
def test_a_report_is_mailed_only_with_mail_by_the_next_attempt_alone(airflow, command):
    assert main([*command, "--day", "2026-11-02", "--no-wait"]) == 0
    assert [path.rpartition("/")[2] for path, _ in airflow.requests] == ["token", "clearTaskInstances"]
    airflow.requests.clear()
    assert main([*command, "--day", "2026-11-02", "--no-wait", "--mail"]) == 0
    (_, (path, body), (last, _)) = airflow.requests
    assert path.endswith("/dagRuns/new/taskInstances/mail.send/state-store/send_mail")
    assert body == {"value": 3}
    assert last.endswith("/clearTaskInstances")  # the attempt finds the request when it begins


@pytest.mark.parametrize("state", ["failed", "upstream_failed"])
def test_no_report_is_promised_where_nothing_was_loaded(airflow, capsys, state):
    airflow.state_of_checks = state
    assert main(["report", "--day", "2026-11-02"]) == 1
    assert "newest run of 2026-11-02 has not loaded the day: see the failed task" in capsys.readouterr().err
    assert not airflow.requests[1:]  # signed in, nothing cleared


def test_the_report_of_a_run_that_is_under_way_is_left_to_it(airflow, capsys):
    airflow.state_of_checks = None
    assert main(["report", "--day", "2026-11-02"]) == 1
    assert "new is in progress and will build the report itself" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["repair", "--source", "sales_db"], ["report"]])
def test_nothing_is_cleared_while_the_dag_is_paused(airflow, capsys, command):
    airflow.paused = True
    assert main([*command, "--day", "2026-11-02"]) == 1
    assert "is paused, so nothing would run: unpause it in the UI" in capsys.readouterr().err
    assert not airflow.requests[1:]


def test_repair_of_a_day_without_run_names_the_backfill(airflow, capsys):
    assert main(["repair", "--day", "2026-11-05", "--source", "sales_db"]) == 1
    assert "no run of 2026-11-05 yet: make backfill FROM=2026-11-05 TO=2026-11-05" in capsys.readouterr().err


def test_a_run_that_was_triggered_without_a_day_is_that_of_the_day_before(airflow):
    # In New York the last one begins on the 5th.
    for run_id, run_after in (("early", "05T11:00:00Z"), ("new", "06T11:00:00Z"), ("night", "06T04:30:00Z")):
        more = {"dag_run_id": run_id, "run_after": f"2026-11-{run_after}"}
        airflow.without_key.append(airflow.run(None, "failed", **more))
    runs = AirflowApi.from_environment().runs_of_day(date(2026, 11, 5))
    assert [run["dag_run_id"] for run in runs] == ["new"]


def test_wrong_password_is_said_without_the_password(airflow, monkeypatch):
    monkeypatch.setenv("AIRFLOW_PASSWORD", "wr0ng")
    with pytest.raises(CredentialsError, match="refuses the user 'admin'") as error:
        AirflowApi.from_environment()
    assert "wr0ng" not in str(error.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "", "localhost:8080", "http://["])
def test_no_airflow_at_the_address(url):
    with pytest.raises(TransientError, match=rf"{re.escape(repr(url))} \(AIRFLOW_URL\) cannot be reached"):
        AirflowApi(url, "admin", "right")


@pytest.mark.parametrize("status", [404, 201, 502])
def test_another_server_at_the_address_does_not_look_like_a_wrong_password(airflow, monkeypatch, status):
    monkeypatch.setattr(Handler, "do_POST", lambda self: self.answer(status, []))
    with pytest.raises(TransientError, match=rf"\(AIRFLOW_URL\) answered {status} without a token"):
        AirflowApi.from_environment()


def test_a_proxys_page_of_errors_is_one_line(airflow, monkeypatch):
    def page(self):
        self.send_response(500)
        self.end_headers()
        self.wfile.write(b"<html>\n<h1>Sorry</h1>\n</html>")

    api = AirflowApi.from_environment()
    monkeypatch.setattr(Handler, "do_GET", page)
    with pytest.raises(PipelineError, match="Airflow answered 500: <html> <h1>Sorry</h1> </html>"):
        api.get("dags/x")
