"""What the report's mail says, as finished texts: the only input of its templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ecommerce.core import text
from ecommerce.reporting.sections import first_and_others
from ecommerce.sales.report.charts.chart_files import TREND
from ecommerce.sales.report.figures import forecast_comparison
from ecommerce.sales.report.figures.model import HEADLINE, Breakdown, Figures
from ecommerce.sales.report.figures.restatements import Correction
from ecommerce.sales.report.findings import ranking
from ecommerce.sales.report.view import notices
from ecommerce.sales.report.view.captions import alternatives
from ecommerce.sales.report.view.headline import CHOICE, NOTED, TILES, base_names, tile

MOST_ROWS = 12
"""Of a table or list: programs cut a mail that is long, and the report is attached."""
_LONGEST_REASON = 90
"""Characters of a subject that say what is missing: the headline must show beside them."""
_UNCHANGED = (
    "The headline figures are as they were mailed. What has changed is in the breakdowns, the products, the "
    "reasons of returns, the missing sources or the amounts without an exchange rate."
)


def mail_texts(figures: Figures, corrections: Sequence[Correction] | None = None) -> dict[str, Any]:
    """What the mail says, by the names its templates use. `corrections` are what has changed since the day's
    latest mail; None where this is the first mail of its day."""
    tiles = [tile(figures, name) for name in HEADLINE]
    noted = [(HEADLINE[name].label, note) for name in HEADLINE if (note := figures.headline[name].note)]
    return {
        "subject": subject(figures, corrected=corrections is not None),
        "corrected": None if corrections is None else correction_lines(figures, corrections),
        "first_line": first_line(figures),
        "long_day": text.long_day(figures.business_date),
        "currency": figures.currency,
        "timezone": figures.provenance.timezone,
        # The mail lists the restated figures themselves.
        "notices": [each for each in notices.notices(figures) if each["title"] != "Restated"],
        "findings": ranking.sentences(figures),
        "tiles": [each | {"changes": each["shown"]} for each in tiles[:TILES]],
        **_small_figures(tiles[TILES:]),
        "expected": forecast_comparison.line(figures.expectation, figures.currency, figures.caveat),
        "footnote": " ".join(f"{NOTED}{label}: {text.clean(note)}." for label, note in noted),
        "trend": alternatives(figures)[TREND],
        "channels": _channels(figures),
        "restated": notices.restatement_lines(figures),
        "generated_at": text.instant(figures.provenance.generated_at),
    }


def subject(figures: Figures, *, corrected: bool = False) -> str:
    """`Thu 19 Nov: 20,642.52 USD, +1.3 %`; in front, where it is so, `Corrected: ` and what is missing."""
    headline = f"{text.short_day(figures.business_date)}: {_net_sales(figures)}"
    if chosen := _chosen(figures):
        headline += f", {chosen[-1]}"
    if missing := notices.incomplete_words(figures):
        headline = f"INCOMPLETE: {text.clean(missing, _LONGEST_REASON)} · {headline}"
    elif doubtful := notices.doubtful_words(figures):
        headline = f"May be incomplete: {text.clean(doubtful, _LONGEST_REASON)} · {headline}"
    return f"Corrected: {headline}" if corrected else headline


def first_line(figures: Figures) -> str:
    """Net sales, the change, and what they are compared with."""
    said = f"Net sales of {text.short_day(figures.business_date)}: {_net_sales(figures)}"
    if doubtful := notices.doubtful_words(figures):
        said += f" (may be incomplete: {text.clean(doubtful, _LONGEST_REASON)})"
    if chosen := _chosen(figures):
        base, value, change = chosen
        return f"{said}, {change} vs {base} ({text.with_currency(value, figures.currency)})."
    return f"{said}. There is nothing yet to compare it with."


def correction_lines(figures: Figures, corrections: Sequence[Correction]) -> list[str]:
    """What has changed since people were told: `Net sales 18,716.13 → 20,373.40, +8.9 %`, in the order of
    `HEADLINE`. What is new is what `figures` say, so that text and attachment agree. A difference that is not
    seen is none."""
    mailed = {each.figure: each.mailed for each in corrections}
    lines = []
    for name, (label, kind, _) in HEADLINE.items():
        before, now = mailed.get(name), figures.headline[name].value
        said = [text.figure(value, kind, figures.currency) for value in (before, now)]
        if name in mailed and said[0] != said[1]:
            change = text.change(now, before)
            by = f", {change}" if change != text.NOTHING else ""
            lines.append(f"{label} {said[0]} → {said[1]}{by}")
    return lines or [_UNCHANGED]


def _chosen(figures: Figures) -> tuple[str, Decimal, str] | None:
    """What net sales are compared with where there is room for one comparison: its name, its value, and the
    change; None where there is nothing to compare with in per cent."""
    entry = figures.headline["net_sales"]
    for base in CHOICE:
        value: Decimal | None = getattr(entry, base)
        change = text.change(entry.value, value)
        if value is not None and change != text.NOTHING:
            return base_names(figures)[base], value, change
    return None


def _small_figures(tiles: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The smaller headline figures as a table with one comparison: a figure that lacks it names its own."""
    labels = [each["change"]["label"] for each in tiles if each["change"]["words"]]
    columns, rows = ["Figure", "This day", *labels[:1]], []
    for each in tiles:
        words, label = each["change"]["words"], each["change"]["label"]
        other = f" {label}" if words and label != labels[0] else ""
        cells = [each["label"], each["value"], f"{words or text.NOTHING}{other}"]
        rows.append(cells[: len(columns)])
    return {"small_columns": columns, "small_rows": rows}


def _channels(figures: Figures) -> list[list[str]]:
    """Name, orders, net sales; the last row adds up those for which there is no room."""
    shown, others = first_and_others(figures.channels, MOST_ROWS, size=lambda row: row.net_sales)
    rows = [_channel(text.source_name(each.name), [each], figures.currency) for each in shown]
    return [*rows, _channel(f"{len(others)} others", others, figures.currency)] if others else rows


def _channel(name: str, rows: Sequence[Breakdown], currency: str) -> list[str]:
    net_sales = sum((each.net_sales for each in rows), Decimal(0))
    return [name, text.count(sum(each.orders or 0 for each in rows)), text.amount(net_sales, currency)]


def _net_sales(figures: Figures) -> str:
    return text.with_currency(figures.headline["net_sales"].value, figures.currency)
