"""No object is lost while a list is walked that changes between, and during, any two requests."""

import json
import random
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from operator import itemgetter

import pytest

from ecommerce.core.errors import TransientError
from ecommerce.sources.storefront.client import PER_PAGE, Page
from ecommerce.sources.storefront.pagination import MAX_READS_PER_PAGE, walk


class AnyOrder(Executor):
    """Runs what it is given in an order that the random numbers choose, as threads may."""

    def __init__(self, rng):
        self.rng = rng

    def map(self, fn, *iterables, **_):
        calls = list(enumerate(zip(*iterables, strict=True)))
        self.rng.shuffle(calls)
        results = [(place, fn(*arguments)) for place, arguments in calls]
        return (result for _, result in sorted(results, key=itemgetter(0)))


class Shelf:
    """A server's list of ids; `happen` may change it before each request."""

    def __init__(self, ids, happen=lambda ids: None):
        self.ids = set(ids)
        self.happen = happen
        self.seen = set()
        self.requests = []

    def read(self, number):
        self.happen(self.ids)
        self.requests.append(number)
        ids = sorted(self.ids)[(number - 1) * PER_PAGE : number * PER_PAGE]
        self.seen.update(ids)
        total = len(self.ids) if ids else 0
        return Page(number, json.dumps(ids).encode(), total, len(ids))


def walk_by(read):
    with ThreadPoolExecutor(1) as pool:
        return walk("the shelf", read, pool)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 1234])
def test_every_page_is_read_once_and_the_one_after_a_full_last_page(count):
    shelf = Shelf(range(count))
    assert walk_by(shelf.read) == 0
    assert shelf.seen == set(range(count))
    assert shelf.requests == list(range(1, count // PER_PAGE + 2))


@pytest.mark.parametrize("count", [0, 250, 300])
@pytest.mark.parametrize(("total", "withheld"), [(None, 0), (100, 0), (570, 320)])
def test_wrong_totals_cost_requests_only(count, total, withheld):
    shelf = Shelf(range(count))

    def misstate(number):
        page = shelf.read(number)
        return replace(page, total=total if page.size else 0)

    not_read = walk_by(misstate)
    assert shelf.seen == set(range(count))
    assert len(shelf.requests) < 12
    assert count != 250 or not_read == withheld


@pytest.mark.parametrize("seed", range(100))
def test_what_stays_on_the_list_is_seen_however_it_changes(seed):
    """Objects enter and leave anywhere while the pages are asked for in any order."""
    rng = random.Random(seed)
    stays = set(range(0, 3000, 3))
    visitors = [n for n in range(3000) if n % 3]
    chance = rng.choice([0.05, 0.2, 0.5])

    def happen(ids):
        # One thing at a time: the two together would leave the total as it was, and nobody could tell.
        if rng.random() < chance:
            ids ^= {rng.choice(visitors)}

    shelf = Shelf(stays, happen)
    try:
        walk("the shelf", shelf.read, AnyOrder(rng))
    except TransientError:  # it may give up, but never silently
        assert max(map(shelf.requests.count, set(shelf.requests))) > MAX_READS_PER_PAGE
    else:
        assert stays <= shelf.seen


@pytest.mark.parametrize(
    ("shown", "pages"),
    [
        ([1, 1, 1], "page 2 with what is on page 1"),
        # A cache that gives page 2 for page 3, whose objects are on no page.
        ([1, 2, 2], "page 3 with what is on page 2"),
    ],
)
def test_a_page_that_repeats_another_is_no_part_of_the_list(shown, pages):
    shelf = Shelf(range(300))

    def cached(number):
        place = min(number, 3) - 1
        return replace(shelf.read(shown[place]), number=number)

    with pytest.raises(TransientError, match=pages):
        walk_by(cached)


def test_a_server_that_ignores_the_page_is_noticed_though_its_answers_differ():
    def ignore(number):
        return Page(number, str(number).encode(), 250, PER_PAGE)

    with pytest.raises(TransientError, match="than the 250 that it counts"):
        walk_by(ignore)


@pytest.mark.parametrize("total", [1_000_000, 4_294_967_295])
def test_a_total_beyond_all_reason_costs_some_requests(total):
    shelf = Shelf(range(30))

    def misstate(number):
        return replace(shelf.read(number), total=total)

    assert walk_by(misstate) == total - 30
    assert shelf.seen == set(range(30))
    assert len(shelf.requests) < 200


@pytest.mark.parametrize(("total", "withheld"), [(137, 137), (0, 0), (None, 0)])
def test_an_empty_first_page_of_a_list_with_objects_is_no_empty_list(total, withheld):
    assert walk_by(lambda number: Page(number, b"[]", total, 0)) == withheld
