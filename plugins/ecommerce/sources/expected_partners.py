"""Which partners should have delivered: those that `EXPECTED_PARTNERS` names, or those that usually do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from ecommerce.core.settings import Expected

WEEKS = 4
ENOUGH = 3
"""A partner is due that delivered on so many of the same weekdays of the last `WEEKS`."""
LATELY = 7
IN_A_ROW = 5
"""A partner is due that delivered on the last `IN_A_ROW` days on which any partner did, if these are among
the last `LATELY` days."""
FEWEST = 2
"""One delivery is no habit."""


def due_partners(
    day: date,
    deliveries: Iterable[tuple[str, date]],
    expected: Expected | None,
) -> list[str]:
    """Return the partners whose file of business day `day` is due, sorted.

    Args:
        day: of the files, as in their names.
        deliveries: partner and day of the files loaded so far; those of the `WEEKS` before `day` are enough.
        expected: weekdays (0 is Monday) by partner, which replace all rules; None: learn them.

    A partner that began to deliver within the last four weeks is due after two of the same weekdays, if it
    left none out. One that delivered on each of the last five days is not due if it has left out every such
    weekday since its first file.
    """
    due = []
    if expected is not None:
        for partner, weekdays in expected.items():
            if day.weekday() in weekdays:
                due.append(partner)
        return sorted(due)
    delivered = _by_partner(day, deliveries)
    open_days: set[date] = set()
    for days in delivered.values():
        open_days |= _recent(day, days)
    last_days = sorted(open_days)[-IN_A_ROW:]
    for partner, days in delivered.items():
        passed, hits = _same_weekdays(day, days)
        in_a_row = len(last_days) == IN_A_ROW and days.issuperset(last_days)
        if (
            hits >= ENOUGH
            or (hits >= FEWEST and hits == passed)
            or (in_a_row and (hits or not passed))
        ):
            due.append(partner)
    return sorted(due)


def doubtful_partners(
    day: date,
    deliveries: Iterable[tuple[str, date]],
) -> list[str]:
    """Return the partners that delivered on most of the seven days before `day`, and on at least half of such
    weekdays, sorted.

    Days before a partner's first delivery do not count. If one of them has nothing for `day` and was not due,
    the day may be incomplete. `deliveries` are as for `due_partners`.
    """
    doubtful = []
    for partner, days in _by_partner(day, deliveries).items():
        passed, hits = _same_weekdays(day, days)
        known = min(LATELY, (day - min(days)).days)
        delivered = len(_recent(day, days))
        is_usual = delivered >= FEWEST and delivered * 2 > known
        if is_usual and hits * 2 >= passed:
            doubtful.append(partner)
    return sorted(doubtful)


def _by_partner(
    day: date,
    deliveries: Iterable[tuple[str, date]],
) -> Mapping[str, set[date]]:
    """Return the days of the `WEEKS` before `day` on which each partner delivered."""
    delivered = defaultdict(set)
    first = day - timedelta(weeks=WEEKS)
    for partner, delivery in deliveries:
        if first <= delivery < day:
            delivered[partner].add(delivery)
    return delivered


def _recent(day: date, days: set[date]) -> set[date]:
    """Return those of `days` that are among the last `LATELY` days."""
    first = day - timedelta(days=LATELY)
    return {delivery for delivery in days if delivery >= first}


def _same_weekdays(day: date, days: set[date]) -> tuple[int, int]:
    """Return how many days of the weekday of `day` have passed since the first of `days`, and how many of
    them are among `days`."""
    passed = (day - min(days)).days // 7
    hits = [delivery for delivery in days if delivery.weekday() == day.weekday()]
    return passed, len(hits)
