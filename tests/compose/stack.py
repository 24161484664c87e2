"""A stack of its own, made from a copy of this repository, and what tests ask it."""

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from dotenv import dotenv_values

from demo.services.emulator import PROJECT
from demo.services.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
DAG = "daily_sales_pipeline"
PORTS = re.compile(r"\$\{(DEMO_\w+_PORT):-\d+\}")
Found = TypeVar("Found")


def copy_repository(folder):
    """What a fresh clone has, with the changes that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)


def wait_until(what, look, seconds, pause=2):
    """What `look` finds, asked again and again; fails saying `what` was not seen within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(TimeoutError):  # of one answer: the machine is busy
            if found := look():
                return found
        assert time.monotonic() < deadline, f"not seen within {seconds:.0f} s: {what}"
        time.sleep(pause)


class Stack:
    """One Compose project in `folder`; its ports are free ones of this machine."""

    def __init__(self, folder, **settings):
        self.folder, self.project = folder, f"compose-test-{uuid.uuid4().hex[:8]}"
        command = [sys.executable, "deploy/make_env.py"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        self.env = dotenv_values(folder / ".env")
        self.env |= settings
        # Every port that the demo publishes: a fixed one may belong to another process.
        published = PORTS.findall((folder / "docker-compose.override.yaml").read_text())
        self.env |= {name: str(free_port()) for name in published}
        self.env["AIRFLOW_LISTEN"] = f"127.0.0.1:{free_port()}"
        self.airflow = f"http://{self.env['AIRFLOW_LISTEN']}"
        self.mailbox = f"http://127.0.0.1:{self.env['DEMO_MAILBOX_PORT']}"
        self.bigquery = f"http://127.0.0.1:{self.env['DEMO_BIGQUERY_PORT']}"
        lines = [f"{name}={value}\n" for name, value in self.env.items()]
        (folder / ".env").write_text("".join(lines))
        self._token = ""

    def compose(self, *arguments, seconds=600, check=True):
        """What `docker compose <arguments>` prints; fails with what it complains of."""
        project = ["--project-name", self.project, "--progress", "plain"]
        done = subprocess.run(
            ["docker", "compose", *project, *arguments],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert not check or done.returncode == 0, (
            f"{arguments}: {done.stderr[-3000:]} {done.stdout[-3000:]}"
        )
        return done.stdout

    def run_in(self, service, *command, index=1, seconds=600):
        """What `command` prints in a container of `service`."""
        options = ("--no-TTY", "--index", str(index))
        return self.compose("exec", *options, service, *command, seconds=seconds)

    def docker(self, *arguments):
        """What `docker <arguments>` prints."""
        return subprocess.run(
            ["docker", *arguments], check=True, capture_output=True, text=True
        ).stdout

    def down(self):
        """Take everything away: containers, volumes, networks, and the images built for this stack."""
        self.compose(
            "down", "--volumes", "--rmi", "local", "--timeout", "30", seconds=300
        )
        subprocess.run(
            ["docker", "image", "rm", self.env["AIRFLOW_IMAGE"]],
            check=False,
            capture_output=True,
        )

    def api(self, method, path, body=None):
        """One call of Airflow's REST API v2, signed in as admin."""
        if not self._token:
            login = {
                "username": "admin",
                "password": self.env["AIRFLOW_ADMIN_PASSWORD"],
            }
            self._token = ask(f"{self.airflow}/auth/token", login)["access_token"]
        return ask(
            f"{self.airflow}/api/v2/{path}",
            body,
            method,
            {"Authorization": f"Bearer {self._token}"},
        )

    def trigger(self, day, *, send_mail=False):
        """Switch the daily DAG on once it is known, and start it for `day`; the run's id."""
        return self.start(DAG, partition_key=day, conf={"send_mail": send_mail})

    def start(self, dag, **request):
        """Switch a DAG on once it is known, and start it; the run's id."""

        def start():
            try:
                self.api("PATCH", f"dags/{dag}", {"is_paused": False})
                run = self.api(
                    "POST", f"dags/{dag}/dagRuns", {"logical_date": None, **request}
                )
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                raise
            return str(run["dag_run_id"])

        return wait_until("the DAG has been parsed", start, 600)

    def finished(self, run_id, seconds, dag=DAG):
        """The state in which a run ended."""

        def look():
            state = self.api("GET", f"dags/{dag}/dagRuns/{quote(run_id)}")["state"]
            return str(state) if state in ("success", "failed") else None

        return wait_until(f"{run_id} has ended", look, seconds)

    def tasks(self, run_id, dag=DAG):
        """The task instances of one run."""
        path = f"dags/{dag}/dagRuns/{quote(run_id)}/taskInstances?limit=200"
        return list(self.api("GET", path)["task_instances"])

    def task(self, run_id, task_id):
        """One task instance of a run of the daily DAG."""
        [task] = [each for each in self.tasks(run_id) if each["task_id"] == task_id]
        return task

    def log(self, task):
        """What the UI shows as the log of a task instance's last try."""
        place = f"dags/{task['dag_id']}/dagRuns/{quote(task['dag_run_id'])}/taskInstances/{task['task_id']}"
        answer = self.api(
            "GET", f"{place}/logs/{task['try_number']}?map_index={task['map_index']}"
        )
        return "\n".join(json.dumps(line) for line in answer["content"])

    def query(self, sql):
        """The rows of a GoogleSQL query in the warehouse."""
        answer = ask(
            f"{self.bigquery}/bigquery/v2/projects/{PROJECT}/queries",
            {"query": sql, "useLegacySql": False},
        )
        return [[cell["v"] for cell in row["f"]] for row in answer.get("rows", [])]

    def mails(self):
        """The mails in the demo company's mailbox."""
        return list(ask(f"{self.mailbox}/messages.json"))


def ask(
    url,
    body=None,
    method=None,
    headers=None,
):
    """The JSON answer of one HTTP call."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)
