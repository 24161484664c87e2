"""
# Mails

**When it fails:** that is what it is for: each task that failed itself is told of once, nobody else is.
"""

import os
import signal

from airflow.sdk import DAG, task

from ecommerce.core.errors import ContractError
from ecommerce.mail.alerts import DEFAULT_ARGS

with DAG(
    dag_id="mails",
    schedule=None,
    default_args=DEFAULT_ARGS | {"retries": 0},
    doc_md=__doc__,
) as dag:

    @task
    def broken():
        raise ContractError(
            "orders.csv, line 7: no column sku (asked for by jane.doe@example.com)"
        )

    @task
    def lost():
        os.kill(
            os.getppid(), signal.SIGKILL
        )  # the worker, which watches over this process …
        os.kill(
            os.getpid(), signal.SIGKILL
        )  # … so that nobody is left to say what became of it

    @task
    def each(number):
        raise ContractError(f"file {number} is empty")

    @task
    def behind():
        pass

    @task
    def behind_that():
        pass

    each.expand(number=[1, 2])
    [broken(), lost()] >> behind() >> behind_that()
