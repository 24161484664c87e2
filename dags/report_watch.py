"""
# Report watch

**When it fails:** nothing has checked whether yesterday's report was mailed: see the latest run of
`daily_sales_pipeline`. On a Tuesday, the same applies to last week's forecast: see `weekly_sales_forecast`.
The last line of the log describes the error, in the warehouse or the mail server. Fix it and clear the task.

Runs every morning at nine. If yesterday's report has not been mailed, it mails `alert_recipients` the failed
task and run and what to do. It is skipped when `report_recipients` is empty.

On Mondays and on the first of a month it mails the report of the last week or month to the subscriptions that
have not got it, even if days are missing.

On Tuesdays it also checks that a forecast was made after the week that ended on Sunday. If not, it mails
`alert_recipients` the missing days and what to do. It is skipped on other days, and when no forecast was
made in the previous eight weeks.

It does not run while the scheduler is down: monitor Airflow's `/api/v2/monitor/health` from outside.
"""

from airflow.sdk import DAG

from ecommerce.core.names import DAG_WATCH
from ecommerce.core.settings import owner_links, run_timeout
from ecommerce.forecast import tasks as forecast_tasks
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.runtime.business_day_timetable import business_days
from ecommerce.runtime.run_context import BUSINESS_DATE
from ecommerce.sales import tasks as sales_tasks
from ecommerce.sales.periods import tasks as period_tasks

with DAG(
    dag_id=DAG_WATCH,
    description="Every morning at nine: alert if yesterday's report or last week's forecast is missing.",
    schedule=business_days("0 9 * * *"),
    catchup=False,
    params={"business_date": BUSINESS_DATE},
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "forecast", "daily", "operations"],
    doc_md=__doc__,
) as dag:
    sales_tasks.report_mailed()
    period_tasks.periods_mailed()
    forecast_tasks.week_complete()
