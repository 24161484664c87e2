"""What a person gets for an address that leads nowhere: a page that says so, and a way back. Who has not
signed in is sent to sign in."""

from __future__ import annotations

import logging
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from ecommerce.core.errors import PipelineError
from ecommerce.pages import responses

router = APIRouter()
log = logging.getLogger(__name__)

_TITLES = {
    401: "Please sign in",
    403: "You may not see this page",
    404: "There is no such page",
    405: "This address takes no such request",
    409: "Not now",
    422: "This is not a day",
    503: "This page cannot be made now",
}
_WORDS = {
    403: "Your account may not do this. Ask those who look after Airflow to let you read the DAG.",
    404: "The address leads nowhere.",
    405: "Open the page and use its buttons.",
    422: "Days are written like 2026-11-19, months like 2026-11.",
    503: "What it is made from could not be read: the API server's log says why.",
}


@router.get("/{anything:path}", include_in_schema=False)
def nowhere(anything: str) -> None:
    """What no page answers: a route of its own, so that here too strangers learn nothing."""
    raise HTTPException(404)


async def answer(request: Request, error: Exception) -> Response:
    """The page for an HTTPException or a value that cannot be read."""
    status = error.status_code if isinstance(error, HTTPException) else getattr(error, "status_code", 422)
    if status == 401:
        return _sign_in(request)
    said = str(getattr(error, "detail", "") or "")
    # Starlette's own words are the status in English.
    return _message(request, status, said if said.endswith((".", "!")) else "")


async def unavailable(request: Request, error: Exception) -> Response:
    """The page for what pages are made from, and that cannot be had: settings, the archive, the storage."""
    log.error("the page %s cannot be made", request.url.path, exc_info=error)
    # Other errors than the pipeline's own may hold what is not for everybody.
    return _message(request, 503, f"{str(error).rstrip('.')}." if isinstance(error, PipelineError) else "")


def _message(request: Request, status: int, words: str) -> Response:
    words = words or _WORDS.get(status, "Something went wrong.")
    texts = {"status": status, "words": words, "section": ""}
    return responses.page(request, "message.html", _TITLES.get(status, "Something went wrong"), texts, status)


def _sign_in(request: Request) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return Response("Not signed in.\n", 401, responses.headers(), media_type="text/plain")
    # A form is not sent again after signing in: the page it was on is shown.
    path = request.url.path if request.method == "GET" else f"{request.url.path.rpartition('/')[0]}/"
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    login = f"{responses.base_path(request)}/api/v2/auth/login?next={quote(path + query, safe='/')}"
    return RedirectResponse(login, 303, {"Cache-Control": "no-store"})
