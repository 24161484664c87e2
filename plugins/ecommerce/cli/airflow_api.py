"""A small client of Airflow's REST API v2, for the commands of this package. The address and the user come
from `AIRFLOW_URL` (default `http://localhost:8080`), `AIRFLOW_USERNAME` and `AIRFLOW_PASSWORD`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.errors import ConfigurationError, CredentialsError, PipelineError, TransientError
from ecommerce.core.names import DAG_DAILY

if TYPE_CHECKING:
    import requests

BUSY = 503
"""Airflow's database is locked by somebody else: nothing was done."""
_REFUSED = {400, 401, 403, 422}
_AWAY = {BUSY, 502, 504}
"""What a proxy in front of Airflow answers meanwhile; a question may then be asked again."""
PAUSES = (0, 1, 2, 4, 8, 15, 30)
"""Seconds before asking and, as long as it is busy or a question is not answered, before asking again."""


class AirflowApi:
    """One signed-in session; it signs in again when its token has expired.

    Raises:
        ConfigurationError: the address is malformed, or something else than Airflow answers there.
        TransientError: nothing answers at the address.
        CredentialsError: Airflow refuses the user.
    """

    def __init__(self, url: str, username: str, password: str) -> None:
        import requests

        self.url = url.rstrip("/")
        self._user = {"username": username, "password": password}
        self._session = requests.Session()
        self._sign_in()

    def _sign_in(self) -> None:
        import requests

        self._session.headers.pop("Authorization", None)
        try:
            answer = self._session.post(f"{self.url}/auth/token", json=self._user, timeout=30)
        except (requests.ConnectionError, requests.Timeout):
            raise TransientError(f"no Airflow answers at {self.url} (AIRFLOW_URL): is it running?") from None
        except (requests.RequestException, ValueError):
            raise ConfigurationError(
                f"AIRFLOW_URL={self.url!r} is not an address like http://localhost:8080"
            ) from None
        if answer.status_code in _REFUSED:
            raise CredentialsError(
                f"Airflow at {self.url} refuses the user {self._user['username']!r}: "
                "set AIRFLOW_USERNAME, AIRFLOW_PASSWORD"
            )
        if answer.status_code in _AWAY:
            raise TransientError(
                f"the server at {self.url} (AIRFLOW_URL) answers {answer.status_code} in place of Airflow: "
                "is Airflow running?"
            )
        try:
            token = answer.json()["access_token"]
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"the server at {self.url} (AIRFLOW_URL) is not Airflow: it answers {answer.status_code}"
            ) from None
        self._session.headers["Authorization"] = f"Bearer {token}"

    @classmethod
    def from_environment(cls) -> AirflowApi:
        """Sign in with what the environment says."""
        try:
            username, password = os.environ["AIRFLOW_USERNAME"], os.environ["AIRFLOW_PASSWORD"]
        except KeyError as error:
            raise ConfigurationError(
                f"{error.args[0]} is not set: the user to sign in to Airflow as"
            ) from None
        return cls(os.environ.get("AIRFLOW_URL", "http://localhost:8080"), username, password)

    def get(self, path: str, **params: Any) -> Any:
        """GET `/api/v2/<path>`; the decoded answer."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST `body` to `/api/v2/<path>`; the decoded answer."""
        return self._ask("POST", path, json=body)

    def put(self, path: str, body: dict[str, Any]) -> None:
        """PUT `body` to `/api/v2/<path>`, which answers nothing."""
        self._ask("PUT", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """PATCH `/api/v2/<path>` with `body`; the decoded answer."""
        return self._ask("PATCH", path, json=body)

    def runs_of_day(self, day: date, dag_id: str = DAG_DAILY) -> list[dict[str, Any]]:
        """All runs of a business day, newest first: those with its partition key or its `business_date`, and
        those with neither that began on the day after."""
        keyed = self._runs(dag_id, partition_key_pattern=str(day))
        named = self._runs(dag_id, conf_contains=str(day))
        named = [run for run in named if (run["conf"] or {}).get("business_date") == str(day)]
        runs = {run["dag_run_id"]: run for run in keyed + named + self._runs_after(day, dag_id)}
        return sorted(
            runs.values(), key=lambda run: run["queued_at"] or run["start_date"] or "", reverse=True
        )

    def clear(self, run_id: str, task_ids: list[str], dag_id: str = DAG_DAILY) -> list[str]:
        """Run `task_ids` of a run, and everything behind them, once more; the ids of what was cleared."""
        cleared = self.post(
            f"dags/{dag_id}/clearTaskInstances",
            {
                "dry_run": False,
                "only_failed": False,
                "include_downstream": True,
                "dag_run_id": run_id,
                "task_ids": task_ids,
            },
        )
        return sorted({instance["task_id"] for instance in cleared["task_instances"]})

    def is_paused(self, dag_id: str = DAG_DAILY) -> bool:
        """Whether the scheduler leaves the DAG's runs alone."""
        return bool(self.get(f"dags/{dag_id}")["is_paused"])

    def task_state(self, run_id: str, task_id: str, dag_id: str = DAG_DAILY) -> str | None:
        """The state of a task in a run; None before it has any."""
        found = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")
        return cast(str | None, found["state"])

    def run_state(self, run_id: str, dag_id: str = DAG_DAILY) -> str:
        """The state of a run: queued, running, success or failed."""
        return cast(str, self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_instances(self, run_id: str, dag_id: str = DAG_DAILY) -> list[dict[str, Any]]:
        """The task instances of a run, at most a hundred."""
        answer = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100)
        return cast(list[dict[str, Any]], answer["task_instances"])

    def instances(self, run_id: str, dag_id: str = DAG_DAILY) -> dict[str, dict[str, Any]]:
        """The task instances of a run by id; those of a mapped task by id and number."""
        return {
            each["task_id"] + (f"[{each['map_index']}]" if each["map_index"] >= 0 else ""): each
            for each in self.task_instances(run_id, dag_id)
        }

    def log_lines(
        self, run_id: str, instance: Mapping[str, Any], dag_id: str = DAG_DAILY
    ) -> list[dict[str, Any]]:
        """The log of the latest attempt of a task instance, as Airflow describes its lines; empty where it
        cannot be read."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances/{instance['task_id']}"
        try:
            answer = self.get(f"{path}/logs/{instance['try_number']}", map_index=instance["map_index"])
        except PipelineError:  # the worker that has it may be gone
            return []
        content = answer.get("content")
        return [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []

    def page_of(self, run_id: str, dag_id: str = DAG_DAILY) -> str:
        """The address of a run in the UI."""
        return f"{self.url}/dags/{dag_id}/runs/{quote(run_id)}"

    def _runs_after(self, day: date, dag_id: str) -> list[dict[str, Any]]:
        """The runs without a day, for which `day` was the newest closed one."""
        span = {"run_after_gte": f"{day}T00:00:00Z", "run_after_lte": f"{day + timedelta(days=3)}T00:00:00Z"}
        runs = [
            run
            for run in self._runs(dag_id, **span)
            if not run["partition_key"] and not (run["conf"] or {}).get("business_date")
        ]
        zone = str(self.get(f"dags/{dag_id}/details")["timezone"]) if runs else ""
        return [
            run
            for run in runs
            if newest_closed_day(datetime.fromisoformat(run["run_after"]), zone).date == day
        ]

    def _runs(self, dag_id: str, **filters: str) -> list[dict[str, Any]]:
        answer = self.get(f"dags/{dag_id}/dagRuns", order_by="-id", limit=100, **filters)
        return cast(list[dict[str, Any]], answer["dag_runs"])

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        import requests

        response = None
        for pause in PAUSES:
            time.sleep(pause)
            try:
                response = self._request(method, path, **options)
                if response.status_code == requests.codes.unauthorized:
                    self._sign_in()
                    response = self._request(method, path, **options)
            except (requests.ConnectionError, requests.Timeout):
                if method != "GET":  # it may have been done, and must not be done twice
                    raise TransientError(f"Airflow at {self.url} did not answer: is it running?") from None
                continue
            again = _is_database_error(response) and path != "backfills"  # which may be begun by then
            if not again and response.status_code not in (_AWAY if method == "GET" else {BUSY}):
                break
        if response is None:
            raise TransientError(f"Airflow at {self.url} does not answer any more: is it running?")
        if _is_database_error(response):
            raise PipelineError(
                f"Airflow's own database failed or was busy ({method} {path}; the API server's log has the "
                "error): give the command again. While other runs use it, SQLite serves one writer at a time"
            )
        if response.ok:
            return response.json() if response.content else None
        try:
            detail = response.json()["detail"]
        except (ValueError, KeyError, TypeError):
            detail = response.text[:300]
        raise PipelineError(f"Airflow answered {response.status_code}: {' '.join(str(detail).split())}")

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._session.request(method, f"{self.url}/api/v2/{path}", timeout=60, **options)


def _is_database_error(response: requests.Response) -> bool:
    """Whether Airflow answers that its database refused a statement, which it rolls back and shows nobody."""
    if response.status_code != 500:
        return False
    try:
        return "orig_error" in response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return False


@contextmanager
def signed_in() -> Iterator[AirflowApi]:
    """A signed-in session; Ctrl-C ends the command and nothing else."""
    try:
        yield AirflowApi.from_environment()
    except KeyboardInterrupt:
        raise KeyboardInterrupt("what was begun goes on in Airflow") from None
