"""
# User events, day by day

**When it fails:** nothing is lost. The failed task's log ends with what is wrong, and with which line or
response; mend that and clear the task *with downstream*, or let it be: the next run reads everything that
was received since the last successful read. Running a day again, at any time and as often as you like, ends
in the same tables.

Every morning at half past five, for the business day that just ended: read the website's events, transform
them, load BigQuery, check. The run of the newest day reads what was *received* since the last read, so late
events join their own day; the sessions and the funnel of every day that gained an event are computed again.
History: `make backfill DAG=user_events_daily FROM= TO=` (new logic for days that have been run: `AGAIN=1`).
Days older than `EVENTS_RETENTION_DAYS` are refused. The report of six o'clock shows the funnel.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable

from ecommerce.core.names import DAG_EVENTS
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.events import tasks
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.runtime.params import BUSINESS_DATE

with DAG(
    dag_id=DAG_EVENTS,
    description="Every morning: load the website's events of yesterday; sessions and funnel.",
    schedule=CronPartitionTimetable(
        "30 5 * * *", timezone=shop_timezone(), run_offset=-1, key_format="%Y-%m-%d"
    ),
    catchup=False,
    max_active_runs=8,
    params={"business_date": BUSINESS_DATE},
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["events", "daily"],
    doc_md=__doc__,
) as dag:
    tasks.checks(tasks.load(tasks.transform(tasks.extract())))
