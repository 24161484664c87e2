"""The load of web events (`EVENTS`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ecommerce.core.business_day import BusinessDay
from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import load_settings
from ecommerce.runtime import metrics
from ecommerce.sources import WEB_EVENTS
from ecommerce.storage.staging import DagRun, Manifest
from ecommerce.warehouse.load import LoadResult, load
from ecommerce.warehouse.spec import LoadSpec

EVENTS = LoadSpec(
    name="events",
    sources=(WEB_EVENTS,),
    files=("user_events", "rejected_rows"),
    tables=("user_events", "daily_events", "sessions", "daily_funnel", "rejected_rows", "load_audit"),
    counted="user_events",
    looked_up=("arriving_events", "leaving_events", "touched_days"),
)
"""Web events, sessions and the funnel."""

MARGIN_DAYS = 2
"""A day's sessions need the events of the day before, and BigQuery expires partitions in UTC. The load skips
older days by the same margin (loads/events/find_changes.sql)."""


def refuse_expired(day: BusinessDay, now: datetime | None = None) -> None:
    """Refuse a day whose events would expire at once.

    Raises:
        ConfigurationError: the day is older than EVENTS_RETENTION_DAYS, less two days.
    """
    kept = load_settings().events_retention_days
    oldest = (now or datetime.now(UTC)).date() - timedelta(days=kept - MARGIN_DAYS)
    if day.date < oldest:
        raise ConfigurationError(
            f"the events of {day} would expire at once, because EVENTS_RETENTION_DAYS is {kept}: {oldest} is "
            "the first day that can be run; sessions and funnel of older days do not change"
        )


def load_day(day: BusinessDay, run: DagRun, manifest: Manifest) -> LoadResult:
    """Load the transformed events, and recompute sessions and funnel of the changed days.

    Args:
        day: the run's business day.
        run: the run.
        manifest: of the transformed folder.

    Raises:
        PipelineError: nothing was loaded.
    """
    result = load([manifest], spec=EVENTS, business_date=day.date, run_id=run.run_id, dag_id=run.dag_id)
    metrics.loaded(run.dag_id, result.audit)
    return result
