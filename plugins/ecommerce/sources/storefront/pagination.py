"""Walking a paged list that changes meanwhile without losing an object.

The list must be sorted by id, ascending. Pages are cut by count, so an object that enters the list before
page n (somebody changes an old order) pushes others over the page boundaries: they are seen twice, or not at
all when the later page was read first. One that leaves (it goes to the trash) pulls them the other way. Both
change the list's total, which every page states. So where two neighbouring pages state different totals, they
are read again, in turn, until two answers in a row state the same.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from itertools import chain

from ecommerce.core.errors import TransientError
from ecommerce.sources.storefront.client import PER_PAGE, Page

MOST_LOOKS = 6
"""How often one page is read before the list counts as changing too fast."""


def walk(what: str, read: Callable[[int], Page], pool: Executor) -> int:
    """Call `read` until no object of the list can have been missed; return how many objects the server counts
    and no page holds: 0, unless it withholds some (a plugin filters them, or the key's user may not read
    them).

    `read` runs on `pool`, ahead of the comparison, and keeps what it reads; the same page may be asked for
    several times, and one object be on several pages. The walk goes on until an empty page whatever the
    totals say, so that missing or outdated ones cost requests, not objects. Messages begin with `what`.

    Raises:
        TransientError: a page repeats an earlier one (a cache or the server ignores the page number), or the
            list changed whenever it was read.
    """
    first = read(1)
    announced = -(-(first.total or 0) // PER_PAGE)
    ahead = pool.map(read, range(2, announced + 1))
    pages = _Pages(what, read, chain([first], ahead))
    page = newest = pages.look_at(1)
    is_last_sure = False
    while True:
        if page.size and page.total != newest.total:
            is_last_sure = False
            number = newest.number
            newest = page
        elif page.size:
            newest = max(page, newest, key=lambda page: page.number)
            if page.size < PER_PAGE and page.total == pages.count():
                break
            number = pages.last() + 1
        elif (newest.total or 0) > page.number * PER_PAGE:
            # The objects of this page are withheld.
            number = page.number + 1
        elif is_last_sure or (newest.total or 0) <= pages.count():
            break
        else:
            # An announced object is on no page: it may have moved to the last one meanwhile.
            is_last_sure = True
            number = newest.number
        page = pages.look_at(number)
    return max(0, (newest.total or 0) - pages.count())


class _Pages:
    """The pages of a list, as they were read last; `ahead` yields their first reads, in order."""

    def __init__(
        self, what: str, read: Callable[[int], Page], ahead: Iterator[Page]
    ) -> None:
        self._what = what
        self._read = read
        self._ahead = ahead
        self._looks: Counter[int] = Counter()
        self._sizes: dict[int, int] = {}
        self._numbers: dict[int, int] = {}

    def look_at(self, number: int) -> Page:
        """Return a page, read again or for the first time; new ones are asked for in order."""
        page = None
        if not self._looks[number]:
            page = next(self._ahead, None)
        if page is None:
            page = self._read(number)
        self._looks[number] += 1
        if self._looks[number] > MOST_LOOKS:
            raise TransientError(
                f"{self._what}: the list changed every time it was read, so that no read was sure to be whole"
            )
        self._sizes[number] = page.size
        same = number
        if page.size:
            same = self._numbers.setdefault(hash(page.body), number)
        if same < number:
            raise TransientError(
                f"{self._what} answers page {number} with what is on page {same}: does a cache in front of "
                "the shop ignore the parameter page?"
            )
        return page

    def count(self) -> int:
        """Return the number of objects on all pages."""
        return sum(self._sizes.values())

    def last(self) -> int:
        """Return the number of the last page that has objects."""
        return max(number for number, size in self._sizes.items() if size)
