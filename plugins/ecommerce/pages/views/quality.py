"""*Data quality*: rejected rows, control totals, the age of each source's data, and open restatements."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from fastapi import APIRouter, Depends, Response

from ecommerce.core import text
from ecommerce.core.business_day import due_at
from ecommerce.core.settings import Settings
from ecommerce.pages import access, responses
from ecommerce.pages.access import PageRequestDep
from ecommerce.reporting.sections import name, number, table, word
from ecommerce.sales.loading import ORDERS
from ecommerce.sales.report.figures import rejected, restatements
from ecommerce.sales.report.view.notices import restated_rows
from ecommerce.sales.report.view.quality_tables import is_loss, reject_rows
from ecommerce.sources import PARTNER_FILES, SOURCES
from ecommerce.sources.expected_partners import WEEKS, due_partners
from ecommerce.warehouse.client import Warehouse

router = APIRouter(prefix="/quality", dependencies=[Depends(access.reads_sales)])

DAYS = 28
"""Days that the page covers; they bound what is read of partitioned tables."""
MOST_SAMPLES = 5
SIZES = ("Orders in source", "Orders loaded", "Amount lost")
STATES = {
    "agrees": ("✓", "all that was read is loaded, superseded or rejected"),
    "differs": ("≠", "orders or amounts of the source are lost"),
    "late": ("!", "read, but a partner's file is missing or invalid"),
    "failed": ("✕", "could not be read"),
    "off": ("·", "off"),
    "unread": (text.NOTHING, "not read"),
}
"""Sign and meaning by the state of one source on one day."""

Row = Mapping[str, Any]


class Facts(NamedTuple):
    """The rows of the queries in include/sql/report/pages for the days from `first` to `newest`; `restated`
    has those of the daily report."""

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
    newest = page.newest
    facts, failed = page.warehouse.get(
        ("quality", newest), lambda warehouse: load_facts(warehouse, newest)
    )
    texts: dict[str, Any] = {"section": "Data quality", "failed": failed}
    if facts:
        texts |= page_texts(facts, page.at, page.settings, _unread_files(facts))
    return responses.page(page.request, "quality.html", "Data quality", texts)


def _unread_files(facts: Facts) -> list[str]:
    """Return sentences about delivered files that no run reads."""
    loaded = {row["file"] for row in facts.deliveries}
    functions = filter(None, (source.unread_files for source in SOURCES.values()))
    # They quote file names, of any length.
    return [
        text.clean(each, 500)
        for unread in functions
        for each in unread(facts.newest, loaded)
    ]


def load_facts(warehouse: Warehouse, newest: date) -> Facts:
    """Query what the page shows, for the `DAYS` days up to `newest`; raises as `Warehouse.query`."""
    first = newest - timedelta(days=DAYS - 1)

    def query(
        name: str, parameters: Row | None = None, **values: date | int
    ) -> list[dict[str, Any]]:
        path = f"report/{name}.sql"
        return warehouse.query(
            path, days=(), staging=None, spec=ORDERS, parameters=parameters, **values
        )

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
        deliveries=query(
            "pages/deliveries",
            {"source": PARTNER_FILES.name},
            first=newest - timedelta(weeks=WEEKS),
            day=newest,
        ),
        # Those that the next day's report would list: no mailed report has them.
        restated=query("daily_sales/restatements", day=newest + timedelta(days=1)),
    )


def page_texts(
    facts: Facts, at: datetime, settings: Settings, unread: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the texts of the page at a time (aware): `strips`, one row of days by source; `states`, their
    legend; `sections`. `unread` are sentences about unread files in the partner folder."""
    known = {(row["source"], row["business_date"]): state(row) for row in facts.totals}
    days = [
        facts.first + timedelta(days=step)
        for step in range((facts.newest - facts.first).days + 1)
    ]
    strips = [
        {
            "name": text.source_name(source),
            "days": [
                {"date": day, "state": known.get((source, day), "unread")}
                for day in days
            ],
        }
        for source in SOURCES
    ]
    used = {known.get((source, day), "unread") for source in SOURCES for day in days}
    since, newest = text.short_day(facts.first), text.short_day(facts.newest)
    last_reads = {row["source"]: row for row in facts.last_reads}
    changed = restatements.merged(facts.restated)
    sections = [
        table(
            "differences",
            "Control totals: differences from the sources",
            [word("Day"), name("Source"), *map(number, SIZES), name("State")],
            [
                _difference(row)
                for row in reversed(facts.totals)
                if state(row) in ("differs", "late", "failed")
            ],
            empty=f"None since {since}: every order that was read is accounted for.",
            note="lost: gross amount of the source that is not loaded, superseded or rejected",
        ),
        table(
            "rejected",
            "Rejected rows",
            [
                word("Source"),
                word("Reason"),
                number("Rows"),
                *map(name, ("Where", "Found", "Expected")),
            ],
            reject_rows(rejected.rejects(facts.rejected)),
            empty=f"None since {since}.",
            note=f"since {since}; up to {MOST_SAMPLES} samples of each reason, personal data masked",
        ),
        table(
            "freshness",
            "Freshness by source",
            [name("Source"), number("Last read"), number("Age"), word("Business day")],
            [_freshness(source, last_reads.get(source), at) for source in SOURCES],
            empty="",
            note="successful reads",
        ),
        table(
            "partners",
            "Freshness by partner",
            [
                *map(name, ("Partner", "Last received file")),
                *map(number, ("Received", "Age", "Orders")),
                word(f"File of {newest}"),
            ],
            _partners(facts, at, settings),
            empty=f"No partner has delivered a file since {since}.",
            remarks=unread,
        ),
        table(
            "restated",
            "Open restatements",
            [
                word("Day"),
                word("Figure"),
                *map(number, ("Mailed", "Now", "Change")),
                name("Reason"),
            ],
            restated_rows(changed, settings.reporting_currency),
            empty="None: no mailed figure has changed, or a later report has listed the change.",
            note="changes of mailed figures that no later report has listed yet",
        ),
    ]
    states = [
        (code, sign, words) for code, (sign, words) in STATES.items() if code in used
    ]
    return {"strips": strips, "states": states, "sections": sections}


