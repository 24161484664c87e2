"""The tasks of the DAG `forecast_model_selection`."""

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.core.settings import LONG, shop_timezone, task_timeout
from ecommerce.forecast.weeks import as_of_run
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.run_context import run_of, skip
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import Plain, from_xcom, to_xcom
from ecommerce.warehouse.assets import FORECAST_CHAMPION
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.schema import prepare as prepare_warehouse


@task(**NETWORK_RETRIES)
def prepare(**context: Any) -> Plain:
    """Read the history before the run's day; skipped without sales."""
    from ecommerce.forecast.data import history

    run = run_of(context)
    due = getattr(context["dag_run"], "run_after", None) or datetime.now(UTC)
    as_of = as_of_run(context["params"].get("as_of"), due, shop_timezone())
    prepare_warehouse(connect(dag=run.dag_id, step="history"))
    try:
        return to_xcom(history.prepare(run, as_of))
    except history.NoHistory as error:
        skip(str(error))
        raise


@task(execution_timeout=task_timeout(LONG))
def back_test(manifest: Plain) -> Plain:
    """Forecast past weeks with every candidate, and compare with the actual sales."""
    from ecommerce.forecast.data import history
    from ecommerce.forecast.selection import backtest

    return Plain(backtest.back_test(history.read_prepared(from_xcom(Manifest, manifest)).panels()))


@task(outlets=[FORECAST_CHAMPION])
def select(test: Plain, *, outlet_events: Any) -> Plain:
    """Choose the champion, store its record, and update the asset."""
    from ecommerce.forecast.selection import champion_rule

    record = champion_rule.select(test)
    outlet_events[FORECAST_CHAMPION].extra = {name: record[name] for name in ("champion", "version")}
    return Plain(record)


@task(**NETWORK_RETRIES)
def mail(record: Plain) -> None:
    """Mail the champion, the reason and all scores; skipped without recipients."""
    from ecommerce.forecast.selection import mail

    skip(mail.notify(record))
