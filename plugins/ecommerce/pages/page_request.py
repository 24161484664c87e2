"""What a page needs to know about a request: the user, the time, the settings, and where data come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BeforeValidator

from ecommerce.core.business_day import due_at, newest_closed_day
from ecommerce.core.settings import Settings, load_settings
from ecommerce.pages.access import User, UserDep
from ecommerce.pages.runs import AirflowRuns, RunsDep
from ecommerce.pages.warehouse_cache import WarehouseCache, WarehouseCacheDep


def is_day(text: object) -> bool:
    """Return whether an address names a day such as `2026-11-19`, which may not be in the calendar."""
    return isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None


def _day(text: Any) -> Any:
    if not is_day(text):  # Pydantic also accepts seconds since 1970
        raise ValueError
    return text


Day = Annotated[date, BeforeValidator(_day)]
"""A day in an address."""


def now() -> datetime:
    """Return the time (UTC); a dependency."""
    return datetime.now(UTC)


NowDep = Annotated[datetime, Depends(now)]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request. `newest` is the newest day that has ended at `at`."""

    request: Request
    user: User
    warehouse: WarehouseCache
    runs: AirflowRuns
    at: datetime
    settings: Settings
    newest: date

    @property
    def due_at(self) -> datetime:
        """When the scheduled run of the newest day begins (UTC)."""
        return due_at(self.newest, self.settings.shop_timezone)

    @property
    def awaited(self) -> date | None:
        """The newest day until its scheduled run is due, then None."""
        return self.newest if self.at < self.due_at else None


def page_request(
    request: Request, user: UserDep, warehouse: WarehouseCacheDep, runs: RunsDep, at: NowDep
) -> PageRequest:
    """Return what a page needs to know; a dependency."""
    settings = load_settings()
    newest = newest_closed_day(at, settings.shop_timezone).date
    return PageRequest(request, user, warehouse, runs, at, settings, newest)


PageRequestDep = Annotated[PageRequest, Depends(page_request)]
