"""Restated figures: mailed figures that have changed, one per business day and figure, and the causes.

A load records why it changes a mailed day: causes with a kind, a source, a channel and a number of orders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter

from more_itertools import map_reduce, unique_everseen

from ecommerce.core import text
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.core.templates import render_rows
from ecommerce.core.values import Row
from ecommerce.reporting.parts import Part
from ecommerce.reporting.sections import columns_of
from ecommerce.sales import terms
from ecommerce.sources import live_sources

DIFFERENCE = Decimal("0.005")
"""A figure that differs by no more is not restated."""
COLUMNS = columns_of(
    ":Business day",
    "Figure",
    ">Mailed",
    ">Now",
    ">Change",
    "Reason*2.2",
)
"""Of the table of `restated_rows`."""


class Cause(Part):
    """Why a mailed day changed; `source` and `channel` are None where the cause is no order of the day."""

    kind: str
    source: str | None = None
    channel: str | None = None
    orders: int = 0


class Restatement(Part):
    """A headline figure of a mailed day that has changed: as mailed, as it is now, and the causes; without
    any, a load computed the day again. `detected_at` is of its last change."""

    business_date: date
    figure: str
    old: Decimal | None
    new: Decimal | None
    causes: list[Cause] = []
    detected_at: datetime


def differ(old: Decimal | None, new: Decimal | None) -> bool:
    """Return whether two values of a figure differ; None, an average of no order, differs from any number."""
    if old is None or new is None:
        return old is not new
    return abs(new - old) > DIFFERENCE


def restatements(rows: Iterable[Row]) -> list[Restatement]:
    """Return the rows of `restated_figures.sql`: the newest day first, figures in the headline's order."""
    return [Restatement.of(row, causes=json.loads(row["causes"])) for row in rows]


def restated_rows(
    restatements: Iterable[Restatement], currency: str, most: int = 0
) -> list[list[str]]:
    """Return rows of `COLUMNS`; only the first row of a day has the day and the reasons of all its figures. A
    last row counts the days beyond `most` (0: all)."""
    days = list(map_reduce(restatements, attrgetter("business_date")).values())
    facts = {
        "days": days[: most or None],
        "hidden": days[most:] if most else [],
        "currency": currency,
        "written": written,
        "causes": _causes,
        "sources": live_sources(),
        "place_of": terms.source_place,
    }
    return render_rows("tables/restatements.txt", facts)


def written(
    figure: str, mailed: Decimal | None, now: Decimal | None, currency: str
) -> list[str]:
    """Return label, mailed and present value of a headline figure, and its change in percent."""
    meaning = HEADLINE[figure]
    before = text.figure(mailed, meaning.kind, currency)
    after = text.figure(now, meaning.kind, currency)
    return [meaning.label, before, after, text.change(now, mailed)]


def _causes(day: Iterable[Restatement]) -> Iterator[Cause]:
    """Return the causes of a day. New rates come first, then the most orders; a cause of several figures is
    stated once."""
    causes = [cause for changed in day for cause in changed.causes]
    ordered = sorted(causes, key=lambda cause: (cause.kind != "rates", -cause.orders))
    return unique_everseen(ordered, attrgetter("kind", "source", "channel"))
