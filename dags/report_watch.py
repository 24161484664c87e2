"""
# Report watch

**When it fails:** nobody knows whether yesterday's report was mailed: look at the latest run of
`daily_sales_pipeline`. The log's last line says what the watch could not ask (the warehouse) or do (send its
own mail). Mend that and clear the task.

Every morning at nine: has yesterday's report been mailed? If not, `alert_recipients` are told which task of
which run is at fault, and what to do. It is skipped when `report_recipients` is empty, because nobody waits.
It cannot speak when the scheduler itself is down: for that, watch Airflow's `/api/v2/monitor/health` from
outside.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable

from ecommerce.core.names import DAG_WATCH
from ecommerce.core.params import BUSINESS_DATE
from ecommerce.core.settings import shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS
from ecommerce.sales import tasks

with DAG(
    dag_id=DAG_WATCH,
    schedule=CronPartitionTimetable(
        "0 9 * * *", timezone=shop_timezone(), run_offset=-1, key_format="%Y-%m-%d"
    ),
    catchup=False,
    params={"business_date": BUSINESS_DATE},
    default_args=DEFAULT_ARGS,
    tags=["sales", "daily", "operations"],
    doc_md=__doc__,
) as dag:
    tasks.report_mailed()
