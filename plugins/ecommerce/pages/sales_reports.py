"""The *Sales reports* pages inside the Airflow UI: the archived days by month, one day, its files.

Airflow serves a plugin's application without asking who is there, so this one asks itself: every page wants a
signed-in user who may read the DAG that makes the reports. Files are served by fixed names from folders named
by dates; nothing else of a request reaches the storage.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from ecommerce.core import text as wording
from ecommerce.core.errors import StagingError
from ecommerce.core.names import DAG_DAILY
from ecommerce.core.settings import load_settings
from ecommerce.core.templates import render
from ecommerce.sales.report import archive, document, quality
from ecommerce.sales.report.figures import HEADLINE

if TYPE_CHECKING:
    from fastapi import FastAPI

PREFIX = "/sales-reports"
_SHOWN = ("net_sales", "orders", "average_order_value", "customers")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; form-action 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
}


class LazyApp:
    """The application, made when the first request comes.

    Plugin files are executed in nearly every Airflow process; only the API server should pay for FastAPI.
    """

    def __init__(self) -> None:
        self._app: FastAPI | None = None

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request, as ASGI wants it."""
        if self._app is None:
            self._app = create_app()
        await self._app(scope, receive, send)


def create_app() -> FastAPI:
    """The FastAPI application, to be mounted under `PREFIX` of the Airflow API server."""
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import Depends, FastAPI, HTTPException, Response
    from fastapi.responses import HTMLResponse

    app = FastAPI(
        title="Sales reports",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(requires_access_dag("GET", param_dag_id=DAG_DAILY))],
    )

    # Plain functions: Airflow's server runs them in threads, so slow storage holds nobody else up.
    @app.get("/")
    def index(month: str | None = None) -> HTMLResponse:
        return HTMLResponse(index_page(month), headers=_HEADERS)

    @app.get("/{day}/")
    def report(day: date) -> HTMLResponse:
        if (page := report_page(day)) is None:
            raise HTTPException(404, f"There is no report of {day}.")
        return HTMLResponse(page, headers=_HEADERS)

    @app.get("/{day}/{name}")
    def file(day: date, name: str) -> Response:
        if (content := archive.read_file(load_settings().reports_uri, day, name)) is None:
            raise HTTPException(404, "There is no such file.")
        headers = dict(_HEADERS)
        if name != document.PREVIEW:
            # The UI shows pages in a sandbox, where browsers open no PDF but do save files.
            headers["Content-Disposition"] = f'attachment; filename="sales-report-{day}-{name}"'
        return Response(content, media_type=archive.FILES[name], headers=headers)

    return app


@wording.in_report_locale
def index_page(month: str | None) -> str:
    """The archived days of `month` (such as `2026-11`), else of the newest month."""
    uri = load_settings().reports_uri
    months = archive.archived_months(uri)
    chosen = month if month in months else next(iter(months), None)
    days = [_summary(archive.folder_of(uri, day), day) for day in months.get(chosen or "", [])]
    labels = [HEADLINE[name].label for name in _SHOWN]
    return render(
        "reports_page.html", {"months": list(months), "chosen": chosen, "days": days, "labels": labels}
    )


@wording.in_report_locale
def report_page(day: date) -> str | None:
    """One archived day: page one as a picture, and its files; None where there is no report."""
    uri = load_settings().reports_uri
    if archive.read_file(uri, day, document.PDF) is None:
        return None
    summary = _summary(archive.folder_of(uri, day), day)
    files = [
        (document.PDF, "Report (PDF)"),
        (archive.FIGURES_CSV, "Figures (CSV)"),
        (archive.FIGURES_JSON, "Figures (JSON)"),
    ]
    return render("report_page.html", {"day": summary, "files": files, "preview": document.PREVIEW})


def _summary(folder: str, day: date) -> dict[str, Any]:
    """The pages' texts about one day; figures written by another version of the code are left out."""
    texts: dict[str, Any] = {
        "date": day.isoformat(),
        "name": wording.long_day(day),
        "month": f"{day:%Y-%m}",
        "figures": [wording.NOTHING] * len(_SHOWN),
        "currency": "",
        "notices": [],
    }
    try:
        figures = archive.read_figures(folder)
    except StagingError:
        return texts
    currency = figures.currency
    values = [wording.figure(figures.headline[name].value, HEADLINE[name].kind, currency) for name in _SHOWN]
    return texts | {"figures": values, "currency": currency, "notices": quality.notices(figures)}
