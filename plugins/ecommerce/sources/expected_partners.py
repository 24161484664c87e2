"""Which partners should have delivered: those that `EXPECTED_PARTNERS` names, or those that usually do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from ecommerce.core.settings import Expected

WEEKS, ENOUGH = 4, 3
"""Due is who delivered on so many of the same weekdays of the last weeks."""
LATELY, IN_A_ROW = 7, 5
"""Due is also who delivered on the last `IN_A_ROW` of the last `LATELY` days on which any partner did."""
FEWEST = 2
"""One delivery is no habit."""


def due_partners(
    day: date, deliveries: Iterable[tuple[str, date]], expected: Expected | None
) -> list[str]:
    """Return the partners whose file of business day `day` is due, sorted.

    Args:
        day: of the files, as their names say.
        deliveries: partner and day of the files loaded so far; those of the `WEEKS` before `day` are enough.
        expected: weekdays (0 is Monday) by partner, which are then all there is; None: learn them.

    A partner that began to deliver within the last four weeks is due after two of the same weekdays, when it
    left none out. One that delivered on each of the last five days is not due if it has left out every such
    weekday since its first file.
    """
    if expected is not None:
        return sorted(
            partner
            for partner, weekdays in expected.items()
            if day.weekday() in weekdays
        )
    delivered = _by_partner(day, deliveries)
    open_days = {
        each
        for days in delivered.values()
        for each in days
        if each >= day - timedelta(days=LATELY)
    }
    last_days = sorted(open_days)[-IN_A_ROW:]
    due = []
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


def doubtful_partners(day: date, deliveries: Iterable[tuple[str, date]]) -> list[str]:
    """Return the partners that delivered on most of the seven days before `day`, and on at least half of such
    weekdays; arguments as `due_partners`. Days before a partner's first delivery do not count. Where one of
    them has nothing for `day` and was not due, the day may be incomplete."""
    last_days = {day - timedelta(days=back) for back in range(1, LATELY + 1)}
    doubtful = []
    for partner, days in _by_partner(day, deliveries).items():
        passed, hits = _same_weekdays(day, days)
        known = sum(each >= min(days) for each in last_days)
        delivered = len(days & last_days)
        if delivered >= FEWEST and delivered * 2 > known and hits * 2 >= passed:
            doubtful.append(partner)
    return sorted(doubtful)


def _by_partner(
    day: date, deliveries: Iterable[tuple[str, date]]
) -> Mapping[str, set[date]]:
    """The days of the `WEEKS` before `day` on which each partner delivered."""
    delivered: dict[str, set[date]] = defaultdict(set)
    for partner, of_day in deliveries:
        if day - timedelta(weeks=WEEKS) <= of_day < day:
            delivered[partner].add(of_day)
    return delivered


def _same_weekdays(day: date, days: set[date]) -> tuple[int, int]:
    """How many days of the weekday of `day` have passed since the first of `days`, and how many are in it."""
    same = {day - timedelta(weeks=week) for week in range(1, WEEKS + 1)}
    return sum(each >= min(days) for each in same), len(days & same)
