"""
# Limits

**When it fails:** that is what it is for: a task and a run take longer than they may.
"""

import time
from datetime import timedelta

from airflow.sdk import DAG, task

from ecommerce.mail.alerts import DEFAULT_ARGS, alert_run_failure
from ecommerce.runtime.retries import NETWORK_RETRIES

with DAG(
    dag_id="limits", schedule=None, default_args=DEFAULT_ARGS, doc_md=__doc__
) as dag:

    @task(execution_timeout=timedelta(seconds=2), **NETWORK_RETRIES)
    def slow_task():
        time.sleep(600)

    slow_task()

with DAG(
    dag_id="run_limit",
    schedule=None,
    dagrun_timeout=timedelta(seconds=1),
    on_failure_callback=alert_run_failure,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
) as run_limit:

    @task
    def endless():
        time.sleep(600)

    endless()
