"""Restated figures as rows and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from ecommerce.core import text
from ecommerce.sales.report.figures.model import HEADLINE, Meaning
from ecommerce.sales.report.figures.quality import Cause, Restatement
from ecommerce.sources import PARTNER_FILES, SOURCES

MOST_DAYS, MOST_LINES, MOST_CAUSES = 10, 5, 2
_LONGEST_REASON, _LONGEST_IN_A_LINE = 160, 90
NO_CAUSE = "computed again by a later load"
_OF_A_PARTNER = {
    "late": "late file of {place}, {orders}",
    "changed": "corrected file of {place}, {orders}",
    "cancelled": "{orders} cancelled by {place}",
    "removed": "{orders} removed from the file of {place}",
}
_OF_A_SOURCE = {
    "late": "{orders} loaded late from {place}",
    "changed": "{orders} changed in {place}",
    "cancelled": "{orders} cancelled in {place}",
    "removed": "{orders} deleted in {place}",
    "refunded": "refunds recorded late in {place}, {orders}",
    "unrefunded": "refunds reversed in {place}, {orders}",
}
_OF_AN_EXPORT = {"late": "{place} loaded, {orders}", "removed": "{place} undone, {orders}"}
_OF_NO_ORDER = {
    "rates": "exchange rates published after the report",
    "first_orders": "earlier orders of customers became known",
}


def reason(causes: Sequence[Cause]) -> str:
    """Return why a figure changed, by its first causes."""
    if not causes:
        return NO_CAUSE
    line = "; ".join(map(_cause, causes[:MOST_CAUSES]))
    more = len(causes) - MOST_CAUSES
    return f"{line}; and {more} other {'cause' if more == 1 else 'causes'}" if more > 0 else line


def lines(
    restatements: Iterable[Restatement], today: date, currency: str, *, with_reason: bool = True
) -> list[str]:
    """Return one line per business day, newest first, with its first figure: "Wed 18 Nov: net sales 18,716.13
    → 20,373.40, +8.9 %: late file of alpenmarkt, 13 orders".

    Args:
        restatements: in the order of `figures.restatements.merged`.
        today: the report's day; days of another year are shown with their year.
        currency: of the amounts.
        with_reason: whether lines end with the reason.
    """
    days = groupby(restatements, key=lambda each: each.business_date)
    return [_line(day, next(group), today, currency, with_reason=with_reason) for day, group in days]


def first_lines(restatements: Iterable[Restatement], today: date, currency: str) -> list[str]:
    """Return the first of `lines`; the last one counts the days beyond them."""
    every = lines(restatements, today, currency)
    more = len(every) - MOST_LINES
    return [*every[:MOST_LINES], f"and {earlier_days(more)}"] if more > 0 else every


def notice_words(restatements: Sequence[Restatement], today: date, currency: str) -> str:
    """Return the line of the newest day, with its reason where it is the only one."""
    days = len({each.business_date for each in restatements})
    line = lines(restatements, today, currency, with_reason=days == 1)[0]
    return line if days == 1 else f"{line}; and {earlier_days(days - 1)}"


def rows(restatements: Sequence[Restatement], today: date, currency: str) -> list[list[str]]:
    """Return rows of business day, figure, mailed, now, change, reason; a day or reason equal to the row
    above is empty. Tax and shipping, which no sales figure includes, appear only where nothing else
    changed."""
    days: list[list[str]] = []
    for day, group in groupby(restatements, key=lambda each: each.business_date):
        every = list(group)
        shown = [each for each in every if each.figure not in ("tax", "shipping")] or every
        label, last_reason = _day(day, today), ""
        for each in shown:
            why = text.clean(reason(each.causes), _LONGEST_REASON)
            days.append([label, *_values(each, currency), "" if why == last_reason else why])
            label, last_reason = "", why
    return days


def newest_rows(restatements: Sequence[Restatement], today: date, currency: str) -> list[list[str]]:
    """Return the `rows` of the newest days; the last row counts the others."""
    days = sorted({each.business_date for each in restatements}, reverse=True)
    shown = [each for each in restatements if each.business_date in days[:MOST_DAYS]]
    more = len(days) - MOST_DAYS
    rest = [[earlier_days(more), "", "", "", "", "in figures.json"]] if more > 0 else []
    return rows(shown, today, currency) + rest


def earlier_days(count: int) -> str:
    """Return `1 earlier day` or `3 earlier days`."""
    return "1 earlier day" if count == 1 else f"{text.count(count)} earlier days"


def _line(day: date, each: Restatement, today: date, currency: str, *, with_reason: bool) -> str:
    label, old, new, change = _values(each, currency)
    values = f"{_inside(label)} {old} → {new}" + (f", {change}" if change != text.NOTHING else "")
    why = text.clean(reason(each.causes), _LONGEST_IN_A_LINE) if with_reason else ""
    return f"{_day(day, today)}: {values}" + (f": {why}" if why else "")


def _values(each: Restatement, currency: str) -> list[str]:
    unknown = Meaning(text.clean(each.figure.replace("_", " ")), "quantity", 0)
    label, kind, _ = HEADLINE.get(each.figure, unknown)
    old, new = (text.figure(value, kind, currency) for value in (each.old, each.new))
    return [label, old, new, text.change(each.new, each.old)]


def _day(day: date, today: date) -> str:
    return text.short_day(day) if day.year == today.year else f"{text.short_day(day)} {day.year}"


def _cause(cause: Cause) -> str:
    if cause.kind in _OF_NO_ORDER:
        return _OF_NO_ORDER[cause.kind]
    of_source = _OF_A_PARTNER if cause.source == PARTNER_FILES else _OF_AN_EXPORT
    wordings = (
        _OF_A_SOURCE if cause.source in SOURCES and of_source is _OF_AN_EXPORT else _OF_A_SOURCE | of_source
    )
    orders = f"{text.count(cause.orders)} {'order' if cause.orders == 1 else 'orders'}"
    return wordings.get(cause.kind, "{orders} of {place}").format(place=_place(cause), orders=orders)


def _place(cause: Cause) -> str:
    if cause.source == PARTNER_FILES:
        return "a partner" if cause.channel in (None, PARTNER_FILES) else text.clean(cause.channel)
    if cause.source in SOURCES:
        return f"the {_inside(text.source_name(cause.source))}"
    return f"the export {text.clean(cause.source)}"


def _inside(label: str) -> str:
    return label[:1].lower() + label[1:]
