"""What a page is made from beside its address: who asks, what time it is, whom to ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BeforeValidator

from ecommerce.core.business_day import due_at, newest_closed_day
from ecommerce.core.settings import Settings, load_settings
from ecommerce.pages.access import Visitor, VisitorDep
from ecommerce.pages.runs import Runs, RunsDep
from ecommerce.pages.warehouse_cache import Asking, AskingDep


def is_day(text: object) -> bool:
    """Whether an address names a day: `2026-11-19`, though perhaps of no calendar."""
    return isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None


def _day(text: Any) -> Any:
    if not is_day(text):  # Pydantic also takes seconds since 1970
        raise ValueError
    return text


Day = Annotated[date, BeforeValidator(_day)]
"""A day in an address."""


def now() -> datetime:
    """The dependency that says what time it is (UTC)."""
    return datetime.now(UTC)


NowDep = Annotated[datetime, Depends(now)]


@dataclass(frozen=True, slots=True)
class Given:
    """One request: `asking` asks the warehouse, `runs` Airflow; `newest` is the newest day that has ended."""

    request: Request
    who: Visitor
    asking: Asking
    runs: Runs
    at: datetime
    settings: Settings
    newest: date

    @property
    def due_at(self) -> datetime:
        """When the scheduled run of the newest day begins (UTC)."""
        return due_at(self.newest, self.settings.shop_timezone)

    @property
    def awaited(self) -> date | None:
        """The newest day, as long as its scheduled run is not due."""
        return self.newest if self.at < self.due_at else None


def given(request: Request, who: VisitorDep, asking: AskingDep, runs: RunsDep, at: NowDep) -> Given:
    """The dependency of pages that need all of it."""
    settings = load_settings()
    newest = newest_closed_day(at, settings.shop_timezone).date
    return Given(request, who, asking, runs, at, settings, newest)


GivenDep = Annotated[Given, Depends(given)]
