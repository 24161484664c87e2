"""The FastAPI application: its routes, and its error pages, each with a way back."""

import logging
import re
from urllib.parse import quote

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from ecommerce.core.errors import PipelineError
from ecommerce.pages import access, responses
from ecommerce.pages.navigation import PREFIX
from ecommerce.pages.views import calendar, day, quality
from ecommerce.pages.views.forecast import router as forecast_router
from ecommerce.pages.warehouse_cache import WarehouseCache

log = logging.getLogger(__name__)

_TEXTS = {
    403: (
        "Access denied",
        "Ask an Airflow administrator for permission to read the DAG.",
    ),
    404: ("Page not found", "There is no page at this address."),
    405: ("Method not allowed", "Open the page and use its buttons."),
    409: ("Conflict", ""),
    422: ("Invalid date", "Days are written like 2026-11-19, months like 2026-11."),
    503: ("Page unavailable", "Its data could not be read: see the API server's log."),
}
"""Title and default text by HTTP status."""


def create_app() -> FastAPI:
    """Create the application, to be mounted under `PREFIX` of the Airflow API server."""
    # Airflow does not authenticate requests to a plugin's application.
    needs_session = [Depends(access.signed_in)]
    app = FastAPI(
        docs_url=None, redoc_url=None, openapi_url=None, dependencies=needs_session
    )
    app.state.warehouse_cache = WarehouseCache()
    for refused in (StarletteHTTPException, RequestValidationError):
        app.add_exception_handler(refused, _error_page)
    for failed in (PipelineError, OSError):
        app.add_exception_handler(failed, _unavailable_page)
    app.add_api_route("/quality", _without_slash)
    app.add_api_route("/forecast", _without_slash)
    app.add_api_route("/forecast/{day}", _without_slash)
    app.add_api_route("/{day}", _without_slash)
    app.include_router(calendar.router)
    app.include_router(quality.router)
    app.include_router(forecast_router)
    app.include_router(day.router)  # after the others, because it takes any address
    # A route, so that it needs a session too.
    app.add_api_route("/{path:path}", _not_found)
    return app


def _without_slash(request: Request, day: str = "") -> Response:
    """Redirect from an address without its final slash."""
    if day and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        raise HTTPException(404)
    return RedirectResponse(
        f"{request.url.path.rpartition('/')[2]}/", 307, responses.headers()
    )


def _not_found() -> None:
    raise HTTPException(404)


async def _error_page(request: Request, error: Exception) -> Response:
    """Return the page for an HTTPException or an invalid parameter; redirect a request without session."""
    status = getattr(error, "status_code", 422)
    detail = str(getattr(error, "detail", "") or "")
    if status != 401:  # Starlette's default detail is the name of the status
        return _message(request, status, detail if detail.endswith((".", "!")) else "")
    if "text/html" not in request.headers.get("accept", ""):
        return Response(
            "Not signed in.\n", 401, responses.headers(), media_type="text/plain"
        )
    # After a form, the user returns to the page that holds it.
    path = (
        request.url.path
        if request.method == "GET"
        else f"{request.url.path.rpartition('/')[0]}/"
    )
    query = (
        f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    )
    served = str(request.scope.get("root_path", "")).removesuffix(
        PREFIX
    )  # the path of Airflow, mostly empty
    login = f"{served}/api/v2/auth/login?next={quote(path + query, safe='/')}"
    return RedirectResponse(login, 303, {"Cache-Control": "no-store"})


async def _unavailable_page(request: Request, error: Exception) -> Response:
    """Return the page for settings, an archive or a storage that cannot be read."""
    log.error("the page %s is unavailable", request.url.path, exc_info=error)
    # Only the pipeline's own errors are known to hold no secrets.
    return _message(
        request,
        503,
        f"{str(error).rstrip('.')}." if isinstance(error, PipelineError) else "",
    )


def _message(request: Request, status: int, text: str) -> Response:
    title, default = _TEXTS.get(
        status, ("Something went wrong", "Something went wrong.")
    )
    texts = {"status": status, "words": text or default, "section": ""}
    return responses.page(request, "message.html", title, texts, status)
