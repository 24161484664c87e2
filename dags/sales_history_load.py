"""
# Sales history load

**When it fails:** nothing is half-loaded: a month is loaded whole or not at all. The failed task's last line
names the file, month or setting at fault. Mend it and clear the failed tasks; what was done stays done, and
only the rest is repeated. Running it again from the start ends in the same tables. To undo a load:
docs/RUNBOOK.md, *Take a history load back*.

A bulk export in the layout of partner files: one or many CSV (plain, gz, zst) or Parquet files, which
together are one delivery. List and read the files in parallel, show control totals by month (a dry run ends
here), take a snapshot of the tables, then month by month: transform, load in one transaction, check. It
completes no business day, moves no watermark, announces nothing and mails no report.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param, get_current_context, task, task_group

from ecommerce.mail.dag_arguments import DEFAULT_ARGS
from ecommerce.sales import loading as warehouse
from ecommerce.sales import source_policy as policy
from ecommerce.sales.history import steps as history
from ecommerce.warehouse import snapshots

with DAG(
    dag_id="sales_history_load",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    params={
        "files": Param(
            type="string",
            minLength=1,
            title="Files",
            description="URI pattern, such as gs://exports/orders_*.csv.gz, s3://… or file:///…/*.parquet.",
        ),
        "source": Param(
            type="string",
            pattern="^[a-z][a-z0-9_]{0,62}$",
            title="Source",
            description="Name under which the orders are kept, such as old_shop. Under sales_db, storefront "
            "or partner_files they belong to that source, and what is read live wins.",
        ),
        "first_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="First day",
            description="Empty: from the first.",
        ),
        "last_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Last day",
            description="Included. Empty: to the last.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Read and show the control totals; load nothing.",
        ),
    },
    default_args=DEFAULT_ARGS,
    tags=["sales", "manual"],
    doc_md=__doc__,
) as dag:

    @task(**policy.NETWORK_RETRIES)
    def list_files(**context):
        return history.list_files(context)

    @task(map_index_template="{{ label }}", **policy.NETWORK_RETRIES)
    def read(batch):
        get_current_context()["label"] = history.batch_label(batch)
        return history.read(batch)

    @task(**policy.NETWORK_RETRIES)
    def control_totals(reads, **context):
        return history.control_totals(context, reads)

    @task
    def months(totals, **context):
        return history.months(context, totals)

    @task(**policy.NETWORK_RETRIES)
    def snapshot(months, **context):
        return snapshots.take(context["dag_run"].dag_id, context["run_id"])

    # After a dry run too, when nothing is transformed: what was read holds e-mail addresses.
    @task(trigger_rule="none_failed", **policy.NETWORK_RETRIES)
    def clean_up(reads, totals):
        history.clean_up(reads, totals["export"])

    found = read.expand(batch=list_files())
    totals = control_totals(found)
    to_load = months(totals)
    cleaned = clean_up(found, totals)

    # The daily run reads the rates of its own weeks only.
    @task(max_active_tis_per_dag=1, **policy.NETWORK_RETRIES)
    def exchange_rates(months, totals, **context):
        return history.exchange_rates(context, totals)

    @task_group(group_id="month")
    def one_month(month):
        @task(map_index_template="{{ label }}", **policy.NETWORK_RETRIES)
        def transform(month, **context):
            get_current_context()["label"] = month["month"]
            return history.transform(context, month)

        @task(max_active_tis_per_dag=1, map_index_template="{{ label }}", **policy.NETWORK_RETRIES)
        def load(month, manifest, **context):
            get_current_context()["label"] = month["month"]
            return history.load(context, manifest, month)

        @task(map_index_template="{{ label }}", **policy.NETWORK_RETRIES)
        def checks(month, loaded, **context):
            get_current_context()["label"] = month["month"]
            return warehouse.checks(context, loaded)

        transformed = transform(month)
        transformed >> cleaned
        checks(month, load(month, transformed))

    snapshot(to_load) >> exchange_rates(to_load, totals) >> one_month.expand(month=to_load)
