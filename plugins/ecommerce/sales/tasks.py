"""The tasks of the sales DAGs, each defined once; DAG files define when and in which order they run.

Only this module, and `tasks` of history and reconciliation, see Airflow's context and XCom: they turn both
into plain arguments of functions without Airflow.
"""

import logging
from datetime import UTC, date, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.core.business_day import business_day, day_window
from ecommerce.core.data_warnings import DataWarning, sentences
from ecommerce.core.names import STATE_SEND_MAIL
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import shop_timezone
from ecommerce.runtime.retries import GATE_RETRIES, LOADS, NETWORK_RETRIES, RARE_LOADS
from ecommerce.runtime.run_context import dag_run_of, run_of, skip
from ecommerce.sales import (
    delivery,
    loading,
    missing_report,
    read_windows,
    source_policy,
)
from ecommerce.sales.report import archive
from ecommerce.sales.transform import transform as run_transform
from ecommerce.sources import module
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import Plain, from_xcom, to_xcom
from ecommerce.warehouse import assets, load_history
from ecommerce.warehouse.assets import DAILY_SALES
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import LoadResult, load_manifest

log = logging.getLogger(__name__)


@task(**NETWORK_RETRIES)
def extract(source: str, **context: Any) -> Plain:
    """Read one source for the run's business day; return the manifest."""
    skip(source_policy.reason_to_skip(source))
    day = business_day(context)
    folder = run_of(context).folder(day.date, source)
    return _read(
        source,
        read_windows.window_of_day(
            source, day, folder, load_history, datetime.now(UTC)
        ),
    )


@task(task_id="extract", **NETWORK_RETRIES)
def extract_changes(source: str, **context: Any) -> Plain:
    """Read the changes of one source since the last read; return the manifest."""
    skip(source_policy.reason_to_skip(source))
    return _read(
        source,
        read_windows.window_of_sync(
            source, run_of(context), load_history, datetime.now(UTC)
        ),
    )


def _read(source: str, window: ReadWindow) -> Plain:
    manifest: Manifest = module(source).extract(window)
    for warning in sentences(manifest.control_totals.get("warnings", [])):
        log.warning("%s", warning)
    return to_xcom(manifest)


# A failed or skipped extract gives None: its XCom is empty.
@task(trigger_rule="all_done", **GATE_RETRIES)
def sources_ready(manifests: list[Plain | None]) -> list[dict[str, Any]]:
    """Let the run continue with the sources that were read, where the source policy allows it; return their
    manifests."""
    return source_policy.usable_manifests(
        source_policy.source_policy(), [each for each in manifests if each]
    )


@task(
    task_id="transform_source",
    map_index_template="{{ task.op_kwargs['manifest']['source'] }}",
)
def transform(manifest: Plain, **context: Any) -> Plain:
    """Clean and type the files of one extract; return the manifest of the loadable folder."""
    return to_xcom(
        run_transform(from_xcom(Manifest, manifest), run_id=context["run_id"])
    )


@task(**LOADS, outlets=assets.tables(loading.ORDERS.tables), **NETWORK_RETRIES)
def load(manifests: list[Plain], **context: Any) -> Plain:
    """Load the run's business day in one transaction; return the load's result."""
    day = business_day(context)
    return to_xcom(
        loading.load_day(day, run_of(context), from_xcom(list[Manifest], manifests[:]))
    )


@task(
    task_id="load",
    **RARE_LOADS,
    outlets=assets.tables(loading.ORDERS.tables),
    **NETWORK_RETRIES,
)
def load_read(manifest: Plain, **context: Any) -> Plain:
    """Load one source outside a daily run, in one transaction; return the load's result."""
    return to_xcom(
        load_manifest(loading.ORDERS, run_of(context), from_xcom(Manifest, manifest))
    )


@task(outlets=[DAILY_SALES], **NETWORK_RETRIES)
def checks(loaded: Plain, *, outlet_events: Any, **context: Any) -> list[DataWarning]:
    """Check the days that the load touched, then announce the run's business day; return warnings."""
    warnings = _checked(loaded, context)
    outlet_events[DAILY_SALES].add_partitions(str(business_day(context)))
    return warnings


@task(task_id="checks", **NETWORK_RETRIES)
def check_read(loaded: Plain, **context: Any) -> list[DataWarning]:
    """Check the days that a load outside a daily run touched; return warnings."""
    return _checked(loaded, context)


def _checked(loaded: Plain, context: Any) -> list[DataWarning]:
    return check_load(run_of(context), from_xcom(LoadResult, loaded), loading.ORDERS)


@task(inlets=[DAILY_SALES, *assets.tables(loading.ORDERS.tables)], **NETWORK_RETRIES)
def report(
    warnings: list[DataWarning], business_date: str | None = None, **context: Any
) -> Plain:
    """Build and archive the report of the run's business day, or of `business_date`; return its archive
    entry."""
    given = business_date and day_window(
        date.fromisoformat(business_date), shop_timezone()
    )
    day = given or business_day(context)
    return Plain(archive.build_report(day, run_of(context), warnings))


@task(**NETWORK_RETRIES)
def alarm(report: Plain, **context: Any) -> None:
    """Send an alert where the day is incomplete, or a partner's file cannot be used, and no failed task has
    sent one. On an ordinary day it succeeds, because no task depends on it."""
    reason = delivery.alarm(
        business_day(context), report, send_mail=_is_mail_requested(context)
    )
    log.info("%s", reason or "the alert was sent")


@task(**NETWORK_RETRIES)
def send(report: Plain, **context: Any) -> None:
    """Mail the report, then post its headline to the chat; skipped unless it is due or was requested."""
    skip(
        delivery.deliver(
            business_day(context), report, send_mail=_is_mail_requested(context)
        )
    )


def _is_mail_requested(context: Any) -> bool:
    """Return whether a mail was requested. The run's param counts for the first run of the task; after it is
    cleared, a repair requests the mail by the number of the attempt that it starts."""
    ti = context["ti"]
    first = (
        ti.max_tries - ti.task.retries + 1
    )  # after the latest clearing, which raises max_tries
    requested = context["task_state_store"].get(STATE_SEND_MAIL)
    return requested == first or (
        first == 1 and bool(context["params"].get("send_mail"))
    )


@task(**NETWORK_RETRIES)
def report_mailed(**context: Any) -> None:
    """Send an alert with the failed tasks when the day's report has not been mailed."""
    skip(
        missing_report.alert_if_not_mailed(
            business_day(context), context["ti"].get_task_states, dag_run_of
        )
    )


watch = report_mailed  # of the DAG report_watch
