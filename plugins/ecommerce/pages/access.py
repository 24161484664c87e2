"""Who asks for a page, what they may see and restart, and what a page needs to know about the request.

Everything below the application needs a session; a page about a DAG needs the right to read that DAG, its
forms the right to clear the DAG's tasks. A form carries a signed token in addition to the session's cookie.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, Request
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BeforeValidator

from ecommerce.core.business_day import due_at, newest_closed_day
from ecommerce.core.names import DAG_DAILY, DAG_FORECAST
from ecommerce.core.settings import Settings, load_settings
from ecommerce.pages.runs import AirflowRuns, RunsDep
from ecommerce.pages.warehouse_cache import WarehouseCache

TOKEN_LIFETIME = timedelta(hours=12)

reads_sales = requires_access_dag("GET", param_dag_id=DAG_DAILY)
"""The dependency of pages about sales."""
reads_forecasts = requires_access_dag("GET", param_dag_id=DAG_FORECAST)
"""The dependency of the page about forecasts."""
may_clear = requires_access_dag("PUT", DagAccessEntity.TASK_INSTANCE, DAG_DAILY)
"""The dependency of forms that restart tasks; Airflow requires the same to clear a task."""


class User(NamedTuple):
    """The signed-in user; `may_restart`: whether they may restart the daily run's tasks."""

    id: str
    may_restart: bool


def signed_in(user: GetUserDep) -> None:
    """Answer 401 without a session; the dependency of every page."""


def current_user(user: GetUserDep) -> User:
    """Return the user of a request; a dependency."""
    may_restart = get_auth_manager().is_authorized_dag(
        method="PUT", access_entity=DagAccessEntity.TASK_INSTANCE, details=DagDetails(id=DAG_DAILY), user=user
    )
    return User(str(user.get_id()), bool(may_restart))


UserDep = Annotated[User, Depends(current_user)]


def form_token(request: Request, user: User, day: date) -> str:
    """Return the token of a form for `day`, without which no form is accepted from another site."""
    return _signer(request).dumps([user.id, str(day)])


def check_token(request: Request, user: User, day: date, token: str) -> None:
    """Refuse a form that was sent from another site, or shown to another user, for another day or more than
    `TOKEN_LIFETIME` ago.

    Args:
        request: the form's.
        user: who sent it.
        day: the form's day.
        token: from `form_token`.

    Raises:
        HTTPException: 403.
    """
    # The cookie's SameSite=Lax alone accepts neighbouring sites.
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "This form was sent from another site.")
    try:
        signed = _signer(request).loads(token, max_age=int(TOKEN_LIFETIME.total_seconds()))
    except BadData:
        signed = None
    if signed != [user.id, str(day)]:
        raise HTTPException(403, "This form has expired: reload the page of the day.")


def _signer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(request.app.state.secret_key, salt="ecommerce report pages")


def _day(text: Any) -> Any:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):  # Pydantic also accepts seconds since 1970
        raise ValueError
    return text


Day = Annotated[date, BeforeValidator(_day)]
"""A day in an address."""


def now() -> datetime:
    """Return the time (UTC); a dependency."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request. `newest` is the newest day that has ended at `at`; its scheduled run begins at `due_at`
    (UTC). `awaited` is the newest day until then, later None."""

    request: Request
    user: User
    warehouse: WarehouseCache
    runs: AirflowRuns
    at: datetime
    settings: Settings
    newest: date
    due_at: datetime
    awaited: date | None


def page_request(
    request: Request, user: UserDep, runs: RunsDep, at: Annotated[datetime, Depends(now)]
) -> PageRequest:
    """Return what a page needs to know; a dependency, of which the arguments are others."""
    settings = load_settings()
    newest = newest_closed_day(at, settings.shop_timezone).date
    due, cache = due_at(newest, settings.shop_timezone), request.app.state.warehouse_cache
    return PageRequest(request, user, cache, runs, at, settings, newest, due, newest if at < due else None)


PageRequestDep = Annotated[PageRequest, Depends(page_request)]
