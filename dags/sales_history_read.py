"""
# Sales history read

**When it fails:** the month's sales are as before. The last line of the failed task describes the error. Fix
it, then run the same `make history` again, or clear the failed tasks: months that are loaded are not read
again.

Reads past days from the live sources, at most a month in a run, with the extracts of the daily run. Loads
them in one transaction, and checks them. Sales are then as after a daily run of each day. It mails no report
and starts no forecast. `make history FROM=2025-06-01` starts a run for each month.
"""

from airflow.sdk import DAG, Param, TaskGroup

from ecommerce.core.names import (
    DAG_HISTORY_READ,
    GROUP_EXTRACT,
    GROUP_LOAD,
    GROUP_TRANSFORM,
)
from ecommerce.core.settings import LONG, owner_links, run_timeout, task_timeout
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.sales import tasks
from ecommerce.sources import EXCHANGE_RATES, live_sources

with DAG(
    dag_id=DAG_HISTORY_READ,
    description="Manual: read past months from the live sources; make history starts it.",
    schedule=None,
    catchup=False,
    max_active_runs=2,
    params={
        "first_day": Param(
            type="string",
            format="date",
            title="First day",
            description="The first business day to read.",
        ),
        "last_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Last day",
            description="Inclusive, at most 31 days. Empty: the newest day that has ended.",
        ),
        "source": Param(
            None,
            type=["null", "string"],
            enum=[None, *sorted(live_sources().keys() - {EXCHANGE_RATES.name})],
            title="Source",
            description="The only source to read, with the exchange rates. Empty: all.",
        ),
    },
    dagrun_timeout=run_timeout(LONG),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS | {"execution_timeout": task_timeout(LONG)},
    owner_links=owner_links(),
    tags=["sales", "manual"],
    doc_md=__doc__,
) as dag:
    with TaskGroup(GROUP_EXTRACT, tooltip="One task per source, as in the daily run"):
        ready = tasks.sources_ready(tasks.extract_all())

    with TaskGroup(
        GROUP_TRANSFORM, tooltip="Clean and type each source's files with DuckDB"
    ):
        loadable = tasks.transform_batch.expand(manifests=ready)

    with TaskGroup(GROUP_LOAD, tooltip="One transaction, then checks"):
        tasks.check_source(tasks.load(loadable))
