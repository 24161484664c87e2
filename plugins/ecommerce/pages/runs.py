"""The daily DAG's runs, from Airflow's REST API.

Requests go to the API server's own application in this process, with the session of the user who opened the
page. So Airflow authorizes each request, and its audit log names the user.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

import anyio
import httpx
from fastapi import Depends, HTTPException, Request

from ecommerce.core.airflow_runs import (
    business_day_of,
    clear_request,
    in_order_of_begin,
)
from ecommerce.core.names import DAG_DAILY, GROUP_EXTRACT, TASK_CHECKS, TASK_REPORT
from ecommerce.core.settings import shop_timezone
from ecommerce.core.values import Values

UNDER_WAY = frozenset({"queued", "running"})


@dataclass(frozen=True)
class Run:
    """One run of the daily DAG."""

    run_id: str
    state: str


class AirflowRuns:
    """The runs that the user of `request` may see, and restart; a dependency."""

    def __init__(self, request: Request) -> None:
        self._transport = httpx.ASGITransport(request.app.state.airflow)
        sent = request.headers
        self._session = {
            name: sent[name] for name in ("authorization", "cookie") if name in sent
        }

    def between(self, first: date, last: date) -> dict[date, Run]:
        """Return the run of each day from `first` to `last`, of one month, that began last or is yet to
        begin; empty where the user may not see runs. The day of a run is its partition key, its param
        `business_date`, or the newest day closed when it was created."""
        prefix = str(first)
        if first != last:
            prefix = prefix[:7]
        try:
            runs = self._list(partition_key_prefix_pattern=prefix)
            runs += self._list(run_type="manual")
        except HTTPException as error:
            if error.status_code == 403:
                return {}
            raise
        newest = {}
        for run in in_order_of_begin(runs):
            # A partition key may be any text.
            with suppress(ValueError):
                day = date.fromisoformat(business_day_of(run, shop_timezone()))
                if first <= day <= last:
                    newest[day] = Run(run["dag_run_id"], run["state"])
        return newest

    def rebuild_report(self, day: date) -> None:
        """Rebuild the report of `day` from the warehouse, as `make report` does. Raises HTTPException: 404
        without a run; 409 where it is under way or has not reached its report."""
        run = self._ended_run(day)
        checks = f"/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{TASK_CHECKS}"
        if self._request("GET", checks)["state"] != "success":
            raise HTTPException(
                409,
                f"The newest run of {day} has not reached its report: see the failed task in Airflow.",
            )
        self._clear(run, TASK_REPORT)

    def reread_source(self, day: date, source: str) -> None:
        """Read one source of `day` again and run what follows, as `make repair` does. Raises HTTPException:
        404 without a run; 409 where it is under way."""
        self._clear(self._ended_run(day), f"{GROUP_EXTRACT}.{source}")

    def _ended_run(self, day: date) -> Run:
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
        return run

    def _clear(self, run: Run, task_id: str) -> None:
        """Clear a task with downstream."""
        request = clear_request(run.run_id, [task_id])
        self._request("POST", "/clearTaskInstances", json=request)

    def _list(self, **filters: str) -> list[Any]:
        """Return the newest hundred runs that match."""
        parameters = {"order_by": "-id", "limit": 100, **filters}
        return list(self._request("GET", "/dagRuns", params=parameters)["dag_runs"])

    def _request(self, method: str, path: str, **options: Any) -> Values:
        """Return Airflow's answer about the daily DAG; an HTTPException with its status where it refuses."""
        url = f"http://airflow/api/v2/dags/{DAG_DAILY}{path}"

        async def send() -> httpx.Response:
            # The page's thread waits for another thread of the same pool: never for ever.
            with anyio.fail_after(15):
                async with httpx.AsyncClient(transport=self._transport) as client:
                    headers = self._session
                    return await client.request(method, url, headers=headers, **options)

        answer = anyio.from_thread.run(send)
        if answer.is_error:
            raise HTTPException(answer.status_code, "Airflow refused the request.")
        return dict(answer.json())


RunsDep = Annotated[AirflowRuns, Depends(AirflowRuns)]