def state(row: Row) -> str:
    """Return the key of `STATES` for a row of control_totals.sql."""
    if row["status"] in ("failed", "off"):
        return str(row["status"])
    if row.get("lost_orders") or _lost(row):
        return "differs"
    return "late" if row["missing_deliveries"] or row.get("refused_files") else "agrees"


def state_text(row: Row) -> str:
    """Return the meaning of `state`, with the partners or files that are missing or invalid."""
    if late := row["missing_deliveries"]:
        return f"no valid file from {', '.join(map(text.clean, late))}"
    if refused := row.get("refused_files"):
        return f"invalid: {text.clean(refused)}"
    return STATES[state(row)][1]


def _lost(row: Row) -> list[str]:
    """Return the amounts by currency that are not loaded, superseded or rejected."""
    lost = (
        each for each in row.get("amounts", ()) if is_loss(each["unexplained_amount"])
    )
    return [
        text.with_currency(each["unexplained_amount"], each["currency"])
        for each in lost
    ]


def _difference(row: Row) -> list[str]:
    return [
        text.short_day(row["business_date"]),
        text.source_name(row["source"]),
        text.count(row["source_orders"]),
        text.count(row["orders_loaded"] if row["source_orders"] is not None else None),
        ", ".join(_lost(row)) or text.NOTHING,
        state_text(row),
    ]


def _freshness(source: str, row: Row | None, at: datetime) -> list[str]:
    if row is None:
        return [text.source_name(source), text.NOTHING, text.NOTHING, "never read"]
    read_at = row["read_at"]
    day = text.short_day(row["business_date"])
    return [text.source_name(source), text.instant(read_at), ago(at - read_at), day]


def _partners(facts: Facts, at: datetime, settings: Settings) -> list[list[str]]:
    newest: dict[str, list[str]] = {}
    of_days = []
    for row in facts.deliveries:
        partner, _, day = row["file"].partition(".csv")[0].rpartition("_")
        of_days.append((partner, date.fromisoformat(day)))
        received = row["received_at"]
        cells = [
            row["file"],
            text.instant(received),
            ago(at - received),
            text.count(row["source_orders"]),
        ]
        newest.setdefault(partner, cells)
    due = due_partners(facts.newest, of_days, settings.expected_partners)
    was_read = any(
        (row["source"], row["business_date"]) == (PARTNER_FILES.name, facts.newest)
        for row in facts.totals
    )
    is_awaited = not was_read and at < due_at(facts.newest, settings.shop_timezone)
    states = dict.fromkeys(due, "not read yet" if is_awaited else "missing")
    states |= {partner: "delivered" for partner, day in of_days if day == facts.newest}
    return [
        [
            *map(text.clean, (partner, *newest.get(partner, [text.NOTHING] * 4))),
            states.get(partner, "not due"),
        ]
        for partner in sorted({*newest, *due})
    ]


def ago(time: timedelta) -> str:
    """`14 min`, `7 h`, `3 days`."""
    minutes = max(int(time.total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min"
    return (
        f"{minutes // 60} h"
        if minutes < 48 * 60
        else text.counted(minutes // (24 * 60), "day")
    )
