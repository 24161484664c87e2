"""The tasks of the DAG `user_events_daily`."""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.core.business_day import business_day
from ecommerce.core.data_warnings import DataWarning
from ecommerce.events import loading
from ecommerce.runtime.retries import LOADS, NETWORK_RETRIES
from ecommerce.runtime.run_context import run_of
from ecommerce.sources import WEB_EVENTS, module
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import Plain, from_xcom, to_xcom
from ecommerce.warehouse import assets, load_history
from ecommerce.warehouse.assets import WEB_EVENTS as ANNOUNCED
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import LoadResult, load_manifest


@task(inlets=[assets.source(WEB_EVENTS)], **NETWORK_RETRIES)
def extract(**context: Any) -> Plain:
    """Read the web events of the run's window, and return their manifest."""
    day, now = business_day(context), datetime.now(UTC)
    loading.refuse_expired(day, now)
    window = loading.window_of(
        day, run_of(context).folder(day.date, WEB_EVENTS), load_history, now
    )
    return to_xcom(module(WEB_EVENTS).extract(window))


@task
def transform(manifest: Plain, **context: Any) -> Plain:
    """Clean, type and hash the events, and return the manifest of the loadable folder."""
    return to_xcom(
        loading.transform(from_xcom(Manifest, manifest), run_id=context["run_id"])
    )


@task(**LOADS, outlets=assets.tables(loading.EVENTS.tables), **NETWORK_RETRIES)
def load(manifest: Plain, **context: Any) -> Plain:
    """Load the events, and recompute sessions and funnel of the changed days, in one transaction."""
    return to_xcom(
        load_manifest(loading.EVENTS, run_of(context), from_xcom(Manifest, manifest))
    )


@task(outlets=[ANNOUNCED], **NETWORK_RETRIES)
def checks(loaded: Plain, *, outlet_events: Any, **context: Any) -> list[DataWarning]:
    """Check the loaded days, announce the run's business day, and return the warnings."""
    warnings = check_load(
        run_of(context), from_xcom(LoadResult, loaded), loading.EVENTS
    )
    outlet_events[ANNOUNCED].add_partitions(str(business_day(context)))
    return warnings
