"""What the report says about its own trustworthiness: the notices of page one and the data quality page."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from ecommerce.core.text import amount, clean, count, listed, source_name, with_currency
from ecommerce.reporting.sections import notice
from ecommerce.sales.report.figures import rejected, restatements, warnings, website
from ecommerce.sales.report.figures.model import AMOUNTS, CurrencyTotals, Figures, RefusedFile, SourceQuality

MOST_RESTATED_DAYS = 10
MOST_RESTATED_LINES = 5
LEAST_LOSS = Decimal("0.01")
"""As in the check of `load_audit`: what is rejected is rounded to four decimals, line by line."""


def notices(figures: Figures) -> list[dict[str, Any]]:
    """What a reader must know before the first figure: `title`, `words`, `urgent` each, worst first."""
    found = []
    quality, currency = figures.quality, figures.currency
    if not quality.complete:
        found.append(notice("INCOMPLETE", f"{_missing(figures)}. Figures will change.", urgent=True))
    elif doubtful := quality.doubtful_sources:
        names = [_title(each) for each in doubtful]
        words = (
            f"{listed(names, 6, 'other sources')} {_form(names, 'has', 'have')} far fewer sales of this day"
        )
        words += " than usual, or none. Figures may change."
        found.append(notice("May be incomplete", words, urgent=True))
    missing = _missing_partners(figures)
    if refused := [each for each in quality.refused_files if is_news(each, missing)]:
        others = f", and {len(refused) - 1} more of its kind" if len(refused) > 1 else ""
        found.append(notice("Delivery refused", f"{_refused(refused[0])}{others}.", urgent=True))
    if not figures.has_sales:
        found.append(notice("No sales", f"No counted orders on {figures.business_date}."))
    if quality.unconverted:
        amounts = ", ".join(with_currency(each.net_sales, each.currency) for each in quality.unconverted[:4])
        if (more := len(quality.unconverted) - 4) > 0:
            amounts += f" and {more} more currencies"
        words = f"{amounts} without an exchange rate to {currency}; not in the figures below."
        found.append(notice("Unconverted", words, urgent=True))
    if broken := website.warnings(figures.website, figures.business_date):
        what = broken[0].found
        found.append(notice("Website", f"{what[:1].upper()}{what[1:]}: {broken[0].meaning}."))
    if quality.restatements:
        found.append(notice("Restated", f"{_restated_words(figures)}."))
    return found


def page_texts(figures: Figures) -> dict[str, Any]:
    """The data quality page's tables, cell by cell."""
    quality = figures.quality
    return {
        "note": "what the day's latest read of each source brought",
        "sources": [_source(each) for each in quality.sources],
        "totals": [_totals(each) for each in quality.totals],
        "rejects": rejected.cells(quality.rejects),
        "unconverted": [
            [
                clean(each.currency),
                count(each.orders),
                *(amount(getattr(each, name), each.currency) for name in AMOUNTS),
            ]
            for each in quality.unconverted
        ],
        "restatements": _restated(figures),
        "missing_days": [day.isoformat() for day in quality.missing_days],
        "fill_command": quality.fill_command or "",
        "warnings": warnings.cells(warnings.of_the_day(quality.warnings, figures.business_date), clean),
        "other_warnings": [
            clean(each) for each in warnings.other_days(quality.warnings, figures.business_date)
        ],
        "limits": [clean(limit) for limit in quality.limits],
    }


def restatement_lines(figures: Figures, most: int = MOST_RESTATED_LINES) -> list[str]:
    """What mailed reports say otherwise, a sentence for each business day, the newest first: its first
    figure in the headline's order, such as "Wed 18 Nov: net sales 18,716.13 → 20,373.40, +8.9 %: late file
    of alpenmarkt, 13 orders". The last sentence counts the days beyond `most`."""
    lines = restatements.lines(figures.quality.restatements, figures.business_date, figures.currency)
    more = len(lines) - most
    return [*lines[:most], f"and {_earlier(more)}"] if more > 0 else lines


def incomplete_words(figures: Figures) -> str | None:
    """Why the day is incomplete, short enough for a subject: "alpenmarkt has not delivered"; None where it is
    complete."""
    return None if figures.quality.complete else _lacking(figures, 2, is_long=False)


def doubtful_words(figures: Figures) -> str | None:
    """The sources and partners for which the day may be incomplete, few enough for a subject; None without
    any."""
    names = [_title(each) for each in figures.quality.doubtful_sources]
    return listed(names, 2, "other sources") if names and figures.quality.complete else None


def _restated_words(figures: Figures) -> str:
    """One line: the newest day, with its reason where it is the only one."""
    days = len({each.business_date for each in figures.quality.restatements})
    line = restatements.lines(
        figures.quality.restatements, figures.business_date, figures.currency, with_reason=days == 1
    )[0]
    return line if days == 1 else f"{line}; and {_earlier(days - 1)}"


