"""*Data quality*: rejected rows, control totals, the age of each source's data, and open restatements."""

from datetime import date, timedelta

from fastapi import APIRouter, Depends, Response

from ecommerce.core import text
from ecommerce.core.business_day import days_between
from ecommerce.core.values import Row
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequestDep
from ecommerce.pages.responses import Texts
from ecommerce.reporting.sections import Section, rendered_table, table
from ecommerce.sales.days import rejected_rows, restatements
from ecommerce.sales.loading import ORDERS
from ecommerce.sources import PARTNER_FILES, live_sources
from ecommerce.warehouse.client import Warehouse

router = APIRouter(prefix="/quality", dependencies=[Depends(access.reads_sales)])

DAYS = 28
"""Days that the page covers; they bound what is read of partitioned tables."""
MOST_SAMPLES = 5


STATES = {
    "agrees": "all that was read is loaded, superseded or rejected",
    "differs": "orders or amounts of the source are lost",
    "late": "read, but a partner's file is missing or invalid",
    "failed": "could not be read",
    "off": "off",
    "unread": "not read",
}
"""The states of one source on one day, and their meanings for the legend."""


@router.get("/")
def show(page: PageRequestDep) -> Response:
    """Show the page."""
    currency = page.settings.reporting_currency
    texts, failed = page.warehouse.run(
        lambda warehouse: page_texts(warehouse, page.newest, currency)
    )
    variables = {"failed": failed, **(texts or {})}
    return responses.page(page.request, "quality.html", variables)


def page_texts(warehouse: Warehouse, newest: date, currency: str) -> Texts:
    """Return the texts of the page for the `DAYS` days up to `newest`: `strips`, the state of each source by
    day; `states`, their legend; `sections`. `currency` is that of reports. Raises as `Warehouse.query`."""
    first = newest - timedelta(days=DAYS - 1)
    totals = load_totals(warehouse, first, newest)
    reads = warehouse.query("report/pages/last_reads.sql", spec=ORDERS)
    files = warehouse.query(
        "report/pages/deliveries.sql",
        parameters={"source": PARTNER_FILES.name},
        first=first,
        day=newest,
    )
    facts = {
        "first": first,
        "totals": totals,
        "state": state,
        "state_text": state_text,
        "sources": live_sources(),
        "reads": {row["source"]: row for row in reads},
        "files": files,
    }
    sections = [
        rendered_table("tables/differences.txt", facts),
        _rejected(warehouse, first, newest),
        rendered_table("tables/freshness.txt", facts),
        rendered_table("tables/partners.txt", facts),
        _restated(warehouse, newest, currency),
    ]
    days = days_between(first, newest)
    strips = {source: dict.fromkeys(days, "unread") for source in live_sources()}
    for row in totals:
        strips[row["source"]][row["business_date"]] = state(row)
    return {"strips": strips, "states": STATES, "sections": sections}


def load_totals(warehouse: Warehouse, first: date, newest: date) -> list[Row]:
    """Return the rows of control_totals.sql."""
    return warehouse.query(
        "report/pages/control_totals.sql", spec=ORDERS, first=first, day=newest
    )


def _rejected(warehouse: Warehouse, first: date, newest: date) -> Section:
    rows = warehouse.query(
        "report/pages/rejected.sql", most=MOST_SAMPLES, first=first, day=newest
    )
    since = text.short_day(first)
    return table(
        "rejected",
        "Rejected rows",
        rejected_rows.COLUMNS,
        rejected_rows.reject_rows(rejected_rows.rejects(rows)),
        empty=f"None since {since}.",
        note=f"since {since}; up to {MOST_SAMPLES} samples of each reason, personal data masked",
    )


def _restated(warehouse: Warehouse, newest: date, currency: str) -> Section:
    # Those that the next day's report would list: no mailed report has them.
    rows = warehouse.query(
        "report/daily_sales/restated_figures.sql", report_day=newest + timedelta(days=1)
    )
    restated = restatements.restatements(rows)
    return table(
        "restated",
        "Open restatements",
        restatements.COLUMNS,
        restatements.restated_rows(restated, currency),
        empty="None: no mailed figure has changed, or a later report has listed the change.",
        note="changes of mailed figures that no later report has listed yet",
    )


def state(row: Row) -> str:
    """Return the key of `STATES` for a row of control_totals.sql."""
    if row["status"] in ("failed", "off"):
        return str(row["status"])
    if row["lost_orders"] or row["lost_amounts"]:
        return "differs"
    if row["missing_deliveries"] or row["refused_files"]:
        return "late"
    return "agrees"


def state_text(row: Row) -> str:
    """Return the meaning of `state`, with the partners or files that are missing or invalid."""
    if state(row) != "late":
        return STATES[state(row)]
    if row["missing_deliveries"]:
        partners = [text.clean(partner) for partner in row["missing_deliveries"]]
        return f"no valid file from {', '.join(partners)}"
    return f"invalid: {text.clean(row['refused_files'])}"
