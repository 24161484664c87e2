"""A stand-in for Airflow's REST API that gives scripted answers."""

import copy
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from ecommerce.core.names import TASK_GATE
from ecommerce.sources import SOURCES

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03"]
EXTRACTS = [f"extract.{source}" for source in SOURCES]
AFTER_GATE = ["load.load", "load.checks", "report.report", "mail.send"]
CREATED = "2026-11-20T11:00:00Z"
LOCKED = (503, {"detail": "Database is locked"})
DATABASE_ERROR = (500, {"detail": {"orig_error": "hidden", "message": "See the logs"}})


def run(day, state, **more):
    """Return a run of a day as Airflow describes it."""
    return {
        "dag_run_id": f"backfill__{day}",
        "partition_key": day,
        "state": state,
        "queued_at": "2026-11-20T11:00:01Z",
        "start_date": None,
        "run_after": "2026-11-20T11:00:00Z",
        "conf": {},
    } | more


def runs(*states, days=DAYS):
    """Return the runs of a backfill, in these states."""
    return {"dag_runs": list(map(run, days, states))}


def instance(task, state):
    """Return a task instance as Airflow describes it; a mapped task is `id/source`."""
    task_id, _, source = task.partition("/")
    return {
        "id": f"{task}, attempt 1",
        "task_id": task_id,
        "map_index": 0 if source else -1,
        "rendered_map_index": source or None,
        "state": state,
        "try_number": 1,
    }


def instances(*failed, off=(), **more):
    """Return the tasks of a run, of which some failed: what follows did not run."""
    states = dict.fromkeys(EXTRACTS, "success") | dict.fromkeys(off, "skipped")
    is_stopped = TASK_GATE in failed
    states[TASK_GATE] = "success"
    states |= dict.fromkeys(AFTER_GATE, "upstream_failed" if is_stopped else "success")
    states |= dict.fromkeys(failed, "failed") | more
    return {"task_instances": [instance(*state) for state in states.items()]}


def log_of(cause):
    """Return the log of a failed attempt, which ends with its cause."""
    error = {"event": "Task failed with exception", "level": "error"}
    return {"content": [error, {"event": cause, "level": "error"}]}


def planned(*days):
    """Return the days of a dry run, each with its tick at six in New York."""
    entries = []
    for day in days:
        tick = f"{day}T11:00:00Z"
        entries.append({"partition_key": day, "partition_date": tick})
    return {"backfills": entries}


DETAILS = "GET daily_sales_pipeline/details"

ANSWERS = {
    "GET": [{"is_paused": False}],
    DETAILS: [
        {
            "timezone": "UTC",
            "timetable_description": "At 06:00, in America/New_York",
        }
    ],
    "GET details": [
        {"timezone": "UTC", "timetable_description": "Triggered by assets"}
    ],
    "GET dagRuns": [runs(*["running"] * 3), runs(*["success"] * 3)],
    "GET dagRuns?run_id": [
        {"dag_runs": [run(DAYS[1], "running", dag_run_id="new")]},
        {"dag_runs": [run(DAYS[1], "success", dag_run_id="new")]},
    ],
    "GET backfills/7": [{"completed_at": None}, {"completed_at": CREATED}],
    "GET taskInstances": [instances()],
    "GET load.checks": [{"state": "success"}],
    "GET ~/taskInstances": [{"task_instances": []}],
    "GET logs/1": [{"content": []}],
    "PUT": [None],
    "PATCH": [(404, {"detail": "Task state store key 'send_mail' not found"})],
    "POST auth/token": [{"access_token": "t"}],
    "POST dry_run": [planned(*DAYS)],
    "POST dagRuns": [{}],
    "POST clear": [{}],
    "POST backfills": [{"id": 7, "created_at": CREATED}],
    "POST clearTaskInstances": [{"task_instances": []}],
}
"""By method and end of the path: the answers, of which the last one repeats. An answer is
a body, or a status and a body. The longest end counts."""


class Airflow(ThreadingHTTPServer):
    """Answers with `answers`; keeps the address of each GET, and method, path and body of others."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = copy.deepcopy(ANSWERS)
        self.requests = []
        self.queries = []

    def next_answer(self, method, url):
        """Return the answer to a request."""
        parts = url.path.split("/")
        filters = ""
        if "run_id" in url.query:
            filters = "?run_id"
        ends = ["/".join(parts[-2:]), parts[-1] + filters]
        keys = [f"{method} {end}" for end in ends]
        key = next((key for key in keys if key in self.answers), method)
        answers = self.answers[key]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if parts[-1] == "taskInstances":
            for task in answer["task_instances"]:
                task["dag_id"] = parts[-4]
                if parts[-2] != "~":
                    task["dag_run_id"] = parts[-2]
        return answer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if self.command == "GET":
            self.server.queries.append(self.path)
        else:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            self.server.requests.append((self.command, url.path, body))
        answer = self.server.next_answer(self.command, url)
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        self.send_response(status)
        self.end_headers()
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(body)
            self.wfile.write(text.encode())

    do_POST = do_GET
    do_PUT = do_GET
    do_PATCH = do_GET

    def log_message(self, *_):
        """Keep the test's output clean."""
