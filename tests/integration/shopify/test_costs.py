"""The cost of goods of a Shopify order: Shopify has only that of today, so that of the first read stays."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from demo.services.shopify import OrderFacts, build_order
from demo.services.shopify.store import SCOPES
from ecommerce.core.data_warnings import sentence
from ecommerce.sources.shopify import extraction
from tests.integration.shopify.orders import line, refund, unit
from tests.integration.shopify.reading import DAY, NOON, Loadable, simulated
from tests.memory import LINES, Remembered
from tests.rows import column_of

OLD = DAY.start - timedelta(days=3)
MUGS = line("10", 4, unit_cost=Decimal("2.50"))
HIDDEN = (
    "the shop's app may not see the cost of products: order lines have no cost of goods, so there is no "
    "gross margin"
)
NO_COSTS = [scope for scope in SCOPES if scope != "read_inventory"]


def costs(loaded, table="order_lines"):
    return column_of(loaded.rows(table), "cost_amount")


def remember(*rows):
    """An earlier read has left these lines: order, number, quantity and cost."""

    def known_lines(source, order_ids):
        stored = []
        for order_id, number, *amounts in rows:
            assert order_id in order_ids
            exact = [None if each is None else Decimal(each) for each in amounts]
            values = order_id, number, "MUG", "Cups", *exact
            stored.append(dict(zip(LINES.names, values, strict=True)))
        return pa.Table.from_pylist(
            stored,
            schema=LINES,
        )

    return Remembered(known_lines=known_lines)


def test_a_returned_unit_gives_its_cost_back(load):
    free = line("1", unit_cost=Decimal(0))
    lines = [MUGS, line("3"), free]
    refunds = [
        refund(unit(0, 3)),
        refund(unit(1)),
        refund(unit(2)),
    ]
    loaded = load(OrderFacts(1, NOON, lines, refunds=refunds))
    assert costs(loaded) == [10, None, 0]
    assert costs(loaded, "refunds") == [Decimal("7.50"), None, 0]


@pytest.mark.parametrize("today", ["9", None, "no variant", "hidden"])
def test_the_cost_of_the_first_read_stays(today, serve, tmp_path):
    cost = Decimal(9) if today == "9" else None
    lines = [
        replace(MUGS, unit_cost=cost),
        line("3", unit_cost=cost),
    ]
    order = OrderFacts(1, OLD, lines, updated_at=NOON)
    built = build_order(order)
    if today == "no variant":
        built["lineItems"][0]["variant"] = None
    serve(
        built,
        accessScopes=NO_COSTS if today == "hidden" else SCOPES,
    )
    # Line 2 had no cost, and the order had two mugs then.
    memory = remember(("1", 1, "2", "5"), ("1", 2, "1", None))
    loaded = Loadable(tmp_path, earlier_reads=memory)
    assert costs(loaded) == [10, cost]


@pytest.mark.parametrize("bulk", ["few orders", "no scope", "no permission"])
def test_hidden_costs_are_null_with_one_warning(
    bulk, serve, tmp_path, monkeypatch, read_in_bulk
):
    """Also where so many orders would be read by a bulk operation, which fails where a field is hidden."""
    if bulk != "few orders":
        read_in_bulk(1)
    if bulk == "no permission":
        # The stand-in hides the field by its scope: here another scope stands for it.
        monkeypatch.setattr(extraction, "COST_SCOPE", "read_orders")
    orders = []
    for number in range(1, 4):
        orders.append(
            OrderFacts(
                number,
                NOON,
                [MUGS],
                refunds=[refund(unit())],
            )
        )
    shop = serve(*orders, accessScopes=NO_COSTS)
    simulated(monkeypatch, shop)
    loaded = Loadable(tmp_path)
    assert column_of(loaded.rows("orders"), "gross_amount") == [40, 40, 40]
    assert costs(loaded) == costs(loaded, "refunds") == [None, None, None]
    assert [sentence(each) for each in loaded.accounts["warnings"]] == [HIDDEN]
    operations = {request.operation for request in shop.requests}
    assert ("BulkRun" in operations) is (bulk == "no permission")
