"""Walking a paged list that changes meanwhile, several pages at once, without losing an object.

The list must be sorted by id, ascending. Pages are cut by count, so an object that enters the list before
page n (somebody changes an old order) pushes others over the page boundaries: they are seen twice, or not at
all when the later page was read first. One that leaves (it goes to the trash) pulls them the other way. Both
change the list's total, which every page states. So wherever two neighbouring pages were never read under the
same total, both are read again. New orders enter at the end and push nothing; they cost the same second look.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor

from ecommerce.core.errors import ContractError, TransientError
from ecommerce.sources.storefront.client import PER_PAGE, Page

MOST_LOOKS = 6
"""How often one page is read before the list counts as changing too fast."""
EMPTY = -1
Total = int | None
"""The list's total in one answer; None without it, `EMPTY` past the end."""


def walk(what: str, read: Callable[[int], Page], pool: Executor) -> int:
    """Call `read` until no object of the list can have been missed; return how many objects the server counts
    and no page holds: 0, unless it withholds some (a plugin filters them, or the key's user may not read
    them).

    `read` runs on `pool` and keeps what it reads; the same page may be asked for several times, and one
    object be on several pages. The walk goes on until an empty page whatever the totals say, so that missing
    or outdated ones cost requests, not objects. Messages begin with `what`.

    Raises:
        ContractError: another page repeats page one: the server ignores the page number.
        TransientError: a page repeats an earlier other one, or the list changed whenever it was read.
    """

    def look(number: int) -> tuple[Total, int]:
        page = read(number)
        sizes[number] = page.size
        if number == 1 and page.empty:
            of_empty_list.append(page.total or 0)
        return EMPTY if page.empty else page.total, hash(page.body)

    looks: dict[int, list[Total]] = {}
    sizes: dict[int, int] = {}
    bodies: dict[int, int] = {}
    of_empty_list: list[int] = []
    todo: Collection[int] = [1]
    while todo:
        for number, (total, body) in zip(todo, pool.map(look, todo), strict=True):
            looks.setdefault(number, []).append(total)
            if total != EMPTY and (same := bodies.setdefault(body, number)) < number:
                kind = ContractError if same == 1 else TransientError
                raise kind(
                    f"{what} answers page {number} with what is on page {same}: does a cache in front of the "
                    "shop ignore the parameter page?"
                )
        if max(map(len, looks.values())) > MOST_LOOKS:
            raise TransientError(
                f"{what}: the list changed every time it was read, so that no read was sure to be whole"
            )
        todo = _unsettled(looks, sizes)
    totals = {seen[-1] for seen in looks.values() if seen[-1] != EMPTY}
    if not totals:
        return of_empty_list[-1]
    # Totals that differ belong to a list that changed: their difference from the pages proves nothing.
    return max(0, (totals.pop() or 0) - sum(sizes.values())) if len(totals) == 1 else 0


def _unsettled(looks: Mapping[int, list[Total]], sizes: Mapping[int, int]) -> list[int]:
    """The numbers of the pages to be read (again)."""
    totals = {
        number: {total for total in seen if total != EMPTY}
        for number, seen in looks.items()
    }
    last = max((number for number, seen in totals.items() if seen), default=0)
    if last == 0:
        return []
    highest = max(total or 0 for seen in totals.values() for total in seen)
    announced = max(last, -(-highest // PER_PAGE))
    todo = {number for number in range(1, announced + 1) if number not in looks}
    is_whole = {seen[-1] for seen in looks.values()} == {sum(sizes.values())} and sizes[
        last
    ] < PER_PAGE
    if not todo and not is_whole and announced + 1 not in looks:
        todo = {announced + 1}
    # Announced, yet empty: it may have been read before the page filled up.
    todo |= {
        number
        for number in range(last + 1, announced + 1)
        if len(looks.get(number, ())) == 1
    }
    for number in range(1, last):
        if (
            number in looks
            and number + 1 in looks
            and totals[number].isdisjoint(totals[number + 1])
        ):
            todo |= {number, number + 1}
    return sorted(todo)
