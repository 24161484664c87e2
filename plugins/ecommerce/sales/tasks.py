"""The tasks of the sales DAGs, each defined once; DAG files say when they run and in which order.

Only this module, and `tasks` of history and reconciliation, see Airflow's context and XCom: they turn both
into plain arguments of functions that know nothing of Airflow.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

from airflow.sdk import task

from ecommerce.core.business_day import business_day, day_window
from ecommerce.core.names import POOL_LOADS, STATE_SEND_MAIL
from ecommerce.core.settings import shop_timezone
from ecommerce.mail.alerts import failure_notifier
from ecommerce.mail.outages import outage_alert
from ecommerce.runtime.retries import GATE_RETRIES, NETWORK_RETRIES
from ecommerce.runtime.run_context import dag_run_of, run_of, skip
from ecommerce.sales import delivery, loading, missing_report, read_windows, source_policy
from ecommerce.sales.report import steps
from ecommerce.sales.transform import transform as run_transform
from ecommerce.sources import module
from ecommerce.storage.staging import Manifest
from ecommerce.storage.xcom import Plain, all_from_xcom, from_xcom, to_xcom
from ecommerce.warehouse import load_history
from ecommerce.warehouse.assets import DAILY_SALES
from ecommerce.warehouse.checks import failing
from ecommerce.warehouse.load import LoadResult

Warning_ = str | dict[str, Any]
"""A sentence, or the fields of a `report.remarks.Remark`."""

log = logging.getLogger(__name__)


@task(on_failure_callback=failure_notifier(source_policy.detour), **NETWORK_RETRIES)
def extract(source: str, **context: Any) -> Plain:
    """Read one source for the run's business day; the manifest of what was read."""
    skip(source_policy.reason_to_skip(source))
    day = business_day(context)
    folder = run_of(context).folder(day.date, source)
    window = read_windows.window_of_day(source, day, folder, load_history, datetime.now(UTC))
    with outage_alert(context, source_policy.detour):
        return to_xcom(module(source).extract(window))


@task(task_id="extract", **NETWORK_RETRIES)
def extract_changes(source: str, **context: Any) -> Plain:
    """Read what changed in one source since the last read; the manifest of what was read."""
    skip(source_policy.reason_to_skip(source))
    window = read_windows.window_of_sync(source, run_of(context), load_history, datetime.now(UTC))
    return to_xcom(module(source).extract(window))


# A failed or skipped extract gives None: its XCom is empty.
@task(trigger_rule="all_done", **GATE_RETRIES)
def sources_ready(manifests: list[Plain | None]) -> list[dict[str, Any]]:
    """Let the run continue with the sources that were read, where the source policy allows it; return their
    manifests."""
    return source_policy.usable_manifests(source_policy.source_policy(), [each for each in manifests if each])


@task(task_id="transform_source", map_index_template="{{ task.op_kwargs['manifest']['source'] }}")
def transform(manifest: Plain, **context: Any) -> Plain:
    """Clean and type what one extract left; the manifest of what is to be loaded."""
    return to_xcom(run_transform(from_xcom(Manifest, manifest), run_id=context["run_id"]))


@task(pool=POOL_LOADS, **NETWORK_RETRIES)
def load(manifests: list[Plain], **context: Any) -> Plain:
    """Load the run's business day in one transaction; what the load did."""
    day = business_day(context)
    return to_xcom(loading.load_day(day, run_of(context), all_from_xcom(Manifest, manifests[:])))


@task(task_id="load", pool=POOL_LOADS, **NETWORK_RETRIES)
def load_read(manifest: Plain, **context: Any) -> Plain:
    """Load one source's read outside a daily run, in one transaction; what the load did."""
    return to_xcom(loading.load_read(run_of(context), from_xcom(Manifest, manifest)))


@task(outlets=[DAILY_SALES], **NETWORK_RETRIES)
def checks(loaded: Plain, *, outlet_events: Any, **context: Any) -> list[Warning_]:
    """Check the days that the load touched, then announce the run's business day; warnings for the report."""
    warnings = _checked(loaded, context)
    outlet_events[DAILY_SALES].add_partitions(str(business_day(context)))
    return warnings


@task(task_id="checks", **NETWORK_RETRIES)
def check_read(loaded: Plain, **context: Any) -> list[Warning_]:
    """Check the days that a load outside a daily run touched; warnings."""
    return _checked(loaded, context)


def _checked(loaded: Plain, context: Any) -> list[Warning_]:
    result = from_xcom(LoadResult, loaded)
    failed = failing(run_of(context), result, loading.ORDERS)
    return [*result.warnings, *(remark for each in failed for remark in each.remarks())]


@task(**NETWORK_RETRIES)
def report(warnings: list[Warning_], business_date: str | None = None, **context: Any) -> Plain:
    """Build and archive the report of the run's business day, or of `business_date`; where it is, and its
    headline."""
    given = day_window(date.fromisoformat(business_date), shop_timezone()) if business_date else None
    return Plain(steps.build_report(given or business_day(context), run_of(context), warnings))


@task(**NETWORK_RETRIES)
def alarm(report: Plain, **context: Any) -> None:
    """Send an alert that the day is incomplete, or that a delivery cannot be used, where no failed task has
    sent one. Nothing waits for it, so on an ordinary day it succeeds, and is not skipped."""
    reason = delivery.alarm(business_day(context), report, send_mail=_is_mail_asked(context))
    log.info("%s", reason or "people were told")


@task(**NETWORK_RETRIES)
def send(report: Plain, **context: Any) -> None:
    """Mail the report, then post its headline to the chat, if there is one; skipped where it is not due, or
    was mailed before, and nobody asked for it."""
    skip(delivery.deliver(business_day(context), report, send_mail=_is_mail_asked(context)))


def _is_mail_asked(context: Any) -> bool:
    """Whether to mail what is not due. The run's param holds until the task has run and is cleared; then a
    repair asks anew, by the number of the attempt that it starts."""
    ti = context["ti"]
    first = ti.max_tries - ti.task.retries + 1  # after the latest clearing, which raises max_tries
    asked = context["task_state_store"].get(STATE_SEND_MAIL)
    return asked == first or (first == 1 and bool(context["params"].get("send_mail")))


@task(**NETWORK_RETRIES)
def report_mailed(**context: Any) -> None:
    """Has the day's report been mailed? If not, tell people which tasks of which run are at fault."""
    skip(missing_report.alert_if_not_mailed(business_day(context), context["ti"].get_task_states, dag_run_of))
