"""What the page *Data quality* says, as parts that are ready to print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from ecommerce.core import text
from ecommerce.core.business_day import BusinessDay, due_at, newest_closed_day
from ecommerce.core.read_window import Memory
from ecommerce.core.settings import Settings
from ecommerce.reporting.sections import Section, name, number, table, word
from ecommerce.sales.read_windows import window_of_day
from ecommerce.sales.report.figures import rejected, restatements
from ecommerce.sales.report.view.notices import is_loss
from ecommerce.sources import EXCHANGE_RATES, PARTNER_FILES, SOURCES, STOREFRONT
from ecommerce.sources.exchange_rates.extract import EARLIER_DAYS
from ecommerce.sources.partner_files.expected_partners import due_partners

Row = Mapping[str, Any]

_LONGEST = 500
"""Characters of a sentence on the partner folder, whose names others choose."""

STATES = {
    "agrees": ("✓", "all that the source has is loaded, superseded or rejected"),
    "differs": ("≠", "orders or amounts of the source are lost"),
    "late": ("!", "read, and a partner's file is missing or cannot be used"),
    "failed": ("✕", "could not be read"),
    "off": ("·", "switched off"),
    "unread": (text.NOTHING, "not read"),
}
"""Of one source on one day: sign and meaning."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers of include/sql/report/pages for the days from `first` to `newest`; `restated` is that of
    the daily report."""

    newest: date
    first: date
    rejected: Sequence[Row]
    totals: Sequence[Row]
    last_reads: Sequence[Row]
    deliveries: Sequence[Row]
    restated: Sequence[Row]


@text.in_report_locale
def page_texts(facts: Facts, at: datetime, settings: Settings, unread: Sequence[str] = ()) -> dict[str, Any]:
    """`strips`: one row of days for each source; `states`, their legend; `sections`. `unread`: sentences on
    what lies in the partner folder and is not read."""
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
    """Which of `STATES` a row of control_totals.sql is; None is a source that no run has read."""
    if row is None:
        return "unread"
    if row["status"] in ("failed", "off"):
        return str(row["status"])
    if row.get("lost_orders") or _lost(row):
        return "differs"
    return "late" if row["missing_deliveries"] or row.get("refused_files") else "agrees"


def _lost(row: Row) -> list[Row]:
    """The amounts, by currency, that are neither loaded nor superseded nor rejected."""
    return [each for each in row.get("amounts", ()) if is_loss(each["unexplained_amount"])]


def _lost_words(row: Row) -> str:
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
        "Control totals: what is not as the source says",
        [
            word("Day"),
            name("Source"),
            *map(number, ("Orders there", "Orders loaded", "Amount lost")),
            name("State"),
        ],
        [
            [
                text.short_day(row["business_date"]),
                text.source_name(row["source"]),
                text.count(row["source_orders"]),
                text.count(row["orders_loaded"] if row["source_orders"] is not None else None),
                _lost_words(row),
                _state_words(row),
            ]
            for row in rows
        ],
        empty=f"None: since {text.short_day(facts.first)} all that was read is accounted for.",
        note="lost: gross amounts of the source that are neither loaded nor superseded nor rejected",
    )


def _state_words(row: Row) -> str:
    if late := row["missing_deliveries"]:
        return f"no usable file of {', '.join(map(text.clean, late))}"
    if refused := row.get("refused_files"):
        return f"cannot be used: {text.clean(refused)}"
    return STATES[state(row)][1]


def _rejected(facts: Facts) -> Section:
    return table(
        "rejected",
        "Rejected rows",
        [word("Source"), word("Reason"), number("Rows"), name("Where"), name("Found"), name("Expected")],
        rejected.cells(rejected.rejects(facts.rejected)),
        empty=f"None since {text.short_day(facts.first)}.",
        note=f"since {text.short_day(facts.first)}; the newest of each reason, personal data masked",
    )


def _freshness(facts: Facts, at: datetime) -> Section:
    known = {row["source"]: row for row in facts.last_reads}
    return table(
        "freshness",
        "How fresh each source is",
        [name("Source"), number("Last read"), number("Ago"), word("For the day")],
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
        note="reads that succeeded",
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
    asked = (PARTNER_FILES, facts.newest)
    was_read = any((row["source"], row["business_date"]) == asked for row in facts.totals)
    is_awaited = not was_read and at < due_at(facts.newest, settings.shop_timezone)
    lacking = "not read yet" if is_awaited else "missing"
    return table(
        "partners",
        "How fresh each partner is",
        [
            name("Partner"),
            name("Newest file"),
            number("Received"),
            number("Ago"),
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
                "delivered" if partner in delivered else lacking if partner in due else "not due",
            ]
            for partner in sorted({*newest, *due})
            for row in [newest.get(partner)]
        ],
        empty=f"No partner has delivered a file since {text.short_day(facts.first)}.",
        note=f"due: for {text.short_day(facts.newest)}",
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
        [word("Day"), word("Figure"), *map(number, ("Mailed", "Now", "Change")), name("Why")],
        restatements.cells(found, facts.newest, settings.reporting_currency),
        empty="None: every mailed figure is still so, or a later report has said what changed.",
        note="mailed figures that have changed, and that no mailed report has listed yet",
    )


class _Remembered:
    """Of `core.reads.Memory` what tells a window: when each source was last read."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._read = {row["source"]: row["last_read"] for row in rows}

    def last_read(self, source: str) -> datetime | None:
        """As `Memory.last_read`."""
        return self._read.get(source)

    def rejected_orders(self, source: str, day: date) -> list[str]:
        """None: the page shows from when on changes are read."""
        return []


def _next(facts: Facts, at: datetime, settings: Settings) -> Section:
    day = newest_closed_day(at, settings.shop_timezone).shifted(1)
    memory = cast(Memory, _Remembered(facts.last_reads))
    return table(
        "next",
        "What the next run will read",
        [name("Source"), number("Changed since"), name("And")],
        [_window_row(source, day, memory, settings) for source in SOURCES],
        empty="",
        note=f"the run for {text.short_day(day.date)}, on the morning after; without upper bound",
    )


def _window_row(source: str, day: BusinessDay, memory: Memory, settings: Settings) -> list[str]:
    called = text.source_name(source)
    if source == PARTNER_FILES:
        return [called, text.NOTHING, "every file that is new or was delivered again"]
    if source == EXCHANGE_RATES:
        back = EARLIER_DAYS + settings.reconcile_days
        return [called, text.NOTHING, f"the rates published in the last {back} days"]
    window = window_of_day(source, day, "", memory, day.end)
    also = f"orders of {text.short_day(day.date)}"
    if source == STOREFRONT:
        also += f", and for their refunds those of the {settings.refund_lookback_days} days before"
    return [called, text.instant(window.changed_from), also]


def ago(time: timedelta) -> str:
    """`14 min`, `7 h`, `3 days`."""
    minutes = max(int(time.total_seconds() // 60), 0)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