def _restated(figures: Figures) -> list[list[str]]:
    """The table's rows of the newest days; the last one counts the others."""
    found = figures.quality.restatements
    days = sorted({each.business_date for each in found}, reverse=True)
    shown = [each for each in found if each.business_date in days[:MOST_RESTATED_DAYS]]
    rows = restatements.cells(shown, figures.business_date, figures.currency)
    more = len(days) - MOST_RESTATED_DAYS
    return [*rows, [_earlier(more), "", "", "", "", "in figures.json"]] if more > 0 else rows


def _earlier(days: int) -> str:
    return "1 earlier day" if days == 1 else f"{count(days)} earlier days"


def alarms(figures: Figures) -> list[str]:
    """Return what is wrong with the day although all its sources were read: no failed task has sent it."""
    weekday = f"{figures.business_date:%A}"
    missing = _missing_partners(figures)
    return [
        *(f"{partner} has delivered no file that can be used" for partner in missing),
        *(
            f"{_title(source)} has no order at all, and had 20 or more on each of the last four {weekday}s"
            for source in figures.quality.empty_sources
        ),
        *(_refused(each) for each in figures.quality.refused_files if is_news(each, missing)),
    ]


def is_news(refused: RefusedFile, missing: Collection[str]) -> bool:
    """Whether a refused file is worth a sentence of its own: its partner is not among the `missing` ones."""
    return refused.is_loaded or _partner(refused) not in missing


def _refused(each: RefusedFile) -> str:
    partner, file, detail = _partner(each), clean(each.file), clean(each.detail)
    if each.is_loaded:
        return (
            f"{partner} has delivered {file} again, and the new version cannot be used ({detail}); the "
            "figures are those of the version loaded before"
        )
    return f"{partner} has delivered {file}, which cannot be used ({detail}); its orders are in no figure"


def _partner(each: RefusedFile) -> str:
    return clean(each.file.partition(".csv")[0].rpartition("_")[0])


def _missing_partners(figures: Figures) -> list[str]:
    named = (source.partition(": ")[2] for source in figures.quality.missing_sources)
    return [clean(partner) for partner in named if partner]


def _missing(figures: Figures) -> str:
    said = _lacking(figures, 6, is_long=True)
    quality = figures.quality
    begins_with_partner = _missing_partners(figures) or (
        not quality.missing_sources and any(": " in each for each in quality.empty_sources[:1])
    )
    return said if begins_with_partner else said[:1].upper() + said[1:]  # a partner's name stays as it is


def _unread(figures: Figures) -> list[str]:
    return [_in_a_sentence(source) for source in figures.quality.missing_sources if ": " not in source]


def _title(source: str) -> str:
    """The source, or the partner of `partner_files: <partner>`."""
    return clean(source.partition(": ")[2]) or source_name(source)


def _in_a_sentence(source: str) -> str:
    if ": " in source:  # a partner's name stays as it is
        return _title(source)
    name = source_name(source)
    return f"{name[:1].lower()}{name[1:]}"


def _lacking(figures: Figures, most: int, *, is_long: bool) -> str:
    """What is missing: at most so many names of a kind. Of a source that was not read since the day ended
    some orders may be there: the hourly sync reads the running day."""
    partners, unread = _missing_partners(figures), _unread(figures)
    empty = [_in_a_sentence(source) for source in figures.quality.empty_sources]
    what, when = (" a usable file", " since the day ended") if is_long else ("", "")
    said = []
    if partners:
        said.append(
            f"{listed(partners, most, 'other partners')} {_form(partners, 'has', 'have')} not delivered{what}"
        )
    if unread:
        said.append(f"{listed(unread, most, 'other sources')} {_form(unread, 'was', 'were')} not read{when}")
    if empty:
        said.append(f"{listed(empty, most, 'other sources')} {_form(empty, 'has', 'have')} no order")
    return ", ".join(said) or "not every source of this day was read"


def _form(names: list[str], one: str, more: str) -> str:
    return one if len(names) == 1 else more


def _source(each: SourceQuality) -> list[str]:
    rows = (each.rows_read, each.rows_accepted, each.rows_rejected, each.rows_superseded)
    loaded = None if each.source_orders is None else each.orders_loaded  # exchange rates are no orders
    return [source_name(each.source), each.status, *map(count, (*rows, each.source_orders, loaded))]


def _totals(each: CurrencyTotals) -> list[str]:
    amounts = (each.source_amount, each.loaded_amount, each.superseded_amount, each.rejected_amount)
    loss = each.unexplained_amount
    return [
        source_name(each.source),
        each.currency or "(none)",
        *(amount(value, each.currency) for value in amounts),
        amount(loss, each.currency) if is_loss(loss) else "none",
    ]


def is_loss(unexplained: Decimal) -> bool:
    """Whether an amount that nothing explains is more than rounding."""
    return abs(unexplained) >= LEAST_LOSS
