"""
# Daily sales pipeline

**When it fails:** open the failed task's log; its last line says what is wrong and with which file, row or
response. Fix that, then `make repair DAY=<day>` (or clear the task *with downstream* in the UI). Running
it again, at any time and as often as you like, ends in the same tables.

Every morning at six, for the business day that just ended: extract from every source, transform, load
BigQuery, build the report, mail it. The run's partition key is its business day; a run without a key takes
the param `business_date`, or yesterday. A source the run can do without: the Variable `source_policy`.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable, Param, TaskGroup

from ecommerce.core.names import (
    DAG_DAILY,
    GROUP_EXTRACT,
    GROUP_LOAD,
    GROUP_MAIL,
    GROUP_REPORT,
    GROUP_TRANSFORM,
)
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.runtime.params import BUSINESS_DATE
from ecommerce.sales import tasks
from ecommerce.sources import SOURCES

with DAG(
    dag_id=DAG_DAILY,
    description="Every morning: extract, transform and load yesterday's sales, build the report, mail it.",
    schedule=CronPartitionTimetable(
        "0 6 * * *", timezone=shop_timezone(), run_offset=-1, key_format="%Y-%m-%d"
    ),
    catchup=False,
    max_active_runs=8,
    params={
        "business_date": BUSINESS_DATE,
        "send_mail": Param(
            False,
            type="boolean",
            title="Mail the report",
            description="Mail it even when the day is not the newest closed one.",
        ),
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "daily"],
    doc_md=__doc__,
) as dag:
    with TaskGroup(GROUP_EXTRACT, tooltip="One task per source; each leaves files and a manifest in staging"):
        extracted = [tasks.extract.override(task_id=source)(source) for source in SOURCES]
        ready = tasks.sources_ready(extracted)

    with TaskGroup(GROUP_TRANSFORM, tooltip="Clean and type each source's files with DuckDB"):
        loadable = tasks.transform.expand(manifest=ready)

    with TaskGroup(GROUP_LOAD, tooltip="One transaction, then checks that may stop the run before the mail"):
        warnings = tasks.checks(tasks.load(loadable))

    with TaskGroup(GROUP_REPORT, tooltip="Figures, charts and PDF; clear it to build them again"):
        report = tasks.report(warnings)

    with TaskGroup(GROUP_MAIL, tooltip="Claim, send, mark: delivered at least once, under one Message-ID"):
        tasks.alarm(report)
        tasks.send(report)
