"""A stand-in that answers as Airflow's REST API does."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03"]

CREATED = "2026-11-20T11:00:00Z"


class Airflow(ThreadingHTTPServer):
    """Answers the handful of requests the commands make; a day fails when it is in `failing`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.failing, self.paused, self.looks = [], [], False, 0
        self.earlier_run, self.busy, self.looks_at_end = None, [], 0
        self.state_of_load, self.state_of_checks = "success", "success"
        self.looks_at_run = 2
        self.failed_attempts, self.logs, self.fileloc, self.token = [], {}, "", "t"
        self.expired, self.lost, self.newer_runs, self.states, self.without_key = (
            0,
            [],
            [],
            {},
            [],
        )
        self.older_run, self.newer_run = {}, {}

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
                "running"
                if self.looks == 1
                else "failed"
                if day in self.failing
                else "success"
                for day in DAYS
            ]
            runs = [
                self.run(day, state) for day, state in zip(DAYS, states, strict=True)
            ]
            runs = [run for run in runs if run["partition_key"] not in self.lost]
            return [*runs, *([self.earlier_run] if self.earlier_run else [])]
        if query.get("partition_key_pattern") == ["2026-11-02"]:
            older = self.run(
                "2026-11-02",
                "success",
                dag_run_id="old",
                queued_at="2026-11-19T11:00:00Z",
            )
            newer = self.run("2026-11-02", "failed", dag_run_id="new")
            return [older | self.older_run, newer | self.newer_run]
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


NEXT = "attempt 2 of 6 begins not before 11:00:30 UTC"
"""How the last line of an attempt's log ends when another one follows."""


def attempt(task_id, number, state, *, run):
    """A failed attempt of a task, as Airflow describes its instance."""
    more = {
        "id": f"{run} {task_id}",
        "dag_id": "daily_sales_pipeline",
        "dag_run_id": run,
    }
    return instance(task_id, state) | more | {"try_number": number}


def logged(cause):
    """The log of a failed attempt."""
    return [
        {"event": "::group::Log message source details", "sources": ["/logs/1.log"]},
        {"event": "a line of a library", "level": "error", "logger": "urllib3"},
        {"event": "Task failed with exception", "level": "error", "logger": "task"},
        {"event": "::endgroup::", "level": "info", "logger": "task"},
        {"event": cause, "level": "error", "logger": "task"},
    ]


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
            case [*_, "taskInstances"] if "state" in parse_qs(url.query):
                return {
                    "task_instances": server.failed_attempts.pop(0)
                    if server.failed_attempts
                    else []
                }
            case [*_, task_id, "logs", number]:
                lines = server.logs.get((task_id, int(number)), [])
                return {"content": lines.pop(0) if lines else []}
            case ["dags"]:
                found = {"dag_id": "daily_sales_pipeline", "fileloc": server.fileloc}
                return {"dags": [found] if server.fileloc else []}
            case [*_, "taskInstances"] if server.states:
                return {
                    "task_instances": [
                        instance(*each) for each in server.states.items()
                    ]
                }
            case [*_, "taskInstances"]:
                load = {
                    "task_id": "load.load",
                    "map_index": 0,
                    "state": server.state_of_load,
                }
                return {
                    "task_instances": [load, instance("extract.sales_db", "success")]
                }
            case [*_, "dagRuns", "new"]:
                server.looks += 1
                ended = "failed" if server.state_of_load == "failed" else "success"
                return {
                    "state": ended if server.looks >= server.looks_at_run else "running"
                }
            case [*_, "dagRuns"]:
                query = parse_qs(url.query)
                first, limit = (
                    int(query.get(name, [0])[0]) for name in ("offset", "limit")
                )
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
                return (
                    self.answer(201, {"access_token": self.server.token})
                    if good
                    else self.answer(401, {"detail": "no"})
                )
            case "dry_run":
                again = body["reprocess_behavior"] == "completed"
                days = [
                    day
                    for day in (DAYS if again else [])
                    if body["from_date"][:10] <= day <= body["to_date"][:10]
                ]
                entries = [
                    {"partition_key": day, "partition_date": f"{day}T11:00:00Z"}
                    for day in days
                ]
                return self.answer(200, {"backfills": entries})
            case "backfills" if self.server.busy:
                return self.answer(
                    self.server.busy.pop(), {"detail": "Database is locked"}
                )
            case "backfills" if body["max_active_runs"] > 8:
                return self.answer(
                    409, {"detail": "There is already a running backfill"}
                )
            case "backfills":
                return self.answer(200, {"id": 7, "created_at": CREATED})
            case _:
                ids = [
                    "extract.sales_db",
                    "load.load",
                    "load.load",
                    *["mail.send"][: len(self.server.states)],
                ]
                return self.answer(
                    200, {"task_instances": [{"task_id": each} for each in ids]}
                )

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


HIDDEN = {
    "reason": "Database error",
    "statement": "hidden",
    "orig_error": "hidden",
    "message": "Serious error when handling your request. Check logs for more details",
}
