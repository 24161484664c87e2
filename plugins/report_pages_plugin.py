"""Adds *Sales reports*, *Data quality* and *Forecast* to the navigation of the Airflow UI."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from ecommerce.pages.lazy_app import lazy_app
from ecommerce.pages.navigation import NAVIGATION, PREFIX


class ReportPagesPlugin(AirflowPlugin):
    """Registers the pages' application and its three navigation entries."""

    name = "report_pages"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [
        {"app": lazy_app, "url_prefix": PREFIX, "name": "Report pages"}
    ]
    external_views: ClassVar[list[dict[str, Any]]] = [
        # Relative, so that it also works where Airflow is served under a path.
        {"name": name, "href": f"{PREFIX.strip('/')}/{path}", "destination": "nav", "url_route": route}
        for name, path, route in NAVIGATION
    ]
