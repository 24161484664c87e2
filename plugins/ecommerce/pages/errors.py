"""Error pages, each with a way back. A request without a session is redirected to sign in."""

from __future__ import annotations

import logging
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from ecommerce.core.errors import PipelineError
from ecommerce.pages import responses

router = APIRouter()
log = logging.getLogger(__name__)

_TEXTS = {
    403: ("Access denied", "Ask an Airflow administrator for permission to read the DAG."),
    404: ("Page not found", "There is no page at this address."),
    405: ("Method not allowed", "Open the page and use its buttons."),
    409: ("Conflict", ""),
    422: ("Invalid date", "Days are written like 2026-11-19, months like 2026-11."),
    503: ("Page unavailable", "Its data could not be read: see the API server's log."),
}
"""Title and default text by HTTP status."""


@router.get("/{path:path}", include_in_schema=False)
def not_found(path: str) -> None:
    """Answer 404 to any other address; as a route, so that it needs a session too."""
    raise HTTPException(404)


async def error_page(request: Request, error: Exception) -> Response:
    """Return the page for an HTTPException or an invalid parameter."""
    status = error.status_code if isinstance(error, HTTPException) else getattr(error, "status_code", 422)
    if status == 401:
        return _sign_in(request)
    detail = str(getattr(error, "detail", "") or "")
    # Starlette's default detail is the name of the status.
    return _message(request, status, detail if detail.endswith((".", "!")) else "")


async def unavailable_page(request: Request, error: Exception) -> Response:
    """Return the page for settings, an archive or a storage that cannot be read."""
    log.error("the page %s is unavailable", request.url.path, exc_info=error)
    # Only the pipeline's own errors are known to hold no secrets.
    return _message(request, 503, f"{str(error).rstrip('.')}." if isinstance(error, PipelineError) else "")


def _message(request: Request, status: int, text: str) -> Response:
    title, default = _TEXTS.get(status, ("Something went wrong", "Something went wrong."))
    texts = {"status": status, "words": text or default, "section": ""}
    return responses.page(request, "message.html", title, texts, status)


def _sign_in(request: Request) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return Response("Not signed in.\n", 401, responses.headers(), media_type="text/plain")
    # After a form, the user returns to the page that holds it.
    path = request.url.path if request.method == "GET" else f"{request.url.path.rpartition('/')[0]}/"
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    login = f"{responses.base_path(request)}/api/v2/auth/login?next={quote(path + query, safe='/')}"
    return RedirectResponse(login, 303, {"Cache-Control": "no-store"})
