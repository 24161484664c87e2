"""Refunds of the storefront: their dates and lines are only under `/orders/<id>/refunds`, which costs a
request for each order.

An order lists its refunds as stubs (id and amount). Orders whose stubs say what the warehouse has keep the
warehouse's rows; of the others, all refunds are read.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from ecommerce.sources.storefront.client import StorefrontClient

if TYPE_CHECKING:
    import pyarrow as pa

Refund = dict[str, Any]
Stubs = dict[str, Decimal | None]
"""An order's refunds: amount (with tax, positive) by refund id; None where it is not a number."""
PARTS = ("merchandise_amount", "tax_amount", "shipping_amount")


@dataclass
class ReadRefunds:
    """The refunds read, with the key `order_id` added, and the orders of which the shop withholds some."""

    refunds: list[Refund] = field(default_factory=list)
    incomplete_orders: list[str] = field(default_factory=list)


def split_known(
    orders: Mapping[str, Stubs], known: pa.Table
) -> tuple[pa.Table, dict[str, Stubs]]:
    """Return the rows of `known` that are still true, and the orders whose refunds must be read.

    The warehouse spreads a refund over its lines, and over merchandise, tax and shipping; the sum is the
    stub's amount.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    amounts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in known.to_pylist():
        for part in PARTS:
            amounts[row["order_id"]][row["refund_id"]] += row[part] or 0
    changed = {}
    unchanged = []
    for order_id, stubs in orders.items():
        if stubs == amounts.get(order_id):
            unchanged.append(order_id)
        else:
            changed[order_id] = stubs
    ids = pa.array(unchanged, pa.string())
    return known.filter(pc.is_in(known["order_id"], ids)), changed


def read_refunds(
    client: StorefrontClient, pool: Executor, orders: Mapping[str, Stubs]
) -> ReadRefunds:
    """Return all present refunds of `orders`."""
    result = ReadRefunds()
    read = partial(_refunds_of_order, client)
    answers = pool.map(read, orders, orders.values())
    for (order_id, stubs), refunds in zip(orders.items(), answers, strict=True):
        result.refunds += refunds.values()
        if not stubs.keys() <= refunds.keys():
            result.incomplete_orders.append(order_id)
    return result


def _refunds_of_order(
    client: StorefrontClient, order_id: str, stubs: Stubs
) -> dict[str, Refund]:
    """Return the refunds of an order by id, at least those of `stubs` that the shop returns."""
    refunds: dict[str, Refund] = {}
    for number in itertools.count(1):
        page = client.get(f"/orders/{order_id}/refunds", number)
        # Numbers as text keep every digit.
        for refund in json.loads(page.body, parse_float=str):
            refunds[str(refund.get("id"))] = refund | {"order_id": order_id}
        # Newest first: refunds that the order does not list yet precede those that it lists.
        if not page.size or stubs.keys() <= refunds.keys():
            break
    return refunds
