"""Backfill: run a daily DAG for a range of business days and wait for the end.

The days are the shop's, first and last included. Airflow compares a backfill's bounds, as wall-clock time in
the DAG's timezone, with the tick of each day (`TICKS`), so the range goes from midnight to the last second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ecommerce.cli.airflow_api import AirflowApi
from ecommerce.core.business_day import TICKS
from ecommerce.core.errors import PipelineError
from ecommerce.core.names import DAG_DAILY

FINISHED = ("success", "failed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the days of a backfill; `succeeded` and `failed` are partition keys."""

    succeeded: list[str]
    failed: list[str]


@dataclass(frozen=True, slots=True)
class Begun:
    """A backfill that has been created: Airflow's number of it, when (as Airflow writes it), and its runs by
    day, as Airflow describes them."""

    dag_id: str
    backfill_id: int
    created_at: str
    runs: dict[str, dict[str, Any]]


def plan(
    api: AirflowApi,
    first: date,
    last: date,
    *,
    again: bool,
    now: datetime | None = None,
    dag_id: str = DAG_DAILY,
) -> list[str]:
    """The business days a backfill would run, in order; `again` includes days that have succeeded before.

    A day with a run under way is left out, as Airflow does: see `under_way`. `now` is an aware instant,
    `dag_id` one of `TICKS`.

    Raises:
        PipelineError: `first` is after `last`, or a day has not ended yet: Airflow would let its run wait.
    """
    if first > last:
        raise PipelineError(f"FROM={first} is after TO={last}")
    entries = api.post("backfills/dry_run", _request(dag_id, first, last, again=again))["backfills"]
    now = now or datetime.now(UTC)
    if too_early := sorted(entry["partition_key"] for entry in entries if _end(entry, dag_id) > now):
        newest = date.fromisoformat(too_early[0]) - timedelta(days=1)
        raise PipelineError(
            f"business day {too_early[0]} has not ended yet: {newest} is the last that can be run"
        )
    return sorted(entry["partition_key"] for entry in entries)


def days_before(api: AirflowApi, first: date, lookback_days: int) -> list[str]:
    """Those of the `lookback_days` before `first` that no run has succeeded for, in order."""
    return plan(api, first - timedelta(days=lookback_days), first - timedelta(days=1), again=False)


def under_way(api: AirflowApi, first: date, last: date, dag_id: str = DAG_DAILY) -> list[str]:
    """The business days of the range that have an unfinished run with their partition key, in order."""
    runs = api.get(f"dags/{dag_id}/dagRuns", state=["queued", "running"], limit=100)["dag_runs"]
    keys = {run["partition_key"] for run in runs if run["partition_key"]}
    return sorted(key for key in keys if first.isoformat() <= key <= last.isoformat())


def begin(
    api: AirflowApi,
    first: date,
    last: date,
    *,
    jobs: int = 2,
    mail: bool = False,
    again: bool = False,
    dag_id: str = DAG_DAILY,
) -> Begun | None:
    """Create a backfill and go on at once; None where no day is to be run.

    Args:
        api: a signed-in session.
        first: first business day.
        last: last business day, included.
        jobs: how many days run at the same time.
        mail: mail every day's report; for the DAG that makes one.
        again: as `plan`.
        dag_id: one of `TICKS`.

    Raises:
        PipelineError: as `plan`, or another backfill of the DAG is under way, or the DAG is paused.
    """
    days = plan(api, first, last, again=again, dag_id=dag_id)
    if not days:
        return None
    if other := unfinished(api, dag_id):
        raise PipelineError(
            f"another backfill is under way, from {other['from_date'][:10]} to {other['to_date'][:10]}, and "
            "Airflow takes one at a time: wait for its end, or cancel it at "
            f"{api.url}/dags/{dag_id}/backfills"
        )
    if api.is_paused(dag_id):
        raise PipelineError(f"{dag_id} is paused, so a backfill would wait for ever: unpause it in the UI")
    request = _request(dag_id, first, last, again=again) | {
        "max_active_runs": jobs,
        "dag_run_conf": {"send_mail": True} if mail else {},
    }
    try:
        created = api.post("backfills", request)
    except PipelineError:
        if unfinished(api, dag_id):  # Airflow records a backfill before its runs
            raise PipelineError(
                "Airflow failed while it made the backfill, and may have made some of its runs: see "
                f"{api.url}/dags/{dag_id}/backfills, cancel it there, and give the command again"
            ) from None
        raise
    # A day that somebody else has begun since the plan got no run, and never will.
    return Begun(
        dag_id, created["id"], created["created_at"], _runs_of(api, dag_id, created["created_at"], days)
    )


def wait(
    api: AirflowApi,
    begun: Begun,
    progress: Callable[[Mapping[str, dict[str, Any]]], None] = lambda runs: None,
    pause: float = 3.0,
) -> Outcome:
    """Wait until all runs of a backfill have ended and another one may be made. `progress` is called after
    each look with the run of each day; `pause`: seconds between two looks."""
    runs, days = begun.runs, sorted(begun.runs)
    while True:
        failed = [key for key, run in runs.items() if run["state"] == "failed"]
        done = [key for key, run in runs.items() if run["state"] in FINISHED]
        progress(runs)
        if len(done) == len(days):
            break
        time.sleep(pause)
        runs = _runs_of(api, begun.dag_id, begun.created_at, days)
    # Airflow closes a backfill up to half a minute after its last run, and takes no other before.
    while not api.get(f"backfills/{begun.backfill_id}")["completed_at"]:
        time.sleep(pause)
    return Outcome(sorted(set(done) - set(failed)), sorted(failed))


def unfinished(api: AirflowApi, dag_id: str = DAG_DAILY) -> dict[str, Any] | None:
    """A backfill of the DAG that has not ended, as Airflow describes it."""
    found = api.get("backfills", dag_id=dag_id, limit=100)["backfills"]
    return next((each for each in found if not each["completed_at"]), None)


def _request(dag_id: str, first: date, last: date, *, again: bool) -> dict[str, Any]:
    return {
        "dag_id": dag_id,
        "from_date": f"{first.isoformat()}T00:00:00",
        "to_date": f"{last.isoformat()}T23:59:59",
        "reprocess_behavior": "completed" if again else "failed",
    }


def _end(entry: dict[str, Any], dag_id: str) -> datetime:
    """When the business day of a planned run ends: it is named by its own morning's tick."""
    return datetime.fromisoformat(entry["partition_date"]) - TICKS[dag_id] + timedelta(days=1)


def _runs_of(api: AirflowApi, dag_id: str, created_at: str, days: list[str]) -> dict[str, dict[str, Any]]:
    """The backfill's runs by day: those of type backfill queued since it was created."""
    found: dict[str, dict[str, Any]] = {}
    offset = 0
    while True:
        page = api.get(
            f"dags/{dag_id}/dagRuns", run_type="backfill", order_by="-id", limit=100, offset=offset
        )["dag_runs"]
        current = [run for run in page if (run["queued_at"] or created_at) >= created_at]
        for run in current:
            if run["partition_key"] in days:
                found.setdefault(run["partition_key"], run)
        if len(current) < 100:
            return found
        offset += 100
