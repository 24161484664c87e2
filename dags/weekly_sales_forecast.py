"""
# Weekly sales forecast

**When it fails:** reports keep last week's forecast. A failed task is retried once after five minutes; then
`alert_recipients` get a mail. The last line of the log names the file, connection or table with the error:
`fetch` needs the partner's FTP server, `preprocess` its files and the warehouse, `load` BigQuery, `mail` the
mail server. Fix it and clear the task *with downstream*.

Runs when all seven days of a week (Monday to Sunday, in the shop) are loaded and checked: each daily run
updates the asset for its day. The partition key is the Monday of the week. Shell and curl fetch the
partner's promotions and market index. The history of gross sales comes from the warehouse. The champion,
which `forecast_model_selection` selects, is trained. Then four weeks of every category, channel and
best-selling product are forecast with intervals of 80 and 95 % and loaded into `sales_forecasts`.

The report (PDF, archived below `forecasts/` of `REPORTS_URI`) is mailed to `report_recipients`. When the
forecasts of the last four weeks drift, `alert_recipients` get a mail.

Only the newest week is forecast, once it is complete, and only once: runs of older weeks or repeated runs are
skipped. A missing day holds back its week. To forecast anyway, or again, trigger the DAG with the week's
Monday and `force`.
"""

from airflow.sdk import (
    DAG,
    Param,
    PartitionedAssetTimetable,
    RollupMapper,
    StartOfWeekMapper,
    WeekWindow,
)

from ecommerce.core.names import DAG_FORECAST
from ecommerce.core.settings import owner_links, run_timeout, shop_timezone
from ecommerce.forecast import tasks
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.warehouse.assets import DAILY_SALES

with DAG(
    dag_id=DAG_FORECAST,
    description="When a week is loaded: forecast the next four weeks, mail the report, alert on drift.",
    schedule=PartitionedAssetTimetable(
        assets=DAILY_SALES,
        default_partition_mapper=RollupMapper(
            upstream_mapper=StartOfWeekMapper(
                timezone=shop_timezone(),
                input_format="%Y-%m-%d",
                output_format="%Y-%m-%d",
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
            description="Monday of the week, for runs without a key. Empty: the newest week that has ended.",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Forecast in any case",
            description="Forecast even if days are missing, the week is not the newest or has a forecast.",
        ),
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["forecast", "weekly"],
    doc_md=__doc__,
) as dag:
    partner = tasks.fetch_partner_files()
    prepared = tasks.preprocess(partner.output)
    model = tasks.train(prepared)
    forecasts = tasks.predict(prepared, model)
    tasks.due() >> partner
    archived = tasks.report(prepared, model, tasks.checks(tasks.load(forecasts)))
    tasks.mail(archived)
    tasks.alarm(archived)
