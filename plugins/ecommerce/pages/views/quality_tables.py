"""The sections of the page *Data quality*, ready to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ecommerce.core import text
from ecommerce.core.business_day import BusinessDay, due_at, newest_closed_day
from ecommerce.core.settings import Settings
from ecommerce.reporting.sections import Section, name, number, table, word
from ecommerce.sales.read_windows import changes_since
from ecommerce.sales.report.figures import rejected, restatements
from ecommerce.sales.report.view import restatements as restatement_rows
from ecommerce.sales.report.view.quality_tables import is_loss, reject_rows
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES, SOURCES, STOREFRONT
from ecommerce.sources.exchange_rates.extraction import EARLIER_DAYS
from ecommerce.sources.partner_files.expected_partners import due_partners

Row = Mapping[str, Any]

_LONGEST = 500
"""Characters of a sentence about the partner folder, which quotes file names."""

STATES = {
    "agrees": ("✓", "every order of the source is loaded, superseded or rejected"),
    "differs": ("≠", "orders or amounts of the source are lost"),
    "late": ("!", "read, but a partner's file is missing or invalid"),
    "failed": ("✕", "could not be read"),
    "off": ("·", "off"),
    "unread": (text.NOTHING, "not read"),
}
"""Sign and meaning by the state of one source on one day."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows of the queries in include/sql/report/pages for the days from `first` to `newest`; `restated`
    has those of the daily report."""

    newest: date
    first: date
    rejected: Sequence[Row]
    totals: Sequence[Row]
    last_reads: Sequence[Row]
    deliveries: Sequence[Row]
    restated: Sequence[Row]


@text.in_report_locale
def page_texts(facts: Facts, at: datetime, settings: Settings, unread: Sequence[str] = ()) -> dict[str, Any]:
    """Return the texts of the page: `strips`, one row of days by source; `states`, their legend; `sections`.

    Args:
        facts: from the warehouse.
        at: the time (aware).
        settings: the deployment's.
        unread: sentences about unread files in the partner folder.
    """
    strips = _strips(facts)
    used = {day["state"] for strip in strips for day in strip["days"]}
    return {
        "strips": strips,
        "states": [(code, sign, words) for code, (sign, words) in STATES.items() if code in used],
        "sections": [
            _differences(facts),
            _rejected(facts),
            _freshness(facts, at),
            _partners(facts, at, settings) | {"remarks": [text.clean(each, _LONGEST) for each in unread]},
            _restated(facts, settings),
            _next(facts, at, settings),
        ],
    }


def state(row: Row | None) -> str:
    """Return the key of `STATES` for a row of control_totals.sql; None is a source that no run has read."""
    if row is None:
        return "unread"
    if row["status"] in ("failed", "off"):
        return str(row["status"])
    if row.get("lost_orders") or _lost(row):
        return "differs"
    return "late" if row["missing_deliveries"] or row.get("refused_files") else "agrees"


def _lost(row: Row) -> list[Row]:
    """Return the amounts by currency that are neither loaded nor superseded nor rejected."""
    return [each for each in row.get("amounts", ()) if is_loss(each["unexplained_amount"])]


def _lost_text(row: Row) -> str:
    lost = [text.with_currency(each["unexplained_amount"], each["currency"]) for each in _lost(row)]
    return ", ".join(lost) or text.NOTHING


def _strips(facts: Facts) -> list[dict[str, Any]]:
    known = {(row["source"], row["business_date"]): row for row in facts.totals}
    days = [facts.first + timedelta(days=step) for step in range((facts.newest - facts.first).days + 1)]
    return [
        {
            "name": text.source_name(source),
            "days": [{"date": day, "state": state(known.get((source, day)))} for day in days],
        }
        for source in SOURCES
    ]


def _differences(facts: Facts) -> Section:
    rows = [row for row in reversed(facts.totals) if state(row) in ("differs", "late", "failed")]
    return table(
        "differences",
        "Control totals: differences from the sources",
        [
            word("Day"),
            name("Source"),
            *map(number, ("Orders in source", "Orders loaded", "Amount lost")),
            name("State"),
        ],
        [
            [
                text.short_day(row["business_date"]),
                text.source_name(row["source"]),
                text.count(row["source_orders"]),
                text.count(row["orders_loaded"] if row["source_orders"] is not None else None),
                _lost_text(row),
                _state_text(row),
            ]
            for row in rows
        ],
        empty=f"None since {text.short_day(facts.first)}: every order that was read is accounted for.",
        note="lost: gross amount of the source that is neither loaded nor superseded nor rejected",
    )


def _state_text(row: Row) -> str:
    if late := row["missing_deliveries"]:
        return f"no valid file from {', '.join(map(text.clean, late))}"
    if refused := row.get("refused_files"):
        return f"invalid: {text.clean(refused)}"
    return STATES[state(row)][1]


def _rejected(facts: Facts) -> Section:
    return table(
        "rejected",
        "Rejected rows",
        [word("Source"), word("Reason"), number("Rows"), name("Where"), name("Found"), name("Expected")],
        reject_rows(rejected.rejects(facts.rejected)),
        empty=f"None since {text.short_day(facts.first)}.",
        note=f"since {text.short_day(facts.first)}; the newest of each reason, personal data masked",
    )


def _freshness(facts: Facts, at: datetime) -> Section:
    known = {row["source"]: row for row in facts.last_reads}
    return table(
        "freshness",
        "Freshness by source",
        [name("Source"), number("Last read"), number("Age"), word("Business day")],
        [
            [
                text.source_name(source),
                text.instant(row["read_at"]),
                ago(at - row["read_at"]),
                text.short_day(row["business_date"]),
            ]
            if (row := known.get(source))
            else [text.source_name(source), text.NOTHING, text.NOTHING, "never read"]
            for source in SOURCES
        ],
        empty="No source has been read.",
        note="successful reads",
    )


def _partners(facts: Facts, at: datetime, settings: Settings) -> Section:
    newest: dict[str, Row] = {}
    of_days = []
    for row in facts.deliveries:
        partner, of_day = _dated(row["file"])
        newest.setdefault(partner, row)
        of_days.append((partner, of_day))
    due = due_partners(facts.newest, of_days, settings.expected_partners)
    delivered = {partner for partner, of_day in of_days if of_day == facts.newest}
    source_day = (PARTNER_FILES, facts.newest)
    was_read = any((row["source"], row["business_date"]) == source_day for row in facts.totals)
    is_awaited = not was_read and at < due_at(facts.newest, settings.shop_timezone)
    undelivered = "not read yet" if is_awaited else "missing"
    return table(
        "partners",
        "Freshness by partner",
        [
            name("Partner"),
            name("Newest file"),
            number("Received"),
            number("Age"),
            number("Orders"),
            word("Due"),
        ],
        [
            [
                text.clean(partner),
                text.clean(row["file"]) if row else text.NOTHING,
                text.instant(row["received_at"]) if row else text.NOTHING,
                ago(at - row["received_at"]) if row else text.NOTHING,
                text.count(row["source_orders"]) if row else text.NOTHING,
                "delivered" if partner in delivered else undelivered if partner in due else "not due",
            ]
            for partner in sorted({*newest, *due})
            for row in [newest.get(partner)]
        ],
        empty=f"No partner has delivered a file since {text.short_day(facts.first)}.",
        note=f"due for {text.short_day(facts.newest)}",
    )


def _dated(file: str) -> tuple[str, date]:
    stem = file.partition(".csv")[0]
    partner, _, day = stem.rpartition("_")
    return partner, date.fromisoformat(day)


def _restated(facts: Facts, settings: Settings) -> Section:
    found = restatements.merged(facts.restated)
    return table(
        "restated",
        "Open restatements",
        [word("Day"), word("Figure"), *map(number, ("Mailed", "Now", "Change")), name("Cause")],
        restatement_rows.rows(found, facts.newest, settings.reporting_currency),
        empty="None: no mailed figure has changed, or a later report has listed the change.",
        note="mailed figures that changed and that no later report has listed yet",
    )


def _next(facts: Facts, at: datetime, settings: Settings) -> Section:
    day = newest_closed_day(at, settings.shop_timezone).shifted(1)
    last_reads = {row["source"]: row["last_read"] for row in facts.last_reads}
    return table(
        "next",
        "What the next run reads",
        [name("Source"), number("Changes since"), name("Also")],
        [_next_row(source, day, last_reads.get(source), settings) for source in SOURCES],
        empty="",
        note=f"the run for {text.short_day(day.date)}, on the morning after",
    )


def _next_row(source: str, day: BusinessDay, last_read: datetime | None, settings: Settings) -> list[str]:
    title = text.source_name(source)
    if source == PARTNER_FILES:
        return [title, text.NOTHING, "every file that is new or was delivered again"]
    if source == EXCHANGE_RATES:
        back = EARLIER_DAYS + settings.reconcile_days
        return [title, text.NOTHING, f"the rates published in the last {back} days"]
    also = f"orders of {text.short_day(day.date)}"
    if source == STOREFRONT:
        also += f", and for their refunds those of the {settings.refund_lookback_days} days before"
    return [title, text.instant(changes_since(source, day, last_read)), also]


def ago(time: timedelta) -> str:
    """`14 min`, `7 h`, `3 days`."""
    minutes = max(int(time.total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
