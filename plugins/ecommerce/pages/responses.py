"""How pages are sent: one frame of HTML around each, no scripts, links relative to the application's root."""

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
from ecommerce.pages.lazy_app import NAVIGATION, PREFIX


def page(
    request: Request, template: str, title: str, texts: Mapping[str, Any], status: int = 200
) -> HTMLResponse:
    """The template `include/templates/pages/<template>` as an answer. Beside `texts` it gets what the frame
    around every page needs; `up` leads from the page to the application's root."""
    up = way_up(request)
    frame = {
        "title": title,
        "up": up,
        "airflow": f"{up}../",
        "css": Markup(_style()),  # noqa: S704 - a file of this repository
        "tabs": [(name, path) for name, path, _ in NAVIGATION],
        # The UI shows pages in a frame, which brings its own navigation.
        "framed": request.headers.get("sec-fetch-dest") == "iframe",
    }
    body = render(f"pages/{template}", frame | dict(texts))
    return HTMLResponse(body, status_code=status, headers=headers())


def file(content: bytes, media_type: str, attachment: str | None = None) -> Response:
    """A file as an answer; `attachment` is the name under which browsers save it."""
    found = headers()
    if attachment:
        # The UI shows pages in a sandbox, where browsers open no PDF but do save files.
        found["Content-Disposition"] = f'attachment; filename="{attachment}"'
    return Response(content, media_type=media_type, headers=found)


def with_slash(last: object) -> Response:
    """Where a page is whose address was sent without the slash at its end; `last` is the part before it."""
    return RedirectResponse(f"{last}/", 307, headers())


def way_up(request: Request) -> str:
    """The relative way from the requested address to the application's root, such as `../`."""
    # Of the address as it was sent: in the decoded one, %2F would count as a step.
    sent = request.scope.get("raw_path", b"").split(b"?")[0].decode("ascii", "replace")
    below = sent.count("/") - request.scope.get("root_path", "").count("/")
    return "../" * (below - 1) or "./"


def base_path(request: Request) -> str:
    """The path under which Airflow is served, without a slash at its end; mostly empty."""
    return str(request.scope.get("root_path", "")).removesuffix(PREFIX)


def headers() -> dict[str, str]:
    """The headers of every answer."""
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
