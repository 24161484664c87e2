"""Two operations at once leave the tables of one after the other, under BigQuery's rules for transactions."""

import json
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import combinations_with_replacement

import pytest

from ecommerce.core.errors import StagingError
from tests.integration.conftest import FULL_MATRIX
from tests.integration.warehouse.bigquery_rules import (
    Committed,
    Interleaving,
    contents,
    copy,
)
from tests.integration.warehouse.conftest import STATE, Shop, open_shop
from tests.integration.warehouse.loadable import Folder, Order
from tests.integration.warehouse.operations import KINDS, Operation, operations
from tests.integration.warehouse.web_events import STATE as EVENT_TABLES

pytestmark = pytest.mark.slow

COMPARED = (
    *STATE,
    *EVENT_TABLES,
    "product_pictures",
    "sales_forecasts",
    "rejected_rows",
)
BY_RUN = {"read_at", "run_id", "first_seen_at", "last_seen_at"}
CHOSEN = [
    ("day", "another day"),
    ("day", "sync"),
    ("day", "forget"),
    ("another day", "history"),
    ("sync", "forecast"),
    ("history", "undo"),
    ("forget", "events"),
    ("events", "events"),
    ("catalogue", "catalogue"),
]
PAIRS = list(combinations_with_replacement(KINDS, 2)) if FULL_MATRIX else CHOSEN
WAREHOUSES = ("empty", "quiet", "full")


@dataclass
class World:
    """The warehouse under test, one for its snapshot, one for serial runs, and the starts by name."""

    shop: Shop
    snapshot: Shop
    serial: Shop
    starts: dict[str, Shop]
    operations: dict[str, Operation]

    def one_after_the_other(self, start, first, second):
        """Return the tables that two operations leave, one after the other."""
        copy(self.starts[start], self.serial)
        self.operations[first](self.serial)
        self.operations[second](self.serial)
        return state(self.serial)


@pytest.fixture(scope="module")
def world(bigquery_emulator, lend_dataset, tmp_path_factory):
    root = tmp_path_factory.mktemp("interleaved")
    with ExitStack() as lent, pytest.MonkeyPatch.context() as environment:
        environment.setenv("STAGING_URI", f"file://{root}/staging")
        shops = []
        for _ in range(6):
            dataset = lent.enter_context(lend_dataset())
            shops.append(
                open_shop(
                    bigquery_emulator,
                    environment,
                    root,
                    dataset,
                )
            )
        shop, snapshot, serial, empty, quiet, full = shops
        kinds = operations(shop, root)
        quiet.load(
            Folder([Order("5", "2026-02-20 15:00", customer="old")]),
            day=date(2026, 2, 20),
        )
        for kind in KINDS:
            if kind not in ("undo", "forget"):
                kinds[kind](full)
        yield World(
            shop,
            snapshot,
            serial,
            {
                "empty": empty,
                "quiet": quiet,
                "full": full,
            },
            kinds,
        )


def state(shop):
    """Return the rows of the tables that do not depend on the run, and check that no key is stored twice."""
    copies = shop.warehouse.query("warehouse/procedures/copies/find.sql")
    assert copies == [], "rows are stored twice"
    rows = contents(shop)
    return {
        name: sorted(_without_run(text) for text in rows[name].elements())
        for name in COMPARED
    }


def _without_run(text):
    row = json.loads(text)
    return json.dumps(
        {name: value for name, value in row.items() if name not in BY_RUN}
    )


def interleave(world, start, first, second, before):
    """Run `second` within `first`, and compare the tables with those of one after the other."""
    copy(world.starts[start], world.shop)
    run_second = partial(world.operations[second], world.shop)
    interleaving = Interleaving(
        world.shop,
        world.snapshot,
        run_second,
        before,
    )
    with pytest.MonkeyPatch.context() as intercepted:
        interleaving.begin(intercepted)
        with suppress(Committed):
            try:
                world.operations[first](world.shop)
            except StagingError:  # the other one has removed the staged files
                assert second == "forget"
                world.operations[first](world.shop)
    if not interleaving.is_done:
        run_second()
    left = state(world.shop)
    orders = (second, first), (first, second)
    assert any(left == world.one_after_the_other(start, *order) for order in orders)
    return interleaving


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_at_once_end_as_one_after_the_other(world, first, second):
    """The transactions of the chosen pairs overlap, on one of the warehouses. With KILL_MATRIX=full those of
    all pairs overlap on all warehouses, and the second also runs before each query of the first."""
    number = PAIRS.index((first, second))
    starts = WAREHOUSES if FULL_MATRIX else WAREHOUSES[number % 3 :][:1]
    for start in starts:
        interleaving = interleave(
            world,
            start,
            first,
            second,
            None,
        )
        queries = len(interleaving.queries) if FULL_MATRIX else 0
        for before in range(queries):
            interleave(
                world,
                start,
                first,
                second,
                before,
            )
