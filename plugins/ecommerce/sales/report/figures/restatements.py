"""Restated figures: what mailed reports say otherwise, one per business day and figure, and why, in words.

A load writes down why it changes a mailed day: causes with a kind, a source, a channel and a number of
orders. The words are made here. Rows from before causes were kept have a sentence for engineers; it is made
readable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from ecommerce.core import text
from ecommerce.sales.report.figures.model import HEADLINE, Meaning, Restatement
from ecommerce.sources import PARTNER_FILES, SOURCES

DIFFERENCE = Decimal("0.005")
"""A figure that differs by no more is not restated."""
MOST_CAUSES = 2
_LONGEST_REASON = 160
_LONGEST_IN_A_LINE = 90

Row = Mapping[str, Any]


class Cause(NamedTuple):
    """Why a day changed; `source` and `channel` are None where the cause is no order of the day."""

    kind: str
    source: str | None = None
    channel: str | None = None


class Correction(NamedTuple):
    """A headline figure (one of `figures.HEADLINE`) as the latest mail of its day stated it, and as it is
    now. None: there is no such figure, as the average of no order."""

    figure: str
    mailed: Decimal | None
    now: Decimal | None


_ORDERS = frozenset({"late", "changed", "cancelled", "removed"})
_REFUNDS = frozenset({"refunded", "unrefunded"})
_RATES = frozenset({"rates"})
_KINDS = (
    dict.fromkeys(("orders", "units", "customers"), _ORDERS)
    | dict.fromkeys(("new_customers", "returning_customers"), _ORDERS | {"first_orders"})
    | dict.fromkeys(("gross_sales", "discounts", "average_order_value", "tax", "shipping"), _ORDERS | _RATES)
    | {"returns": _REFUNDS | _RATES, "net_sales": _ORDERS | _REFUNDS | _RATES}
)
"""Which kinds of causes can change a headline figure. Orders that come late, are cancelled or go bring or
take their refunds as causes of their own, so none of them is a cause of returns."""

_OF_A_PARTNER = {
    "late": "late file of {place}, {orders}",
    "changed": "corrected file of {place}, {orders}",
    "cancelled": "{orders} cancelled by {place}",
    "removed": "{orders} taken out of the file of {place}",
}
_OF_A_SOURCE = {
    "late": "{orders} read late from {place}",
    "changed": "{orders} changed in {place}",
    "cancelled": "{orders} cancelled in {place}",
    "removed": "{orders} deleted in {place}",
    "refunded": "refunds recorded late in {place}, {orders}",
    "unrefunded": "refunds taken back in {place}, {orders}",
}
_OF_AN_EXPORT = {"late": "{place} was loaded, {orders}", "removed": "{place} was taken out, {orders}"}
_OF_NO_ORDER = {
    "rates": "exchange rates published after the report",
    "first_orders": "earlier orders of customers became known",
}


def differ(old: Decimal | None, new: Decimal | None) -> bool:
    """Whether the two are not the same figure; None is one of its own: an average of no order."""
    if old is None or new is None:
        return old is not new
    return abs(new - old) > DIFFERENCE


def merged(rows: Iterable[Row]) -> list[Restatement]:
    """One restatement per business day and figure, however many loads changed it: from the value mailed to
    the value now. Newest day first, figures in the headline's order; without those that are what they were.

    `rows` are of `report_restatements`: business_date, figure, detected_at, old_value, new_value, reason,
    causes.
    """
    order = list(HEADLINE)

    def place(row: Row) -> tuple[int, int, str]:
        figure = row["figure"]
        return (
            -row["business_date"].toordinal(),
            order.index(figure) if figure in HEADLINE else len(order),
            figure,
        )

    found = []
    for _, group in groupby(sorted(rows, key=lambda row: (*place(row), row["detected_at"])), key=place):
        steps = list(group)
        first, last = steps[0], steps[-1]
        if differ(first["old_value"], last["new_value"]):
            found.append(
                Restatement(
                    business_date=last["business_date"],
                    figure=last["figure"],
                    old=first["old_value"],
                    new=last["new_value"],
                    reason=reason(last["figure"], steps),
                    detected_at=last["detected_at"],
                )
            )
    return found


def reason(figure: str, rows: Iterable[Row]) -> str:
    """Why `figure` changed, by the rows that say so, for a reader who knows the shop and no pipeline."""
    counts: dict[Cause, int] = {}
    untold: dict[str, None] = {}
    for row in rows:
        causes = json.loads(row.get("causes") or "[]")
        for each in causes:
            cause = Cause(each["kind"], each.get("source"), each.get("channel"))
            # One order that three loads changed is not three orders.
            counts[cause] = max(counts.get(cause, 0), int(each.get("orders") or 0))
        if not causes:
            untold[_readable(row["reason"] or "")] = None
    # A load notes the causes of a day; what cannot change this figure is no reason of it.
    kinds = _KINDS.get(figure, frozenset())
    fitting = [cause for cause in counts if cause.kind in kinds] or list(counts)
    # New rates concern all amounts in their currency, and have no number of orders to be ranked by.
    fitting.sort(key=lambda cause: (cause.kind != "rates", -counts[cause]))
    told = [_words(cause, counts[cause]) for cause in fitting]
    told += [words for words in untold if words]
    said = "; ".join(told[:MOST_CAUSES])
    more = len(told) - MOST_CAUSES
    return f"{said}; and {more} other {'cause' if more == 1 else 'causes'}" if more > 0 else said


def lines(
    restatements: Iterable[Restatement], today: date, currency: str, *, with_reason: bool = True
) -> list[str]:
    """One sentence for each business day, newest first: its first figure in the headline's order, as mailed
    and now. A day of another year than `today` is named with its year."""
    return [
        _line(day, next(group), today, currency, with_reason=with_reason)
        for day, group in groupby(restatements, key=lambda each: each.business_date)
    ]


def cells(restatements: Iterable[Restatement], today: date, currency: str) -> list[list[str]]:
    """The table's rows: business day, figure, mailed, now, change, reason. Day and reason are said once for
    rows that share them. Tax and shipping, which are in no sales figure, come only where they are all there
    is."""
    rows: list[list[str]] = []
    for day, group in groupby(restatements, key=lambda each: each.business_date):
        of_day = list(group)
        shown = [each for each in of_day if each.figure not in ("tax", "shipping")] or of_day
        name, said = _day(day, today), ""
        for each in shown:
            words = text.clean(each.reason, _LONGEST_REASON)
            rows.append([name, *_figures(each, currency), "" if words == said else words])
            name, said = "", words
    return rows


def _line(day: date, each: Restatement, today: date, currency: str, *, with_reason: bool) -> str:
    label, old, new, change = _figures(each, currency)
    values = f"{_inside(label)} {old} → {new}" + (f", {change}" if change != text.NOTHING else "")
    why = text.clean(each.reason, _LONGEST_IN_A_LINE) if with_reason else ""
    return f"{_day(day, today)}: {values}" + (f": {why}" if why else "")


def _figures(each: Restatement, currency: str) -> list[str]:
    label, kind, _ = HEADLINE.get(each.figure) or Meaning(
        text.clean(each.figure.replace("_", " ")), "quantity", 0
    )
    old, new = (text.figure(value, kind, currency) for value in (each.old, each.new))
    return [label, old, new, text.change(each.new, each.old)]


def _day(day: date, today: date) -> str:
    return text.short_day(day) if day.year == today.year else f"{text.short_day(day)} {day.year}"


def _words(cause: Cause, orders: int) -> str:
    counted = f"{text.count(orders)} {'order' if orders == 1 else 'orders'}"
    if cause.kind in _OF_NO_ORDER:
        return _OF_NO_ORDER[cause.kind]
    if cause.source == PARTNER_FILES:
        wordings = _OF_A_SOURCE | _OF_A_PARTNER
    else:
        wordings = _OF_A_SOURCE if cause.source in SOURCES else _OF_A_SOURCE | _OF_AN_EXPORT
    wording = wordings.get(cause.kind, "{orders} of {place}")
    return wording.format(place=_place(cause.source or "", cause.channel), orders=counted)


def _place(source: str, channel: str | None = None) -> str:
    if source == PARTNER_FILES and channel not in (None, PARTNER_FILES):
        return text.clean(channel)
    if source in SOURCES:
        return "a partner" if source == PARTNER_FILES else f"the {_inside(text.source_name(source))}"
    return f"the export {text.clean(source)}"


def _readable(engineers: str) -> str:
    """The sentence of a row without causes, without its run and with sources as people call them."""
    told = re.sub(r", run \S+$", "", engineers)
    told = re.sub(r"(?<=orders from )\w+", lambda found: _place(found[0]), told)
    first, *others = told.split(" and late or changed orders from ")
    return " and ".join([first, *others])


def _inside(name: str) -> str:
    """A name that stands inside a sentence."""
    return name[:1].lower() + name[1:]
