"""The tasks of the DAG `forecast_model_selection`, each defined once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.core.assets import FORECAST_CHAMPION
from ecommerce.core.context import run_of, skip
from ecommerce.core.retries import NETWORK_RETRIES
from ecommerce.core.settings import LONG, task_timeout
from ecommerce.core.staging import Manifest
from ecommerce.core.xcom import Plain, from_xcom, to_xcom


@task(**NETWORK_RETRIES)
def prepare(**context: Any) -> Plain:
    """Read what the warehouse knows of the days before the run's; skipped where it knows no sales."""
    from ecommerce.forecast.history import NoHistory
    from ecommerce.forecast.selection import keeping
    from ecommerce.warehouse.client import connect
    from ecommerce.warehouse.schema import prepare as prepare_warehouse

    run = run_of(context)
    due = getattr(context["dag_run"], "run_after", None) or datetime.now(UTC)
    as_of = keeping.as_of_run(context["params"].get("as_of"), due)
    prepare_warehouse(connect(dag=run.dag_id, step="history"))
    try:
        return to_xcom(keeping.prepare(run, as_of))
    except NoHistory as nothing:
        skip(str(nothing))
        raise


@task(execution_timeout=task_timeout(LONG))
def back_test(manifest: Plain, **context: Any) -> Plain:
    """Forecast the last weeks with every candidate from what was known then; hold it against what came."""
    from ecommerce.forecast.selection import keeping

    return to_xcom(keeping.test(run_of(context), from_xcom(Manifest, manifest)))


@task(outlets=[FORECAST_CHAMPION])
def select(manifest: Plain, *, outlet_events: Any, **context: Any) -> Plain:
    """Choose the champion by the rule, keep the record, and announce it."""
    from ecommerce.forecast.selection import keeping

    selected = keeping.select(run_of(context), from_xcom(Manifest, manifest))
    outlet_events[FORECAST_CHAMPION].extra = dict(selected.control_totals)
    return to_xcom(selected)


@task(**NETWORK_RETRIES)
def mail(manifest: Plain) -> None:
    """Mail the table of the candidates, the champion, and why; skipped where nobody is to be told."""
    from ecommerce.forecast.selection import notice

    skip(notice.notify(from_xcom(Manifest, manifest)))
