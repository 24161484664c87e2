"""The FastAPI application: its routes and error pages."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ecommerce.core.errors import PipelineError
from ecommerce.pages import access, errors, views
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
    for view in _views():
        app.include_router(view.router)
    app.include_router(errors.router)
    return app


def _views() -> list[ModuleType]:
    """Import the modules of `views` that have a router, `day` last: its address is a parameter."""
    names = sorted(
        (each.name for each in iter_modules(views.__path__)), key=lambda name: (name == "day", name)
    )
    modules = [import_module(f"ecommerce.pages.views.{name}") for name in names]
    return [module for module in modules if hasattr(module, "router")]
