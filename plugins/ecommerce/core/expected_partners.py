"""Which partners should have delivered: those that `EXPECTED_PARTNERS` names, or those that usually do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain

from ecommerce.core.calendar_days import is_workday
from ecommerce.core.settings import WORKDAYS, Expected

Deliveries = Iterable[tuple[str, date]]
"""Partner and day of each file."""

WEEKS = 4
ENOUGH = 3
"""A partner is due that delivered on so many of the same weekdays of the last `WEEKS`."""
SAME_WEEKDAY = frozenset(range(7, 7 * WEEKS + 1, 7))
"""So many days ago was the same weekday."""
LATELY = frozenset(range(1, 8))
IN_A_ROW = 5
"""A partner is due that delivered on the last `IN_A_ROW` days on which any partner did, if these are among
the days `LATELY`."""
FEWEST = 2
"""One delivery is no habit."""


def due_partners(
    day: date,
    deliveries: Deliveries,
    expected: Expected | None,
    calendar: str = "",
) -> list[str]:
    """Return the partners whose file of business day `day` is due, sorted.

    Args:
        day: of the files, as in their names.
        deliveries: partner and day of the files loaded so far; those of the `WEEKS` before `day` are enough.
        expected: weekdays (0 is Monday) or `WORKDAYS` by partner, which replace all rules; None: learn them.
        calendar: of `public_holidays`, which are no workdays.

    A partner that began to deliver within the last four weeks is due after two of the same weekdays, if it
    left none out. One that delivered on each of the last five days is not due if it has left out every such
    weekday since its first file.
    """
    if expected is not None:
        due = []
        for partner, weekdays in expected.items():
            on_workdays = WORKDAYS in weekdays and is_workday(day, calendar)
            if on_workdays or day.weekday() in weekdays:
                due.append(partner)
        return sorted(due)
    delivered = _days_ago(day, deliveries)
    open_days = LATELY.intersection(chain(*delivered.values()))
    last_days = sorted(open_days)[:IN_A_ROW]
    due = []
    for partner, days in delivered.items():
        passed = max(days) // 7
        hits = len(days & SAME_WEEKDAY)
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
    deliveries: Deliveries,
) -> list[str]:
    """Return the partners that delivered on most of the seven days before `day`, and on at least half of such
    weekdays, sorted.

    Days before a partner's first delivery do not count. If one of them has nothing for `day` and was not due,
    the day may be incomplete. `deliveries` are as for `due_partners`.
    """
    doubtful = []
    for partner, days in _days_ago(day, deliveries).items():
        first = max(days)
        known = min(len(LATELY), first)
        delivered = len(days & LATELY)
        is_usual = delivered >= FEWEST and delivered * 2 > known
        if is_usual and len(days & SAME_WEEKDAY) * 2 >= first // 7:
            doubtful.append(partner)
    return sorted(doubtful)


def _days_ago(
    day: date,
    deliveries: Deliveries,
) -> Mapping[str, set[int]]:
    """Return how many days before `day` each partner delivered, in the last `WEEKS`."""
    delivered = defaultdict(set)
    for partner, delivery in deliveries:
        days = (day - delivery).days
        if 0 < days <= 7 * WEEKS:
            delivered[partner].add(days)
    return delivered
