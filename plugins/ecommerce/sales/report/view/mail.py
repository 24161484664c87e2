"""The report's mail as finished texts, the only input of its templates."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import with_others
from ecommerce.sales.report.chart_files import TREND, alternatives
from ecommerce.sales.report.figures.model import HEADLINE, Figures
from ecommerce.sales.report.figures.restatements import Correction
from ecommerce.sales.report.findings import sentences
from ecommerce.sales.report.view import forecast_tables, notices
from ecommerce.sales.report.view.page import (
    CHOICE,
    base_names,
    footnotes,
    known_bases,
    small_tiles,
    tiles,
)

MOST_ROWS = 12
"""Of a table or list: programs cut long mails, and the report is attached."""
_LONGEST_REASON = 90
"""Characters in a subject for what is missing, so that the headline stays visible."""
_UNCHANGED = (
    "The headline figures are unchanged. Breakdowns, products, reasons of returns, missing sources or "
    "amounts without an exchange rate have changed."
)


def mail_texts(
    figures: Figures, corrections: Sequence[Correction] | None = None
) -> dict[str, Any]:
    """Return the mail's texts by the names its templates use. `corrections`: changes since the day's latest
    mail; None where this is the first mail of its day."""
    day, currency = figures.business_date, figures.currency
    return {
        "subject": subject(figures, corrected=corrections is not None),
        "corrected": None
        if corrections is None
        else correction_lines(figures, corrections),
        "first_line": first_line(figures),
        "long_day": text.long_day(day),
        "currency": currency,
        "timezone": figures.provenance.timezone,
        # The mail lists the restated figures themselves.
        "notices": [
            each for each in notices.notices(figures) if each["title"] != "Restated"
        ],
        "findings": [*forecast_tables.target_sentence(figures), *sentences(figures)],
        "tiles": [each | {"changes": each["shown"]} for each in tiles(figures)],
        **_small_figures(small_tiles(figures)),
        "expected": forecast_tables.verdict_line(figures),
        "footnote": " ".join(footnotes(figures)),
        "trend": alternatives(figures)[TREND],
        "channels": _channels(figures),
        "restated": notices.restated_lines(figures.quality.restatements, currency),
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: Figures, *, corrected: bool = False) -> str:
    """Return `Thu 19 Nov: net sales 20,642.52 USD, +1.3 % vs Thu 12 Nov`, after `Corrected: ` and what is
    missing where it applies."""
    headline = (
        f"{text.short_day(figures.business_date)}: net sales {_net_sales(figures)}"
    )
    if chosen := _chosen(figures):
        base, _, change = chosen
        headline += f", {change} vs {base}"
    if missing := notices.missing_words(figures):
        headline = f"INCOMPLETE: {text.clean(missing, _LONGEST_REASON)} · {headline}"
    elif doubtful := notices.doubtful_words(figures):
        headline = (
            f"May be incomplete: {text.clean(doubtful, _LONGEST_REASON)} · {headline}"
        )
    return f"Corrected: {headline}" if corrected else headline


def first_line(figures: Figures) -> str:
    """Return net sales, the change, and what they are compared with."""
    so_far = "" if figures.quality.complete else " so far"
    line = f"Net sales of {text.short_day(figures.business_date)}{so_far}: {_net_sales(figures)}"
    if doubtful := notices.doubtful_words(figures):
        line += f" (may be incomplete: {text.clean(doubtful, _LONGEST_REASON)})"
    if chosen := _chosen(figures):
        base, value, change = chosen
        return f"{line}, {change} vs {base} ({text.with_currency(value, figures.currency)})."
    return f"{line}. There is nothing to compare it with yet."


def correction_lines(figures: Figures, corrections: Sequence[Correction]) -> list[str]:
    """Return the changes since the latest mail, in the order of `HEADLINE`: `Net sales 18,716.13 → 20,373.40,
    +8.9 %`. New values are those of `figures`, as in the attachment; changes too small to be seen are left
    out."""
    mailed = {each.figure: each.mailed for each in corrections}
    lines = []
    for name, (label, kind, _) in HEADLINE.items():
        before, now = mailed.get(name), figures.headline[name].value
        values = [text.figure(value, kind, figures.currency) for value in (before, now)]
        if name in mailed and values[0] != values[1]:
            change = text.change(now, before)
            by = f", {change}" if change != text.NOTHING else ""
            lines.append(f"{label} {values[0]} → {values[1]}{by}")
    return lines or [_UNCHANGED]


def _chosen(figures: Figures) -> tuple[str, Decimal, str] | None:
    """Return the one comparison of net sales: its name, its value, and the change; None without a
    percentage."""
    entry = figures.headline["net_sales"]
    known = known_bases(figures)
    for base in CHOICE:
        value: Decimal | None = getattr(entry, base)
        change = text.change(entry.value, value)
        if base in known and value is not None and change != text.NOTHING:
            return base_names(figures)[base], value, change
    return None


def _small_figures(tiles: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the smaller headline figures as a table with one comparison; figures without it name their
    own."""
    labels = [each["change"]["label"] for each in tiles if each["change"]["words"]]
    columns, rows = ["Figure", "This day", *labels[:1]], []
    for each in tiles:
        words, label = each["change"]["words"], each["change"]["label"]
        other = f" {label}" if words and label != labels[0] else ""
        cells = [each["label"], each["value"], f"{words or text.NOTHING}{other}"]
        rows.append(cells[: len(columns)])
    return {"small_columns": columns, "small_rows": rows}


def _channels(figures: Figures) -> list[list[str]]:
    """Return name, orders, net sales of the largest channels; the last row adds up the others."""
    shown = with_others(
        figures.channels,
        MOST_ROWS,
        ("orders", "net_sales"),
        size=lambda row: row.net_sales,
    )
    currency = figures.currency
    return [
        [
            text.source_name(row.name),
            text.count(row.orders or 0),
            text.amount(row.net_sales, currency),
        ]
        for row in shown
    ]


def _net_sales(figures: Figures) -> str:
    return text.with_currency(figures.headline["net_sales"].value, figures.currency)
