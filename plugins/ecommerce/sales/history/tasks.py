"""The tasks of `sales_history_load`; only they see Airflow's context and XCom."""

from datetime import date
from typing import Any

from airflow.sdk import task_group

from ecommerce.core.names import GROUP_MONTH
from ecommerce.core.settings import LONG, task_timeout
from ecommerce.core.values import Row, Values
from ecommerce.runtime.retries import LOADS
from ecommerce.runtime.run_context import run_of, skip_if
from ecommerce.runtime.typed_task import network_task, typed_task
from ecommerce.sales import loading
from ecommerce.sales import tasks as sales
from ecommerce.sales.history import files, monthly_load
from ecommerce.sales.history.files import ReadRequest
from ecommerce.sales.history.monthly_load import ControlTotals, Month
from ecommerce.sales.history.reading import read_file
from ecommerce.storage.staging import Manifest, discard, read_manifest
from ecommerce.warehouse import assets
from ecommerce.warehouse.load import LoadResult, load_manifest
from ecommerce.warehouse.staging_tables import HISTORY

DRY_RUN = "a dry run loads nothing: the task summary shows what a load would do"

LONG_TIMEOUT = task_timeout(LONG)
"""Of the tasks that read, transform or load whole months."""


@network_task()
def list_files(**context: Any) -> list[ReadRequest]:
    """Check the form and list the files that its pattern matches; one request for each."""
    return files.read_requests(
        context["params"],
        run_of(context),
        context["dag_run"].run_after,
    )


@network_task(
    map_index_template="{{ task.op_kwargs['request']['file']['name'] }}",
    execution_timeout=LONG_TIMEOUT,
)
def read(request: ReadRequest) -> Manifest:
    """Read one file into staging; return the manifest."""
    return read_file(request)


@network_task(execution_timeout=LONG_TIMEOUT)
def control_totals(manifests: list[Manifest], **context: Any) -> ControlTotals:
    """Compute the control totals of the export, by month."""
    first_day = date.fromisoformat(context["params"]["first_day"] or files.FIRST_DAY)
    last_day = date.fromisoformat(context["params"]["last_day"] or files.LAST_DAY)
    # Read again, because the files may have been removed.
    staged = [read_manifest(manifest.uri) for manifest in manifests]
    return monthly_load.compute_totals(staged, first_day, last_day)


@typed_task()
def months(totals: ControlTotals) -> list[Month]:
    """Return the months of the export, in order."""
    return totals.months


@network_task(**LOADS)
def exchange_rates(totals: ControlTotals, **context: Any) -> LoadResult | None:
    """Load the exchange rates of the export's days. In a dry run it is skipped, and so is every load, which
    waits for it."""
    if context["params"]["dry_run"]:
        skip_if(DRY_RUN)
    return monthly_load.load_rates(totals, run_of(context))


@network_task(
    map_index_template="{{ task.op_kwargs['month']['month'] }}",
    execution_timeout=LONG_TIMEOUT,
)
def transform(month: Month, **context: Any) -> Manifest:
    """Gather one month's lines from all files and transform them; return the manifest of the result."""
    return monthly_load.transform_month(month, context["run_id"])


@network_task(
    **LOADS,
    outlets=assets.tables(loading.ORDERS.tables),
    map_index_template="{{ task.op_kwargs['manifest']['business_date'][:7] }}",
    execution_timeout=LONG_TIMEOUT,
)
def load(manifest: Manifest, **context: Any) -> LoadResult:
    """Load one month in one transaction; return the load's result."""
    return load_manifest(loading.ORDERS, run_of(context), manifest, status=HISTORY)


# Dry runs too, whose transforms are skipped: the staged files hold e-mail addresses.
@network_task(trigger_rule="none_failed")
def clean_up(manifests: list[Manifest], totals: ControlTotals) -> None:
    """Remove the staged files, which transformed months do not need."""
    for manifest in manifests:
        discard(manifest.uri)
    discard(totals.export)


@typed_task(trigger_rule="none_failed")  # the loads of a dry run are skipped
def summary(manifests: list[Manifest] | Manifest, **context: Any) -> list[Row]:
    """Log how many rows were accepted and rejected, by month; fail where more were rejected than the form
    allows."""
    # Of a mapped group with one instance, Airflow passes the value instead of a list.
    if isinstance(manifests, Manifest):
        manifests = [manifests]
    summaries = [monthly_load.summarize(manifest) for manifest in manifests]
    params = context["params"]
    monthly_load.log_summary(
        summaries,
        limit=params["most_rejected"],
        is_dry_run=params["dry_run"],
    )
    return summaries


@task_group(group_id=GROUP_MONTH)
def one_month(month: Values, rates: Any) -> Any:
    """Transform one month, load it after the rates, check it; return its transform and its checks."""
    # Arguments by name: map_index_template reads op_kwargs.
    transformed = transform(month=month)
    loaded = load(manifest=transformed)
    rates >> loaded
    check_month = sales.check_source.override(
        map_index_template="{{ task.op_kwargs['loaded']['business_date'][:7] }}"
    )
    return transformed, check_month(loaded=loaded)
