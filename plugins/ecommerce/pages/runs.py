"""The daily DAG's runs, from Airflow's REST API.

Requests go to the API server's own application in this process, with the session of the user who opened the
page. So Airflow authorizes each request, and its audit log names the user.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

import anyio
import httpx
from fastapi import Depends, HTTPException, Request

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.names import DAG_DAILY, GROUP_EXTRACT, TASK_CHECKS, TASK_REPORT
from ecommerce.core.settings import shop_timezone

UNDER_WAY = frozenset({"queued", "running"})


class Run(NamedTuple):
    """One run of the daily DAG."""

    run_id: str
    state: str


class AirflowRuns:
    """The runs that the user of `request` may see, and restart; a dependency."""

    def __init__(self, request: Request) -> None:
        self._airflow = request.app.state.airflow
        names = ("authorization", "cookie")
        self._session = {
            name: value for name in names if (value := request.headers.get(name))
        }

    def between(self, first: date, last: date) -> Mapping[date, Run]:
        """Return the run of each day from `first` to `last`, of one month, that began last or is yet to
        begin; empty where the user may not see runs. The day of a run is its partition key, its param
        `business_date`, or the newest day closed when it was created."""
        prefix = str(first) if first == last else str(first)[:7]
        try:
            runs = [
                *self._runs(partition_key_prefix_pattern=prefix),
                *self._runs(run_type="manual"),
            ]
        except HTTPException as error:
            if error.status_code == 403:
                return {}
            raise
        newest: dict[date, Run] = {}
        for run in sorted(
            runs,
            key=lambda run: (
                not run["start_date"],
                run["start_date"] or run["run_after"],
            ),
        ):
            with suppress(ValueError):  # a partition key may be any text
                newest[_day_of(run)] = Run(run["dag_run_id"], run["state"])
        return {day: run for day, run in newest.items() if first <= day <= last}

    def rebuild_report(self, day: date) -> None:
        """Rebuild the report of `day` from the warehouse, as `make report` does. Raises HTTPException: 404
        without a run; 409 where it is under way or has not reached its report."""
        self._restart(day, TASK_REPORT, after=TASK_CHECKS)

    def reread_source(self, day: date, source: str) -> None:
        """Read one source of `day` again and run what follows, as `make repair` does; raises as
        `rebuild_report`."""
        self._restart(day, f"{GROUP_EXTRACT}.{source}")

    def _restart(self, day: date, task_id: str, after: str = "") -> None:
        run = self.between(day, day).get(day)
        if run is None:
            raise HTTPException(
                404, f"No run of {day} yet: make backfill FROM={day} TO={day}."
            )
        if self._request("GET", "")["is_paused"]:
            raise HTTPException(
                409, f"{DAG_DAILY} is paused, so nothing would run. Unpause it first."
            )
        if run.state in UNDER_WAY:
            raise HTTPException(
                409, f"A run of {day} is under way and builds its report."
            )
        task = f"/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{after}"
        if after and self._request("GET", task)["state"] != "success":
            raise HTTPException(
                409,
                f"The newest run of {day} has not reached its report: see the failed task in Airflow.",
            )
        cleared = {
            "dry_run": False,
            "only_failed": False,
            "include_downstream": True,
            "dag_run_id": run.run_id,
            "task_ids": [task_id],
        }
        self._request("POST", "/clearTaskInstances", json=cleared)

    def _runs(self, **filters: str) -> list[dict[str, Any]]:
        parameters = {"order_by": "-id", "limit": 100, **filters}
        return list(self._request("GET", "/dagRuns", params=parameters)["dag_runs"])

    def _request(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Return Airflow's answer about the daily DAG; an HTTPException with its status where it refuses."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._airflow)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://airflow", headers=self._session
            ) as client:
                # The page's thread waits for another thread of the same pool: never for ever.
                with anyio.fail_after(15):
                    return await client.request(
                        method, f"/api/v2/dags/{DAG_DAILY}{path}", **options
                    )

        answer = anyio.from_thread.run(send)
        if answer.is_error:
            raise HTTPException(answer.status_code, "Airflow refused the request.")
        return dict(answer.json())


RunsDep = Annotated[AirflowRuns, Depends(AirflowRuns)]


def _day_of(run: Mapping[str, Any]) -> date:
    key = run["partition_key"] or (run["conf"] or {}).get("business_date")
    if key:
        return date.fromisoformat(key)
    return newest_closed_day(
        datetime.fromisoformat(run["run_after"]), shop_timezone()
    ).date
