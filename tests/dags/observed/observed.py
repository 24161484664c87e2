"""One task that looks at the sales database as `make check` does, and says what it found."""

import logging

from airflow.sdk import DAG, task

with DAG("observed", schedule=None, catchup=False) as dag:

    @task
    def look():
        from ecommerce.cli import check

        for finding in check.findings(["sales_db"]):
            logging.getLogger(__name__).info("%s", finding)

    look()
