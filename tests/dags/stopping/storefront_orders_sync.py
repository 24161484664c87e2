"""The hourly sync as Airflow runs it, but for its stops, and its clock: a run at half past might take one."""

from airflow.sdk import DAG

from tests.integration.stopping import product_dag

dag = product_dag("storefront_orders_sync", "storefront")
dag.timetable = DAG("unscheduled", schedule=None).timetable
