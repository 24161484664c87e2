"""The FastAPI application: its routes, and its error pages, each with a way back."""

import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from ecommerce.core.errors import PipelineError
from ecommerce.pages import access, responses
from ecommerce.pages.navigation import PREFIX
from ecommerce.pages.views import calendar, day, periods, quality
from ecommerce.pages.views.forecast import router as forecast_router
from ecommerce.pages.warehouse_queries import WarehouseQueries

log = logging.getLogger(__name__)


def create_app() -> FastAPI:
    """Create the application, to be mounted under `PREFIX` of the Airflow API server."""
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Airflow does not authenticate requests to a plugin's application.
        dependencies=[Depends(access.signed_in)],
    )
    app.state.warehouse = WarehouseQueries()
    for kind in (HTTPException, RequestValidationError, PipelineError, OSError):
        app.add_exception_handler(kind, _error_page)
    app.add_api_route("/{page}", _add_slash)
    app.add_api_route("/forecast/{day}", _add_slash)
    for kinds in ("weeks", "months"):
        app.add_api_route(f"/{kinds}/{{key}}", _add_slash)
        app.add_api_route(f"/slices/{{slice_key}}/{kinds}/{{key}}", _add_slash)
    app.include_router(calendar.router)
    app.include_router(quality.router)
    app.include_router(forecast_router)
    app.include_router(periods.router)
    app.include_router(day.router)  # after the others, because it takes any address
    # A route, so that it needs a session too.
    app.add_api_route("/{path:path}", _not_found)
    return app


def _add_slash(request: Request) -> Response:
    """Redirect from an address without its final slash."""
    name = request.url.path.rpartition("/")[2]
    return RedirectResponse(f"{name}/", 307, responses.HEADERS)


def _not_found() -> None:
    raise HTTPException(404)


async def _error_page(request: Request, error: Exception) -> Response:
    """Return the page for an error; redirect a request without session."""
    # Of settings, an archive or a storage that cannot be read.
    status = 503
    message = ""
    if isinstance(error, HTTPException):
        status = error.status_code
        # Starlette's own detail is the name of the status; ours are sentences.
        if error.detail.endswith("."):
            message = error.detail
    elif isinstance(error, RequestValidationError):
        status = 422
    else:
        log.error("the page %s is unavailable", request.url.path, exc_info=error)
        # Only the pipeline's own errors are known to hold no secrets.
        if isinstance(error, PipelineError):
            message = f"{str(error).rstrip('.')}."
    if status == 401:
        return _sign_in(request)
    title = HTTPStatus(status).phrase
    texts = {"title": title, "status": status, "message": message, "section": ""}
    return responses.page(request, "message.html", texts, status)


def _sign_in(request: Request) -> Response:
    """Redirect a browser to Airflow's login, which leads back to the page."""
    if "text/html" not in request.headers.get("accept", ""):
        return Response(
            "Not signed in.\n", 401, responses.HEADERS, media_type="text/plain"
        )
    wanted = request.url.path
    if request.method != "GET":
        # After a form, the user returns to the page that holds it.
        wanted = f"{wanted.rpartition('/')[0]}/"
    elif request.url.query:
        wanted = f"{wanted}?{request.url.query}"
    # The path of Airflow, which is mostly empty.
    served = str(request.scope["root_path"]).removesuffix(PREFIX)
    login = f"{served}/api/v2/auth/login?next={quote(wanted, safe='/')}"
    return RedirectResponse(login, 303, {"Cache-Control": "no-store"})


app = create_app()
"""The application that the API server mounts."""
