"""*Data quality*: rejected rows, control totals, the age of each source's data, and open restatements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Response

from ecommerce.core import text
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequestDep
from ecommerce.pages.responses import Texts
from ecommerce.reporting.sections import Section, name, number, table, word
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.figures import rejected, restatements
from ecommerce.sales.report.view.notices import restated_rows
from ecommerce.sales.report.view.quality_tables import is_loss, reject_rows
from ecommerce.sources import PARTNER_FILES, SOURCES
from ecommerce.warehouse.client import Warehouse

router = APIRouter(prefix="/quality", dependencies=[Depends(access.reads_sales)])

DAYS = 28
"""Days that the page covers; they bound what is read of partitioned tables."""
MOST_SAMPLES = 5

Row = dict[str, Any]


@dataclass(frozen=True)
class State:
    """The state of one source on one day: its sign, and its meaning for the legend."""

    sign: str
    words: str


STATES = {
    "agrees": State("✓", "all that was read is loaded, superseded or rejected"),
    "differs": State("≠", "orders or amounts of the source are lost"),
    "late": State("!", "read, but a partner's file is missing or invalid"),
    "failed": State("✕", "could not be read"),
    "off": State("·", "off"),
    "unread": State(text.NOTHING, "not read"),
}


@dataclass(frozen=True)
class Facts:
    """The rows of the queries in include/sql/report/pages for the days from `first` to `newest`. Those of
    `totals` also have `lost_amounts`, rows of currencies. `restated` has those of the daily report."""

    newest: date
    first: date
    rejected: Sequence[Row]
    totals: Sequence[Row]
    last_reads: Sequence[Row]
    deliveries: Sequence[Row]
    restated: Sequence[Row]


@router.get("/")
def show(page: PageRequestDep) -> Response:
    """Show the page."""
    facts, failed = page.warehouse.run(
        lambda warehouse: load_facts(warehouse, page.newest)
    )
    texts: Texts = {"section": "Data quality", "failed": failed}
    if facts:
        texts |= page_texts(facts, page.settings.reporting_currency)
    return responses.page(page.request, "quality.html", "Data quality", texts)


def load_facts(warehouse: Warehouse, newest: date) -> Facts:
    """Query what the page shows, for the `DAYS` days up to `newest`; raises as `Warehouse.query`."""
    first = newest - timedelta(days=DAYS - 1)

    def query(name: str, **values: Any) -> list[Row]:
        return warehouse.query(f"report/{name}.sql", spec=ORDERS, **values)

    totals = query("pages/control_totals", first=first, day=newest)
    by_source_and_day = {}
    for total in totals:
        total["lost_amounts"] = []
        by_source_and_day[total["source"], total["business_date"]] = total
    for amount in query("currency_totals", first=first, day=newest):
        key = (amount["source"], amount["business_date"])
        if key in by_source_and_day and is_loss(amount["unexplained_amount"]):
            by_source_and_day[key]["lost_amounts"].append(amount)
    deliveries = query(
        "pages/deliveries",
        parameters={"source": PARTNER_FILES.name},
        first=first,
        day=newest,
    )
    # Those that the next day's report would list: no mailed report has them.
    restated = query("daily_sales/restatements", day=newest + timedelta(days=1))
    return Facts(
        newest=newest,
        first=first,
        rejected=query("pages/rejected", most=MOST_SAMPLES, first=first, day=newest),
        totals=totals,
        last_reads=query("pages/last_reads"),
        deliveries=deliveries,
        restated=restated,
    )


def page_texts(facts: Facts, currency: str) -> Texts:
    """Return the texts of the page: `strips`, one row of days by source; `states`, their legend; `sections`.
    `currency` is that of reports."""
    since = text.short_day(facts.first)
    sections = [
        _differences(facts, since),
        _rejected(facts, since),
        _freshness(facts),
        _partners(facts, since),
        _restated(facts, currency),
    ]
    return {"strips": _strips(facts), "states": STATES, "sections": sections}


def _rejected(facts: Facts, since: str) -> Section:
    return table(
        "rejected",
        "Rejected rows",
        [
            word("Source"),
            word("Reason"),
            number("Rows"),
            name("Where"),
            name("Found"),
            name("Expected"),
        ],
        reject_rows(rejected.rejects(facts.rejected)),
        empty=f"None since {since}.",
        note=f"since {since}; up to {MOST_SAMPLES} samples of each reason, personal data masked",
    )


def _restated(facts: Facts, currency: str) -> Section:
    return table(
        "restated",
        "Open restatements",
        [
            word("Day"),
            word("Figure"),
            number("Mailed"),
            number("Now"),
            number("Change"),
            name("Reason"),
        ],
        restated_rows(restatements.merged(facts.restated), currency),
        empty="None: no mailed figure has changed, or a later report has listed the change.",
        note="changes of mailed figures that no later report has listed yet",
    )


def _strips(facts: Facts) -> list[Row]:
    """Return the name of each source, and the state of each day."""
    strips = []
    for source in SOURCES:
        days = {}
        for number_of_day in range(DAYS):
            days[facts.first + timedelta(days=number_of_day)] = "unread"
        for row in facts.totals:
            if row["source"] == source:
                days[row["business_date"]] = state(row)
        strips.append({"name": text.source_name(source), "days": days})
    return strips


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
    if row["missing_deliveries"]:
        partners = [text.clean(partner) for partner in row["missing_deliveries"]]
        return f"no valid file from {', '.join(partners)}"
    if row["refused_files"]:
        return f"invalid: {text.clean(row['refused_files'])}"
    return STATES[state(row)].words


def _differences(facts: Facts, since: str) -> Section:
    rows = []
    for row in reversed(facts.totals):
        if state(row) not in ("differs", "late", "failed"):
            continue
        lost = []
        for amount in row["lost_amounts"]:
            lost.append(
                text.with_currency(amount["unexplained_amount"], amount["currency"])
            )
        source_orders = row["source_orders"]
        loaded = None
        if source_orders is not None:
            loaded = row["orders_loaded"]
        rows.append(
            [
                text.short_day(row["business_date"]),
                text.source_name(row["source"]),
                text.count(source_orders),
                text.count(loaded),
                ", ".join(lost) or text.NOTHING,
                state_text(row),
            ]
        )
    return table(
        "differences",
        "Control totals: differences from the sources",
        [
            word("Day"),
            name("Source"),
            number("Orders in source"),
            number("Orders loaded"),
            number("Amount lost"),
            name("State"),
        ],
        rows,
        empty=f"None since {since}: every order that was read is accounted for.",
        note="lost: gross amount of the source that is not loaded, superseded or rejected",
    )


def _freshness(facts: Facts) -> Section:
    last_reads = {row["source"]: row for row in facts.last_reads}
    rows = []
    for source in SOURCES:
        read_at = text.NOTHING
        day = "never read"
        if source in last_reads:
            read_at = text.instant(last_reads[source]["read_at"])
            day = text.short_day(last_reads[source]["business_date"])
        rows.append([text.source_name(source), read_at, day])
    return table(
        "freshness",
        "Freshness by source",
        [name("Source"), number("Last read"), word("Business day")],
        rows,
        empty="",
        note="successful reads",
    )


def _partners(facts: Facts, since: str) -> Section:
    """Return a table with the last file of each partner."""
    rows = {}
    for row in facts.deliveries:  # the newest first
        partner = row["file"].rpartition("_")[0]
        if partner not in rows:
            rows[partner] = [
                text.clean(partner),
                text.clean(row["file"]),
                text.instant(row["received_at"]),
                text.count(row["source_orders"]),
            ]
    return table(
        "partners",
        "Freshness by partner",
        [
            name("Partner"),
            name("Last received file"),
            number("Received"),
            number("Orders"),
        ],
        [rows[partner] for partner in sorted(rows)],
        empty=f"No partner has delivered a file since {since}.",
    )
