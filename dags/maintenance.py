"""
# Maintenance

**When it fails:** nothing is lost and nothing waits for it; disks and Airflow's own database grow until it
runs again. The log's last line names the folder or the table that could not be cleaned. Mend that and clear
the task.

Every night at three: staging folders older than `STAGING_RETENTION_DAYS` (never those of a run that goes on),
log files older than `LOG_RETENTION_DAYS`, and by `airflow db clean` the rows of Airflow's own database older
than `METADATA_RETENTION_DAYS`. The last is skipped where there is no connection `airflow_metadata`: tasks do
not get at that database otherwise. Reports, the warehouse and models are never touched.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, task

from ecommerce.core.settings import shop_timezone
from ecommerce.mail.dag_arguments import DEFAULT_ARGS
from ecommerce.maintenance import expiry as maintenance

with DAG(
    dag_id="maintenance",
    schedule=CronTriggerTimetable("0 3 * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["daily", "operations"],
    doc_md=__doc__,
) as dag:

    @task
    def expired_staging(**context):
        return maintenance.remove_expired_staging(context)

    @task
    def old_logs():
        return maintenance.remove_old_logs()

    @task
    def metadata_database():
        maintenance.clean_metadata_database()

    expired_staging()
    old_logs()
    metadata_database()
