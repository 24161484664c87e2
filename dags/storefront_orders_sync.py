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

from airflow.sdk import DAG, CronTriggerTimetable

from ecommerce.core.names import DAG_SYNC
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.sales import tasks
from ecommerce.sources import STOREFRONT

with DAG(
    dag_id=DAG_SYNC,
    description="Every hour: what changed in the storefront, into the warehouse.",
    # At half past, when the daily run of 06:00 is usually through.
    schedule=CronTriggerTimetable("30 * * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "hourly"],
    doc_md=__doc__,
) as dag:
    read = tasks.extract_changes.override(task_id=STOREFRONT)(STOREFRONT)
    tasks.check_read(tasks.load_read(tasks.transform.override(task_id="transform")(manifest=read)))
