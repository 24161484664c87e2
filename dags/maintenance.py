"""
# Maintenance

**When it fails:** no data is lost and no other DAG is affected, but disk usage grows until the next
successful run. The last line of the log names the folder that could not be cleaned. Fix the error and clear
the task.

Runs every night at three. Deletes the staging folders of runs that wrote their last file more than
`STAGING_RETENTION_DAYS` ago, and log files older than `LOG_RETENTION_DAYS`. It does not touch reports, the
warehouse or models. Airflow's own database is cleaned by the service `airflow-db-clean` of
docker-compose.yaml or by the job of the Helm chart.
"""

from airflow.sdk import DAG, CronTriggerTimetable

from ecommerce.core.names import DAG_MAINTENANCE
from ecommerce.core.settings import owner_links, run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.maintenance import tasks

with DAG(
    dag_id=DAG_MAINTENANCE,
    description="Every night: delete expired staging folders and old log files.",
    schedule=CronTriggerTimetable("0 3 * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=run_timeout(),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["daily", "operations"],
    doc_md=__doc__,
) as dag:
    tasks.expired_staging()
    tasks.old_logs()
