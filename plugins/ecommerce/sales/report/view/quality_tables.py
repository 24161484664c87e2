"""Data quality: the sections on warnings, restated days, sources, rejected rows and provenance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.data_warnings import DataWarning, days_of, wording
from ecommerce.core.text import amount, clean, count, source_name
from ecommerce.reporting.sections import Section, facts, name, number, sentences, table, word
from ecommerce.sales.report.figures.model import AMOUNTS, Figures
from ecommerce.sales.report.figures.rejected import Rejects, RejectSample
from ecommerce.sales.report.view import restatements

MOST_OTHERS = 10
"""Lines about other days."""
LEAST_LOSS = Decimal("0.01")
"""As in the check of `load_audit`: rejected amounts are rounded to four decimals, line by line."""


def sections(figures: Figures) -> list[Section]:
    """Return the sections in reading order: what needs action is first."""
    quality, day, currency = figures.quality, figures.business_date, figures.currency
    return [
        table(
            "warnings",
            "Warnings",
            [name("What was found", 1.4), name("What it means for the figures"), name("What to do", 1.2)],
            warning_rows(quality.warnings, day),
            empty="None.",
            note="of this day, the worst first",
        ),
        sentences(
            "other_warnings",
            "Warnings about other days",
            other_days(quality.warnings, day),
            empty="None.",
            note="of what this run loaded",
        ),
        table(
            "restatements",
            "Restated days",
            [
                word("Business day"),
                name("Figure"),
                *map(number, ("Mailed", "Now", "Change")),
                name("Reason", 2.2),
            ],
            restatements.newest_rows(quality.restatements, day, currency),
            empty="No mailed figure has changed.",
            note="mailed figures that have changed since the last report",
        ),
        _missing_days(figures),
        *_source_tables(figures),
        sentences(
            "limits",
            "Limits",
            [clean(limit) for limit in quality.limits],
            empty="None.",
            note="changes that runs notice late or never",
        ),
        _provenance(figures),
    ]


def warning_rows(warnings: Iterable[DataWarning], day: date) -> list[list[str]]:
    """Return the warnings about `day`: found, meaning, action."""
    rows = []
    for warning in warnings:
        days, words = days_of(warning), wording(warning)
        if not days or day in days:
            # A name at the beginning of what was found stays as it is.
            rows.append([clean(words.found), _capital(clean(words.meaning)), _capital(clean(words.action))])
    return rows


def other_days(warnings: Iterable[DataWarning], day: date) -> list[str]:
    """Return a line for each warning about other days, the newest day first: "Mon 9 Nov: 2 orders …"."""
    others = [(days, each) for each in warnings if (days := days_of(each)) and day not in days]
    others.sort(key=lambda pair: max(pair[0]), reverse=True)
    lines = [f"{_days(days)}: {clean(wording(each).found)}" for days, each in others[:MOST_OTHERS]]
    more = len(others) - MOST_OTHERS
    return [*lines, f"{count(more)} more in figures.json"] if more > 0 else lines


def reject_rows(all_rejects: Iterable[Rejects]) -> list[list[str]]:
    """Return rows of source, reason, rows, where, found, expected; the first three are not repeated."""
    lines = []
    for each in all_rejects:
        first = [source_name(each.source), each.reason.replace("_", " "), count(each.rows)]
        for sample in each.samples:
            lines.append([*first, _where(sample), _content(sample), clean(sample.expected)])
            first = ["", "", ""]
    return lines


def is_loss(unexplained: Decimal) -> bool:
    """Return whether an unexplained amount is more than rounding."""
    return abs(unexplained) >= LEAST_LOSS


def _missing_days(figures: Figures) -> Section:
    quality = figures.quality
    days = [", ".join(day.isoformat() for day in quality.missing_days)] if quality.missing_days else []
    section = sentences(
        "missing_days", "Missing days", days, empty=_loaded_days(figures), note="of the last 28"
    )
    return section | {"remarks": [quality.fill_command or ""] if days else []}


def _loaded_days(figures: Figures) -> str:
    """Return since when days are loaded, where none is missing."""
    first = figures.quality.first_loaded
    if first is None:
        return "No day is missing."
    if first <= figures.trend[0].business_date:
        return f"Each of the last {len(figures.trend)} days is loaded."
    exported = figures.quality.first_exported
    has_export = exported is not None and exported < first
    if first >= figures.business_date:
        earlier = " by a daily run; the days before it are from an export." if has_export else "."
        return f"This is the first day that is loaded{earlier}"
    earlier = "the days before it are from an export" if has_export else "none before it"
    return f"Every day since {text.short_day(first)} is loaded; {earlier}."


def _source_tables(figures: Figures) -> list[Section]:
    quality = figures.quality
    rows = ("Rows read", "Accepted", "Rejected", "Superseded", "Orders at source", "Orders loaded")
    amounts = ("At source", "Loaded", "Superseded", "Rejected", "Lost")
    return [
        table(
            "sources",
            "Sources",
            [name("Source"), word("State"), *map(number, rows)],
            [
                [
                    source_name(each.source),
                    each.status,
                    *map(
                        count, (each.rows_read, each.rows_accepted, each.rows_rejected, each.rows_superseded)
                    ),
                    count(each.source_orders),
                    # Exchange rates have no orders.
                    count(None if each.source_orders is None else each.orders_loaded),
                ]
                for each in quality.sources
            ],
            empty="No source was read.",
            note="the day's latest read of each source",
        ),
        table(
            "totals",
            "Control totals",
            [name("Source"), word("Currency"), *map(number, amounts)],
            [
                [
                    source_name(each.source),
                    each.currency or "(none)",
                    *(
                        amount(getattr(each, f"{part}_amount"), each.currency)
                        for part in ("source", "loaded", "superseded", "rejected")
                    ),
                    amount(each.unexplained_amount, each.currency)
                    if is_loss(each.unexplained_amount)
                    else "none",
                ]
                for each in quality.totals
            ],
            empty="No source states amounts of this day.",
            note="gross amounts in their own currency; lost: neither loaded, superseded nor rejected",
        ),
        table(
            "rejects",
            "Rejected rows",
            [
                *(word("Source"), name("Reason", 0.8), number("Rows")),
                *(name("Where", 1.4), name("Found", 1.1), name("Expected", 1.2)),
            ],
            reject_rows(quality.rejects),
            empty="No row was rejected.",
            note="personal data masked; up to three samples per reason",
        ),
        table(
            "unconverted",
            "Unconverted amounts",
            [name("Currency"), *map(number, ("Orders", "Gross sales", "Discounts", "Returns", "Net sales"))],
            [
                [
                    clean(each.currency),
                    count(each.orders),
                    *(amount(getattr(each, part), each.currency) for part in AMOUNTS),
                ]
                for each in quality.unconverted
            ],
            empty="Every amount was converted.",
            note="in none of the sums above: no exchange rate of the last seven days",
        ),
    ]


def _provenance(figures: Figures) -> Section:
    origin = figures.provenance
    reads = [each for each in figures.quality.sources if each.read_at]
    times = [f"{source_name(each.source)} {text.instant(each.read_at)}" for each in reads]
    return facts(
        "provenance",
        "Provenance",
        [
            ["Business day", f"{figures.business_date} in {origin.timezone}"],
            [
                "In UTC",
                f"{text.instant(origin.window_start)} to {text.instant(origin.window_end)}, end excluded",
            ],
            ["Made by", f"DAG {origin.dag_id}, run {origin.run_id}"],
            ["Code version", origin.code_version],
            ["Read at", ", ".join(times) or text.NOTHING],
            ["Generated at", text.instant(origin.generated_at)],
            ["Orders", "count when their status is a sale and they are no test orders"],
        ],
    )


def _days(days: Sequence[date]) -> str:
    shown = ", ".join(text.short_day(each) for each in days[:3])
    return f"{shown} and {count(len(days) - 3)} more days" if len(days) > 3 else shown


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _where(sample: RejectSample) -> str:
    places = []
    if sample.file:
        line = "the whole file" if sample.line is None else f"line {sample.line}"
        places.append(f"{clean(sample.file)}, {line}")
    if sample.order_id:
        line = f", line {clean(sample.line_number)}" if sample.line_number and not sample.file else ""
        places.append(f"order {clean(sample.order_id)}{line}")
    if sample.record:
        places.append(clean(sample.record))
    return "; ".join(places)


def _content(sample: RejectSample) -> str:
    if sample.field is None:
        return clean(sample.value)
    field = clean(sample.field)
    return f"{field} is empty" if sample.value is None else f"{field}: {clean(sample.value)}"
