"""
# Sales reconciliation

**When it fails:** the warehouse holds what the other runs read; only what left no trace in a source may still
be wrong. Open the failed task's log: its last line names the source, query or day at fault. Mend that and
clear the task *with downstream*. A day that failed to be read again keeps no other day from it.

Every Monday: each source that can be read once more is compared with the warehouse, order by order, over
`RECONCILE_DAYS`. At most seven days that differ, the newest first, are read again through the same extract,
transform and load as the daily run; orders that the source no longer has leave sales, and the day's report
is built again. Then a mail to `alert_recipients` says what differed and what was done; when nothing differs,
there is none. To read more days again, run it with a larger `most_days`. Nothing is announced and no report
is mailed.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, Param, TaskGroup

from ecommerce.core.names import DAG_RECONCILIATION, GROUP_COMPARE
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.sales.reconciliation import tasks
from ecommerce.sales.reconciliation.comparison import reconciled_sources

with DAG(
    dag_id=DAG_RECONCILIATION,
    description="Every Monday: compare the sources with the warehouse, read again the days that differ.",
    # After Monday's daily run, so that little has changed since the last read, and somebody is there to read.
    schedule=CronTriggerTimetable("0 8 * * 1", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    params={
        "most_days": Param(
            7,
            type="integer",
            minimum=1,
            title="Days to read again",
            description="Of the days that differ, the newest ones up to this number are read again.",
        )
    },
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["sales", "weekly", "operations"],
    doc_md=__doc__,
) as dag:
    with TaskGroup(GROUP_COMPARE, tooltip="Read each source once more, and compare it with the warehouse"):
        found = [tasks.compare.override(group_id=source)(source) for source in reconciled_sources()]

    differing = tasks.differences(found)
    rereads = tasks.rereads(differing)
    days = tasks.reread_days()
    tasks.reread.expand_kwargs(rereads) >> days
    tasks.report.expand_kwargs(days) >> tasks.tell(differing, rereads)
