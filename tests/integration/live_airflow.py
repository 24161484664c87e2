"""A whole Airflow as the demo has it: API server, scheduler, DAG processor, tasks in processes.

Unlike the demo's, its processes are forked from a warm one, and its metadata database is a copy on the
tests' server.
"""

import time
import uuid
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from demo import processes
from demo.airflow_services import PASSWORD, USER, AirflowServices
from demo.environment import subscriptions
from demo.layout import Folders, Ports
from demo.services.ports import free_port
from ecommerce.cli import metadata_database
from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.errors import TransientError
from tests.integration.airflow_process import start
from tests.psql import psql
from tests.rows import column_by

MIGRATED = "airflow_migrated"
"""The name of a migrated metadata database."""
LIMIT = 900
"""Seconds after which something never happens; far more than a slow machine needs."""


def timezone_at_work():
    """A place where no day or week ends amid the test, and six is too long ago for a first run of its own.

    A DAG that is switched on within a tenth of its interval after a tick runs for that tick.
    """
    zones = ("America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo")
    return next(zone for zone in zones if 9 <= datetime.now(ZoneInfo(zone)).hour < 21)


class LiveAirflow(AirflowServices):
    """An Airflow at home in `folder`, whose processes get `environment` on top of the demo's."""

    api: AirflowApi

    def __init__(
        self,
        folder,
        server,
        environment,
    ):
        ports = Ports(airflow=free_port(), airflow_logs=free_port())
        super().__init__(
            ports,
            Folders(folder),
            environment["SHOP_TIMEZONE"],
        )
        self._server = server
        self._changes = dict(environment)

    def environment(self):
        """As the demo's without its second shop and its subscriptions, with the changes of this one."""
        without = dict.fromkeys(("SHOPS", "SHOP_LABELS", *subscriptions()), "")
        return super().environment() | without | self._changes

    def begin(self, *dag_ids):
        """Start it and wait until `dag_ids` can be run."""
        self.start()
        self.wait(LIMIT)
        self.api = self.until(self._signed_in, "answers")
        self.create_pools(self.api)
        for dag_id in dag_ids:
            self.until(lambda dag_id=dag_id: self._knows(dag_id), f"has read {dag_id}")
            self.api.request(
                "PATCH",
                f"dags/{dag_id}",
                json={"is_paused": False},
            )

    def until(self, look, what):
        """What `look` gives as soon as it is true."""
        deadline = time.monotonic() + LIMIT
        while not (found := look()):
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"not within {LIMIT} s: Airflow {what}\n{self.logs()}"
                )
            time.sleep(0.5)
        return found

    def trigger(self, dag_id, partition_key=None, **conf):
        """Ask for a run; its id."""
        request = {"logical_date": None, "partition_key": partition_key, "conf": conf}
        return self.api.post(f"dags/{dag_id}/dagRuns", request)["dag_run_id"]

    def state(self, dag_id, run_id):
        """The state of a run once it has ended: success or failed."""

        def ended():
            state = self.api.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"]
            return state if state in ("success", "failed") else None

        return self.until(ended, f"ends {run_id} of {dag_id}")

    def tasks(self, dag_id, run_id):
        """The task instances of a run."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return self.api.get(path, limit=100)["task_instances"]

    def task_states(self, dag_id, run_id):
        """The state of each task of a run."""
        return column_by(self.tasks(dag_id, run_id), "task_id", "state")

    def tries(
        self,
        dag_id,
        run_id,
        task_id,
    ):
        """Begin and end of each try of a task."""
        found = self.api.get(
            f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/tries"
        )
        times = []
        for each in sorted(
            found["task_instances"], key=lambda each: each["try_number"]
        ):
            begin = each["start_date"]
            end = each["end_date"]
            times.append((datetime.fromisoformat(begin), datetime.fromisoformat(end)))
        return times

    def log(
        self,
        dag_id,
        run_id,
        task_id,
        number=1,
    ):
        """The lines of the log of a try, as the UI gets them."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{number}"
        return self.api.get(
            path,
            map_index=-1,
        )["content"]

    def logs(self):
        """The last words of its processes."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}"
            for path in sorted(self.folders.logs.glob("*.log"))
        )

    def _start_database(self):
        name = f"airflow_{uuid.uuid4().hex[:12]}"
        psql(self._server, f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
        return metadata_database.url(self._server, name)

    def _migrate(self, known):
        """Do nothing: its database is a copy of a migrated one."""

    def _begin(
        self,
        name,
        command,
        known,
    ):
        self.folders.logs.mkdir(
            parents=True,
            exist_ok=True,
        )
        process = start(
            command,
            known,
            self.folders.logs / f"{name}.log",
        )
        assert process.pid
        processes.record(
            self.folders.processes,
            name,
            process.pid,
        )

    def _signed_in(self):
        try:
            return AirflowApi(self.url, USER, PASSWORD)
        except TransientError:
            return None

    def _knows(self, dag_id):
        broken = self.api.get("importErrors")["import_errors"]
        assert not broken, broken
        return any(
            dag["dag_id"] == dag_id
            for dag in self.api.get("dags", dag_id_pattern=dag_id)["dags"]
        )


@contextmanager
def live_airflow(
    folder,
    server,
    environment,
    *dag_ids,
):
    """A running Airflow whose `dag_ids` are not paused, stopped at the end of the block. Its database is a
    copy of `MIGRATED` on `server`."""
    airflow = LiveAirflow(folder, server, environment)
    try:
        airflow.begin(*dag_ids)
        yield airflow
    finally:
        airflow.stop()
