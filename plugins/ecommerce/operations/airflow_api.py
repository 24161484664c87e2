"""A small client of Airflow's REST API v2, for the commands of this package.

The address and the user come from `AIRFLOW_URL` (default `http://localhost:8080`), `AIRFLOW_USERNAME` and
`AIRFLOW_PASSWORD`.
"""

from __future__ import annotations

import os
import time
from datetime import date
from typing import TYPE_CHECKING, Any

from ecommerce.errors import ConfigurationError, CredentialsError, PipelineError, TransientError

if TYPE_CHECKING:
    import requests

DAILY_DAG = "daily_sales_pipeline"
BUSY = 503
"""Airflow's database is locked by somebody else: nothing was done."""
PAUSES = (0, 1, 2, 4, 8, 15, 30)
"""Seconds before asking and, as long as it is busy or a question is not answered, before asking again."""


class AirflowApi:
    """One signed-in session.

    Raises:
        TransientError: nothing answers at the address.
        CredentialsError: Airflow refuses the user.
    """

    def __init__(self, url: str, username: str, password: str) -> None:
        import requests

        self.url = url.rstrip("/")
        self._session = requests.Session()
        try:
            answer = self._session.post(
                f"{self.url}/auth/token", json={"username": username, "password": password}, timeout=30
            )
        except requests.ConnectionError:
            raise TransientError(f"no Airflow answers at {self.url} (AIRFLOW_URL): is it running?") from None
        if answer.status_code != requests.codes.created:
            raise CredentialsError(
                f"Airflow at {self.url} refuses the user {username!r}: set AIRFLOW_USERNAME, AIRFLOW_PASSWORD"
            )
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    @classmethod
    def from_environment(cls) -> AirflowApi:
        """Sign in with what the environment says."""
        try:
            username, password = os.environ["AIRFLOW_USERNAME"], os.environ["AIRFLOW_PASSWORD"]
        except KeyError as error:
            raise ConfigurationError(f"{error.args[0]} is not set: the Airflow user to sign in as") from None
        return cls(os.environ.get("AIRFLOW_URL", "http://localhost:8080"), username, password)

    def get(self, path: str, **params: Any) -> Any:
        """GET `/api/v2/<path>`; the decoded answer."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST `body` to `/api/v2/<path>`; the decoded answer."""
        return self._ask("POST", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """PATCH `/api/v2/<path>` with `body`; the decoded answer."""
        return self._ask("PATCH", path, json=body)

    def runs_of_day(self, day: date, dag_id: str = DAILY_DAG) -> list[dict[str, Any]]:
        """All runs of a business day, newest first: those with its partition key or its `business_date`."""
        keyed = self._runs(dag_id, partition_key_pattern=day.isoformat())
        named = self._runs(dag_id, conf_contains=day.isoformat())
        named = [run for run in named if (run["conf"] or {}).get("business_date") == day.isoformat()]
        runs = {run["dag_run_id"]: run for run in keyed + named}
        return sorted(
            runs.values(), key=lambda run: run["queued_at"] or run["start_date"] or "", reverse=True
        )

    def clear(self, run_id: str, task_ids: list[str], dag_id: str = DAILY_DAG) -> list[str]:
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

    def _runs(self, dag_id: str, **filters: str) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self.get(f"dags/{dag_id}/dagRuns", order_by="-id", limit=100, **filters)[
            "dag_runs"
        ]
        return runs

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        import requests

        response = None
        for pause in PAUSES:
            time.sleep(pause)
            try:
                response = self._session.request(method, f"{self.url}/api/v2/{path}", timeout=60, **options)
            except (requests.ConnectionError, requests.Timeout) as error:
                if method != "GET":  # it may have been done, and must not be done twice
                    raise TransientError(
                        f"Airflow at {self.url} did not answer: {type(error).__name__}"
                    ) from None
                continue
            if response.status_code != BUSY:
                break
        if response is None:
            raise TransientError(f"Airflow at {self.url} does not answer any more: is it running?")
        return self._answer(response)

    @staticmethod
    def _answer(response: requests.Response) -> Any:
        if response.ok:
            return response.json()
        try:
            detail = response.json()["detail"]
        except (ValueError, KeyError, TypeError):
            detail = response.text[:300]
        raise PipelineError(f"Airflow answered {response.status_code}: {detail}")
