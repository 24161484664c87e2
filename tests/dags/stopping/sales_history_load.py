"""The history load as Airflow runs it, but for its stops."""

from tests.integration.stopping import product_dag

dag = product_dag("sales_history_load", "old_shop")
