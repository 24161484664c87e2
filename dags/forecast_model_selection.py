"""
# Forecast model selection

**When it fails:** the weekly forecast keeps its current champion, and the run of the next month selects
again. The last line of the log describes the error: `prepare` needs the warehouse, `back_test` and `select`
the staging folder or `MODELS_URI`, `mail` the mail server. Fix it and clear the task *with downstream*.

Runs on the first Sunday of each month at eight. Every candidate forecasts four weeks from each of up to
twelve weekly origins, eight of them recent and four of a year ago, with the data of that time, and is
compared with the actual sales of categories, channels and best-selling products. A candidate replaces the
champion, which `weekly_sales_forecast` trains, only if it is at least 5 % better, and better at nine of ten
origins. The result is stored below `MODELS_URI/champions` and mailed to `report_recipients` with the reason
and the scores of all candidates.

With fewer than 105 days of history the champion stays. To repeat a selection, trigger the DAG with *As of*:
it ignores that day and later ones, and the same history gives the same record. Later selections are kept.
"""

from airflow.sdk import DAG, CronTriggerTimetable, Param

from ecommerce.core.names import DAG_SELECTION
from ecommerce.core.settings import owner_links, run_timeout, shop_timezone
from ecommerce.forecast import tasks
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure

with DAG(
    dag_id=DAG_SELECTION,
    description="Every month: backtest the forecast models and select the champion.",
    # The first Sunday. Days with a weekday (`1-7 * 0`) would match each of these days and every Sunday.
    schedule=CronTriggerTimetable("0 8 * * 0#1", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    params={
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As of",
            description="Use only data from before this day. Empty: the day of the run.",
        )
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["forecast", "monthly"],
    doc_md=__doc__,
) as dag:
    tasks.mail_selection(tasks.select(tasks.back_test(tasks.prepare_selection())))
