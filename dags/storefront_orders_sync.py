"""
# Hourly orders sync

**When it fails:** no data is lost. The next run, at the latest the daily one, reads everything since the
last successful read. If it fails every hour, the last line of the log describes the error of the shop's
server or the warehouse; after the fix, the next run catches up.

Runs every hour, with a task group for each online shop. Reads what changed since its last successful read
(`load_audit`, minus an overlap) and all orders of the current day, through the same extract, transform and
load as the daily run; the two may run in any order. Trashed orders leave sales by their status; permanently
deleted orders are found by `sales_reconciliation`. It neither updates the asset `daily_sales` nor completes a
day: the daily run does both.

Without a previous read it starts at `SYNC_START_DATE`, or yesterday.
"""

from airflow.sdk import DAG, CronTriggerTimetable, TaskGroup

from ecommerce.core.names import DAG_SYNC
from ecommerce.core.settings import owner_links, run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.sales import tasks
from ecommerce.sources import live_sources

with DAG(
    dag_id=DAG_SYNC,
    description="Every hour: load changed orders of the online shops into the warehouse.",
    # At half past, when the daily run of 06:00 has usually finished.
    schedule=CronTriggerTimetable("30 * * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "hourly"],
    doc_md=__doc__,
) as dag:
    for source in live_sources().values():
        if not source.platform.synced:
            continue
        # Without prefix, because the first tasks are older than the groups: later ones are transform__1, …
        with TaskGroup(f"{source.name}_orders", prefix_group_id=False):
            raw = tasks.of_source(tasks.extract_changes, source)
            loaded = tasks.load_source(tasks.transform_source(raw))
            tasks.check_source(loaded)
