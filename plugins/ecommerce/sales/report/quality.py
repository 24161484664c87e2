"""What the report says about its own trustworthiness: the notices of page one and the data quality page."""

from __future__ import annotations

from typing import Any

from ecommerce.core.text import (
    amount,
    clean,
    count,
    figure,
    instant,
    plain,
    source_name,
    weekday,
    with_currency,
)
from ecommerce.sales.report import website
from ecommerce.sales.report.figures import AMOUNTS, HEADLINE, Figures, Meaning, SourceQuality

_LONGEST_SAMPLE = 160


def notices(figures: Figures) -> list[dict[str, Any]]:
    """What a reader must know before the first figure: `title`, `words`, `urgent` each, worst first."""
    found = []
    quality, currency = figures.quality, figures.currency
    if not quality.complete:
        found.append(_notice("INCOMPLETE", f"{_missing(figures)} Figures will change.", urgent=True))
    if not figures.has_sales:
        found.append(_notice("No sales", f"No counted orders on {figures.business_date}."))
    if quality.unconverted:
        amounts = ", ".join(with_currency(each.net_sales, each.currency) for each in quality.unconverted[:4])
        if (more := len(quality.unconverted) - 4) > 0:
            amounts += f" and {more} more currencies"
        words = f"{amounts} without an exchange rate to {currency}; not in the figures below."
        found.append(_notice("Unconverted", words, urgent=True))
    if broken := website.warnings(figures.website, figures.business_date):
        found.append(_notice("Website", f"{broken[0][:1].upper()}{broken[0][1:]}."))
    if quality.restatements:
        days = sorted({each.business_date for each in quality.restatements})
        some = ", ".join(day.isoformat() for day in days[:5]) + (" …" if len(days) > 5 else "")
        words = f"Figures reported earlier have changed for {some}: see Restated days."
        found.append(_notice("Restated", words))
    return found


def page_texts(figures: Figures) -> dict[str, Any]:
    """The data quality page's tables, cell by cell."""
    quality = figures.quality
    return {
        "note": "what the day's latest read of each source brought",
        "sources": [_source(each) for each in quality.sources],
        "totals": [_totals(each) for each in quality.sources],
        "rejects": _rejects(figures),
        "unconverted": [
            [
                clean(each.currency),
                count(each.orders),
                *(amount(getattr(each, name), each.currency) for name in AMOUNTS),
            ]
            for each in quality.unconverted
        ],
        "restatements": _restatements(figures),
        "missing_days": [day.isoformat() for day in quality.missing_days],
        "fill_command": quality.fill_command or "",
        "warnings": [clean(warning) for warning in quality.warnings],
        "limits": [clean(limit) for limit in quality.limits],
    }


def _notice(title: str, words: str, *, urgent: bool = False) -> dict[str, Any]:
    return {"title": title, "words": words, "urgent": urgent}


def alarms(figures: Figures) -> list[str]:
    """Why the day is incomplete although all its sources were read: no failed task has told anybody."""
    day = weekday(figures.business_date)
    return [f"{partner} has delivered no file that can be used" for partner in _missing_partners(figures)] + [
        f"{source_name(source)} has no order at all, and had 20 or more on each of the last four {day}s"
        for source in figures.quality.empty_sources
    ]


def _missing_partners(figures: Figures) -> list[str]:
    named = (source.partition(": ")[2] for source in figures.quality.missing_sources)
    return [clean(partner) for partner in named if partner]


def _missing(figures: Figures) -> str:
    unread = [source_name(source) for source in figures.quality.missing_sources if ": " not in source]
    partners = _missing_partners(figures)
    # Some of such a source may be there: the hourly sync reads the running day.
    said = [f"Not read since the day ended: {', '.join(unread)}."] if unread else []
    said += [f"No usable file of {', '.join(partners)}."] if partners else []
    empty = [source_name(source) for source in figures.quality.empty_sources]
    said += [f"Unusually empty: {', '.join(empty)} without a single order."] if empty else []
    return " ".join(said) or "Not every source of this day has been loaded."


def _source(each: SourceQuality) -> list[str]:
    rows = (each.rows_read, each.rows_accepted, each.rows_rejected, each.rows_superseded)
    loaded = None if each.source_orders is None else each.orders_loaded  # exchange rates are no orders
    return [source_name(each.source), each.status, *map(count, (*rows, each.source_orders, loaded))]


def _totals(each: SourceQuality) -> list[str]:
    said = each.source_amount
    loaded = None if said is None else each.amount_loaded
    difference = None if said is None or loaded is None else loaded - said
    return [
        source_name(each.source),
        plain(said),
        plain(loaded),
        "none" if difference == 0 else plain(difference),
        instant(each.read_at),
    ]


def _rejects(figures: Figures) -> list[list[str]]:
    lines = []
    for each in figures.quality.rejects:
        first = [source_name(each.source), each.reason.replace("_", " "), count(each.rows)]
        for sample in each.samples:
            place = ":".join(str(part) for part in (sample.file, sample.row_number) if part not in (None, ""))
            raw = clean(sample.raw)
            raw = raw if len(raw) <= _LONGEST_SAMPLE else raw[:_LONGEST_SAMPLE] + "…"
            lines.append([*first, clean(place), clean(sample.detail), raw])
            first = ["", "", ""]
    return lines


def _restatements(figures: Figures) -> list[list[str]]:
    lines = []
    for each in figures.quality.restatements:
        label, kind, _ = HEADLINE.get(each.figure) or Meaning(clean(each.figure), "quantity", 0)
        values = [figure(value, kind, figures.currency) for value in (each.old, each.new)]
        lines.append([each.business_date.isoformat(), label, *values, clean(each.reason)])
    return lines
