"""Restated figures: mailed figures that have changed, one per business day and figure, and the causes.

A load records why it changes a mailed day: causes with a kind, a source, a channel and a number of orders.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from ecommerce.sales.report.figures.base import Row
from ecommerce.sales.report.figures.model import HEADLINE
from ecommerce.sales.report.figures.quality import Cause, Restatement

DIFFERENCE = Decimal("0.005")
"""A figure that differs by no more is not restated."""


class Correction(NamedTuple):
    """A headline figure (a name of `model.HEADLINE`) in the latest mail of its day, and now. None: the figure
    does not exist, such as an average of no order."""

    figure: str
    mailed: Decimal | None
    now: Decimal | None


def differ(old: Decimal | None, new: Decimal | None) -> bool:
    """Return whether two values of a figure differ; None, an average of no order, differs from any number."""
    if old is None or new is None:
        return old is not new
    return abs(new - old) > DIFFERENCE


def merged(rows: Iterable[Row]) -> list[Restatement]:
    """Return one restatement per business day and figure, from the value mailed to the value now; none where
    they are equal. Newest day first, figures in the headline's order. `rows`: of `restatements.sql`."""
    order = list(HEADLINE)

    def place(row: Row) -> tuple[int, int]:
        return -row["business_date"].toordinal(), order.index(row["figure"])

    restated = []
    for _, group in groupby(
        sorted(rows, key=lambda row: (*place(row), row["detected_at"])), key=place
    ):
        steps = list(group)
        old, last = steps[0]["old_value"], steps[-1]
        if differ(old, last["new_value"]):
            restated.append(
                Restatement.of(
                    last, old=old, new=last["new_value"], causes=causes(steps)
                )
            )
    return restated


def causes(rows: Iterable[Row]) -> list[Cause]:
    """Return the `distinct` causes of the changes of a day."""
    every = (each for row in rows for each in json.loads(row.get("causes") or "[]"))
    return distinct(
        Cause(
            kind=each["kind"],
            source=each.get("source"),
            channel=each.get("channel"),
            orders=each.get("orders") or 0,
        )
        for each in every
    )


def distinct(causes: Iterable[Cause]) -> list[Cause]:
    """Return each cause once, with its largest number of orders: one order that three loads changed is not
    three orders. New rates first, then by their orders."""
    largest: dict[tuple[str, str | None, str | None], Cause] = {}
    for each in sorted(
        causes, key=lambda cause: (cause.kind != "rates", -cause.orders)
    ):
        largest.setdefault((each.kind, each.source, each.channel), each)
    return list(largest.values())
