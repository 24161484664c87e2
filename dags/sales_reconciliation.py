"""
# Sales reconciliation

**When it fails:** the warehouse contains everything that regular runs read; only changes that left no trace
in a source may be missing. The last line of the failed task's log names the source, query or day with the
error. Fix it and clear the task *with downstream*. A source or a day that cannot be read does not block the
others.

Runs every Monday. Compares each source that can be read again with the warehouse, order by order, over
`RECONCILE_DAYS`. Reads up to seven days with differences again, newest first, through the same extract,
transform and load as the daily run. Orders that no longer exist in the source are removed from sales, and
the report of the day is rebuilt. Then it mails the differences and corrections to `alert_recipients`;
without differences it sends no mail. To read more days again, run it with a larger `most_days`. It updates
no asset and mails no report.
"""

from airflow.sdk import DAG, CronTriggerTimetable, Param, TaskGroup

from ecommerce.core.names import DAG_RECONCILIATION, GROUP_COMPARE
from ecommerce.core.settings import owner_links, run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.sales.reconciliation import tasks
from ecommerce.sales.reconciliation.comparison import reconciled_sources

with DAG(
    dag_id=DAG_RECONCILIATION,
    description="Every Monday: compare the sources with the warehouse and reload days that differ.",
    # After Monday's daily run: little has changed since the last read, and people are at work.
    schedule=CronTriggerTimetable("0 8 * * 1", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    params={
        "most_days": Param(
            7,
            type="integer",
            minimum=1,
            title="Days to read again",
            description="Maximum number of days with differences to read again, newest first.",
        )
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "weekly", "operations"],
    doc_md=__doc__,
) as dag:
    with TaskGroup(
        GROUP_COMPARE,
        tooltip="Read each source again and compare it with the warehouse",
    ):
        by_source = []
        for source in reconciled_sources():
            compare = tasks.compare.override(group_id=source)
            by_source.append(compare(source))

    differing = tasks.differences(by_source)
    rereads = tasks.rereads(differing)
    days = tasks.reread_days()
    tasks.reread.expand_kwargs(rereads) >> days
    tasks.report.expand_kwargs(days) >> tasks.alert(differing, rereads)
