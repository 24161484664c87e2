"""The report of a week or a month, of the whole shop or of a slice that a subscription has, and its files."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.periods import parse_period
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequestDep
from ecommerce.sales.periods.archive import archive_of, slice_key
from ecommerce.sales.periods.texts.names import names_of
from ecommerce.sales.periods.texts.page import page_texts
from ecommerce.sales.slices import WHOLE, Slice
from ecommerce.sales.subscriptions import load_subscriptions

router = APIRouter(dependencies=[Depends(access.reads_sales)])
reports = APIRouter()
PREFIXES = (
    "/weeks/{key}",
    "/months/{key}",
    "/slices/{slice_key}/weeks/{key}",
    "/slices/{slice_key}/months/{key}",
)
Key = Annotated[str, Path(pattern=r"^[12]\d{3}-(W\d\d|\d\d)$")]
"""A week or a month in an address."""


class ReportAddress:
    """The period and the slice of an address, and their archive; a dependency. HTTPException: 404 where there
    is no such period, or no subscription has the slice."""

    def __init__(self, request: Request, key: Key, slice_key: str = "") -> None:
        try:
            self.period = parse_period(key)
        except ConfigurationError:
            raise HTTPException(404) from None
        self.only = _slice(slice_key)
        self.archive = archive_of(self.period.kind, self.only)
        if f"/{self.archive.folder}/{key}/" not in request.url.path:
            raise HTTPException(404)


ReportAddressDep = Annotated[ReportAddress, Depends(ReportAddress)]


@reports.get("/")
def show(address: ReportAddressDep, page: PageRequestDep) -> Response:
    """Show the report of a period."""
    period = address.period
    archive = address.archive
    reports_uri = page.settings.reports_uri
    texts: responses.Texts = {
        "period": period,
        "folder": f"{archive.folder}/",
        "newest": page.newest,
        "name": names_of(period).title,
        "slices": {},
    }
    if not archive.has(reports_uri, period.first):
        return responses.page(page.request, "no_period.html", texts, 404)
    figures = responses.archived_figures(archive, period.first)
    texts["report"] = figures and page_texts(figures)
    if address.only.is_whole:
        for name, only in _sliced().items():
            if archive_of(period.kind, only).has(reports_uri, period.first):
                texts["slices"][name] = slice_key(only)
    return responses.page(page.request, "period.html", texts)


@reports.get("/{name}")
def file(address: ReportAddressDep, name: str) -> Response:
    """Return one of the archived files of a period."""
    period = address.period
    label = f"sales-report-{period}"
    return responses.archived_file(address.archive, period.first, name, label)


for prefix in PREFIXES:
    router.include_router(reports, prefix=prefix)


def _slice(key: str) -> Slice:
    if not key:
        return WHOLE
    for only in _sliced().values():
        if slice_key(only) == key:
            return only
    raise HTTPException(404, "No subscription has this part of the sales.")


def _sliced() -> dict[str, Slice]:
    """Return the slices by the names of the subscriptions that have a report of one."""
    slices = {}
    for subscription in load_subscriptions().valid:
        if subscription.report and not subscription.only.is_whole:
            slices[subscription.name] = subscription.only
    return slices
