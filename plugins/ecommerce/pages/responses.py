"""Responses of the pages: HTML in a common frame, without scripts, with links relative to the application's
root, and the files of archived reports."""

import base64
import hashlib
from contextlib import suppress
from datetime import date
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from ecommerce.core.errors import StagingError
from ecommerce.core.settings import load_settings
from ecommerce.core.templates import TEMPLATES, render
from ecommerce.core.values import Values
from ecommerce.pages.navigation import NAVIGATION
from ecommerce.storage.report_archive import Archive, F

Texts = Values
"""Variables of a template."""


CSS = (TEMPLATES / "pages" / "style.css").read_text(encoding="utf-8")
CSS_HASH = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; "
    f"style-src 'sha256-{CSS_HASH}'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
"""The headers of every response."""


def page(
    request: Request,
    template: str,
    texts: Texts,
    status: int = 200,
) -> HTMLResponse:
    """Render a page from a file of include/templates/pages. `texts` are the template's variables, in addition
    to those of the frame."""
    # Of the address as sent: in the decoded one, %2F would count as a slash.
    sent = request.scope["raw_path"].split(b"?")[0]
    depth = sent.count(b"/") - request.scope["root_path"].count("/")
    up = "../" * (depth - 1) or "./"
    variables = {
        "up": up,
        "css": Markup(CSS),  # noqa: S704 - a file of this repository
        "tabs": NAVIGATION,
        # Airflow's UI shows pages in a frame, below its own navigation.
        "framed": request.headers.get("sec-fetch-dest") == "iframe",
        **texts,
    }
    return HTMLResponse(render(f"pages/{template}", variables), status, HEADERS)


def archived_figures(archive: Archive[F], day: date) -> F | None:
    """Return the figures of an archived day; None where another version of the code wrote them."""
    with suppress(StagingError):
        return archive.read_figures(archive.folder_of(load_settings().reports_uri, day))
    return None


def archived_file(archive: Archive[Any], day: date, name: str, label: str) -> Response:
    """Return a file of the folder `day` of an archive; HTTPException 404 where there is none. Names are
    fixed, so no path of a request reaches the storage. Pages show pictures; browsers save the other files,
    under a name that begins with `label`."""
    content = archive.read_file(load_settings().reports_uri, day, name)
    if content is None:
        raise HTTPException(404, f"There is no such file of {day}.")
    media_type = archive.files[name]
    response = Response(content, media_type=media_type, headers=HEADERS)
    if not media_type.startswith("image/"):
        # Browsers open no PDF in the UI's sandboxed frame, but they do save files.
        saved_as = f'attachment; filename="{label}-{name}"'
        response.headers["Content-Disposition"] = saved_as
    return response
