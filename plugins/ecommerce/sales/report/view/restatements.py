"""Restated figures as rows and sentences."""

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
_OF_A_SOURCE = {
    "late": "{orders} loaded late from {place}",
    "changed": "{orders} changed in {place}",
    "cancelled": "{orders} cancelled in {place}",
    "removed": "{orders} deleted in {place}",
    "refunded": "refunds of {orders} recorded late in {place}",
    "unrefunded": "refunds of {orders} reversed in {place}",
    "rates": "exchange rates published after the report",
    "first_orders": "earlier orders of these customers were loaded",
}
_OF_A_PARTNER = _OF_A_SOURCE | {
    "late": "late file of {place}, {orders}",
    "changed": "corrected file of {place}, {orders}",
    "cancelled": "{orders} cancelled by {place}",
    "removed": "{orders} removed from the file of {place}",
}
_OF_AN_EXPORT = _OF_A_SOURCE | {"late": "{place} loaded, {orders}", "removed": "{place} undone, {orders}"}


def reason(causes: Sequence[Cause]) -> str:
    """Return why a figure changed, by its first causes."""
    if not causes:
        return NO_CAUSE
    line = "; ".join(map(_cause, causes[:MOST_CAUSES]))
    more = len(causes) - MOST_CAUSES
    return f"{line}; and {more} other {'cause' if more == 1 else 'causes'}" if more > 0 else line


def first_lines(restatements: Iterable[Restatement], today: date, currency: str) -> list[str]:
    """Return one line per business day, newest first, with its first figure: "Wed 18 Nov: net sales 18,716.13
    → 20,373.40, +8.9 %: late file of alpenmarkt, 13 orders". A last line counts the days beyond `MOST_LINES`.

    Args:
        restatements: in the order of `figures.restatements.merged`.
        today: the report's day; days of another year are shown with their year.
        currency: of the amounts.
    """
    days = [next(group) for _, group in groupby(restatements, key=lambda each: each.business_date)]
    more = len(days) - MOST_LINES
    lines = [
        f"{_line(each, today, currency)}: {text.clean(reason(each.causes), _LONGEST_IN_A_LINE)}"
        for each in days[:MOST_LINES]
    ]
    return [*lines, f"and {earlier_days(more)}"] if more > 0 else lines


def notice_words(restatements: Sequence[Restatement], today: date, currency: str) -> str:
    """Return the line of the newest day, with its reason where it is the only one; `today` and `currency` as
    in `first_lines`."""
    more = len({each.business_date for each in restatements}) - 1
    if not more:
        return first_lines(restatements[:1], today, currency)[0]
    return f"{_line(restatements[0], today, currency)}. Figures of {earlier_days(more)} have changed, too"


def rows(restatements: Sequence[Restatement], today: date, currency: str) -> list[list[str]]:
    """Return rows of business day (in its first row), figure, mailed, now, change, reason. Tax and shipping,
    which no sales figure includes, appear only where nothing else changed. `today` and `currency` as in
    `first_lines`."""
    days: list[list[str]] = []
    for day, group in groupby(restatements, key=lambda each: each.business_date):
        every = list(group)
        shown = [each for each in every if each.figure not in ("tax", "shipping")] or every
        labels = [_day(day, today), *[""] * len(shown)]
        for label, each in zip(labels, shown, strict=False):
            days.append([label, *_values(each, currency), text.clean(reason(each.causes), _LONGEST_REASON)])
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


def _line(each: Restatement, today: date, currency: str) -> str:
    label, old, new, change = _values(each, currency)
    percent = f", {change}" if change != text.NOTHING else ""
    return f"{_day(each.business_date, today)}: {_inside(label)} {old} → {new}{percent}"


def _values(each: Restatement, currency: str) -> list[str]:
    unknown = Meaning(text.clean(each.figure.replace("_", " ")), "quantity", 0)
    label, kind, _ = HEADLINE.get(each.figure, unknown)
    old, new = (text.figure(value, kind, currency) for value in (each.old, each.new))
    return [label, old, new, text.change(each.new, each.old)]


def _day(day: date, today: date) -> str:
    return text.short_day(day) if day.year == today.year else f"{text.short_day(day)} {day.year}"


def _cause(cause: Cause) -> str:
    if cause.source == PARTNER_FILES:
        is_known = cause.channel not in (None, PARTNER_FILES)
        wordings, place = _OF_A_PARTNER, text.clean(cause.channel) if is_known else "a partner"
    elif cause.source in SOURCES:
        wordings, place = _OF_A_SOURCE, f"the {_inside(text.source_name(cause.source))}"
    else:
        wordings, place = _OF_AN_EXPORT, f"the export {text.clean(cause.source)}"
    orders = f"{text.count(cause.orders)} {'order' if cause.orders == 1 else 'orders'}"
    return wordings.get(cause.kind, "{orders} of {place}").format(place=place, orders=orders)


def _inside(label: str) -> str:
    return label[:1].lower() + label[1:]
