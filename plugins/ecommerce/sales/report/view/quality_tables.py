"""What the report says of how far its figures can be trusted, and where they come from."""

from __future__ import annotations

from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import Section, facts, name, number, sentences, table, word
from ecommerce.sales.report.figures.model import Figures
from ecommerce.sales.report.view import notices


def sections(figures: Figures) -> list[Section]:
    """In reading order: what a reader must act on comes before what is only looked up."""
    found = notices.page_texts(figures)
    return [
        _warnings(found),
        sentences(
            "other_warnings",
            "Warnings about other days",
            found["other_warnings"],
            empty="None.",
            note="of what this run loaded",
        ),
        _restatements(found),
        _missing_days(figures, found),
        _sources(found),
        _totals(found),
        _rejects(found),
        _unconverted(found),
        sentences(
            "limits",
            "Limits",
            found["limits"],
            empty="None.",
            note="changes that no run can see, or not at once",
        ),
        _provenance(figures),
    ]


def _warnings(found: dict[str, Any]) -> Section:
    return table(
        "warnings",
        "Warnings",
        [name("What was found", 1.4), name("What it means for the figures"), name("What to do", 1.2)],
        found["warnings"],
        empty="None.",
        note="of this day, the worst first",
    )


def _restatements(found: dict[str, Any]) -> Section:
    return table(
        "restatements",
        "Restated days",
        [
            word("Business day"),
            name("Figure"),
            *map(number, ("Mailed", "Now", "Change")),
            name("Reason", 2.2),
        ],
        found["restatements"],
        empty="No mailed figure has changed.",
        note="mailed figures that have changed since the last report",
    )


def _missing_days(figures: Figures, found: dict[str, Any]) -> Section:
    days = [found["missing_days"]] if found["missing_days"] else []
    missing = table(
        "missing_days",
        "Missing days",
        [],
        [[", ".join(each)] for each in days],
        empty=_loaded_days(figures),
        note="of the last 28",
        remarks=[found["fill_command"]] if days else [],
    )
    return missing | {"kind": "list"}


def _loaded_days(figures: Figures) -> str:
    """Since when days are loaded, where none is missing."""
    first = figures.quality.first_loaded
    if first is None:
        return "No day is missing."
    if first <= figures.trend[0].business_date:
        return f"Each of the last {len(figures.trend)} days has been loaded."
    exported = figures.quality.first_exported
    has_export = exported is not None and exported < first
    if first >= figures.business_date:
        which = " by a daily run; the days before it are from an export." if has_export else "."
        return f"This is the first day that has been loaded{which}"
    which = "the days before it are from an export" if has_export else "none before it"
    return f"Every day since {text.short_day(first)} has been loaded; {which}."


def _sources(found: dict[str, Any]) -> Section:
    columns = ("Rows read", "Accepted", "Rejected", "Superseded", "Orders at source", "Orders loaded")
    return table(
        "sources",
        "Sources",
        [name("Source"), word("State"), *map(number, columns)],
        found["sources"],
        empty="No source has been read.",
        note=found["note"],
    )


def _totals(found: dict[str, Any]) -> Section:
    columns = ("Source states", "Loaded", "Superseded", "Rejected", "Lost")
    return table(
        "totals",
        "Control totals",
        [name("Source"), word("Currency"), *map(number, columns)],
        found["totals"],
        empty="No source states amounts of this day.",
        note="gross amounts in their own currency: what is not loaded, superseded or rejected is lost",
    )


def _rejects(found: dict[str, Any]) -> Section:
    return table(
        "rejects",
        "Rejected rows",
        [
            word("Source"),
            name("Reason", 0.8),
            number("Rows"),
            name("Where", 1.4),
            name("Found", 1.1),
            name("Expected", 1.2),
        ],
        found["rejects"],
        empty="No row was rejected.",
        note="personal data masked; up to three samples per reason",
    )


def _unconverted(found: dict[str, Any]) -> Section:
    columns = ("Orders", "Gross sales", "Discounts", "Returns", "Net sales")
    return table(
        "unconverted",
        "Unconverted amounts",
        [name("Currency"), *map(number, columns)],
        found["unconverted"],
        empty="Every amount was converted.",
        note="in none of the sums above: no exchange rate of at most seven days before",
    )


def _provenance(figures: Figures) -> Section:
    origin = figures.provenance
    window = f"{text.instant(origin.window_start)} to {text.instant(origin.window_end)}, end excluded"
    return facts(
        "provenance",
        "Provenance",
        [
            ["Business day", f"{figures.business_date} in {origin.timezone}"],
            ["In UTC", window],
            ["Made by", f"DAG {origin.dag_id}, run {origin.run_id}"],
            ["Code version", origin.code_version],
            ["Read at", _read_times(figures)],
            ["Generated at", text.instant(origin.generated_at)],
            ["Orders", "count when their status is a sale and they are no test orders"],
        ],
    )


def _read_times(figures: Figures) -> str:
    reads = [each for each in figures.quality.sources if each.read_at]
    times = [f"{text.source_name(each.source)} {text.instant(each.read_at)}" for each in reads]
    return ", ".join(times) or text.NOTHING
