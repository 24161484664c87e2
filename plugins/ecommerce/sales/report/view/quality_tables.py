"""Data quality: the sections on warnings, restated days, sources, rejected rows and provenance."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from ecommerce.core import text
from ecommerce.core.data_warnings import DataWarning, days_of, wording
from ecommerce.core.text import amount, clean, count, source_name
from ecommerce.reporting.sections import (
    Section,
    column_table,
    facts,
    name,
    number,
    sentences,
    table,
    word,
)
from ecommerce.sales.report.figures.model import AMOUNTS, Figures
from ecommerce.sales.report.figures.quality import CurrencyTotals, SourceQuality
from ecommerce.sales.report.figures.rejected import Rejects, RejectSample
from ecommerce.sales.report.findings import capital
from ecommerce.sales.report.view.notices import MOST_DAYS, restated_rows
from ecommerce.sales.report.view.sales_tables import SOURCE, counts, label, money

MOST_OTHERS, MOST_NAMED_DAYS = 10, 4
"""Lines about other days, and days in one of them."""
LONGEST_LIMIT = 1000
"""Characters; the sentences are the sources' own."""
LEAST_LOSS = Decimal("0.01")
"""As in the check of `load_audit`: rejected amounts are rounded to four decimals, line by line."""


def sections(figures: Figures) -> list[Section]:
    """Return the sections in reading order: what needs action is first."""
    quality, day = figures.quality, figures.business_date
    return [
        table(
            "warnings",
            "Warnings",
            [
                name("What was found", 1.4),
                name("What it means for the figures"),
                name("What to do", 1.2),
            ],
            warning_rows(quality.warnings, day),
            empty="None.",
            note="of this day, the worst first",
        ),
        sentences(
            "other_warnings",
            "Warnings about other days",
            other_days(quality.warnings, day),
            empty="None.",
            note="in the data that this run loaded",
        ),
        table(
            "restatements",
            "Restated days",
            [
                word("Business day"),
                name("Figure"),
                number("Mailed"),
                number("Now"),
                number("Change"),
                name("Reason", 2.2),
            ],
            restated_rows(quality.restatements, figures.currency, MOST_DAYS),
            empty="No mailed figure had changed when this report was built.",
            note="mailed figures that have changed since the last report",
        ),
        _missing_days(figures),
        *_source_tables(figures),
        sentences(
            "limits",
            "Limits",
            [clean(limit, LONGEST_LIMIT) for limit in quality.limits],
            empty="None.",
            note="changes that daily runs detect late or not at all",
        ),
        _provenance(figures),
    ]


def warning_rows(warnings: Iterable[DataWarning], day: date) -> list[list[str]]:
    """Return the warnings about `day`: found, which may begin with a name, meaning, action."""
    rows = []
    for each in warnings:
        if not days_of(each) or day in days_of(each):
            words = wording(each)
            rows.append(
                [
                    _found(each),
                    capital(clean(words.meaning)),
                    capital(clean(words.action)),
                ]
            )
    return rows


def other_days(warnings: Iterable[DataWarning], day: date) -> list[str]:
    """Return a line for each warning about other days, the newest day first: "Mon 9 Nov: 2 orders …"."""
    others = [
        (days, each) for each in warnings if (days := days_of(each)) and day not in days
    ]
    others.sort(key=lambda pair: max(pair[0]), reverse=True)
    lines = []
    for days, each in others[:MOST_OTHERS]:
        shown = text.listed(map(text.short_day, days), MOST_NAMED_DAYS, "more days")
        lines.append(f"{shown}: {_found(each)}")
    hidden = len(others) - MOST_OTHERS
    return [*lines, f"{count(hidden)} more in figures.json"] if hidden > 0 else lines


def _found(warning: DataWarning) -> str:
    """Return what was found, without the business day, which the table or the line names."""
    return clean(
        re.sub(f" (of|for) {warning.get('day')}\\b", "", wording(warning).found)
    )


def reject_rows(all_rejects: Iterable[Rejects]) -> list[list[str]]:
    """Return rows of source, reason, rows, where, found, expected; the first three are not repeated."""
    lines = []
    for each in all_rejects:
        first = [source_name(each.source), label(each.reason), count(each.rows)]
        for sample in each.samples:
            lines.append(
                [*first, _where(sample), _content(sample), clean(sample.expected)]
            )
            first = ["", "", ""]
    return lines


