"""The ASGI application that Airflow's plugin mounts. Nearly every Airflow process executes plugin files, so
FastAPI is imported on the first request, which only the API server receives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI


class LazyApp:
    """An ASGI application that is created on its first request."""

    def __init__(self) -> None:
        self._app: FastAPI | None = None
        self._lock = Lock()

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        with self._lock:
            if self._app is None:
                from ecommerce.pages.application import create_app

                self._app = create_app()
        if "app" in scope:  # the API server's application, which mounts this one
            self._app.state.airflow = scope["app"]
            self._app.state.secret_key = getattr(scope["app"].state, "secret_key", None)
        await self._app(scope, receive, send)
