"""The tasks of `sales_reconciliation`; those that it shares with the daily run are in `sales.tasks`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from airflow.sdk import task_group

from ecommerce.core.business_day import day_window
from ecommerce.core.data_warnings import DataWarning
from ecommerce.core.names import GROUP_REREAD
from ecommerce.core.settings import shop_timezone
from ecommerce.core.values import Row, Values
from ecommerce.mail import transport
from ecommerce.runtime.run_context import run_of, skip_if
from ecommerce.runtime.typed_task import network_task, typed_task
from ecommerce.sales import read_windows, source_policy, tasks
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.reconciliation.comparison import Difference, Reread
from ecommerce.sources import configured_sources
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse import load_history

TASK_REREADS = "rereads"
TASK_REREAD_DAYS = "reread_days"


@task_group
def compare(source: str) -> Any:
    """Compare one source with the warehouse; return the days that differ."""
    return days_that_differ(tasks.transform_source(read(source)))


@network_task()
def read(source: str, **context: Any) -> Manifest | None:
    """Read the source's orders of all days to compare; return the manifest."""
    skip_if(source_policy.reason_to_skip(source))
    manifest = comparison.read_once_more(source, run_of(context), datetime.now(UTC))
    if manifest is None:
        skip_if(f"no run has read {source} for any of the days to compare")
    return manifest


@network_task(task_id="differences")
def days_that_differ(manifest: Manifest) -> list[Difference]:
    """Compare the orders with the warehouse; return the days that differ."""
    return comparison.compare(manifest)


# A source may be off; one that cannot be read, which has sent its alert, must not keep the others out. With
# all_done_min_one_success, one source that is off would skip this.
@typed_task(trigger_rule="all_done")
def differences(by_source: list[list[Difference] | None]) -> list[Difference]:
    """Return the differences of all sources, the newest day first."""
    return comparison.newest_first(filter(None, by_source))


@typed_task(task_id=TASK_REREADS)
def rereads(differing: list[Difference], *, params: Values) -> list[Reread]:
    """Return the days and sources to read again: all that differ on the newest `most_days` days."""
    return comparison.select_rereads(differing, params["most_days"])


OF_MANIFEST = "{{ task.op_kwargs['manifest']['business_date'] }} {{ task.op_kwargs['manifest']['source'] }}"


@task_group(group_id=GROUP_REREAD)
def reread(business_date: str, source: str) -> None:
    """Read one source again for one day, and load it."""
    # Arguments by name: map_index_template reads op_kwargs.
    transform = tasks.transform_source.override(map_index_template=OF_MANIFEST)
    load = tasks.load_source.override(map_index_template=OF_MANIFEST)
    checks = tasks.check_source.override(
        map_index_template="{{ task.op_kwargs['loaded']['business_date'] }}"
    )
    read_again = extract(business_date=business_date, source=source)
    checks(loaded=load(manifest=transform(manifest=read_again)))


@network_task(
    map_index_template="{{ task.op_kwargs['business_date'] }} {{ task.op_kwargs['source'] }}"
)
def extract(business_date: date, source: str, **context: Any) -> Manifest:
    """Read the orders of one day, and those that the warehouse has of it; return the manifest."""
    day = day_window(business_date, shop_timezone())
    window = read_windows.window_of_reread(
        configured_sources()[source],
        day,
        run_of(context),
        load_history,
    )
    return configured_sources()[source].extract(window)


# Its upstream is the last task of `reread`: it fails where all instances failed, and is skipped where there
# are none.
@typed_task(task_id=TASK_REREAD_DAYS, trigger_rule="all_done_min_one_success")
def reread_days(**context: Any) -> list[Row]:
    """Return the days that were loaded and checked, each with the warnings for its report."""
    pairs = context["ti"].xcom_pull(task_ids=TASK_REREADS)
    checks = _results(context, f"{GROUP_REREAD}.checks", pairs)
    warnings: dict[str, list[DataWarning]] = {}
    for pair, of_check in zip(pairs, checks, strict=True):
        if of_check is not None:
            warnings.setdefault(pair["business_date"], []).extend(of_check)
    return [{"business_date": day, "warnings": warnings[day]} for day in warnings]


report = tasks.report.override(
    map_index_template="{{ task.op_kwargs['business_date'] }}"
)


# A day that fails must not keep the others out of the mail.
@network_task(task_id="tell", trigger_rule="all_done_min_one_success")
def alert(differing: list[Difference], pairs: list[Reread], **context: Any) -> None:
    """Send an alert with the differences and their corrections."""
    loads = _results(context, f"{GROUP_REREAD}.load", pairs)
    loaded = [pair for pair, load in zip(pairs, loads, strict=True) if load]
    days = context["ti"].xcom_pull(task_ids=TASK_REREAD_DAYS) or []
    reports = _results(context, "report", days)
    built = [report["business_date"] for report in reports if report]
    texts = comparison.mail_texts(differing, pairs, loaded, built)
    message = transport.compose(texts["subject"], "reconciliation_mail", texts)
    skip_if(transport.send_alert(message))


def _results(context: Any, task_id: str, instances: Sequence[Any]) -> Any:
    """Return the result of each of a mapped task's `instances`, in order; None for those that failed."""
    indexes = list(range(len(instances)))
    return context["ti"].xcom_pull(task_ids=task_id, map_indexes=indexes)
