"""Runs of DAGs, as Airflow's REST API describes them."""

from collections.abc import Iterable
from datetime import datetime

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.values import Values

Run = Values
DESCRIBED = ", in "
"""Precedes the timezone in the description of a daily DAG's timetable: `At 06:00, in America/New_York`."""


def business_day_of(run: Run, timezone: str) -> str:
    """Return the business day of a run: its partition key, its param `business_date`, or the newest day in
    the DAG's timezone that had ended when the run was created. A partition key may be any text."""
    known = run["partition_key"] or (run["conf"] or {}).get("business_date")
    if known:
        return str(known)
    created = datetime.fromisoformat(run["run_after"])
    return str(newest_closed_day(created, timezone))


def in_order_of_begin(runs: list[Run]) -> list[Run]:
    """Return runs in the order of their begins; those that have not begun are last, the newest at the end."""
    return sorted(
        runs,
        key=lambda run: (
            run["start_date"] is None,
            run["start_date"] or run["run_after"],
        ),
    )


def clear_request(run_id: str, task_ids: Iterable[str]) -> Values:
    """Return the request that clears tasks of a run with downstream, so that they run again."""
    return {
        "dag_run_id": run_id,
        "task_ids": sorted(task_ids),
        "include_downstream": True,
        "only_failed": False,
        "dry_run": False,
    }
