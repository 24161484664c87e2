"""The daily pipeline as Airflow runs it, but for its stops."""

from tests.integration.stopping import product_dag

dag = product_dag("daily_sales_pipeline", "sales_db")
