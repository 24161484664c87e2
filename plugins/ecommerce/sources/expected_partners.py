"""Which partners should have delivered: those that `EXPECTED_PARTNERS` names, or those that usually do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from ecommerce.core.settings import Expected

WEEKS, ENOUGH = 4, 3
"""A partner is due that delivered on so many of the same weekdays of the last weeks."""
LATELY, IN_A_ROW = 7, 5
"""A partner is due that delivered on the last `IN_A_ROW` days on which any partner did, if these are among
the last `LATELY` days."""
FEWEST = 2
"""One delivery is no habit."""


def due_partners(
    day: date, deliveries: Iterable[tuple[str, date]], expected: Expected | None
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
    if expected is not None:
        weekday = day.weekday()
        return sorted(name for name, days in expected.items() if weekday in days)
    due = []
    delivered = _by_partner(day, deliveries)
    open_days = set().union(*delivered.values())
    last_days = sorted(open_days)[-IN_A_ROW:]
    are_recent = len(last_days) == IN_A_ROW and (day - last_days[0]).days <= LATELY
    for partner, days in delivered.items():
        passed, hits = _same_weekdays(day, days)
        in_a_row = are_recent and days.issuperset(last_days)
        is_weekly = hits >= ENOUGH or (hits >= FEWEST and hits == passed)
        if is_weekly or (in_a_row and (hits or not passed)):
            due.append(partner)
    return sorted(due)


def doubtful_partners(day: date, deliveries: Iterable[tuple[str, date]]) -> list[str]:
    """Return the partners that delivered on most of the seven days before `day`, and on at least half of such
    weekdays, sorted.

    Days before a partner's first delivery do not count. If one of them has nothing for `day` and was not due,
    the day may be incomplete. `deliveries` are as for `due_partners`.
    """
    doubtful = []
    for partner, days in _by_partner(day, deliveries).items():
        passed, hits = _same_weekdays(day, days)
        known = min(LATELY, (day - min(days)).days)
        delivered = sum((day - delivery).days <= LATELY for delivery in days)
        if delivered >= FEWEST and delivered * 2 > known and hits * 2 >= passed:
            doubtful.append(partner)
    return sorted(doubtful)


def _by_partner(
    day: date, deliveries: Iterable[tuple[str, date]]
) -> Mapping[str, set[date]]:
    """Return the days of the `WEEKS` before `day` on which each partner delivered."""
    delivered = defaultdict(set)
    for partner, delivery in deliveries:
        if day - timedelta(weeks=WEEKS) <= delivery < day:
            delivered[partner].add(delivery)
    return delivered


def _same_weekdays(day: date, days: set[date]) -> tuple[int, int]:
    """Return how many days of the weekday of `day` have passed since the first of `days`, and how many of
    them are among `days`."""
    passed = (day - min(days)).days // 7
    hits = sum(delivery.weekday() == day.weekday() for delivery in days)
    return passed, hits
