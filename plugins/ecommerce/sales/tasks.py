"""The tasks of the sales DAGs, each defined once; DAG files define when and in which order they run.

Only this module, and `tasks` of history and reconciliation, see Airflow's context and XCom: they turn both
into plain arguments of functions without Airflow.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

from airflow.sdk import NEVER_EXPIRE, get_parsing_context  # type: ignore[attr-defined] # its stub lacks the first

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning, sentences
from ecommerce.core.errors import AlertedError, ConfigurationError
from ecommerce.core.names import (
    GROUP_EXTRACT,
    POOL_SHOPS,
    STATE_SEND_MAIL,
    TASK_GATE,
)
from ecommerce.core.read_window import ReadWindow
from ecommerce.core.settings import shop_timezone, task_timeout
from ecommerce.runtime.airflow_internals import dag_run_of
from ecommerce.runtime.retries import GATE_RETRIES, LOADS, RARE_LOADS
from ecommerce.runtime.run_context import business_day, run_of, skip_if
from ecommerce.runtime.typed_task import network_task, typed_task
from ecommerce.sales import (
    delivery,
    loading,
    missing_report,
    read_windows,
    source_policy,
    transform,
)
from ecommerce.sales.delivery_log import LEASE
from ecommerce.sales.report import build
from ecommerce.sales.report.archive import ArchivedReport
from ecommerce.sales.subscribed.delivery import deliver_day
from ecommerce.sales.subscriptions import load_subscriptions
from ecommerce.sources import Source, configured_sources, live_sources
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse import assets, load_history
from ecommerce.warehouse.assets import DAILY_SALES
from ecommerce.warehouse.checks import check_load
from ecommerce.warehouse.load import LoadResult, load_manifest

log = logging.getLogger(__name__)

MAIL_TIMEOUT = min(task_timeout(), LEASE)
"""Of a task that mails a report: another run may mail it after the lease."""


@network_task()
def extract(source: str, **context: Any) -> Manifest:
    """Read one source for the run's business day, or its days; return the manifest."""
    try:
        reason = source_policy.reason_to_skip(source, context["params"])
    except ConfigurationError as error:
        # Every extract fails with this, and the gate, which always runs, sends the one alert.
        raise AlertedError(str(error)) from None
    skip_if(reason)
    window = read_windows.window_of_day(
        configured_sources()[source],
        business_day(context),
        run_of(context),
        load_history,
        datetime.now(UTC),
    )
    return _extract_window(window)


def extract_all() -> list[Any]:
    """Return the manifests of an extract for each source, for `sources_ready`, which alone needs all of them.
    Airflow parses the DAG file in the process of each task: there, other tasks are without the extracts, and
    an extract without the others, because sixty of them take longer than the rest of the file."""
    running = get_parsing_context().task_id
    extracted = []
    for source in live_sources().values():
        if running in (None, TASK_GATE, f"{GROUP_EXTRACT}.{source.name}"):
            extracted.append(of_source(extract, source))
    return extracted


def of_source(task: Any, source: Source) -> Any:
    """Return an extract for a source, as its DAGs name and limit it. The shops of SHOPS share a pool."""
    return task.override(
        task_id=source.name,
        inlets=[assets.source(source.name)],
        retries=source.platform.retries,
        pool=POOL_SHOPS if source.shop else "default_pool",
    )(source.name)


@network_task(task_id="extract")
def extract_changes(source: str, **context: Any) -> Manifest:
    """Read the changes of one source since the last read; return the manifest."""
    skip_if(source_policy.reason_to_skip(source))
    window = read_windows.window_of_sync(
        configured_sources()[source],
        run_of(context),
        load_history,
        datetime.now(UTC),
    )
    return _extract_window(window)


def _extract_window(window: ReadWindow) -> Manifest:
    manifest = configured_sources()[window.source].extract(window)
    for warning in sentences(manifest.control_totals.get("warnings", [])):
        log.warning("%s", warning)
    return manifest


# A failed or skipped extract gives None: its XCom is empty.
@typed_task(trigger_rule="all_done", **GATE_RETRIES)
def sources_ready(
    manifests: list[Manifest | None], **context: Any
) -> list[list[Manifest]]:
    """Let the run continue with the sources that were read, where the source policy allows it; return their
    manifests, in a list for each task that transforms them."""
    policies = source_policy.policies_of_run(context["params"])
    usable = source_policy.usable_manifests(policies, filter(None, manifests))
    return transform.batches(usable, policies)


@typed_task(task_id="transform")
def transform_source(manifest: Manifest, **context: Any) -> Manifest:
    """Clean and type the files of one extract; return the manifest of the loadable folder."""
    return transform.transform(manifest, run_id=context["run_id"])


