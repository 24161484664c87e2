"""
# Weekly sales forecast

**When it fails:** reports keep last week's forecast. A task that failed is tried once more after five
minutes; then `alert_recipients` are told. The log's last line names the file, the connection or the table at
fault: `fetch` the partner's FTP server, `preprocess` a file of theirs or the warehouse, `load` BigQuery,
`mail` the mail server. Mend that and clear the task *with downstream*.

It runs when all seven days of a week (Monday to Sunday, in the shop) have been loaded and checked: each
daily run announces its day. Its partition key is the week's Monday. Shell and curl fetch the partner's
promotions and market index; the history of gross sales is read from the warehouse; the champion, which
`forecast_model_selection` chooses, is trained; four weeks of every category, channel and best-selling
article are forecast with intervals of 80 and 95 % and loaded into `sales_forecasts`.

The report (PDF, archived below `forecasts/` of `REPORTS_URI`) is mailed to `report_recipients`, and
`alert_recipients` are told when the forecasts of the last four weeks drift.

Only the newest complete week is forecast, and once: a run for an older week, or for one that was forecast
before, is skipped. A day that is missing holds its week back. To forecast with what there is, or once more,
trigger the DAG with the week's Monday and `force`.
"""

from __future__ import annotations

from airflow.sdk import (
    DAG,
    Param,
    PartitionedAssetTimetable,
    RollupMapper,
    StartOfWeekMapper,
    WeekWindow,
)

from ecommerce.core.names import DAG_FORECAST
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.forecast import tasks
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.warehouse.assets import DAILY_SALES

with DAG(
    dag_id=DAG_FORECAST,
    description="When a week is loaded: forecast the next four, mail the report, tell people of drift.",
    schedule=PartitionedAssetTimetable(
        assets=DAILY_SALES,
        default_partition_mapper=RollupMapper(
            upstream_mapper=StartOfWeekMapper(
                timezone=shop_timezone(), input_format="%Y-%m-%d", output_format="%Y-%m-%d"
            ),
            window=WeekWindow(),
        ),
    ),
    catchup=False,
    max_active_runs=1,
    params={
        "week": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Week",
            description="Its Monday, when the run has no key. Empty: the newest week that has ended.",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Forecast in any case",
            description="Also with days missing, after an older week, or once more.",
        ),
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["forecast", "weekly"],
    doc_md=__doc__,
) as dag:
    partner = tasks.FetchPartnerFiles(task_id="fetch")
    prepared = tasks.preprocess(partner.output)
    model = tasks.train(prepared)
    forecasts = tasks.predict(prepared, model)
    tasks.due() >> partner
    archived = tasks.report(prepared, model, tasks.checks(tasks.load(forecasts)))
    tasks.mail(archived)
    tasks.alarm(archived)
