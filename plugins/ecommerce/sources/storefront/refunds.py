"""Refunds of the storefront: their dates and lines are only under `/orders/<id>/refunds`, which costs a
request for each order.

An order lists its refunds as stubs (id and amount). Orders whose stubs say what the warehouse has keep the
warehouse's rows; of the others, all refunds are read.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from concurrent.futures import Executor
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


def split_known(
    orders: Mapping[str, Stubs], known: pa.Table
) -> tuple[pa.Table, dict[str, Stubs]]:
    """Return the rows of `known` that are still true, and the orders whose refunds must be read.

    `known` has rows of `orders` only. The warehouse spreads a refund over its lines, and over merchandise,
    tax and shipping; the sum is the stub's amount.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    amounts: dict[str, dict[str, Decimal]] = {}
    for row in known.to_pylist():
        refunds = amounts.setdefault(row["order_id"], {})
        refund_id = row["refund_id"]
        refunds.setdefault(refund_id, Decimal(0))
        for part in PARTS:
            refunds[refund_id] += row[part] or 0
    changed = {}
    for order_id, stubs in orders.items():
        if stubs != amounts.get(order_id):
            changed[order_id] = stubs
    is_changed = pc.is_in(known["order_id"], pa.array(list(changed), pa.string()))
    return known.filter(pc.invert(is_changed)), changed


def read_refunds(
    client: StorefrontClient,
    pool: Executor,
    orders: Mapping[str, Stubs],
) -> tuple[list[Refund], int]:
    """Return all present refunds of `orders`, with the key `order_id` added, and the number of orders of
    which the shop withholds some."""
    refunds: list[Refund] = []
    incomplete = 0
    read = partial(_refunds_of_order, client)
    answers = pool.map(read, orders, orders.values())
    for stubs, answer in zip(orders.values(), answers, strict=True):
        refunds += answer.values()
        if not stubs.keys() <= answer.keys():
            incomplete += 1
    return refunds, incomplete


def _refunds_of_order(
    client: StorefrontClient,
    order_id: str,
    stubs: Stubs,
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
