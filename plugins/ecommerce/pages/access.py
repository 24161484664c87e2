"""Who asks for a page, what they may see and restart, and what a page needs to know about the request.

Everything below the application needs a session; a page about a DAG needs the right to read that DAG, its
forms the right to clear the DAG's tasks.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from pydantic import Field

from ecommerce.core.airflow_urls import airflow_url
from ecommerce.core.business_day import due_at, newest_closed_day
from ecommerce.core.names import DAG_DAILY, DAG_FORECAST
from ecommerce.core.settings import load_settings
from ecommerce.pages.runs import RunsDep
from ecommerce.pages.warehouse_queries import WarehouseQueries
from ecommerce.runtime.airflow_internals import requires_right, requires_session

signed_in = requires_session()
"""The dependency of every page."""
reads_sales = requires_right(DAG_DAILY)
"""The dependency of pages about sales."""
reads_forecasts = requires_right(DAG_FORECAST)
"""The dependency of the page about forecasts."""
may_clear = requires_right(DAG_DAILY, to_clear=True)
"""The dependency of forms that restart tasks; Airflow requires the same to clear a task."""


def may_restart(request: Request, user: Annotated[Any, Depends(signed_in)]) -> bool:
    """Return whether the user of a request may restart the daily run's tasks; a dependency."""
    try:
        may_clear(request, user)
    except HTTPException:
        return False
    return True


def from_this_site(request: Request) -> None:
    """Answer 403 to a form of another site, to which a browser adds the cookie; the dependency of forms."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin:
        # Browsers send `Sec-Fetch-Site` over HTTPS alone, and a proxy may rewrite `Host`.
        own_hosts = (request.headers["host"], urlsplit(airflow_url()).netloc)
        host = urlsplit(origin).netloc
        if not host or host not in own_hosts:
            site = "cross-site"
    if site not in (None, "same-origin"):
        raise HTTPException(403, "This form was sent from another site.")


Day = Annotated[date, Field(ge=date(1000, 1, 1), lt=date(3000, 1, 1))]
"""A day in an address."""


def now() -> datetime:
    """Return the time (UTC); a dependency."""
    return datetime.now(UTC)


@dataclass
class PageRequest:
    """One request, and what a page needs to know about it; a dependency. `newest` is the newest day that has
    ended; `awaited` is the same day until its scheduled run begins, later None."""

    request: Request
    may_restart: Annotated[bool, Depends(may_restart)]
    runs: RunsDep
    at: Annotated[datetime, Depends(now)]

    def __post_init__(self) -> None:
        self.warehouse: WarehouseQueries = self.request.app.state.warehouse
        self.settings = load_settings()
        timezone = self.settings.shop_timezone
        self.newest = newest_closed_day(self.at, timezone).date
        is_awaited = self.at < due_at(self.newest, timezone)
        self.awaited = self.newest if is_awaited else None


PageRequestDep = Annotated[PageRequest, Depends(PageRequest)]
