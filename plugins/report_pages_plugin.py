"""Adds *Sales reports*, *Data quality* and *Forecast* to the navigation of the Airflow UI.

Nearly every Airflow process executes plugin files, so FastAPI is imported on the first request, which only
the API server receives.
"""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin
from starlette.types import Receive, Scope, Send

from ecommerce.core.values import Row
from ecommerce.pages.navigation import NAVIGATION, PREFIX


async def lazy_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request by ASGI, with an application that is imported on the first one. The `app` of `scope`
    is the API server's application, which mounts this one."""
    from ecommerce.pages.application import app

    if "app" in scope:
        app.state.airflow = scope["app"]
    await app(scope, receive, send)


class ReportPagesPlugin(AirflowPlugin):
    """Registers the pages' application and its three navigation entries."""

    name = "report_pages"
    fastapi_apps: ClassVar[list[Row]] = [
        {"app": lazy_app, "url_prefix": PREFIX, "name": "Report pages"}
    ]
    external_views: ClassVar[list[Row]] = [
        # Relative, so that it also works where Airflow is served under a path.
        {
            "name": name,
            "href": f"{PREFIX.strip('/')}/{path}",
            "destination": "nav",
            "url_route": route,
        }
        for name, path, route in NAVIGATION
    ]
