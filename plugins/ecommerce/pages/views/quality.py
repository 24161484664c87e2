"""*Data quality*: rejected rows, control totals, the age of each source's data, open restatements, and what
the next run reads."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Response

from ecommerce.core.data_warnings import wording
from ecommerce.core.errors import PipelineError
from ecommerce.pages import access, responses
from ecommerce.pages.page_request import PageRequestDep
from ecommerce.pages.views import quality_tables
from ecommerce.pages.views.quality_tables import Facts
from ecommerce.sales.loading import ORDERS
from ecommerce.sources.partner_files.expected_partners import WEEKS
from ecommerce.sources.partner_files.folder import Folder
from ecommerce.warehouse.client import Warehouse

router = APIRouter(prefix="/quality", dependencies=[Depends(access.reads_sales)])

DAYS = 28
"""Days that the page covers; they bound what is read of partitioned tables."""
MOST_SAMPLES = 5


@router.get("")
def without_slash() -> Response:
    """Redirect to the page."""
    return responses.with_slash("quality")


@router.get("/")
def show(page: PageRequestDep) -> Response:
    """Show the page."""
    newest = page.newest
    result = page.warehouse.get(("quality", newest), lambda warehouse: load_facts(warehouse, newest))
    texts: dict[str, Any] = {"section": "Data quality", "failed": result.failed, "strips": [], "sections": []}
    if result.value:
        loaded = {row["file"] for row in result.value.deliveries}
        unread = _unread_files(page.settings.partner_drop_uri, newest, loaded)
        texts |= quality_tables.page_texts(result.value, page.at, page.settings, unread)
    return responses.page(page.request, "quality.html", "Data quality", texts)


def _unread_files(drop: str, newest: date, loaded: Collection[str]) -> list[str]:
    """Return sentences about unread files in the partner folder; none where this server cannot list it."""
    try:
        folder = Folder.listed(drop)
    except PipelineError:
        return []
    never_loaded = folder.never_loaded(newest - timedelta(weeks=WEEKS), newest, loaded)
    warnings = [*folder.misnamed()[:MOST_SAMPLES], *folder.unread(newest)]
    return [*(wording(each).found for each in warnings), *never_loaded]


def load_facts(warehouse: Warehouse, newest: date) -> Facts:
    """Query what the page shows, for the `DAYS` days up to `newest`.

    Raises:
        PipelineError: as `Warehouse.query`.
    """
    first = newest - timedelta(days=DAYS - 1)

    def query(name: str, **values: date | int) -> list[dict[str, Any]]:
        path = f"report/{name}.sql"
        return warehouse.query(path, days=(), staging=None, spec=ORDERS, parameters=None, **values)

    amounts: dict[tuple[str, date], list[dict[str, Any]]] = {}
    for row in query("currency_totals", first=first, day=newest):
        amounts.setdefault((row["source"], row["business_date"]), []).append(row)
    return Facts(
        newest=newest,
        first=first,
        rejected=query("pages/rejected", most=MOST_SAMPLES, first=first, day=newest),
        totals=[
            row | {"amounts": amounts.get((row["source"], row["business_date"]), [])}
            for row in query("pages/control_totals", first=first, day=newest)
        ],
        last_reads=query("pages/last_reads"),
        # As far back as the daily run learns who is due.
        deliveries=query("pages/deliveries", first=newest - timedelta(weeks=WEEKS), day=newest),
        # Those that the next day's report would list: no mailed report has them.
        restated=query("daily_sales/restatements", day=newest + timedelta(days=1)),
    )
