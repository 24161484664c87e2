"""Restated figures as rows and sentences."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from ecommerce.core import text
from ecommerce.sales.report.figures.model import HEADLINE
from ecommerce.sales.report.figures.quality import Cause, Restatement
from ecommerce.sources import SOURCES

MOST_DAYS, MOST_LINES, MOST_CAUSES = 10, 5, 3
_LONGEST_REASON = 160
NO_CAUSE = "computed again by a later load"
_WORDINGS = {
    "late": "{orders} loaded late from {place}",
    "changed": "{orders} changed in {place}",
    "cancelled": "{orders} cancelled in {place}",
    "removed": "{orders} deleted in {place}",
    "refunded": "refunds of {orders} recorded late in {place}",
    "unrefunded": "refunds of {orders} reversed in {place}",
    "rates": "exchange rates published after the report",
    "first_orders": "earlier orders of these customers were loaded",
}


def reason(causes: Iterable[Cause]) -> str:
    """Return why the figures of a day changed, by its first causes."""
    words = text.listed(map(_cause, causes), MOST_CAUSES, "other causes")
    return text.clean(words, _LONGEST_REASON) or NO_CAUSE


def first_lines(restatements: Iterable[Restatement], currency: str, most: int = MOST_LINES) -> list[str]:
    """Return one line per business day, newest first, with its first figure: "Wed 18 Nov: net sales 18,716.13
    → 20,373.40, +8.9 %: 13 orders loaded late from the file of alpenmarkt". A last line counts the days
    beyond `most`.

    Args:
        restatements: in the order of `figures.restatements.merged`.
        currency: of the amounts.
        most: the number of days with a line.
    """
    days = [next(group) for _, group in groupby(restatements, key=lambda each: each.business_date)]
    lines = []
    for each in days[:most]:
        label, old, new, change = _values(each, currency)
        percent = f", {change}" if change != text.NOTHING else ""
        day = text.short_day(each.business_date)
        lines.append(f"{day}: {_inside(label)} {old} → {new}{percent}: {reason(each.causes)}")
    return [*lines, *_earlier_days(len(days) - most)]


def rows(restatements: Sequence[Restatement], currency: str) -> list[list[str]]:
    """Return rows of business day, figure, mailed, now, change, reason; only the first row of a day has the
    day and the reason. The last row counts the days beyond `MOST_DAYS`."""
    days = [list(group) for _, group in groupby(restatements, key=lambda each: each.business_date)]
    lines = []
    for day in days[:MOST_DAYS]:
        name, why = text.short_day(day[0].business_date), reason(day[0].causes)
        for each in day:
            lines.append([name, *_values(each, currency), why])
            name = why = ""
    return lines + [[words, *[""] * 5] for words in _earlier_days(len(days) - MOST_DAYS)]


def _earlier_days(count: int) -> list[str]:
    return [f"and {text.count(count)} earlier {'day' if count == 1 else 'days'}"] if count > 0 else []


def _values(each: Restatement, currency: str) -> list[str]:
    label, kind, _ = HEADLINE[each.figure]
    old, new = (text.figure(value, kind, currency) for value in (each.old, each.new))
    return [label, old, new, text.change(each.new, each.old)]


def _cause(cause: Cause) -> str:
    source = cause.source or ""
    if cause.channel not in (None, source):
        place = f"the file of {text.clean(cause.channel)}"
    elif source in SOURCES:
        place = f"the {_inside(text.source_name(source))}"
    else:
        place = f"the export {text.clean(source)}"
    orders = f"{text.count(cause.orders)} {'order' if cause.orders == 1 else 'orders'}"
    return _WORDINGS[cause.kind].format(place=place, orders=orders)


def _inside(label: str) -> str:
    return label[:1].lower() + label[1:]
