"""
# Report watch

**When it fails:** nobody knows whether yesterday's report was mailed: look at the latest run of
`daily_sales_pipeline`; on a Tuesday, or whether last week's forecast was made: look at
`weekly_sales_forecast`. The log's last line says what the watch could not ask (the warehouse) or do (send its
own mail). Mend that and clear the task.

Every morning at nine: has yesterday's report been mailed? If not, `alert_recipients` are told which task of
which run is at fault, and what to do. It is skipped when `report_recipients` is empty, because nobody waits.

On Tuesdays: was a forecast made after the week that ended on Sunday? If not, `alert_recipients` are told
which of its days are missing, and what to do. It is skipped on other days, and when no forecast was made in
the eight weeks before, because nobody waits for one.

It cannot speak when the scheduler itself is down: for that, watch Airflow's `/api/v2/monitor/health` from
outside.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable

from ecommerce.core.names import DAG_WATCH
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.forecast import tasks as forecast
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.runtime.params import BUSINESS_DATE
from ecommerce.sales import tasks as sales

with DAG(
    dag_id=DAG_WATCH,
    description="At nine each morning: tell people when yesterday's report or the forecast is missing.",
    schedule=CronPartitionTimetable(
        "0 9 * * *", timezone=shop_timezone(), run_offset=-1, key_format="%Y-%m-%d"
    ),
    catchup=False,
    params={"business_date": BUSINESS_DATE},
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "forecast", "daily", "operations"],
    doc_md=__doc__,
) as dag:
    sales.report_mailed()
    forecast.week_complete()
