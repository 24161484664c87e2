"""
# Daily sales pipeline

**When it fails:** open the failed task's log; its last line says what is wrong and with which file, row or
response. Mend that, then `make repair DAY=<day> SOURCE=<source>` (or clear the task *with downstream* in the
UI). Running it again, at any time and as often as you like, ends in the same tables.

Every morning at six, for the business day that just ended: extract from every source, transform, load
BigQuery, build the report, mail it. The run's partition key is its business day; a run without a key takes
the param `business_date`, or yesterday. A source the run can do without: the Variable `source_policy`.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable, TaskGroup, task

from ecommerce.core.assets import DAILY_SALES
from ecommerce.core.business_day import business_day
from ecommerce.core.settings import EXCHANGE_RATES, PARTNER_FILES, SALES_DB, STOREFRONT, shop_timezone
from ecommerce.core.staging import Manifest
from ecommerce.mail.dag_arguments import DAY_PARAMS, DEFAULT_ARGS
from ecommerce.sales import delivery
from ecommerce.sales import loading as warehouse
from ecommerce.sales import source_policy as policy
from ecommerce.sales.report import steps as report
from ecommerce.sales.transform import transform
from ecommerce.sales.windows import read_window
from ecommerce.sources.exchange_rates import reading as exchange_rates
from ecommerce.sources.partner_files import reading as partner_files
from ecommerce.sources.sales_db import reading as sales_db
from ecommerce.sources.storefront import reading as storefront
from ecommerce.warehouse import reads as audit

with DAG(
    dag_id="daily_sales_pipeline",
    schedule=CronPartitionTimetable(
        "0 6 * * *", timezone=shop_timezone(), run_offset=-1, key_format="%Y-%m-%d"
    ),
    catchup=False,
    max_active_runs=8,
    params=DAY_PARAMS,
    default_args=DEFAULT_ARGS,
    tags=["sales", "daily"],
    doc_md=__doc__,
) as dag:
    with TaskGroup("extract", tooltip="One task per source; each leaves files and a manifest in staging"):

        @task(task_id=SALES_DB, **policy.NETWORK_RETRIES)
        def extract_sales_db(**context):
            policy.skip_if_off(SALES_DB)
            return sales_db.extract(read_window(context, SALES_DB, audit.last_read)).to_xcom()

        @task(task_id=STOREFRONT, **policy.NETWORK_RETRIES)
        def extract_storefront(**context):
            policy.skip_if_off(STOREFRONT)
            window = read_window(context, STOREFRONT, audit.last_read)
            return storefront.extract(window, audit.known_refunds).to_xcom()

        @task(task_id=PARTNER_FILES, **policy.NETWORK_RETRIES)
        def extract_partner_files(**context):
            policy.skip_if_off(PARTNER_FILES)
            window = read_window(context, PARTNER_FILES)
            return partner_files.extract(window, audit.loaded_files).to_xcom()

        @task(task_id=EXCHANGE_RATES, **policy.NETWORK_RETRIES)
        def extract_exchange_rates(**context):
            policy.skip_if_off(EXCHANGE_RATES)
            return exchange_rates.extract(read_window(context, EXCHANGE_RATES)).to_xcom()

        # No mail from this one: the extract that failed has sent its own.
        @task(trigger_rule="all_done", on_failure_callback=None, **policy.GATE_RETRIES)
        def sources_ready(**context):
            return policy.ready_sources(context)

        extracts = [
            extract_sales_db(),
            extract_storefront(),
            extract_partner_files(),
            extract_exchange_rates(),
        ]
        ready = sources_ready()
        extracts >> ready

    with TaskGroup("transform", tooltip="Clean and type each source's files with DuckDB"):

        @task(map_index_template="{{ task.op_kwargs['manifest']['source'] }}")
        def transform_source(manifest, **context):
            return transform(Manifest.from_xcom(manifest), run_id=context["run_id"]).to_xcom()

        loadable = transform_source.expand(manifest=ready)

    with TaskGroup("load", tooltip="One transaction, then checks that may stop the run before the mail"):

        @task(outlets=[DAILY_SALES], max_active_tis_per_dag=1, **policy.NETWORK_RETRIES)
        def load(manifests, *, outlet_events, **context):
            loaded = warehouse.load(context, manifests[:])
            outlet_events[DAILY_SALES].add_partitions(str(business_day(context)))
            return loaded

        @task(**policy.NETWORK_RETRIES)
        def checks(loaded, **context):
            return warehouse.checks(context, loaded)

        warnings = checks(load(loadable))

    with TaskGroup("report", tooltip="Figures, charts and PDF; clear this group to build them again"):

        @task(**policy.NETWORK_RETRIES)
        def figures(warnings, **context):
            return report.figures(context, warnings)

        @task
        def document(figures_uri):
            return report.document(figures_uri)

        @task
        def archive(figures_uri, document_uri):
            return report.archive(figures_uri, document_uri)

        asked = figures(warnings)
        archived = archive(asked, document(asked))

    with TaskGroup("mail", tooltip="Claim, send, mark: delivered at least once, under one Message-ID"):

        @task(**policy.NETWORK_RETRIES)
        def claim(report, **context):
            return delivery.claim(context, report)

        @task(**policy.NETWORK_RETRIES)
        def send(report):
            return delivery.send(report)

        @task(**policy.NETWORK_RETRIES)
        def mark(report):
            return delivery.mark(report)

        claimed = claim(archived)
        send(claimed) >> mark(claimed)
