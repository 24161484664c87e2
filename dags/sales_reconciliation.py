"""
# Sales reconciliation

**When it fails:** the warehouse holds what the other runs read; only what left no trace in a source may still
be wrong. Open the failed task's log: its last line names the source, query or day at fault. Mend that and
clear the task *with downstream*. A day that failed to be read again keeps no other day from it.

Every Monday: sales database and storefront against the warehouse, day by day over `RECONCILE_DAYS`. At most
seven days that differ, the newest first, are read again through the same extract, transform and load as the
daily run; orders that the source no longer has leave sales, and the day's report is built anew. Then a mail
to `alert_recipients` says what differed and what was done; when nothing differs, there is none. To read more
days again, run it with a larger `most_days`. Nothing is announced and no report is mailed.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, Param, TaskGroup, get_current_context, task, task_group

from ecommerce.core.settings import shop_timezone
from ecommerce.mail.dag_arguments import DEFAULT_ARGS
from ecommerce.sales import loading as warehouse
from ecommerce.sales import source_policy as policy
from ecommerce.sales.reconciliation import comparison
from ecommerce.sales.reconciliation import differences as reconciliation
from ecommerce.sales.report import steps as report
from ecommerce.sources import SALES_DB, STOREFRONT

with DAG(
    dag_id=reconciliation.DAG_ID,
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
            description="At most so many days that differ are read again, the newest first.",
        )
    },
    default_args=DEFAULT_ARGS,
    tags=["sales", "weekly", "operations"],
    doc_md=__doc__,
) as dag:
    with TaskGroup("compare", tooltip="One task per source; each leaves the days that differ"):

        @task(task_id=SALES_DB, **policy.NETWORK_RETRIES)
        def compare_sales_db():
            policy.skip_if_off(SALES_DB)
            return [day.to_xcom() for day in comparison.compare_sales_db()]

        @task(task_id=STOREFRONT, **policy.NETWORK_RETRIES)
        def compare_storefront(**context):
            policy.skip_if_off(STOREFRONT)
            return [day.to_xcom() for day in comparison.compare_storefront(context)]

        found = [compare_sales_db(), compare_storefront()]

    @task(trigger_rule="none_failed")  # a source may be off
    def differences(found):
        return reconciliation.newest_first(found)

    @task
    def days(differences, *, params):
        return reconciliation.days_to_reread(differences, params["most_days"])

    # A day that fails must not keep the mail from telling of the others.
    @task(trigger_rule="all_done_min_one_success", **policy.NETWORK_RETRIES)
    def tell(differences, days, **context):
        reconciliation.tell(context, differences, days, "reread.load", "reread.report.archive")

    differing = differences(found)
    newest = days(differing)
    told = tell(differing, newest)

    @task_group(group_id="report")
    def build_report(day, warnings):
        @task(**policy.NETWORK_RETRIES)
        def figures(day, warnings, **context):
            return report.figures(context, warnings, day["business_date"])

        @task
        def document(figures_uri):
            return report.document(figures_uri)

        @task
        def archive(figures_uri, document_uri):
            return report.archive(figures_uri, document_uri)

        asked = figures(day, warnings)
        return archive(asked, document(asked))

    @task_group
    def reread(day):
        @task(map_index_template="{{ business_date }}", **policy.NETWORK_RETRIES)
        def extract(day):
            context = get_current_context()
            context["business_date"] = day["business_date"]  # names the map index in the UI
            return reconciliation.reread(context, day)

        @task
        def transform(manifests, **context):
            return reconciliation.transform_all(context, manifests)

        @task(max_active_tis_per_dag=1, **policy.NETWORK_RETRIES)
        def load(manifests, **context):
            return warehouse.load_reads(context, manifests)

        @task(**policy.NETWORK_RETRIES)
        def checks(loaded, **context):
            return warehouse.checks(context, loaded)

        loaded = load(transform(extract(day)))
        [loaded, build_report(day, checks(loaded))] >> told

    reread.expand(day=newest)
