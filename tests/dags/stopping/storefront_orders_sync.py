"""The hourly sync as Airflow runs it, but for its stops."""

from __future__ import annotations

from tests.integration.stopping import product_dag

dag = product_dag("storefront_orders_sync", "storefront")
