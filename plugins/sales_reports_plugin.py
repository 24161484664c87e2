"""Puts the *Sales reports* pages into the Airflow UI."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from ecommerce.pages.sales_reports import PREFIX, LazyApp


class SalesReportsPlugin(AirflowPlugin):
    """A navigation entry, and the application behind it."""

    name = "sales_reports"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [
        {"app": LazyApp(), "url_prefix": PREFIX, "name": "Sales reports"}
    ]
    external_views: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "Sales reports",
            # Relative, so that it also works where Airflow is served under a path.
            "href": f"{PREFIX.strip('/')}/",
            "destination": "nav",
            "url_route": PREFIX.strip("/"),
        }
    ]
