"""The tasks of the DAG `user_events_daily`."""

from datetime import UTC, datetime
from typing import Any

from ecommerce.core.data_warnings import DataWarning
from ecommerce.events import loading
from ecommerce.events.source import WEB_EVENTS
from ecommerce.runtime.retries import LOADS
from ecommerce.runtime.run_context import business_day, run_of
from ecommerce.runtime.typed_task import network_task, typed_task
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse import assets, load_history
from ecommerce.warehouse.assets import WEB_EVENTS as ANNOUNCED
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import LoadResult, load_manifest


@network_task(inlets=[assets.source(WEB_EVENTS.name)])
def extract(**context: Any) -> Manifest:
    """Read the web events of the run's window, and return their manifest."""
    day, now = business_day(context), datetime.now(UTC)
    loading.refuse_expired(day, now)
    window = loading.window_of(
        day, run_of(context).folder(day.date, WEB_EVENTS.name), load_history, now
    )
    return WEB_EVENTS.extract(window)


@typed_task()
def transform(manifest: Manifest, **context: Any) -> Manifest:
    """Clean, type and hash the events, and return the manifest of the loadable folder."""
    return loading.transform(manifest, run_id=context["run_id"])


@network_task(**LOADS, outlets=assets.tables(loading.EVENTS.tables))
def load(manifest: Manifest, **context: Any) -> LoadResult:
    """Load the events, and recompute sessions and funnel of the changed days, in one transaction."""
    return load_manifest(loading.EVENTS, run_of(context), manifest)


@network_task(outlets=[ANNOUNCED])
def checks(
    loaded: LoadResult, *, outlet_events: Any, **context: Any
) -> list[DataWarning]:
    """Check the loaded days, announce the run's business day, and return the warnings."""
    warnings = check_load(run_of(context), loaded, loading.EVENTS)
    outlet_events[ANNOUNCED].add_partitions(str(business_day(context)))
    return warnings
