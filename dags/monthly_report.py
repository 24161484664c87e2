"""
# Monthly report

**When it fails:** subscriptions of this report have no mail. The last line of the log describes the error:
`report` needs the warehouse and the archive, `send` also the mail server. Fix it and clear the task *with
downstream*. Subscriptions that have their mail get no second one.

Runs when all days of a month in the shop are loaded and checked: each daily run updates the asset for its
day. The partition key is the first day of the month. The run builds the report of the whole shop and those of
the slices that `include/subscriptions.yaml` lists, archives them below `REPORTS_URI`, and mails those of the
newest month. If a day of it is not complete, `report_watch` mails them on the morning after the month.

Reports of older months are built but not mailed, and those that ended more than 60 days ago only on request.
To build a report again, or to mail it:

    make report MONTH=2026-10 [SUBSCRIPTION=germany] [MAIL=1]
"""

from airflow.sdk import (
    DAG,
    MonthWindow,
    Param,
    PartitionedAssetTimetable,
    RollupMapper,
    StartOfMonthMapper,
)

from ecommerce.core.names import DAG_MONTH
from ecommerce.core.settings import owner_links, run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.sales.periods import tasks
from ecommerce.warehouse.assets import DAILY_SALES

with DAG(
    dag_id=DAG_MONTH,
    description="When a month is loaded: build the reports of its subscriptions and mail them.",
    schedule=PartitionedAssetTimetable(
        assets=DAILY_SALES,
        default_partition_mapper=RollupMapper(
            upstream_mapper=StartOfMonthMapper(
                timezone=shop_timezone(),
                input_format="%Y-%m-%d",
                output_format="%Y-%m-%d",
            ),
            window=MonthWindow(),
        ),
    ),
    catchup=False,
    max_active_runs=1,
    params={
        "month": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d{4}-\d{2}(-\d{2})?$",
            title="Month",
            description="2026-10, or a day of it, for runs without a key. Empty: the newest that has ended.",
        ),
        "subscription": Param(
            None,
            type=["null", "string"],
            title="Subscription",
            description="Only the report of this subscription. Empty: all of them.",
        ),
        "send_mail": Param(
            False,
            type="boolean",
            title="Mail the report",
            description="Also of a month that is not the newest, and again where it has changed.",
        ),
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "monthly"],
    doc_md=__doc__,
) as dag:
    tasks.send("month", tasks.report("month"))
