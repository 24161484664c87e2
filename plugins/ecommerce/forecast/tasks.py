"""The tasks of the forecast's DAGs. Those of the weekly DAG are retried once, after five minutes; the shell
script has made several attempts by then."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.periods import newest_period
from ecommerce.core.settings import LONG, shop_timezone, task_timeout
from ecommerce.core.values import Json
from ecommerce.forecast import loading, missing_forecast
from ecommerce.forecast.partner_ftp import fetch
from ecommerce.forecast.partner_ftp.files import read_folder
from ecommerce.forecast.weeks import as_of_run, reason_to_skip
from ecommerce.runtime.curl_script import FetchWithCurl, publish_files
from ecommerce.runtime.retries import RARE_LOADS
from ecommerce.runtime.run_context import (
    business_day,
    period_of_context,
    run_of,
    skip_if,
)
from ecommerce.runtime.typed_task import network_task, typed_task
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest, storage_path
from ecommerce.warehouse import assets
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import LoadResult, load_manifest
from ecommerce.warehouse.schema import prepare as prepare_warehouse

log = logging.getLogger(__name__)


@typed_task()
def due(**context: Any) -> None:
    """Skip the run unless its week is the newest, complete and without a forecast; `force` never skips."""
    week = period_of_context("week", context)
    if context["params"].get("force"):
        return
    missing, made = loading.week_state(week, run_of(context).dag_id)
    skip_if(reason_to_skip(week, newest_period("week"), missing, made))


def publish_partner_files(
    path: Path,
    context: Any,
    read_at: datetime,
) -> Manifest:
    """Publish the partner's files for the last day of the week."""
    week = period_of_context("week", context)
    folder = run_of(context).folder(week.next.first, fetch.CONNECTION)
    return publish_files(
        path,
        folder,
        fetch.CONNECTION,
        week.last,
        files=fetch.FILES,
        read_at=read_at,
    )


def fetch_partner_files() -> FetchWithCurl:
    """Return the task that fetches the partner's files; its output is their manifest."""
    return FetchWithCurl(
        task_id="fetch",
        connection=fetch.CONNECTION,
        environment=fetch.script_environment,
        publish=publish_partner_files,
        bash_command=fetch.COMMAND,
        inlets=[assets.source(fetch.CONNECTION)],
    )


@typed_task(inlets=[assets.DAILY_SALES])
def preprocess(manifest: Manifest, **context: Any) -> Manifest:
    """Read the partner's files and the history from the warehouse."""
    from ecommerce.forecast.data import history

    partner = read_folder(storage_path(manifest.uri))
    return history.prepare(
        run_of(context), period_of_context("week", context).next.first, partner
    )


@typed_task(inlets=[assets.FORECAST_CHAMPION], execution_timeout=task_timeout(LONG))
def train(manifest: Manifest) -> Json:
    """Train the champion and store it with its model card."""
    from ecommerce.forecast.data.history import read_prepared
    from ecommerce.forecast.models import registry, training

    store = Store.of_models()
    known = read_prepared(manifest).panels()
    return training.fit(known, registry.champion(store, known.as_of), store)


@typed_task()
def predict(manifest: Manifest, model: Json, **context: Any) -> Manifest:
    """Forecast the next four weeks of every series."""
    from ecommerce.forecast.data import history
    from ecommerce.forecast.models import training

    trained = training.read(model, Store.of_models())
    prepared = history.read_prepared(manifest)
    known = prepared.panels()
    forecasts = training.predict_all(known, trained)
    return loading.write(
        forecasts, known.as_of, run_of(context), prepared.partner.rejected
    )


@typed_task(**RARE_LOADS, outlets=assets.tables(loading.FORECASTS.tables))
def load(manifest: Manifest, **context: Any) -> LoadResult:
    """Load the forecasts, and the actual sales for earlier ones, in one transaction."""
    return load_manifest(loading.FORECASTS, run_of(context), manifest)


@typed_task()
def checks(loaded: LoadResult, **context: Any) -> list[DataWarning]:
    """Check the load; returns warnings for the report."""
    return check_load(run_of(context), loaded, loading.FORECASTS)


@typed_task()
def week_complete(**context: Any) -> None:
    """On Tuesdays, notify if no forecast was made after last week; skipped on other days."""
    skip_if(missing_forecast.check_last_week(business_day(context)))


@typed_task()
def report(
    manifest: Manifest,
    model: Json,
    warnings: list[DataWarning],
    **context: Any,
) -> Json:
    """Build and archive the report."""
    from ecommerce.forecast.report import steps

    return steps.build_report(manifest, model, warnings, run_of(context))


@typed_task()
def mail(archived: Json) -> None:
    """Mail the report; skipped without recipients."""
    from ecommerce.forecast.report import archive

    skip_if(archive.send_report(archived))


@typed_task()
def alarm(archived: Json) -> None:
    """Notify of drift. Without drift it succeeds instead of being skipped, as no task follows."""
    from ecommerce.forecast.report import archive

    log.info("%s", archive.send_alarm(archived) or "sent")


@network_task(task_id="prepare")
def prepare_selection(**context: Any) -> Manifest:
    """Read the history before the run's day; skipped without sales."""
    from ecommerce.forecast.data import history

    run = run_of(context)
    as_of = as_of_run(
        context["params"]["as_of"], context["dag_run"].run_after, shop_timezone()
    )
    prepare_warehouse(connect(dag=run.dag_id, step="history"))
    try:
        return history.prepare(run, as_of)
    except history.NoHistory as error:
        skip_if(str(error))
        raise


@typed_task(execution_timeout=task_timeout(LONG))
def back_test(manifest: Manifest) -> Json:
    """Forecast past weeks with every candidate, and compare with the actual sales."""
    from ecommerce.forecast import selection
    from ecommerce.forecast.data import history

    return selection.back_test(history.read_prepared(manifest).panels())


@typed_task(outlets=[assets.FORECAST_CHAMPION])
def select(test: Json, *, outlet_events: Any) -> Json:
    """Choose the champion, store its record, and update the asset."""
    from ecommerce.forecast import selection

    record = selection.select(test)
    extra = {"champion": record["champion"], "version": record["version"]}
    outlet_events[assets.FORECAST_CHAMPION].extra = extra
    return record


@network_task(task_id="mail")
def mail_selection(record: Json) -> None:
    """Mail the champion, the reason and all scores; skipped without recipients."""
    from ecommerce.forecast import selection

    skip_if(selection.notify(record))
