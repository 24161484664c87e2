"""The application as Airflow's plugin names it. Plugin files are executed in nearly every Airflow process;
only the API server should pay for FastAPI, when the first request comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/sales-reports"
"""Where the application is mounted; addresses below it are in mails."""
NAVIGATION = (
    ("Sales reports", "", "sales-reports"),
    ("Data quality", "quality/", "data-quality"),
    ("Forecast", "forecast/", "sales-forecast"),
)
"""The entries in Airflow's navigation: name, path below `PREFIX`, and how the UI calls its frame."""


class LazyApp:
    """An ASGI application that is made on its first request."""

    def __init__(self) -> None:
        self._app: FastAPI | None = None
        self._lock = Lock()

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request, as ASGI wants it."""
        with self._lock:
            if self._app is None:
                from ecommerce.pages.application import create_app

                self._app = create_app()
        if "app" in scope:  # Airflow's own, which holds the DAGs and the signing key
            for name in ("dag_bag", "secret_key"):
                setattr(self._app.state, name, getattr(scope["app"].state, name, None))
        await self._app(scope, receive, send)
