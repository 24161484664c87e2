"""*Build again* and *Read this source again*: forms of the day's page, for who may have tasks run again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException
from fastapi.responses import RedirectResponse

from ecommerce.pages import access
from ecommerce.pages.request_context import Day, GivenDep
from ecommerce.sales.source_policy import REQUIRED, source_policy
from ecommerce.sources import SOURCES

router = APIRouter(dependencies=[Depends(access.reads_sales), Depends(access.may_clear)])

ASKED = {
    "report": "The report is being built again.",
    "source": "The source is being read again; the report follows.",
}
"""What the day's page says after a form was sent, by the word in its address."""

Token = Annotated[str, Form()]


def required_sources() -> list[str]:
    """The sources that the shop cannot do without: reading one of them again is what repairs a day."""
    policies = source_policy()
    return [source for source in SOURCES if policies[source] == REQUIRED]


# Plain functions: Airflow's server runs them in threads, so a slow database holds nobody else up.
@router.post("/{day}/build")
def build_again(day: Day, given: GivenDep, token: Token = "") -> RedirectResponse:
    """Have the report of a day built again."""
    access.check_token(given.request, given.who, day, token)
    given.runs.build_again(day, given.who)
    return _back("report")


@router.post("/{day}/read")
def read_again(
    day: Day, given: GivenDep, source: Annotated[str, Form()] = "", token: Token = ""
) -> RedirectResponse:
    """Have one source of a day read again."""
    access.check_token(given.request, given.who, day, token)
    if source not in required_sources():
        raise HTTPException(422, "Choose one of the sources that are listed.")
    given.runs.read_again(day, source, given.who)
    return _back("source")


def _back(asked: str) -> RedirectResponse:
    return RedirectResponse(f"./?asked={asked}", 303)
