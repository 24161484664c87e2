"""*Data quality*: what was rejected, whether what was loaded is what the sources say, how fresh each source is,
which mailed figures have changed, and what the next run will read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from ecommerce.core.business_day import newest_closed_day
from ecommerce.core.settings import load_settings
from ecommerce.pages import access, quality_texts, responses
from ecommerce.pages.asking import AskingDep
from ecommerce.pages.calendar import NowDep
from ecommerce.pages.quality_texts import Facts
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse.client import Warehouse

router = APIRouter(prefix="/quality", dependencies=[Depends(access.reads_sales)])

DAYS = 28
"""How many days the page looks back; it bounds what is read of the partitioned tables."""
MOST_SAMPLES = 5


@router.get("/")
def show(request: Request, asking: AskingDep, at: NowDep) -> Response:
    """The page."""
    settings = load_settings()
    newest = newest_closed_day(at, settings.shop_timezone).date
    answer = asking(("quality", newest), lambda warehouse: read(warehouse, newest))
    texts: dict[str, Any] = {"section": "Data quality", "failed": answer.failed, "newest": newest}
    facts = answer.value
    parts = quality_texts.page_texts(facts, at, settings) if facts else {"strips": [], "sections": []}
    return responses.page(request, "quality.html", "Data quality", texts | parts)


def read(warehouse: Warehouse, newest: date) -> Facts:
    """What the page shows, of the `DAYS` days up to `newest`.

    Raises:
        PipelineError: the warehouse cannot be asked.
    """
    span: dict[str, date] = {"first": newest - timedelta(days=DAYS - 1), "day": newest}

    def ask(name: str, **values: date | int) -> list[dict[str, Any]]:
        return warehouse.query(f"report/pages/{name}.sql", spec=ORDERS, **values)

    return Facts(
        newest=newest,
        first=span["first"],
        rejected=ask("rejected", most=MOST_SAMPLES, **span),
        totals=ask("control_totals", **span),
        last_reads=ask("last_reads"),
        deliveries=ask("deliveries", **span),
        restated=warehouse.query("report/daily_sales/restatements.sql", spec=ORDERS, day=newest),
    )
