"""
# Daily sales pipeline

**When it fails:** open the log of the failed task. Its last line describes the error and names the file, row
or response. Fix it, then run `make repair DAY=<day>`, or clear the task *with downstream* in the UI. You can
rerun a day at any time and as often as you like, with the same result.

Runs every morning at six for the business day that just ended: extracts all sources, transforms, loads
BigQuery, builds the report and mails it, also to the subscriptions of a report of every day. The partition
key of a run is its business day; a run without a key uses the param `business_date`, or yesterday. To make a
source optional, set the Variable `source_policy`.

Past days, both included, also with *Backfill* in the UI, or `make backfill`, which waits for the end:

    airflow backfill create --dag-id daily_sales_pipeline --from-date 2026-11-01 --to-date 2026-11-07
"""

from airflow.sdk import DAG, Param, TaskGroup

from ecommerce.core.names import (
    DAG_DAILY,
    GROUP_EXTRACT,
    GROUP_LOAD,
    GROUP_MAIL,
    GROUP_REPORT,
    GROUP_TRANSFORM,
)
from ecommerce.core.settings import owner_links, run_timeout
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.runtime.business_day_timetable import business_days
from ecommerce.runtime.run_context import BUSINESS_DATE
from ecommerce.sales import tasks

with DAG(
    dag_id=DAG_DAILY,
    description="Every morning: extract, transform and load yesterday's sales, build the report, mail it.",
    schedule=business_days("0 6 * * *"),
    catchup=False,
    max_active_runs=8,
    params={
        "business_date": BUSINESS_DATE,
        "send_mail": Param(
            False,
            type="boolean",
            title="Mail the report",
            description="Also for a day that is not the newest completed one.",
        ),
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "daily"],
    doc_md=__doc__,
) as dag:
    with TaskGroup(
        GROUP_EXTRACT,
        tooltip="One task per source; each writes files and a manifest to staging",
    ):
        ready = tasks.sources_ready(tasks.extract_all())

    with TaskGroup(
        GROUP_TRANSFORM, tooltip="Clean and type each source's files with DuckDB"
    ):
        loadable = tasks.transform_batch.expand(manifests=ready)

    with TaskGroup(
        GROUP_LOAD,
        tooltip="One transaction, then checks; failed checks stop the run before the mail",
    ):
        warnings = tasks.checks(tasks.load(loadable))

    with TaskGroup(
        GROUP_REPORT, tooltip="Figures, charts and PDF; clear it to rebuild them"
    ):
        report = tasks.report(warnings)

    with TaskGroup(
        GROUP_MAIL,
        tooltip="Claim, send, mark as sent: at-least-once delivery with one Message-ID",
    ):
        tasks.alarm(report)
        tasks.send(report)
        tasks.subscriptions(report)
