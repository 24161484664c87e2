"""The tasks of `sales_history_load`; only they see Airflow's context and XCom."""

from decimal import Decimal
from typing import Any, cast

from airflow.sdk import task, task_group

from ecommerce.core.names import GROUP_MONTH
from ecommerce.core.settings import LONG, task_timeout
from ecommerce.runtime.retries import LOADS, NETWORK_RETRIES
from ecommerce.runtime.run_context import run_of, skip
from ecommerce.sales import loading
from ecommerce.sales import tasks as sales
from ecommerce.sales.history import files, monthly_load
from ecommerce.sales.history.reading import read_file
from ecommerce.storage.staging import Manifest, discard, read_manifest
from ecommerce.storage.xcom import Plain, from_xcom, to_xcom
from ecommerce.warehouse import assets
from ecommerce.warehouse.load import load_manifest
from ecommerce.warehouse.staging_tables import HISTORY

DRY_RUN = "a dry run loads nothing: the task summary shows what a load would do"

LONG_TASK = NETWORK_RETRIES | {"execution_timeout": task_timeout(LONG)}
"""Arguments of the tasks that read, transform or load whole months."""


@task(**NETWORK_RETRIES)
def list_files(**context: Any) -> list[Plain]:
    """Check the form and list the files that its pattern matches; one request for each."""
    requests = files.read_requests(
        context["params"], run_of(context), context["dag_run"].run_after
    )
    return cast(list[Plain], to_xcom(requests))


@task(map_index_template="{{ task.op_kwargs['request']['file']['name'] }}", **LONG_TASK)
def read(request: Plain) -> Plain:
    """Read one file into staging; return the manifest."""
    return to_xcom(read_file(from_xcom(files.ReadRequest, request)))


@task(**LONG_TASK)
def control_totals(manifests: list[Plain], **context: Any) -> Plain:
    """Compute the control totals of the export, by month."""
    days = files.day_range(context["params"])
    return Plain(
        monthly_load.compute_totals(
            [read_manifest(each["uri"]) for each in manifests], *days
        )
    )


@task
def months(totals: Plain, **context: Any) -> list[Plain]:
    """Return the months of the export, in order."""
    numbered = enumerate(totals["months"])
    return [
        Plain(month | {"export": totals["export"], "is_first": number == 0})
        for number, month in numbered
    ]


@task(**LOADS, **NETWORK_RETRIES)
def exchange_rates(totals: Plain, **context: Any) -> Plain | None:
    """Load the exchange rates of the export's days. In a dry run it is skipped, and so is every load, which
    waits for it."""
    skip(DRY_RUN if context["params"]["dry_run"] else "")
    loaded = monthly_load.load_rates(totals, run_of(context))
    return to_xcom(loaded) if loaded else None


@task(map_index_template="{{ task.op_kwargs['month']['month'] }}", **LONG_TASK)
def transform(month: Plain, **context: Any) -> Plain:
    """Gather one month's lines from all files and transform them; return the manifest of the result."""
    is_dry_run = context["params"]["dry_run"]
    return to_xcom(
        monthly_load.transform(month, context["run_id"], is_dry_run=is_dry_run)
    )


@task(
    **LOADS,
    outlets=assets.tables(loading.ORDERS.tables),
    map_index_template="{{ task.op_kwargs['month']['month'] }}",
    **LONG_TASK,
)
def load(month: Plain, manifest: Plain, **context: Any) -> Plain:
    """Load one month in one transaction; return the load's result."""
    return to_xcom(
        load_manifest(
            loading.ORDERS,
            run_of(context),
            from_xcom(Manifest, manifest),
            status=HISTORY,
        )
    )


# Dry runs too, whose transforms are skipped: the staged files hold e-mail addresses.
@task(trigger_rule="none_failed", **NETWORK_RETRIES)
def clean_up(manifests: list[Plain], totals: Plain) -> None:
    """Remove the staged files, which transformed months do not need."""
    for folder in [*(each["uri"] for each in manifests), totals["export"]]:
        discard(folder)


@task(trigger_rule="none_failed")  # the loads of a dry run are skipped
def summary(manifests: list[Plain] | Plain, **context: Any) -> list[Plain]:
    """Show how many rows were accepted and rejected, by month; fail where more were rejected than the form
    allows."""
    # Airflow gives the value of a mapped group with one instance itself, not a list of one.
    plain = [manifests] if isinstance(manifests, dict) else manifests
    transformed = from_xcom(list[Manifest], list(plain))
    summaries = [Plain(monthly_load.summarize(manifest)) for manifest in transformed]
    is_dry_run, limit = (
        context["params"]["dry_run"],
        Decimal(str(context["params"]["most_rejected"])),
    )
    monthly_load.log_summary(summaries, limit=limit, is_dry_run=is_dry_run)
    if is_dry_run:
        for manifest in transformed:
            discard(manifest.uri)
    return summaries


@task_group(group_id=GROUP_MONTH)
def one_month(month: Plain, rates: Any) -> Any:
    """Transform one month, load it after the rates, check it; return its transform and its checks."""
    # Arguments by name: map_index_template reads op_kwargs.
    transformed = transform(month=month)
    loaded = load(month=month, manifest=transformed)
    rates >> loaded
    checks = sales.check_read.override(
        map_index_template="{{ task.op_kwargs['loaded']['business_date'][:7] }}"
    )
    return transformed, checks(loaded=loaded)
