"""Airflow's runs of business days, from its own database, which the API server has."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Protocol

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from fastapi import Depends, HTTPException, Request
from sqlalchemy import select

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.names import DAG_DAILY, GROUP_EXTRACT, TASK_CHECKS, TASK_REPORT
from ecommerce.core.settings import shop_timezone
from ecommerce.pages.access import Visitor

UNDER_WAY = frozenset({"queued", "running"})
MOST_WITHOUT_KEY = 200
"""How many of the newest runs that carry no partition key are looked at: people start those by hand."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the daily DAG."""

    run_id: str
    state: str


class Runs(Protocol):
    """What pages ask Airflow."""

    def between(self, first: date, last: date) -> Mapping[date, Run]:
        """The newest run of each day from `first` to `last` that has one."""

    def build_again(self, day: date, who: Visitor) -> None:
        """Have the day's report built again from the warehouse, as `make report` does."""

    def read_again(self, day: date, source: str, who: Visitor) -> None:
        """Have one source of the day read again and all that follows done, as `make repair` does."""


class AirflowRuns:
    """`Runs` by a session of Airflow's database; `dag_bag` holds the DAGs."""

    def __init__(self, session: Any, dag_bag: Any) -> None:
        self._session, self._dag_bag = session, dag_bag

    def between(self, first: date, last: date) -> Mapping[date, Run]:
        """As `Runs.between`. A run's day is its partition key or its param; one without either is for the
        day before the one it was made on."""
        columns = (
            DagRun.id,
            DagRun.run_id,
            DagRun.state,
            DagRun.partition_key,
            DagRun.conf,
            DagRun.run_after,
        )
        of_dag = select(*columns).where(DagRun.dag_id == DAG_DAILY)
        keyed = of_dag.where(DagRun.partition_key.between(str(first), str(last)))
        others = of_dag.where(DagRun.partition_key.is_(None)).order_by(DagRun.id.desc())
        found: dict[date, list[tuple[int, Run]]] = defaultdict(list)
        for each in (*self._session.execute(keyed), *self._session.execute(others.limit(MOST_WITHOUT_KEY))):
            with suppress(ValueError):  # anybody may name a run's key
                found[_day_of(each)].append((each.id, Run(each.run_id, str(each.state))))
        return {
            day: max(runs, key=lambda run: run[0])[1] for day, runs in found.items() if first <= day <= last
        }

    def build_again(self, day: date, who: Visitor) -> None:
        """As `Runs.build_again`.

        Raises:
            HTTPException: 404 without a run, 409 where it is under way or has not come to its report.
        """
        self._run_again(day, TASK_REPORT, who, after=TASK_CHECKS)

    def read_again(self, day: date, source: str, who: Visitor) -> None:
        """As `Runs.read_again`; raises as `build_again`."""
        self._run_again(day, f"{GROUP_EXTRACT}.{source}", who)

    def _run_again(self, day: date, task_id: str, who: Visitor, after: str = "") -> None:
        run = self.between(day, day).get(day)
        if run is None:
            raise HTTPException(404, f"No run of {day} yet: make backfill FROM={day} TO={day}.")
        dag = self._session.get(DagModel, DAG_DAILY)
        if dag is None or dag.is_paused:
            raise HTTPException(409, f"{DAG_DAILY} is paused, so nothing would run: switch it on first.")
        if run.state in UNDER_WAY:
            raise HTTPException(409, f"A run of {day} is under way: its report follows by itself.")
        if after and self._state(run, after) != "success":
            raise HTTPException(
                409, f"The newest run of {day} has not come to its report: see its red task in Airflow."
            )
        self._clear(run, task_id, who)

    def _state(self, run: Run, task_id: str) -> str | None:
        where = (
            TaskInstance.dag_id == DAG_DAILY,
            TaskInstance.run_id == run.run_id,
            TaskInstance.task_id == task_id,
        )
        state = self._session.scalar(select(TaskInstance.state).where(*where))
        return None if state is None else str(state)

    def _clear(self, run: Run, task_id: str, who: Visitor) -> None:
        # What Airflow's own REST call does, in the same process: no request of the server to itself, which
        # would need somebody's password.
        from airflow.api_fastapi.core_api.datamodels.task_instances import ClearTaskInstancesBody
        from airflow.api_fastapi.core_api.routes.public.task_instances import post_clear_task_instances

        asked = {
            "dry_run": False,
            "only_failed": False,
            "include_downstream": True,
            "dag_run_id": run.run_id,
            "task_ids": [task_id],
        }
        body = ClearTaskInstancesBody.model_validate(asked)
        post_clear_task_instances(DAG_DAILY, self._dag_bag, body, self._session, who.user)
        entry = Log(
            event="post_clear_task_instances",
            task_instance=None,
            owner=who.name,
            owner_display_name=who.name,
            extra=json.dumps(asked | {"from": "report pages"}),
            task_id=task_id,
            dag_id=DAG_DAILY,
            run_id=run.run_id,
        )
        self._session.add(entry)


def runs(request: Request, session: SessionDep) -> Runs:
    """The dependency of pages that ask Airflow."""
    return AirflowRuns(session, getattr(request.app.state, "dag_bag", None))


RunsDep = Annotated[Runs, Depends(runs)]


def _day_of(run: Any) -> date:
    given = run.partition_key or (run.conf or {}).get("business_date")
    return date.fromisoformat(given) if given else newest_closed_day(run.run_after, shop_timezone()).date
