"""Which partners should have delivered: what `EXPECTED_PARTNERS` says, or what they did the weeks before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from ecommerce.core.settings import Expected

WEEKS = 4
"""How far back a habit reaches."""
ENOUGH = 3
"""On so many of the same weekdays of `WEEKS` a partner must have delivered."""


def due_partners(day: date, deliveries: Iterable[tuple[str, date]], expected: Expected | None) -> list[str]:
    """The partners whose file of business day `day` is due, sorted.

    Args:
        day: of the files, as their names say.
        deliveries: partner and day of the files loaded so far; those of the `WEEKS` before `day` are enough.
        expected: weekdays (0 is Monday) by partner, which are then all there is; None: learn them.

    A partner is due that delivered on three of the same weekdays of the last four weeks. One that began to
    deliver within these weeks is due after two of them, when it left none out.
    """
    if expected is not None:
        return sorted(partner for partner, weekdays in expected.items() if day.weekday() in weekdays)
    delivered: dict[str, set[date]] = defaultdict(set)
    for partner, of_day in deliveries:
        if day - timedelta(weeks=WEEKS) <= of_day < day:
            delivered[partner].add(of_day)
    same_weekdays = [day - timedelta(weeks=week) for week in range(1, WEEKS + 1)]
    due = []
    for partner, days in delivered.items():
        since = [each for each in same_weekdays if each >= min(days)]
        hits = len(days.intersection(same_weekdays))
        if hits >= ENOUGH or (hits >= 2 and hits == len(since)):
            due.append(partner)
    return sorted(due)
