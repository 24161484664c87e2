"""
# Storefront orders sync

**When it fails:** nothing is lost. The next run, and at the latest the daily one, reads everything since the
last successful read. If it fails hour after hour, the log's last line says what the storefront or the
warehouse refuses; mend that, and the next run catches up.

Every hour: what changed in the storefront since the last successful read (`load_audit`, less two hours), and
all orders of the running day, through the same extract, transform and load as the daily run. So the two may
come in any order. Trashed orders leave sales by their status, orders deleted for good by
`sales_reconciliation`. It neither announces `daily_sales` nor completes a day: both belong to the daily run.

Where nothing was ever read it begins with `SYNC_START_DATE`, or yesterday.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import DAG, CronTriggerTimetable, task

from ecommerce.core.settings import STOREFRONT, shop_timezone
from ecommerce.core.staging import Manifest
from ecommerce.mail.dag_arguments import DEFAULT_ARGS
from ecommerce.sales import loading as warehouse
from ecommerce.sales import source_policy as policy
from ecommerce.sales.transform import transform
from ecommerce.sales.windows import sync_window
from ecommerce.sources.storefront import reading as storefront
from ecommerce.warehouse import reads as audit

with DAG(
    dag_id="storefront_orders_sync",
    # At half past, when the daily run of 06:00 is usually through.
    schedule=CronTriggerTimetable("30 * * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["sales", "hourly"],
    doc_md=__doc__,
) as dag:

    @task(task_id=STOREFRONT, **policy.NETWORK_RETRIES)
    def extract_storefront(**context):
        policy.skip_if_off(STOREFRONT)
        window = sync_window(context, STOREFRONT, audit.last_read(STOREFRONT), datetime.now(UTC))
        return storefront.extract(window, audit.known_refunds).to_xcom()

    @task(task_id="transform")
    def transform_storefront(manifest, **context):
        return transform(Manifest.from_xcom(manifest), run_id=context["run_id"]).to_xcom()

    @task(**policy.NETWORK_RETRIES)
    def load(manifest, **context):
        return warehouse.load_reads(context, [manifest])

    @task(**policy.NETWORK_RETRIES)
    def checks(loaded, **context):
        return warehouse.checks(context, loaded)

    checks(load(transform_storefront(extract_storefront())))
