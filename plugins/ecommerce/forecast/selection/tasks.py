"""The tasks of the DAG `forecast_model_selection`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.core.settings import LONG, task_timeout
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.run_context import run_of, skip
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import Plain, from_xcom, to_xcom
from ecommerce.warehouse.assets import FORECAST_CHAMPION


@task(**NETWORK_RETRIES)
def prepare(**context: Any) -> Plain:
    """Read the history before the run's day; skipped without sales."""
    from ecommerce.forecast.data.history import NoHistory
    from ecommerce.forecast.selection import selection_store
    from ecommerce.warehouse.client import connect
    from ecommerce.warehouse.schema import prepare as prepare_warehouse

    run = run_of(context)
    due = getattr(context["dag_run"], "run_after", None) or datetime.now(UTC)
    as_of = selection_store.as_of_run(context["params"].get("as_of"), due)
    prepare_warehouse(connect(dag=run.dag_id, step="history"))
    try:
        return to_xcom(selection_store.prepare(run, as_of))
    except NoHistory as error:
        skip(str(error))
        raise


@task(execution_timeout=task_timeout(LONG))
def back_test(manifest: Plain, **context: Any) -> Plain:
    """Forecast past weeks with every candidate, and compare with the actual sales."""
    from ecommerce.forecast.selection import selection_store

    return to_xcom(selection_store.test(run_of(context), from_xcom(Manifest, manifest)))


@task(outlets=[FORECAST_CHAMPION])
def select(manifest: Plain, *, outlet_events: Any, **context: Any) -> Plain:
    """Choose the champion, store its record, and update the asset."""
    from ecommerce.forecast.selection import selection_store

    selected = selection_store.select(run_of(context), from_xcom(Manifest, manifest))
    outlet_events[FORECAST_CHAMPION].extra = dict(selected.control_totals)
    return to_xcom(selected)


@task(**NETWORK_RETRIES)
def mail(manifest: Plain) -> None:
    """Mail the champion, the reason and all scores; skipped without recipients."""
    from ecommerce.forecast.selection import mail

    skip(mail.notify(from_xcom(Manifest, manifest)))
