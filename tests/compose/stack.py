"""A stack of its own, made from a copy of this repository, and what tests ask it."""

import json
import re
import subprocess
import sys
import uuid
from contextlib import suppress
from functools import cached_property
from urllib.parse import quote

import requests
from dotenv import dotenv_values

from demo.services.emulator import Emulator
from demo.services.ports import free_port
from ecommerce.cli.airflow_api import ADMIN, FINISHED, AirflowApi
from ecommerce.core.errors import PipelineError
from tests.integration.warehouse_contents import connect
from tests.waiting import wait_until

DAG = "daily_sales_pipeline"
PORTS = re.compile(r"\$\{(DEMO_\w+_PORT):-\d+\}")


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
        lines = [f"{name}={value}\n" for name, value in self.env.items()]
        (folder / ".env").write_text("".join(lines))

    def compose(self, *arguments, seconds=600):
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
        assert done.returncode == 0, (
            f"{arguments}: {done.stderr[-3000:]} {done.stdout[-3000:]}"
        )
        return done.stdout

    def run_in(self, service, *command, index=1):
        """What `command` prints in a container of `service`."""
        options = ("--no-TTY", "--index", str(index))
        return self.compose("exec", *options, service, *command)

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

    @cached_property
    def api(self):
        """Airflow's REST API, signed in as admin."""
        return AirflowApi(self.airflow, ADMIN, self.env["AIRFLOW_ADMIN_PASSWORD"])

    def trigger(self, day, *, send_mail=False):
        """Switch the daily DAG on once it is known, and start it for `day`; the run's id."""
        return self.start(DAG, partition_key=day, conf={"send_mail": send_mail})

    def start(self, dag, **request):
        """Switch a DAG on once it is known, and start it; the run's id."""

        def unpaused():
            with suppress(PipelineError):
                return self.api.request(
                    "PATCH", f"dags/{dag}", json={"is_paused": False}
                )

        wait_until("the DAG has been parsed", unpaused, 600)
        request = {"logical_date": None, **request}
        return self.api.post(f"dags/{dag}/dagRuns", request)["dag_run_id"]

    def finished(self, run_id, seconds, dag=DAG):
        """The state in which a run ended."""

        def look():
            state = self.api.get(f"dags/{dag}/dagRuns/{quote(run_id)}")["state"]
            return state if state in FINISHED else None

        return wait_until(f"{run_id} has ended", look, seconds)

    def tasks(self, run_id, dag=DAG):
        """The task instances of one run."""
        path = f"dags/{dag}/dagRuns/{quote(run_id)}/taskInstances"
        return self.api.get(path, limit=200)["task_instances"]

    def task(self, run_id, task_id):
        """One task instance of a run of the daily DAG."""
        [task] = [each for each in self.tasks(run_id) if each["task_id"] == task_id]
        return task

    def log(self, task):
        """What the UI shows as the log of a task instance's last try."""
        run = f"dags/{task['dag_id']}/dagRuns/{quote(task['dag_run_id'])}"
        logs = f"{run}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        answer = self.api.get(logs, map_index=task["map_index"])
        return "\n".join(json.dumps(line) for line in answer["content"])

    def query(self, sql):
        """The rows of a GoogleSQL query in the warehouse."""
        emulator = Emulator(None, int(self.env["DEMO_BIGQUERY_PORT"]))
        return list(connect(emulator).query(sql).result())

    def mails(self):
        """The mails in the demo company's mailbox."""
        port = self.env["DEMO_MAILBOX_PORT"]
        answer = requests.get(f"http://127.0.0.1:{port}/messages.json", timeout=120)
        return answer.json()
