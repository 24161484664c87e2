"""
# Forecast model selection

**When it fails:** the weekly forecast goes on with the champion that it has, and next month's run chooses
again. The log's last line names the fault: `prepare` the warehouse, `back_test` and `select` the staging
folder or `MODELS_URI`, `mail` the mail server. Mend that and clear the task *with downstream*.

On the first Sunday of each month at eight: every candidate forecasts four weeks from each of the last eight
weekly origins, from what was known then, and is held against what came: categories, channels and best-selling
articles. The champion, which `weekly_sales_forecast` trains, changes only for one that is at least 5 %
better. The choice is kept below `MODELS_URI/champions`, also where nothing changes, and mailed to
`report_recipients` with its reason and the figures of all candidates.

A history of fewer than 105 days changes no champion. To repeat a choice, trigger the DAG with *As of*:
nothing of that day or later is looked at, and the same history gives the same record. What a later run has
chosen stays.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, Param

from ecommerce.core.names import DAG_SELECTION
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.forecast.selection import tasks
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier

with DAG(
    dag_id=DAG_SELECTION,
    description="Every month: test the models on the last weeks, choose the one that forecasts.",
    # The first Sunday. Days and a weekday (`1-7 * 0`) would mean: each of these days, and each Sunday.
    schedule=CronTriggerTimetable("0 8 * * 0#1", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    params={
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As of",
            description="Choose by what was known before this day. Empty: the day of the run.",
        )
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["forecast", "monthly"],
    doc_md=__doc__,
) as dag:
    tasks.mail(tasks.select(tasks.back_test(tasks.prepare())))
