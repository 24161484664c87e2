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

from airflow.sdk import DAG, CronPartitionTimetable, task

from ecommerce.core.settings import shop_timezone
from ecommerce.mail.dag_arguments import DAY_PARAMS, DEFAULT_ARGS
from ecommerce.sales import source_policy as policy
from ecommerce.sales.watch import watch

with DAG(
    dag_id="report_watch",
    schedule=CronPartitionTimetable(
        "0 9 * * *", timezone=shop_timezone(), run_offset=-1, key_format="%Y-%m-%d"
    ),
    catchup=False,
    params={"business_date": DAY_PARAMS["business_date"]},
    default_args=DEFAULT_ARGS,
    tags=["sales", "daily", "operations"],
    doc_md=__doc__,
) as dag:

    @task(**policy.NETWORK_RETRIES)
    def report_mailed(**context):
        watch(context)

    report_mailed()
