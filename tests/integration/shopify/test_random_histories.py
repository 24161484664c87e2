"""Random orders, edits, refunds, exchanges and deletions, in any split of windows, by
pages or in bulk."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
import time_machine

from demo.services.shopify import build_order
from ecommerce.sources import SHOPIFY
from tests.integration.shopify.made_up_orders import ADDED, MINUTE, OrderMaker
from tests.integration.shopify.reading import (
    DAY,
    NOON,
    NOW,
    Loadable,
    assert_oracle,
    simulated,
)

pytestmark = pytest.mark.slow


def history_of(dice):
    """The versions of a shop's orders with their instants, and when some are deleted."""
    maker = OrderMaker(dice)
    versions = []
    deleted = {}
    for number in range(1, dice.randint(3, 12)):
        last = maker.order(number)
        changed_at = max([last.created_at, *(refund.at for refund in last.refunds)])
        placed = [replace(line, removed=0) for line in last.lines if line.sku != ADDED]
        first = replace(
            last,
            lines=placed,
            refunds=[],
            cancelled_at=None,
        )
        for at, version in ((last.created_at, first), (changed_at, last)):
            versions.append((at, replace(version, updated_at=at)))
        if dice.random() < 0.2:
            deleted[str(number)] = changed_at + MINUTE
    return sorted(
        versions,
        key=lambda version: version[0],
    ), deleted


class Tables:
    """What the reads leave: an order is replaced whole by its newest version."""

    def __init__(self):
        self.orders = {}
        self.refunds = {}

    def add(self, loaded):
        assert loaded.rows("rejected_rows") == []
        for row in loaded.rows("order_versions"):
            self.orders.pop(row["order_id"], None)
        self.orders |= {row["order_id"]: row for row in loaded.rows("orders")}
        self.refunds |= loaded.refunds()


@pytest.mark.parametrize("seed", range(6))
def test_any_split_of_windows_ends_in_the_oracles_rows(
    seed, serve, tmp_path, monkeypatch, read_in_bulk
):
    dice = Random(seed)
    versions, deleted = history_of(dice)
    tables = Tables()
    read_at = DAY.start
    opening = NOON - timedelta(hours=10)
    splits = [opening + dice.randint(1, 1200) * MINUTE for _ in range(seed % 3)]
    shop = serve()
    simulated(monkeypatch, shop)
    for at in [*sorted(splits), NOW]:
        shop.store.clock.now = at
        show(
            shop.store,
            at,
            versions,
            deleted,
        )
        # The last read is the reconciliation, which asks for the known orders.
        known = list(tables.orders) if at == NOW else []
        read_in_bulk(dice.choice([-1, 20_000]))
        window = {
            "changed_from": read_at - SHOPIFY.overlap,
            "also_read": known,
        }
        with time_machine.travel(at):
            tables.add(Loadable(tmp_path / str(at), **window))
        read_at = at
    present = {}
    for order in shop.store.orders.values():
        present[order["legacyResourceId"]] = order
    assert tables.orders.keys() == present.keys()
    assert_oracle(present, tables.orders, tables.refunds)


def show(
    store,
    at,
    versions,
    deleted,
):
    """Let the shop have the orders that it has at an instant."""
    store.orders.clear()
    for since, facts in versions:
        gone = deleted.get(str(facts.number), NOW + MINUTE) <= at
        if since <= at and not gone:
            changed = build_order(facts)
            store.orders[changed["id"]] = changed
