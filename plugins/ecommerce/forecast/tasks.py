"""The tasks of the forecast's DAGs. Those of the weekly DAG are retried once, after five minutes; the shell
script has made several attempts by then."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.core.business_day import BusinessDay, business_day, day_window
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.settings import LONG, shop_timezone, task_timeout
from ecommerce.forecast import loading, missing_forecast
from ecommerce.forecast.weeks import (
    Week,
    as_of_run,
    newest_week,
    reason_to_skip,
    week_of,
)
from ecommerce.runtime.retries import NETWORK_RETRIES, RARE_LOADS
from ecommerce.runtime.run_context import run_of, skip
from ecommerce.sources.partner_ftp import fetch_command
from ecommerce.sources.partner_ftp.fetch_command import SOURCE
from ecommerce.sources.partner_ftp.files import read_files
from ecommerce.sources.script_operator import FetchByScript
from ecommerce.storage.kept_files import Store
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import Plain, from_xcom, to_xcom
from ecommerce.warehouse import assets
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.client import connect
from ecommerce.warehouse.load import LoadResult, load_manifest
from ecommerce.warehouse.schema import prepare as prepare_warehouse

log = logging.getLogger(__name__)


def _week(context: Mapping[str, Any]) -> Week:
    run = context["dag_run"]
    monday = (
        context.get("partition_key")
        or run.partition_key
        or context["params"].get("week")
    )
    return week_of(monday, run.run_after, shop_timezone())


@task
def due(**context: Any) -> None:
    """Skip the run unless its week is the newest, complete and without a forecast; `force` never skips."""
    week = _week(context)
    if context["params"].get("force"):
        return
    missing, made = loading.week_state(week, run_of(context).dag_id, week.as_of)
    skip(
        reason_to_skip(
            week, newest_week(datetime.now(UTC), shop_timezone()), missing, made
        )
    )


class FetchPartnerFiles(FetchByScript):
    """The script that fetches the partner's files."""

    source = SOURCE
    fetch_folder = fetch_command.fetch_folder

    def __init__(self, **arguments: Any) -> None:
        super().__init__(
            bash_command=fetch_command.COMMAND,
            inlets=[assets.source(SOURCE)],
            **arguments,
        )

    def destination(self, context: Mapping[str, Any]) -> tuple[str, BusinessDay]:
        """As `FetchByScript`."""
        week = _week(context)
        return run_of(context).folder(week.as_of, SOURCE), day_window(
            week.days[-1], shop_timezone()
        )


@task(inlets=[assets.DAILY_SALES])
def preprocess(manifest: Plain, **context: Any) -> Plain:
    """Read the partner's files and the history from the warehouse."""
    from ecommerce.forecast.data import history

    partner = read_files(from_xcom(Manifest, manifest))
    return to_xcom(history.prepare(run_of(context), _week(context).as_of, partner))


@task(inlets=[assets.FORECAST_CHAMPION], execution_timeout=task_timeout(LONG))
def train(manifest: Plain) -> Plain:
    """Train the champion and store it with its model card."""
    from ecommerce.forecast.data.history import read_prepared
    from ecommerce.forecast.models import registry, training

    store, known = (
        Store.of_models(),
        read_prepared(from_xcom(Manifest, manifest)).panels(),
    )
    return Plain(training.fit(known, registry.champion(store, known.as_of), store))


@task
def predict(manifest: Plain, model: Plain, **context: Any) -> Plain:
    """Forecast the next four weeks of every series."""
    from ecommerce.forecast.data import history
    from ecommerce.forecast.models import training

    trained = training.read(model, Store.of_models())
    prepared = history.read_prepared(from_xcom(Manifest, manifest))
    forecasts = training.predict_all(prepared.panels(), trained)
    return to_xcom(
        loading.write(
            forecasts, _week(context).as_of, run_of(context), prepared.rejected
        )
    )


@task(**RARE_LOADS, outlets=assets.tables(loading.FORECASTS.tables))
def load(manifest: Plain, **context: Any) -> Plain:
    """Load the forecasts, and the actual sales for earlier ones, in one transaction."""
    return to_xcom(
        load_manifest(loading.FORECASTS, run_of(context), from_xcom(Manifest, manifest))
    )


@task
def checks(loaded: Plain, **context: Any) -> list[DataWarning]:
    """Check the load; returns warnings for the report."""
    return check_load(run_of(context), from_xcom(LoadResult, loaded), loading.FORECASTS)


@task(task_id="week_complete")
def watch(**context: Any) -> None:
    """On Tuesdays, notify if no forecast was made after last week; skipped on other days."""
    skip(missing_forecast.check_last_week(business_day(context)))


@task
def report(
    manifest: Plain, model: Plain, warnings: list[DataWarning], **context: Any
) -> Plain:
    """Build and archive the report."""
    from ecommerce.forecast.report import steps

    return Plain(
        steps.build_report(
            from_xcom(Manifest, manifest), model, warnings, run_of(context)
        )
    )


@task
def mail(archived: Plain) -> None:
    """Mail the report; skipped without recipients."""
    from ecommerce.forecast.report import archive

    skip(archive.send_report(archived))


@task
def alarm(archived: Plain) -> None:
    """Notify of drift. Without drift it succeeds instead of being skipped, as no task follows."""
    from ecommerce.forecast.report import archive

    log.info("%s", archive.send_alarm(archived) or "sent")


@task(task_id="prepare", **NETWORK_RETRIES)
def prepare_selection(**context: Any) -> Plain:
    """Read the history before the run's day; skipped without sales."""
    from ecommerce.forecast.data import history

    run = run_of(context)
    as_of = as_of_run(
        context["params"].get("as_of"), context["dag_run"].run_after, shop_timezone()
    )
    prepare_warehouse(connect(dag=run.dag_id, step="history"))
    try:
        return to_xcom(history.prepare(run, as_of))
    except history.NoHistory as error:
        skip(str(error))
        raise


@task(execution_timeout=task_timeout(LONG))
def back_test(manifest: Plain) -> Plain:
    """Forecast past weeks with every candidate, and compare with the actual sales."""
    from ecommerce.forecast import selection
    from ecommerce.forecast.data import history

    return Plain(
        selection.back_test(
            history.read_prepared(from_xcom(Manifest, manifest)).panels()
        )
    )


@task(outlets=[assets.FORECAST_CHAMPION])
def select(test: Plain, *, outlet_events: Any) -> Plain:
    """Choose the champion, store its record, and update the asset."""
    from ecommerce.forecast import selection

    record = selection.select(test)
    outlet_events[assets.FORECAST_CHAMPION].extra = {
        name: record[name] for name in ("champion", "version")
    }
    return Plain(record)


@task(task_id="mail", **NETWORK_RETRIES)
def mail_selection(record: Plain) -> None:
    """Mail the champion, the reason and all scores; skipped without recipients."""
    from ecommerce.forecast import selection

    skip(selection.notify(record))
