"""The FastAPI application: its routes and error pages."""

from __future__ import annotations

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ecommerce.core.errors import PipelineError
from ecommerce.pages import access, errors
from ecommerce.pages.views import calendar, day, forecast, quality
from ecommerce.pages.warehouse_cache import WarehouseCache


def create_app() -> FastAPI:
    """Create the application, to be mounted under `navigation.PREFIX` of the Airflow API server."""
    app = FastAPI(
        title="Report pages",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Airflow does not authenticate requests to a plugin's application.
        dependencies=[Depends(access.signed_in)],
    )
    app.state.warehouse_cache = WarehouseCache()
    app.add_exception_handler(HTTPException, errors.error_page)
    app.add_exception_handler(RequestValidationError, errors.error_page)
    app.add_exception_handler(PipelineError, errors.unavailable_page)
    app.add_exception_handler(OSError, errors.unavailable_page)
    # Days come last: their address is a parameter.
    for page in (calendar, quality, forecast, day, errors):
        app.include_router(page.router)
    return app
