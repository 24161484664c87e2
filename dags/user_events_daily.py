"""
# User events, day by day

**When it fails:** no data is lost. The last line of the failed task's log describes the error and names the
line or response. Fix it and clear the task *with downstream*, or wait: the next run reads everything
received since the last successful read. You can rerun a day at any time and as often as you like, with the
same result.

Runs every morning at half past five for the business day that just ended: reads the website's events,
transforms and loads them, and checks the result. The run of the newest day reads what was *received* since
the last read, so late events are added to their own day. Sessions and funnel are recomputed for every day
with new events. Days older than `EVENTS_RETENTION_DAYS` are refused. The daily report at six shows the
funnel.

History, first and last day included (`--reprocess-behavior completed` also for days that have been run), also
with *Backfill* in the UI, or `make backfill DAG=user_events_daily`, which waits for the end:

    airflow backfill create --dag-id user_events_daily --from-date 2026-11-01 --to-date 2026-11-07
"""

from airflow.sdk import DAG

from ecommerce.core.names import DAG_EVENTS
from ecommerce.core.settings import owner_links, run_timeout
from ecommerce.events import tasks
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.runtime.business_day_timetable import business_days
from ecommerce.runtime.run_context import BUSINESS_DATE

with DAG(
    dag_id=DAG_EVENTS,
    description="Every morning: load yesterday's web events and compute sessions and funnel.",
    schedule=business_days("30 5 * * *"),
    catchup=False,
    max_active_runs=8,
    params={"business_date": BUSINESS_DATE},
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["events", "daily"],
    doc_md=__doc__,
) as dag:
    tasks.checks(tasks.load(tasks.transform(tasks.extract())))
