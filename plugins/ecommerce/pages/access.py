"""Who may see what: signed-in users who may read the DAG a page is about; to have something run again, those
who may clear its tasks. A form carries a signed token beside the session's cookie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, Request
from itsdangerous import BadData, URLSafeTimedSerializer

from ecommerce.core.names import DAG_DAILY, DAG_FORECAST

TOKEN_LIVES = timedelta(hours=12)

reads_sales = requires_access_dag("GET", param_dag_id=DAG_DAILY)
"""The dependency of pages about sales."""
reads_forecasts = requires_access_dag("GET", param_dag_id=DAG_FORECAST)
"""The dependency of pages about forecasts."""
may_clear = requires_access_dag("PUT", DagAccessEntity.TASK_INSTANCE, DAG_DAILY)
"""The dependency of what has tasks run again; it is what Airflow itself asks of who clears tasks."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: `id` and `name` as Airflow knows them, whether they may have the daily run's tasks run again
    (`may_trigger`) and see its runs. `user` is Airflow's own record."""

    id: str
    name: str
    may_trigger: bool
    sees_runs: bool
    user: Any = None


def signed_in(user: GetUserDep) -> None:
    """The dependency of every page; it answers 401 to strangers."""


def visitor(user: GetUserDep) -> Visitor:
    """The dependency that says who asks."""

    def may(method: Any, entity: DagAccessEntity) -> bool:
        details = DagDetails(id=DAG_DAILY)
        return bool(
            get_auth_manager().is_authorized_dag(
                method=method, access_entity=entity, details=details, user=user
            )
        )

    return Visitor(
        id=str(user.get_id()),
        name=user.get_name(),
        may_trigger=may("PUT", DagAccessEntity.TASK_INSTANCE),
        sees_runs=may("GET", DagAccessEntity.RUN),
        user=user,
    )


VisitorDep = Annotated[Visitor, Depends(visitor)]


def form_token(request: Request, who: Visitor, day: date) -> str:
    """What a form for `day` shown to `who` carries, so that no other site can send it in their name."""
    return _signer(request).dumps([who.id, str(day)])


def check_token(request: Request, who: Visitor, day: date, token: str) -> None:
    """Refuse a form that another page sent, or that was shown to somebody else, for another day or long ago.

    Raises:
        HTTPException: 403.
    """
    # Browsers say where a request comes from; the cookie's SameSite=Lax alone lets neighbouring sites in.
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "This form was not sent from this page.")
    try:
        told = _signer(request).loads(token, max_age=int(TOKEN_LIVES.total_seconds()))
    except BadData:
        told = None
    if told != [who.id, str(day)]:
        raise HTTPException(403, "This form is out of date: open the page of the day again.")


def _signer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(request.app.state.secret_key, salt="ecommerce report pages")