@typed_task(
    task_id="transform_source",
    # Airflow stores 250 characters.
    map_index_template="{{ task.op_kwargs.manifests | map(attribute='source') | join(' ') | truncate(250) }}",
)
def transform_batch(manifests: list[Manifest], **context: Any) -> list[Manifest]:
    """Clean and type the files of the extracts of `sources_ready`; return the manifests of the loadable
    folders."""
    return transform.transform_batch(manifests, run_id=context["run_id"])


@network_task(
    **LOADS,
    outlets=assets.tables(loading.ORDERS.tables),
    trigger_rule="all_done_min_one_success",
)
def load(manifests: list[list[Manifest]], **context: Any) -> LoadResult:
    """Load the run's business day, or its days, in one transaction, without optional sources whose transform
    failed; return the load's result."""
    return loading.load_day(
        business_day(context),
        run_of(context),
        chain.from_iterable(manifests),
        context["params"],
    )


@network_task(
    task_id="load", **RARE_LOADS, outlets=assets.tables(loading.ORDERS.tables)
)
def load_source(manifest: Manifest, **context: Any) -> LoadResult:
    """Load one source outside a daily run, in one transaction; return the load's result."""
    return load_manifest(loading.ORDERS, run_of(context), manifest)


@network_task(outlets=[DAILY_SALES])
def checks(
    loaded: LoadResult,
    *,
    outlet_events: Any,
    **context: Any,
) -> list[DataWarning]:
    """Check the days that the load touched, then announce the run's business day; return warnings."""
    warnings = check_load(run_of(context), loaded, loading.ORDERS)
    outlet_events[DAILY_SALES].add_partitions(str(business_day(context)))
    return warnings


@network_task(task_id="checks")
def check_source(loaded: LoadResult, **context: Any) -> list[DataWarning]:
    """Check the days that a load outside a daily run touched; return warnings."""
    return check_load(run_of(context), loaded, loading.ORDERS)


@network_task(inlets=[DAILY_SALES, *assets.tables(loading.ORDERS.tables)])
def report(
    warnings: list[DataWarning],
    business_date: date | None = None,
    **context: Any,
) -> ArchivedReport:
    """Build and archive the report of the run's business day, or of `business_date`."""
    if business_date:
        day = day_window(business_date, shop_timezone())
    else:
        day = business_day(context)
    return build.build_report(day, run_of(context), warnings)


@network_task()
def alarm(report: ArchivedReport, **context: Any) -> None:
    """Send an alert where the day is incomplete, or a partner's file cannot be used, and no failed task has
    sent one. On an ordinary day it succeeds, because no task depends on it."""
    with mail_request(context) as is_requested:
        reason = delivery.send_incomplete_alert(
            business_day(context), report, send_mail=is_requested
        )
    log.info("%s", reason or "the alert was sent")


@network_task(execution_timeout=MAIL_TIMEOUT)
def send(report: ArchivedReport, **context: Any) -> None:
    """Mail the report, then post its headline to the chat; skipped unless it is due or was requested, by the
    run's param or by a repair."""
    with mail_request(context) as is_requested:
        reason = delivery.deliver(
            business_day(context), report, run_of(context), send_mail=is_requested
        )
    skip_if(reason)


@contextmanager
def mail_request(context: Any) -> Iterator[bool]:
    """Return whether a repair requested the mail, or else the run's param. After the block, neither requests
    another mail when the task is cleared; a block that fails leaves the request to the next attempt."""
    store = context["task_state_store"]
    yield bool(store.get(STATE_SEND_MAIL, context["params"]["send_mail"]))
    store.set(STATE_SEND_MAIL, False, retention=NEVER_EXPIRE)


@network_task(execution_timeout=MAIL_TIMEOUT)
def subscriptions(report: ArchivedReport, **context: Any) -> None:
    """Mail the report of the day, or of its slices, to its subscriptions, and send alerts on its figures and
    corrections of the newest week and month; skipped where there is no subscription."""
    found = load_subscriptions()
    if not found.valid and not found.problems:
        skip_if("there is no subscription: see include/subscriptions.yaml")
    with mail_request(context) as is_requested:
        deliver_day(
            business_day(context), report, run_of(context), send_mail=is_requested
        )


@network_task()
def report_mailed(**context: Any) -> None:
    """Send an alert with the failed tasks when the day's report has not been mailed."""
    states_of = context["ti"].get_task_states
    day = business_day(context)
    skip_if(missing_report.alert_if_not_mailed(day, states_of, dag_run_of))
