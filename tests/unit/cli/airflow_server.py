"""A stand-in for Airflow's REST API that gives scripted answers."""

import copy
import json
from pathlib import Path
from urllib.parse import urlsplit

from ecommerce.core.names import TASK_GATE
from ecommerce.sources import live_sources

DAYS = ["2026-11-01", "2026-11-02", "2026-11-03"]
EXTRACTS = [f"extract.{source}" for source in live_sources()]
AFTER_GATE = ["load.load", "load.checks", "report.report", "mail.send"]
LOCKED = (503, {"detail": "Database is locked"})
DATABASE_ERROR = (500, {"detail": {"orig_error": "hidden", "message": "See the logs"}})
DETAILS = "GET daily_sales_pipeline/details"
ANSWERS = json.loads(Path(__file__).with_name("airflow_answers.json").read_text())
"""By method and end of the path: the answers, of which the last one repeats. An answer is
a body, or a status and a body, or the error of the connection. The longest end counts."""


def run(day, state, **more):
    """Return a run of a day as Airflow describes it."""
    [usual, *_] = ANSWERS["GET dagRuns"][0]["dag_runs"]
    own = {"dag_run_id": f"backfill__{day}", "partition_key": day, "state": state}
    return usual | own | more


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


class Airflow:
    """Answers with `answers`; keeps the address of each GET, and method, path and body of others."""

    is_interrupted = False
    """By Ctrl-C, when a command waits for its runs."""

    def __init__(self):
        self.answers = {"GET taskInstances": [instances()]}
        self.requests = []
        self.queries = []
        self.script(ANSWERS)

    def script(self, answers):
        """Give these answers in place of the usual ones."""
        self.answers |= copy.deepcopy(answers)

    def wait(self, seconds):
        """Take no time, in place of `time.sleep`."""
        if seconds and self.is_interrupted:
            raise KeyboardInterrupt

    def respond(self, request):
        """Return status, headers and body of the answer to a request of `requests`."""
        url = urlsplit(request.url)
        if request.method == "GET":
            self.queries.append(request.path_url)
        else:
            body = json.loads(request.body)
            self.requests.append((request.method, url.path, body))
        answer = self.next_answer(request.method, url)
        if isinstance(answer, Exception):
            return answer
        status = 200
        if isinstance(answer, list | tuple):
            status, answer = answer
        if answer is None:
            answer = ""
        return status, {}, answer if isinstance(answer, str) else json.dumps(answer)

    def next_answer(self, method, url):
        """Return the answer to a request."""
        parts = url.path.split("/")
        end = parts[-1]
        if "run_id" in url.query:
            end += "?run_id"
        keys = [f"{method} {parts[-2]}/{parts[-1]}", f"{method} {end}", method]
        answers = next(self.answers[key] for key in keys if key in self.answers)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if end == "taskInstances":
            for task in answer["task_instances"]:
                task["dag_id"] = parts[-4]
                if parts[-2] != "~":
                    task["dag_run_id"] = parts[-2]
        return answer
