"""The tasks of `sales_history_load`, each defined once; the DAG file says in which order they run. They alone
see Airflow's context and XCom, and turn both into plain arguments."""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from airflow.sdk import task, task_group

from ecommerce.core.names import GROUP_MONTH, POOL_LOADS
from ecommerce.core.settings import LONG, task_timeout
from ecommerce.runtime.retries import NETWORK_RETRIES
from ecommerce.runtime.run_context import run_of, skip
from ecommerce.sales import loading
from ecommerce.sales import tasks as sales
from ecommerce.sales.history import files, load_summary
from ecommerce.sales.history import monthly_load as parts
from ecommerce.sales.history.control_totals import sum_up
from ecommerce.sales.history.reading import read_batch
from ecommerce.storage.staging import Manifest, discard
from ecommerce.storage.xcom import Plain, all_from_xcom, from_xcom, to_xcom

DRY_RUN = "a dry run loads nothing: the task summary shows what a load would do"

LONG_TASK = NETWORK_RETRIES | {"execution_timeout": task_timeout(LONG)}
"""Arguments of the tasks that read, transform or load whole months."""

log = logging.getLogger(__name__)


@task(**NETWORK_RETRIES)
def list_files(**context: Any) -> list[Plain]:
    """Check the form and list the files that its pattern matches, in batches that one task reads each."""
    batches = files.list_batches(context["params"], run_of(context), context["dag_run"].run_after)
    return cast(list[Plain], to_xcom(batches))


@task(map_index_template="{{ task.op_kwargs['batch']['label'] }}", **LONG_TASK)
def read(batch: Plain) -> Plain:
    """Read the files of one batch into staging; where they are, and how many records they hold."""
    return Plain(read_batch(from_xcom(files.Batch, batch)))


@task(**LONG_TASK)
def control_totals(reads: list[Plain], **context: Any) -> Plain:
    """The control totals of everything that was read, by month."""
    folders = [folder for each in reads for folder in each["folders"]]
    read_at, days = datetime.fromisoformat(reads[0]["read_at"]), files.day_range(context["params"])
    return Plain(sum_up(folders, read_at, *days))


@task
def months(totals: Plain, **context: Any) -> list[Plain]:
    """The months of the export, in order."""
    return cast(list[Plain], to_xcom(parts.months_of(totals)))


@task(pool=POOL_LOADS, **NETWORK_RETRIES)
def exchange_rates(totals: Plain, **context: Any) -> Plain | None:
    """Load the rates that the export's days need: a daily run reads those of its own weeks only. Skipped in a
    dry run, and so is every load, which waits for it."""
    skip(DRY_RUN if context["params"]["dry_run"] else "")
    loaded = parts.load_rates(totals, run_of(context))
    return to_xcom(loaded) if loaded else None


@task(map_index_template="{{ task.op_kwargs['month']['month'] }}", **LONG_TASK)
def transform(month: Plain, **context: Any) -> Plain:
    """Gather one month's lines from all files and transform them; the manifest of what is to be loaded."""
    manifest = parts.transform(from_xcom(parts.Month, month), context["run_id"])
    if not context["params"]["dry_run"]:
        parts.refuse_unusable(manifest)
    return to_xcom(manifest)


@task(pool=POOL_LOADS, map_index_template="{{ task.op_kwargs['month']['month'] }}", **LONG_TASK)
def load(month: Plain, manifest: Plain, **context: Any) -> Plain:
    """Load one month in one transaction; what the load did."""
    loaded = loading.load_history(run_of(context), from_xcom(Manifest, manifest))
    log.info("%s is loaded: month %d of %d", month["month"], month["number"], month["of"])
    return to_xcom(loaded)


# After a dry run too, when nothing is transformed: what was read holds e-mail addresses.
@task(trigger_rule="none_failed", **NETWORK_RETRIES)
def clean_up(reads: list[Plain], totals: Plain) -> None:
    """Remove what was read: months that were transformed do not need it."""
    for folder in [*(folder for each in reads for folder in each["folders"]), totals["export"]]:
        discard(folder)


@task(trigger_rule="none_failed")  # the loads of a dry run are skipped
def summary(manifests: list[Plain] | Plain, **context: Any) -> list[Plain]:
    """Show what became of every row, by month; fail where more were rejected than the form allows."""
    # Of a mapped group with one instance Airflow gives the value itself, not a list of one.
    plain = [manifests] if isinstance(manifests, dict) else manifests
    transformed = all_from_xcom(Manifest, list(plain))
    found = [load_summary.accounts_of(manifest) for manifest in transformed]
    is_dry_run, limit = context["params"]["dry_run"], Decimal(str(context["params"]["most_rejected"]))
    load_summary.tell(found, limit=limit, is_dry_run=is_dry_run)
    if is_dry_run:
        for manifest in transformed:
            discard(manifest.uri)
    return cast(list[Plain], to_xcom(found))


@task_group(group_id=GROUP_MONTH)
def one_month(month: Plain, rates: Any) -> Any:
    """One month: transform, load when the rates are there, check. Two of its tasks: transform and checks."""
    # By name, as map_index_template asks for them.
    transformed = transform(month=month)
    loaded = load(month=month, manifest=transformed)
    rates >> loaded
    checks = sales.check_read.override(
        map_index_template="{{ task.op_kwargs['loaded']['business_date'][:7] }}"
    )
    return transformed, checks(loaded=loaded)
