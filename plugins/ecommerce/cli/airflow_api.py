"""Client of Airflow's REST API v2, for the commands of this package.

Commands act on the Airflow of this folder: that of `.env`, or else of the demo. AIRFLOW_URL,
AIRFLOW_USERNAME and AIRFLOW_PASSWORD name another.
docs/DECISIONS.md has the comparison with `apache-airflow-client`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.cli import environment
from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.errors import (
    ConfigurationError,
    CredentialsError,
    PipelineError,
    TransientError,
)
from ecommerce.core.names import DAG_DAILY

if TYPE_CHECKING:
    import requests

ADMIN = "admin"
"""The user that `make airflow` and Docker Compose create, with the password AIRFLOW_ADMIN_PASSWORD."""
IMAGE_DAGS = "/opt/airflow/dags"
"""The DAGs in the image of Docker Compose, which cannot know this folder's path."""
FINISHED = ("success", "failed")
"""The states of a run that has ended."""
_UNAVAILABLE = {"GET": {502, 503, 504}}
"""Answers of Airflow with a locked database (503), or of a proxy in front of an Airflow that is down."""


class AirflowApi:
    """A signed-in session that renews an expired token and repeats requests where nothing can happen twice.
    Raises TransientError (unavailable) or CredentialsError."""

    def __init__(self, url: str, username: str, password: str) -> None:
        import requests

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
        if not environ.keys() >= {
            "AIRFLOW_URL",
            "AIRFLOW_USERNAME",
            "AIRFLOW_PASSWORD",
        }:
            environment.load(environ)
        username = environ.get("AIRFLOW_USERNAME", ADMIN)
        password = environ.get("AIRFLOW_PASSWORD", "")
        if username == ADMIN:
            password = password or environ.get("AIRFLOW_ADMIN_PASSWORD", "")
        if not password:
            raise ConfigurationError(
                "AIRFLOW_PASSWORD is not set: commands sign in to Airflow with it"
            )
        if "AIRFLOW_URL" in environ:
            return cls(environ["AIRFLOW_URL"], username, password)
        api = cls(
            f"http://localhost:{environ.get('AIRFLOW__API__PORT', '8080')}",
            username,
            password,
        )
        if not api.runs_dags_of(environ):
            raise ConfigurationError(
                f"the Airflow at {api.url} does not run the DAGs of {environment.REPOSITORY}: start this "
                "folder's (make airflow) on a port of its own (AIRFLOW_LISTEN in .env), or name the one to "
                "use with AIRFLOW_URL"
            )
        return api

    def runs_dags_of(self, environ: Mapping[str, str]) -> bool:
        """Return whether the server's token is signed with the secret in `environ`, if there is one, and the
        daily DAG is the file of this folder, or of the image."""
        import jwt

        secret = environ.get("AIRFLOW__API_AUTH__JWT_SECRET")
        token = str(self._session.headers["Authorization"]).removeprefix("Bearer ")
        try:
            if secret:
                jwt.PyJWS().decode(token, secret, ["HS256", "HS384", "HS512"])
        except jwt.InvalidTokenError:
            return False
        folders = (IMAGE_DAGS, environ.get("AIRFLOW__CORE__DAGS_FOLDER", IMAGE_DAGS))
        files = [Path(folder, f"{DAG_DAILY}.py").resolve() for folder in folders]
        dags = self.get("dags", dag_id_pattern=DAG_DAILY)["dags"]
        return any(Path(dag["fileloc"]).resolve() in files for dag in dags)

    def get(self, path: str, **params: Any) -> Any:
        """GET `/api/v2/<path>` and return the decoded body."""
        return self.request("GET", path, params=params)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST `body` to `/api/v2/<path>` and return the decoded body of the response."""
        return self.request("POST", path, json=body)

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request to `/api/v2/<path>` with the `options` of requests, and return the decoded body."""
        for pause in (1, 2, 4, 8, 15, 30):  # seconds
            try:
                return self._answer(method, path, **options)
            except TransientError:
                time.sleep(pause)
        return self._answer(method, path, **options)

    def runs_of_day(self, day: date, dag_id: str = DAG_DAILY) -> list[dict[str, Any]]:
        """Return all runs of a business day: those with its partition key or its `business_date`, and runs
        without either for which it was the newest day that had ended. The first has not begun yet, or began
        last."""
        zone = str(self.get(f"dags/{dag_id}/details")["timezone"])
        span = {
            "run_after_gte": f"{day}T00:00:00Z",
            "run_after_lte": f"{day + timedelta(days=3)}T00:00:00Z",
        }

        def day_of(run: Mapping[str, Any]) -> str:
            known = run["partition_key"] or (run["conf"] or {}).get("business_date")
            return str(
                known
                or newest_closed_day(
                    datetime.fromisoformat(run["run_after"]), zone
                ).date
            )

        runs = {
            run["dag_run_id"]: run
            for filters in (
                {"partition_key_pattern": str(day)},
                {"conf_contains": str(day)},
                span,
            )
            for run in self.get(
                f"dags/{dag_id}/dagRuns", order_by="-id", limit=100, **filters
            )["dag_runs"]
            if day_of(run) == str(day)
        }
        return sorted(
            runs.values(),
            key=lambda run: (
                not run["start_date"],
                run["start_date"] or run["queued_at"] or "",
            ),
            reverse=True,
        )

    def clear(
        self, run_id: str, task_ids: Sequence[str], dag_id: str = DAG_DAILY
    ) -> list[str]:
        """Clear tasks of a run with downstream, so that they run again; return the ids of all, in order."""
        request = {
            "dag_run_id": run_id,
            "task_ids": [*task_ids],
            "include_downstream": True,
            "only_failed": False,
            "dry_run": False,
        }
        cleared = self.post(f"dags/{dag_id}/clearTaskInstances", request)[
            "task_instances"
        ]
        return sorted({instance["task_id"] for instance in cleared})

    def is_paused(self, dag_id: str = DAG_DAILY) -> bool:
        """Return whether the scheduler starts no run of the DAG."""
        return bool(self.get(f"dags/{dag_id}")["is_paused"])

    def task_state(self, run_id: str, task_id: str) -> str | None:
        """Return the state of a task in a run; None before the scheduler has looked at it."""
        return self.get(f"dags/{DAG_DAILY}/dagRuns/{run_id}/taskInstances/{task_id}")[
            "state"
        ]

    def run_state(self, run_id: str, dag_id: str = DAG_DAILY) -> str:
        """Return the state of a run: queued, running, success or failed."""
        return str(self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def instances(
        self, run_id: str, dag_id: str = DAG_DAILY
    ) -> dict[str, dict[str, Any]]:
        """Return the task instances of a run, at most a hundred, by `task_id` or `task_id[map_index]`."""
        instances = self.get(
            f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100
        )["task_instances"]
        return {instance_name(instance): instance for instance in instances}

    def _sign_in(self) -> None:
        import requests

        self._session.headers.pop("Authorization", None)
        server = f"the server at {self.url!r}"
        try:
            response = self._session.post(
                f"{self.url}/auth/token", json=self._user, timeout=30
            )
        except (requests.RequestException, ValueError):
            raise TransientError(
                f"{server} cannot be reached: start Airflow (make airflow), or correct the address"
            ) from None
        if response.status_code in (400, 401, 403, 422):
            raise CredentialsError(
                f"Airflow at {self.url} refuses the user {self._user['username']!r}: if it is another "
                "installation's, such as the demo's (make stop), set another port in .env (AIRFLOW_LISTEN); "
                "if not, check AIRFLOW_USERNAME and AIRFLOW_PASSWORD"
            )
        try:
            self._session.headers["Authorization"] = (
                f"Bearer {response.json()['access_token']}"
            )
        except (ValueError, KeyError, TypeError):
            raise TransientError(
                f"{server} answered {response.status_code} without a token: is it Airflow, and running?"
            ) from None

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        """Return the decoded body of one request. Raises TransientError if it can be repeated, else
        PipelineError."""
        import requests

        try:
            response = self._send(method, path, **options)
            if response.status_code == requests.codes.unauthorized:
                self._sign_in()
                response = self._send(method, path, **options)
        except (requests.ConnectionError, requests.Timeout):
            # Airflow may have carried out any other request.
            kind = TransientError if method == "GET" else PipelineError
            raise kind(
                f"Airflow at {self.url} is unavailable: is it running?"
            ) from None
        if response.ok:
            return response.json() if response.content else None
        detail = _detail(response)
        if "orig_error" in detail:
            # Airflow has rolled back, but keeps a backfill whose runs it failed to create.
            is_backfill = path == "backfills"
            kind = PipelineError if is_backfill else TransientError
            first = (
                "cancel the backfill that the UI may show, then " if is_backfill else ""
            )
            raise kind(
                f"Airflow's own database failed or was busy ({method} {path}; the API server's log has the "
                f"error): {first}run the command again. SQLite serves one writer at a time"
            )
        kind = (
            TransientError
            if response.status_code in _UNAVAILABLE.get(method, {503})
            else PipelineError
        )
        raise kind(
            f"Airflow answered {response.status_code}: {' '.join(str(detail).split())}"
        )

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._session.request(
            method, f"{self.url}/api/v2/{path}", timeout=60, **options
        )


@contextmanager
def left_to_airflow() -> Iterator[None]:
    """Add to an interruption by Ctrl-C that Airflow continues."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "Airflow continues what was started; its UI shows the progress"
        ) from None


def instance_name(instance: Mapping[str, Any]) -> str:
    """Return `task_id` or `task_id[map_index]`."""
    index = instance["map_index"]
    return instance["task_id"] + (f"[{index}]" if index >= 0 else "")


def _detail(response: requests.Response) -> Any:
    """Return Airflow's reason of a refusal; with `orig_error` for an error of its database."""
    try:
        return response.json()["detail"] or ""
    except (ValueError, KeyError, TypeError):
        return response.text[:300]
