"""Walking a paged list that changes meanwhile without losing an object.

The list must be sorted by id, ascending. Pages are cut by count, so an object that enters the list before
page n (somebody changes an old order) pushes others over the page boundaries: they are seen twice, or not at
all when the later page was read first. One that leaves (it goes to the trash) pulls them the other way. Both
change the list's total, which every page states. So where two neighbouring pages state different totals, they
are read again, in turn, until two answers in a row state the same.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from itertools import chain, count
from math import ceil

from more_itertools import chunked

from ecommerce.core.errors import TransientError
from ecommerce.sources.storefront.client import PER_PAGE, Page

MAX_READS_PER_PAGE = 6
"""How often one page is read before the list counts as changing too fast."""
MAX_EMPTY_PAGES = 100
"""How many empty pages in a row are read of what a total announces."""
AHEAD = 64
"""How many pages are asked for at once."""


def walk(
    what: str,
    read: Callable[[int], Page],
    pool: Executor,
) -> int:
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
    pages = _Pages(what, read, pool)
    page = newest = pages.read(1)
    is_last_sure = False
    empty = 0
    while True:
        objects = sum(pages.sizes.values())
        total = newest.total or 0
        empty = 0 if page.size else empty + 1
        if total and objects > 2 * total + AHEAD * PER_PAGE:
            raise TransientError(
                f"{what} has more objects on {len(pages.sizes)} pages than the {total} that it counts: does "
                "a cache in front of the shop ignore the parameter page?"
            )
        if page.size and page.total != newest.total:
            # The list changed between these two answers: the other page may be another one now.
            is_last_sure = False
            number = newest.number
            newest = page
        elif page.size:
            if page.number >= newest.number:
                newest = page
            if page.size < PER_PAGE and page.total == objects:
                break
            number = newest.number + 1
        elif total > page.number * PER_PAGE and empty < MAX_EMPTY_PAGES:
            # The objects of this page are withheld.
            number = page.number + 1
        elif is_last_sure or total <= objects or empty >= MAX_EMPTY_PAGES:
            break
        else:
            # An announced object is on no page: it may have moved to the last one meanwhile.
            is_last_sure = True
            number = newest.number
        page = pages.read(number)
    return max(0, total - objects)


class _Pages:
    """The pages of one list. New ones are asked for in order, ahead of time as far as they are announced."""

    def __init__(
        self,
        what: str,
        read: Callable[[int], Page],
        pool: Executor,
    ) -> None:
        self._what = what
        self._read = read
        first = read(1)
        announced = max(1, ceil((first.total or 0) / PER_PAGE))
        # In parts, because a wrong total may announce millions of pages.
        parts = chunked(range(2, announced + 1), AHEAD)
        self._new_pages = chain(
            [first],
            chain.from_iterable(pool.map(read, part) for part in parts),
            map(read, count(announced + 1)),
        )
        self._reads: Counter[int] = Counter()
        self._numbers: dict[int, int] = {}
        """The page with a content, by its hash."""
        self.sizes: dict[int, int] = {}
        """The objects on each page, as last read."""

    def read(self, number: int) -> Page:
        """Return a page, read again or for the first time."""
        is_new = not self._reads[number]
        page = next(self._new_pages) if is_new else self._read(number)
        self._reads[number] += 1
        if self._reads[number] > MAX_READS_PER_PAGE:
            raise TransientError(
                f"{self._what}: the list changed every time it was read, so that no read was sure to be whole"
            )
        self.sizes[number] = page.size
        if not page.size:
            return page
        same = self._numbers.setdefault(hash(page.body), number)
        if same < number:
            raise TransientError(
                f"{self._what} answers page {number} with what is on page {same}: does a cache in front of "
                "the shop ignore the parameter page?"
            )
        return page
