"""What Airflow's plugin mounts. Nearly every Airflow process executes plugin files, so FastAPI is imported on
the first request, which only the API server receives."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any


async def lazy_app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer one request by ASGI, with an application that is created on the first one.

    Args:
        scope: the request; its `app` is the API server's application, which mounts this one.
        receive: returns the next part of the request.
        send: sends a part of the response.
    """
    app = _application()
    if "app" in scope:
        app.state.airflow = scope["app"]
        app.state.secret_key = getattr(scope["app"].state, "secret_key", None)
    await app(scope, receive, send)


@cache
def _application() -> Any:
    from ecommerce.pages.application import create_app

    return create_app()
