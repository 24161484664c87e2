"""What a page is made from beside its address: who asks, what time it is, whom to ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Depends, Request

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.settings import Settings, load_settings
from ecommerce.pages.access import Visitor, VisitorDep
from ecommerce.pages.asking import Asking, AskingDep
from ecommerce.pages.runs import Runs, RunsDep


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


def given(request: Request, who: VisitorDep, asking: AskingDep, runs: RunsDep, at: NowDep) -> Given:
    """The dependency of pages that need all of it."""
    settings = load_settings()
    newest = newest_closed_day(at, settings.shop_timezone).date
    return Given(request, who, asking, runs, at, settings, newest)


GivenDep = Annotated[Given, Depends(given)]
