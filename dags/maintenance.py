"""
# Maintenance

**When it fails:** nothing is lost and nothing waits for it; disks grow until it runs again. The log's last
line names the folder that could not be cleaned. Mend that and clear the task.

Every night at three: staging folders older than `STAGING_RETENTION_DAYS` (never those of a run that goes on)
and log files older than `LOG_RETENTION_DAYS`. Reports, the warehouse and models are never touched. Airflow's
own database is cleaned beside Airflow: by the service `airflow-db-clean` of docker-compose.yaml, or by the
Helm chart's job.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable

from ecommerce.core.names import DAG_MAINTENANCE
from ecommerce.core.owner import owner_links
from ecommerce.core.settings import run_timeout, shop_timezone
from ecommerce.mail.alerts import DEFAULT_ARGS, run_timeout_notifier
from ecommerce.maintenance import tasks

with DAG(
    dag_id=DAG_MAINTENANCE,
    description="Every night: remove expired staging folders and old log files.",
    schedule=CronTriggerTimetable("0 3 * * *", timezone=shop_timezone()),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=run_timeout(),
    on_failure_callback=run_timeout_notifier(),
    default_args=DEFAULT_ARGS,
    owner_links=owner_links(),
    tags=["daily", "operations"],
    doc_md=__doc__,
) as dag:
    tasks.expired_staging()
    tasks.old_logs()
