"""
# Troubled

**When it fails:** that is what it is for: each kind of failure that a terminal reports.
"""

import logging
import os
from datetime import timedelta

from airflow.sdk import (
    DAG,
    BaseHook,
    Variable,
    task,
    task_group,
)

from ecommerce.core.errors import ContractError, TransientError
from ecommerce.runtime.business_day_timetable import business_days

PAUSE = timedelta(seconds=int(os.environ.get("PAUSE_OF_SHAKY", "10")))

with DAG(
    "daily_sales_pipeline", schedule=business_days("0 6 * * *"), catchup=False
) as dag:

    @task_group
    def extract():
        @task
        def late(dag_run):
            shop = BaseHook.get_connection("shop").extra_dejson
            print("seen:", dag_run.conf, Variable.get("of_the_ui"), shop)
            logging.getLogger("ecommerce.sources").warning("nothing for the terminal")

        @task(retries=1, retry_delay=PAUSE)
        def shaky(ti):
            if ti.try_number == 1:
                raise TransientError("the other side is down")

        @task
        def mapped(number):
            pass

        @task
        def broken():
            raise ContractError("the file has no header")

        @task
        def after():
            pass

        late() >> shaky() >> mapped.expand(number=[1, 2]) >> broken() >> after()

    extract()
