"""The FastAPI application: its routes, and how a request that goes wrong is answered."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ecommerce.core.errors import PipelineError
from ecommerce.pages import access, errors
from ecommerce.pages.views import actions, calendar, day, forecast, quality
from ecommerce.pages.warehouse_cache import Asking


def create_app() -> FastAPI:
    """The application, to be mounted under `lazy.PREFIX` of the Airflow API server."""
    app = FastAPI(
        title="Report pages",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Airflow serves a plugin's application without asking who is there.
        dependencies=[Depends(access.signed_in)],
    )
    app.state.asking = Asking()
    app.add_exception_handler(HTTPException, errors.answer)
    app.add_exception_handler(RequestValidationError, errors.answer)
    app.add_exception_handler(PipelineError, errors.unavailable)
    app.add_exception_handler(OSError, errors.unavailable)
    # Days come last: their address is a parameter.
    for page in (calendar, quality, forecast, actions, day, errors):
        app.include_router(page.router)
    return app
