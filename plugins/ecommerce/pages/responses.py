"""Responses of the pages: HTML in a common frame, without scripts, with links relative to the application's
root."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from ecommerce.core.templates import TEMPLATES, render
from ecommerce.pages.navigation import NAVIGATION, PREFIX


def page(
    request: Request, template: str, title: str, texts: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """Render a page.

    Args:
        request: answered by the page.
        template: a file of include/templates/pages.
        title: the browser's title.
        texts: the template's variables, in addition to those of the frame.
        status: the HTTP status.
    """
    up = path_to_root(request)
    frame = {
        "title": title,
        "up": up,
        "airflow": f"{up}../",
        "css": Markup(_style()),  # noqa: S704 - a file of this repository
        "tabs": [(name, path) for name, path, _ in NAVIGATION],
        # Airflow's UI shows pages in a frame, below its own navigation.
        "framed": request.headers.get("sec-fetch-dest") == "iframe",
    }
    body = render(f"pages/{template}", frame | dict(texts))
    return HTMLResponse(body, status_code=status, headers=headers())


def file(content: bytes, media_type: str, attachment: str | None = None) -> Response:
    """Return a file; `attachment` is the name under which browsers save it."""
    sent = headers()
    if attachment:
        # Browsers open no PDF in the UI's sandboxed frame, but they do save files.
        sent["Content-Disposition"] = f'attachment; filename="{attachment}"'
    return Response(content, media_type=media_type, headers=sent)


def with_slash(last: object) -> Response:
    """Redirect from an address without its final slash; `last` is its last part."""
    return RedirectResponse(f"{last}/", 307, headers())


def path_to_root(request: Request) -> str:
    """Return the relative path from the requested address to the application's root, such as `../`."""
    # Of the address as sent: in the decoded one, %2F would count as a slash.
    sent = request.scope.get("raw_path", b"").split(b"?")[0].decode("ascii", "replace")
    below = sent.count("/") - request.scope.get("root_path", "").count("/")
    return "../" * (below - 1) or "./"


def base_path(request: Request) -> str:
    """Return the path under which Airflow is served, without a final slash; mostly empty."""
    return str(request.scope.get("root_path", "")).removesuffix(PREFIX)


def headers() -> dict[str, str]:
    """Return the headers of every response."""
    return {
        "Content-Security-Policy": "default-src 'none'; img-src 'self'; "
        f"style-src '{_style_hash()}'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }


@cache
def _style() -> str:
    return (TEMPLATES / "pages" / "style.css").read_text(encoding="utf-8")


@cache
def _style_hash() -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()}"
