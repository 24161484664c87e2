"""*Data quality*: what was rejected, whether what was loaded is what the sources say, how fresh each source
is, which mailed figures have changed, and what the next run will read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Response

from ecommerce.core.errors import PipelineError
from ecommerce.pages import access, responses
from ecommerce.pages.request_context import GivenDep
from ecommerce.pages.views import quality_tables
from ecommerce.pages.views.quality_tables import Facts
from ecommerce.sales.loading import ORDERS
from ecommerce.sources.partner_files.expected_partners import WEEKS
from ecommerce.sources.partner_files.folder import Folder
from ecommerce.warehouse.client import Warehouse

router = APIRouter(prefix="/quality", dependencies=[Depends(access.reads_sales)])

DAYS = 28
"""How many days the page looks back; it bounds what is read of the partitioned tables."""
MOST_SAMPLES = 5


@router.get("")
def without_slash() -> Response:
    """To the page."""
    return responses.with_slash("quality")


@router.get("/")
def show(given: GivenDep) -> Response:
    """The page."""
    newest = given.newest
    answer = given.asking(("quality", newest), lambda warehouse: read(warehouse, newest))
    texts: dict[str, Any] = {"section": "Data quality", "failed": answer.failed, "strips": [], "sections": []}
    if answer.value:
        loaded = {row["file"] for row in answer.value.deliveries}
        unread = _unread(given.settings.partner_drop_uri, newest, loaded)
        texts |= quality_tables.page_texts(answer.value, given.at, given.settings, unread)
    return responses.page(given.request, "quality.html", "Data quality", texts)


def _unread(drop: str, newest: date, loaded: Collection[str]) -> list[str]:
    """Sentences on what lies in the partner folder unread; none where this server cannot list it. `loaded`:
    the files that runs of the last four weeks have loaded."""
    try:
        folder = Folder.listed(drop)
    except PipelineError:
        return []
    never_loaded = folder.never_loaded(newest - timedelta(weeks=WEEKS), newest, loaded)
    return [*folder.misnamed()[:MOST_SAMPLES], *folder.unread(newest), *never_loaded]


def read(warehouse: Warehouse, newest: date) -> Facts:
    """What the page shows, of the `DAYS` days up to `newest`.

    Raises:
        PipelineError: the warehouse cannot be asked.
    """
    first = newest - timedelta(days=DAYS - 1)

    def ask(name: str, **values: date | int) -> list[dict[str, Any]]:
        path = f"report/{name}.sql"
        return warehouse.query(path, days=(), staging=None, spec=ORDERS, parameters=None, **values)

    amounts: dict[tuple[str, date], list[dict[str, Any]]] = {}
    for row in ask("currency_totals", first=first, day=newest):
        amounts.setdefault((row["source"], row["business_date"]), []).append(row)
    return Facts(
        newest=newest,
        first=first,
        rejected=ask("pages/rejected", most=MOST_SAMPLES, first=first, day=newest),
        totals=[
            row | {"amounts": amounts.get((row["source"], row["business_date"]), [])}
            for row in ask("pages/control_totals", first=first, day=newest)
        ],
        last_reads=ask("pages/last_reads"),
        # As far back as the daily run looks for who is due.
        deliveries=ask("pages/deliveries", first=newest - timedelta(weeks=WEEKS), day=newest),
        # As the report of the next day would list them: those that no mailed report has.
        restated=ask("daily_sales/restatements", day=newest + timedelta(days=1)),
    )
