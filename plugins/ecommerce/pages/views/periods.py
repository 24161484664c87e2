"""The report of a week or a month, of the whole shop or of a slice that a subscription has, and its files."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from ecommerce.core.errors import ConfigurationError, StagingError
from ecommerce.core.periods import Period, parse_period
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequestDep
from ecommerce.sales.periods.archive import (
    CHART_FILES,
    PDF,
    PREVIEW,
    archive_of,
    slice_key,
)
from ecommerce.sales.periods.texts.names import title
from ecommerce.sales.periods.texts.page import page_texts
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscriptions import Subscription, load_subscriptions

router = APIRouter(dependencies=[Depends(access.reads_sales)])

Key = Annotated[str, Path(pattern=r"^[12]\d{3}-(W\d\d|\d\d)$")]
"""A week or a month in an address."""


class ReportAddress:
    """The period and the slice of an address; a dependency. `folder` is the path of the reports of the slice
    and of such periods. HTTPException: 404 where there is no such period, or no subscription has the
    slice."""

    def __init__(self, request: Request, key: Key, slice_key: str = "") -> None:
        self.period = _period(key)
        self.only = _slice(slice_key)
        self.folder = f"{self.period.kind}s/"
        if slice_key:
            self.folder = f"slices/{slice_key}/{self.folder}"
        if f"/{self.folder}{key}/" not in request.url.path:
            raise HTTPException(404)


ReportAddressDep = Annotated[ReportAddress, Depends(ReportAddress)]


@router.get("/weeks/{key}/")
@router.get("/months/{key}/")
@router.get("/slices/{slice_key}/weeks/{key}/")
@router.get("/slices/{slice_key}/months/{key}/")
def show(address: ReportAddressDep, page: PageRequestDep) -> Response:
    """Show the report of a period."""
    period = address.period
    archive = archive_of(period.kind, address.only)
    reports_uri = page.settings.reports_uri
    texts: responses.Texts = {
        "period": period,
        "folder": address.folder,
        "newest": page.newest,
        "name": title(period),
        "report": None,
        "slices": {},
    }
    if not archive.has(reports_uri, period.first, PDF):
        return responses.page(page.request, "no_period.html", texts, 404)
    with suppress(StagingError):  # another version of the code wrote the figures
        figures = archive.read_figures(archive.folder_of(reports_uri, period.first))
        texts["report"] = page_texts(figures)
    if address.only.is_whole:
        texts["slices"] = _slices_of(period, reports_uri)
    return responses.page(page.request, "period.html", texts)


@router.get("/weeks/{key}/{name}")
@router.get("/months/{key}/{name}")
@router.get("/slices/{slice_key}/weeks/{key}/{name}")
@router.get("/slices/{slice_key}/months/{key}/{name}")
def file(address: ReportAddressDep, name: str) -> Response:
    """Return one of the archived files of a period."""
    period = address.period
    archive = archive_of(period.kind, address.only)
    shown = {PREVIEW, *CHART_FILES}
    label = f"sales-report-{period}"
    return responses.archived_file(archive, period.first, name, label, shown)


def _period(key: str) -> Period:
    try:
        return parse_period(key)
    except ConfigurationError:
        raise HTTPException(404) from None


def _slice(key: str) -> Slice:
    if not key:
        return WHOLE
    for subscription in _sliced():
        if slice_key(subscription.only) == key:
            return subscription.only
    raise HTTPException(404, "No subscription has this part of the sales.")


def _sliced() -> list[Subscription]:
    """Return the subscriptions of a part of the sales."""
    sliced = []
    for subscription in load_subscriptions().valid:
        if subscription.report and not subscription.only.is_whole:
            sliced.append(subscription)
    return sliced


def _slices_of(period: Period, reports_uri: str) -> dict[str, str]:
    """Return the keys of the slices that have a report of a period, by the names of their subscriptions."""
    keys = {}
    for subscription in _sliced():
        archive = archive_of(period.kind, subscription.only)
        if archive.has(reports_uri, period.first, PDF):
            keys[subscription.name] = slice_key(subscription.only)
    return keys