def is_loss(unexplained: Decimal) -> bool:
    """Return whether an unexplained amount is more than rounding."""
    return abs(unexplained) >= LEAST_LOSS


def _missing_days(figures: Figures) -> Section:
    quality = figures.quality
    days = ", ".join(map(str, quality.missing_days))
    section = sentences(
        "missing_days",
        "Missing days",
        [days] if days else [],
        empty="No day since the first daily run is missing.",
        note="of the last 28",
    )
    return section | {"remarks": list(filter(None, [quality.fill_command]))}


def _source_tables(figures: Figures) -> list[Section]:
    quality = figures.quality
    return [
        column_table(
            "sources",
            "Sources",
            quality.sources,
            SOURCE,
            (word("State"), lambda each: each.status.replace("success", "succeeded")),
            counts("Rows read", "rows_read"),
            counts("Accepted", "rows_accepted"),
            counts("Rejected", "rows_rejected"),
            counts("Superseded", "rows_superseded"),
            counts("Orders at source", "source_orders"),
            (number("Orders loaded"), _orders_loaded),
            empty="No source was read.",
            note="latest read of each source for this day; superseded: replaced by a newer version",
        ),
        column_table(
            "totals",
            "Control totals",
            quality.totals,
            SOURCE,
            (word("Currency"), lambda each: each.currency or "(none)"),
            (number("At source"), money("source_amount")),
            (number("Loaded"), money("loaded_amount")),
            (number("Superseded"), money("superseded_amount")),
            (number("Rejected"), money("rejected_amount")),
            (number("Lost"), _lost),
            empty="No source states amounts of this day.",
            note="gross amounts; those of a file under the day whose run loaded it; lost: not accounted for",
        ),
        table(
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
            reject_rows(quality.rejects),
            empty="No row was rejected.",
            note="of this day's reads and files; up to three samples per reason, personal data masked",
        ),
        column_table(
            "unconverted",
            "Unconverted amounts",
            quality.unconverted,
            (name("Currency"), lambda each: clean(each.currency)),
            counts("Orders", "orders"),
            *((number(label(part)), money(part)) for part in AMOUNTS),
            empty="Every amount was converted.",
            note="excluded from all sums above, because there is no exchange rate of the last seven days",
        ),
    ]


def _orders_loaded(each: SourceQuality) -> str:
    return count(
        None if each.source_orders is None else each.orders_loaded
    )  # exchange rates have no orders


def _lost(each: CurrencyTotals) -> str:
    lost = each.unexplained_amount
    return amount(lost, each.currency) if is_loss(lost) else "none"


def _provenance(figures: Figures) -> Section:
    origin = figures.provenance
    window = f"{text.instant(origin.window_start)} to before {text.instant(origin.window_end)}"
    reads = [each for each in figures.quality.sources if each.read_at]
    times = [
        f"{source_name(each.source)} {text.instant(each.read_at)}" for each in reads
    ]
    rows = [
        ["Business day", f"{figures.business_date} in {origin.timezone}"],
        ["Window", window],
        ["Made by", f"DAG {origin.dag_id}, run {origin.run_id}"],
        ["Code version", origin.code_version],
        ["Read at", ", ".join(times) or text.NOTHING],
        ["Generated at", text.instant(origin.generated_at)],
        ["Counted orders", "those whose status counts as a sale, without test orders"],
    ]
    return facts("provenance", "Provenance", rows)


def _where(sample: RejectSample) -> str:
    places = []
    if sample.file:
        line = "the whole file" if sample.line is None else f"line {sample.line}"
        places.append(f"{clean(sample.file)}, {line}")
    if sample.order_id:
        line = (
            f", line {clean(sample.line_number)}"
            if sample.line_number and not sample.file
            else ""
        )
        places.append(f"order {clean(sample.order_id)}{line}")
    return "; ".join([*places, *([clean(sample.record)] if sample.record else [])])


def _content(sample: RejectSample) -> str:
    if sample.field is None:
        return clean(sample.value)
    field = clean(sample.field)
    return (
        f"{field} is empty"
        if sample.value is None
        else f"{field}: {clean(sample.value)}"
    )
