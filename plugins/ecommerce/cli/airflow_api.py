"""Client of Airflow's REST API v2, for the commands of this package.

Commands act on the Airflow of this folder: that of `.env`, or else of the demo. AIRFLOW_URL,
AIRFLOW_USERNAME and AIRFLOW_PASSWORD name another. The random password of `make env` distinguishes two
Airflows: another one on the same port refuses it.
docs/DECISIONS.md has the comparison with `apache-airflow-client`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import quote

import requests
from tenacity import (
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from ecommerce.cli import environment
from ecommerce.core.airflow_runs import (
    DESCRIBED,
    business_day_of,
    clear_request,
    in_order_of_begin,
)
from ecommerce.core.errors import (
    ConfigurationError,
    CredentialsError,
    PipelineError,
    TransientError,
)
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.values import Json

ADMIN = "admin"
"""The user that `make airflow` and Docker Compose create, with the password AIRFLOW_ADMIN_PASSWORD."""
FINISHED = ("success", "failed")
"""The states of a run that has ended."""
SIGN_IN = "auth/token"
SECONDS_TO_CONNECT = 10
SECONDS_TO_ANSWER = 120
"""Longer than Airflow itself waits: 30 seconds for a connection to its database, a task 60 for an answer."""
PAGE = 100
"""The most entries that Airflow lists at once."""


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
            ConfigurationError: none of them has a password.
            CredentialsError, TransientError: see `AirflowApi`.
        """
        environ = os.environ
        own_password = ""
        if "AIRFLOW_URL" not in environ:
            environment.load()
            own_password = environ.get("AIRFLOW_ADMIN_PASSWORD", "")
        password = environ.get("AIRFLOW_PASSWORD", own_password)
        if not password:
            raise ConfigurationError(
                "AIRFLOW_PASSWORD is not set: commands sign in to Airflow with it"
            )
        port = environ.get("AIRFLOW__API__PORT", "8080")
        url = environ.get("AIRFLOW_URL", f"http://localhost:{port}")
        return cls(url, environ.get("AIRFLOW_USERNAME", ADMIN), password)

    def require_unpaused(self, dag_id: str) -> None:
        """Raise PipelineError if the scheduler starts no run of the DAG."""
        if self.get(f"dags/{dag_id}")["is_paused"]:
            raise PipelineError(
                f"{dag_id} is paused, so nothing would run: unpause it in the UI"
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
        path = f"api/v2/{path}"
        response = self._send(method, path, **options)
        if response.status_code == requests.codes.unauthorized:
            self._sign_in()
            response = self._send(method, path, **options)
        if response.ok:
            return response.json() if response.content else None
        status = response.status_code
        detail = " ".join(response.text.split())[:300]
        # Airflow rolls back what its database refuses, such as a lock on SQLite.
        is_rolled_back = status == 503 or "orig_error" in detail
        is_repeatable = is_rolled_back or (method == "GET" and status in (502, 504))
        kind = TransientError if is_repeatable else PipelineError
        raise kind(f"Airflow answered {status}: {detail}")

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
        timezone = self.timezone()
        # Only a run that was triggered by hand may have no partition key. Its day had ended before.
        listed = self.runs(dag_id, partition_key_pattern=str(day))
        listed += self.runs(dag_id, run_type="manual", run_after_gte=f"{day}T00:00:00Z")
        runs = []
        for run in listed:
            if business_day_of(run, timezone) == str(day) and run not in runs:
                runs.append(run)
        return in_order_of_begin(runs)[::-1]

    def timezone(self) -> str:
        """Return the shop's timezone, from the daily DAG's schedule: the API's `timezone` is Airflow's."""
        description = self.get(f"dags/{DAG_DAILY}/details")["timetable_description"]
        _, known, timezone = str(description).rpartition(DESCRIBED)
        if not known:
            raise PipelineError(
                f"the schedule of {DAG_DAILY} in {self.url} has no timezone: restart Airflow, which still "
                "has the version before the update"
            )
        return timezone

    def clear(
        self, run_id: str, task_ids: Iterable[str], dag_id: str = DAG_DAILY
    ) -> None:
        """Clear tasks of a run with downstream, so that they run again."""
        request = clear_request(run_id, task_ids)
        self.post(f"dags/{dag_id}/clearTaskInstances", request)

    def instances(
        self, run_id: str, dag_id: str = DAG_DAILY, **filters: str
    ) -> list[Json]:
        """Return the task instances of a run, or of all runs or DAGs (`~`), that match; at most a hundred."""
        listed = self.get(tasks_path(run_id, dag_id), **filters, limit=PAGE)
        return list(listed["task_instances"])

    def _sign_in(self) -> None:
        self._session.headers.pop("Authorization", None)
        response = self._send("POST", SIGN_IN, json=self._user)
        if response.status_code >= 500:
            raise TransientError(
                f"Airflow at {self.url} answers {response.status_code} to the login: it is starting, or its "
                "log shows an error"
            )
        if "access_token" not in response.text:
            raise CredentialsError(
                f"Airflow at {self.url} answers {response.status_code} to the login of "
                f"{self._user['username']!r}: check AIRFLOW_USERNAME and AIRFLOW_PASSWORD, and that no other "
                "installation, such as the demo (make stop), uses the port"
            )
        token = response.json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        url = f"{self.url}/{path}"
        try:
            timeout = (SECONDS_TO_CONNECT, SECONDS_TO_ANSWER)
            return self._session.request(method, url, timeout=timeout, **options)
        except requests.ReadTimeout:
            problem = (
                f"has not answered within {SECONDS_TO_ANSWER} s: see its log, and look in the UI at what it "
                "has carried out before you repeat the command"
            )
        except requests.RequestException:
            problem = "is unavailable: start it (make airflow), or correct the address"
        # Airflow may have carried out a request that changes something.
        is_repeatable = method == "GET" or path == SIGN_IN
        kind = TransientError if is_repeatable else PipelineError
        raise kind(f"Airflow at {self.url!r} {problem}")


def tasks_path(run_id: str, dag_id: str = DAG_DAILY) -> str:
    """Return the path of the tasks of a run."""
    return f"dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"
