"""Client of Airflow's REST API v2, for the commands of this package.

Commands act on the Airflow of this folder: that of `.env`, or else of the demo. AIRFLOW_URL,
AIRFLOW_USERNAME and AIRFLOW_PASSWORD name another.
docs/DECISIONS.md has the comparison with `apache-airflow-client`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import requests
from tenacity import (
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from ecommerce.cli import environment
from ecommerce.core.airflow_runs import business_day_of, in_order_of_begin
from ecommerce.core.errors import (
    ConfigurationError,
    CredentialsError,
    PipelineError,
    TransientError,
)
from ecommerce.core.names import DAG_DAILY

ADMIN = "admin"
"""The user that `make airflow` and Docker Compose create, with the password AIRFLOW_ADMIN_PASSWORD."""
IMAGE_DAGS = "/opt/airflow/dags"
"""The DAGs in the image of Docker Compose, which cannot know this folder's path."""
FINISHED = ("success", "failed")
"""The states of a run that has ended."""
PAGE = 100
"""The most entries that Airflow lists at once."""

Json = dict[str, Any]
"""A run or a task instance, as Airflow's API describes it."""


class AirflowApi:
    """A signed-in session that renews an expired token and repeats requests where nothing can happen twice.
    Raises TransientError (unavailable) or CredentialsError."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._user = {"username": username, "password": password}
        self._session = requests.Session()
        self._sign_in()

    @classmethod
    def from_environment(cls) -> AirflowApi:
        """Sign in to the Airflow that the environment, `.env` or the demo names.

        Raises:
            ConfigurationError: none of them has a password, or an Airflow of another folder answers.
            CredentialsError, TransientError: see `AirflowApi`.
        """
        environ = dict(os.environ)
        if "AIRFLOW_URL" not in environ or "AIRFLOW_PASSWORD" not in environ:
            environment.load(environ)
        username = environ.get("AIRFLOW_USERNAME", ADMIN)
        password = environ.get("AIRFLOW_PASSWORD", "")
        if username == ADMIN and not password:
            password = environ.get("AIRFLOW_ADMIN_PASSWORD", "")
        if not password:
            raise ConfigurationError(
                "AIRFLOW_PASSWORD is not set: commands sign in to Airflow with it"
            )
        if "AIRFLOW_URL" in environ:
            return cls(environ["AIRFLOW_URL"], username, password)
        port = environ.get("AIRFLOW__API__PORT", "8080")
        api = cls(f"http://localhost:{port}", username, password)
        api.require_dags_of(environ.get("AIRFLOW__CORE__DAGS_FOLDER", IMAGE_DAGS))
        return api

    def require_dags_of(self, folder: str) -> None:
        """Raise ConfigurationError unless the daily DAG is the file in `folder`, or that of the image."""
        own = []
        for dags in (folder, IMAGE_DAGS):
            own.append(Path(dags, f"{DAG_DAILY}.py").resolve())
        for dag in self.get("dags", dag_id_pattern=DAG_DAILY)["dags"]:
            if Path(dag["fileloc"]).resolve() in own:
                return
        raise ConfigurationError(
            f"the Airflow at {self.url} does not run the DAGs of {environment.REPOSITORY}: start this "
            "folder's (make airflow) on a port of its own (AIRFLOW_LISTEN in .env), or name the one to use "
            "with AIRFLOW_URL"
        )

    def get(self, path: str, **params: Any) -> Any:
        """GET `/api/v2/<path>` and return the decoded body."""
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Json) -> Any:
        """POST `body` to `/api/v2/<path>` and return the decoded body of the response."""
        return self.request("POST", path, json=body)

    @retry(
        retry=retry_if_exception_type(TransientError),
        wait=wait_exponential(max=30),
        stop=stop_after_attempt(7),
        reraise=True,
    )
    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to `/api/v2/<path>` with the `options` of requests, and return the decoded body.

        Raises TransientError if it could be repeated, and was without success; else PipelineError.
        """
        response = self._send(method, path, **options)
        if response.status_code == requests.codes.unauthorized:
            self._sign_in()
            response = self._send(method, path, **options)
        if not response.ok:
            raise _refusal(response, method)
        return response.json() if response.content else None

    def runs(self, dag_id: str, **filters: str) -> list[Json]:
        """Return all runs of a DAG that match, the newest first."""
        path = f"dags/{dag_id}/dagRuns"
        runs: list[Json] = []
        while True:
            page = self.get(
                path, order_by="-id", limit=PAGE, offset=len(runs), **filters
            )
            runs += page["dag_runs"]
            if len(page["dag_runs"]) < PAGE:
                return runs

    def runs_of_day(self, day: date, dag_id: str = DAG_DAILY) -> list[Json]:
        """Return all runs of a business day: those with its partition key or its `business_date`, and runs
        without either for which it was the newest day that had ended. The first has not begun yet, or began
        last."""
        timezone = self.timezone(dag_id)
        # Only a run that was triggered by hand may have no partition key. Its day had ended before.
        listed = self.runs(dag_id, partition_key_pattern=str(day))
        listed += self.runs(dag_id, run_type="manual", run_after_gte=f"{day}T00:00:00Z")
        runs = {}
        for run in listed:
            if business_day_of(run, timezone) == str(day):
                runs[run["dag_run_id"]] = run
        return in_order_of_begin(list(runs.values()))[::-1]

    def timezone(self, dag_id: str = DAG_DAILY) -> str:
        """Return the name of a DAG's timezone."""
        return str(self.get(f"dags/{dag_id}/details")["timezone"])

    def clear(
        self, run_id: str, task_ids: Sequence[str], dag_id: str = DAG_DAILY
    ) -> list[str]:
        """Clear tasks of a run with downstream, so that they run again; return the ids of all, in order."""
        request = {
            "dag_run_id": run_id,
            "task_ids": list(task_ids),
            "include_downstream": True,
            "only_failed": False,
            "dry_run": False,
        }
        cleared = self.post(f"dags/{dag_id}/clearTaskInstances", request)
        return sorted({task["task_id"] for task in cleared["task_instances"]})

    def is_paused(self, dag_id: str = DAG_DAILY) -> bool:
        """Return whether the scheduler starts no run of the DAG."""
        return bool(self.get(f"dags/{dag_id}")["is_paused"])

    def task_state(self, run_id: str, task_id: str) -> str | None:
        """Return the state of a task in a run; None before the scheduler has looked at it."""
        task = self.get(f"dags/{DAG_DAILY}/dagRuns/{run_id}/taskInstances/{task_id}")
        state: str | None = task["state"]
        return state

    def run_state(self, run_id: str, dag_id: str = DAG_DAILY) -> str:
        """Return the state of a run: queued, running, success or failed."""
        return str(self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def instances(self, run_id: str, dag_id: str = DAG_DAILY) -> dict[str, Json]:
        """Return the task instances of a run, at most a hundred, by `task_id` or `task_id[map_index]`."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        instances = self.get(path, limit=PAGE)["task_instances"]
        return {instance_name(instance): instance for instance in instances}

    def _sign_in(self) -> None:
        self._session.headers.pop("Authorization", None)
        try:
            response = self._session.post(
                f"{self.url}/auth/token", json=self._user, timeout=30
            )
            if response.status_code in (400, 401, 403, 422):
                raise CredentialsError(
                    f"Airflow at {self.url} refuses the user {self._user['username']!r}: if it is another "
                    "installation's, such as the demo's (make stop), set another port in .env "
                    "(AIRFLOW_LISTEN); if not, check AIRFLOW_USERNAME and AIRFLOW_PASSWORD"
                )
            token = response.json()["access_token"]
        except (requests.RequestException, ValueError, KeyError, TypeError):
            raise TransientError(
                f"no Airflow answers at {self.url!r}: start it (make airflow), or correct the address"
            ) from None
        self._session.headers["Authorization"] = f"Bearer {token}"

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = f"{self.url}/api/v2/{path}"
        try:
            return self._session.request(method, url, timeout=60, **options)
        except (requests.ConnectionError, requests.Timeout):
            # Airflow may have carried out any request but a GET.
            kind = TransientError if method == "GET" else PipelineError
            raise kind(
                f"Airflow at {self.url} is unavailable: is it running?"
            ) from None


def instance_name(instance: Json) -> str:
    """Return `task_id` or `task_id[map_index]`."""
    name, index = str(instance["task_id"]), instance["map_index"]
    return f"{name}[{index}]" if index >= 0 else name


def _refusal(response: requests.Response, method: str) -> PipelineError:
    """Return the error for a response with an error status: a TransientError if nothing has happened."""
    detail = response.text[:300]
    with suppress(ValueError, KeyError, TypeError):
        detail = response.json()["detail"]
    text = f"Airflow answered {response.status_code}: {' '.join(str(detail).split())}"
    # Airflow rolls back what its database refuses; SQLite is locked while another process writes.
    if response.status_code == 503 or "orig_error" in detail:
        return TransientError(text)
    if method == "GET" and response.status_code in (502, 504):
        return TransientError(text)
    return PipelineError(text)
