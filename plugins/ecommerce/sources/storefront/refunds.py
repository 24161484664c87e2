"""Refunds of the storefront: their dates and lines are only under `/refunds`; it is asked sparingly.

An order lists its refunds as stubs (id and amount). Orders whose stubs say what the warehouse has keep the
warehouse's rows; of the others all refunds are read: with a few pages of the global `/refunds` where the
server has that route and it takes fewer requests, else order by order.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ecommerce.core.errors import ContractError
from ecommerce.sources.http import NotFoundError
from ecommerce.sources.storefront.client import (
    CONNECTION,
    PER_PAGE,
    Page,
    StorefrontClient,
)
from ecommerce.sources.storefront.pagination import walk

if TYPE_CHECKING:
    import pyarrow as pa

Refund = dict[str, Any]

FEW = 5
"""For fewer orders than this the global list is not worth a look."""


class Stubs(NamedTuple):
    """One order's refunds: amount (with tax, positive) by refund id, None where it is not a number.
    `created_at` is the order's, naive UTC."""

    created_at: datetime | None
    amounts: dict[str, Decimal | None]


def split_known(
    orders: Mapping[str, Stubs], known: pa.Table
) -> tuple[pa.Table, dict[str, Stubs]]:
    """The rows of `known` that are still true, and the orders whose refunds must be read. Amounts of a refund
    are spread over its lines, and over merchandise, tax and shipping; their sum is the stub's amount."""
    import pyarrow as pa
    import pyarrow.compute as pc

    amounts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    columns = [
        "order_id",
        "refund_id",
        "merchandise_amount",
        "tax_amount",
        "shipping_amount",
    ]
    for order_id, refund_id, *parts in zip(
        *known.select(columns).to_pydict().values(), strict=True
    ):
        amounts[order_id][refund_id] += sum(
            (part for part in parts if part is not None), Decimal(0)
        )
    unchanged = {
        order_id
        for order_id, stubs in orders.items()
        if stubs.amounts == amounts.get(order_id)
    }
    rows = known.filter(
        pc.is_in(known["order_id"], pa.array(sorted(unchanged), pa.string()))
    )
    return rows, {
        order_id: stubs
        for order_id, stubs in orders.items()
        if order_id not in unchanged
    }


def read_refunds(
    client: StorefrontClient,
    pool: Executor,
    orders: Mapping[str, Stubs],
    recent: datetime,
) -> dict[str, list[Refund]]:
    """Return all present refunds of `orders`, by order id; each with the key `order_id` added. Orders created
    since `recent` (naive UTC) are looked up in the global list; for older ones that would be a long way back.
    """
    newer = {
        key: stubs
        for key, stubs in orders.items()
        if stubs.created_at and stubs.created_at >= recent
    }
    found = _from_all_refunds(client, pool, newer)
    # What the global list did not give completely is asked for order by order, and that answer counts.
    rest = [
        key
        for key, stubs in orders.items()
        if not stubs.amounts.keys() <= found.get(key, {}).keys()
    ]
    found |= zip(
        rest,
        pool.map(lambda key: _of_order(client, key, orders[key]), rest),
        strict=True,
    )
    return {order_id: list(refunds.values()) for order_id, refunds in found.items()}


def _from_all_refunds(
    client: StorefrontClient, pool: Executor, orders: Mapping[str, Stubs]
) -> dict[str, dict[str, Refund]]:
    """The refunds of `orders` from the global list, if it exists and is the shorter way."""
    found: dict[str, dict[str, Refund]] = {}
    created = [stubs.created_at for stubs in orders.values() if stubs.created_at]
    if len(created) < FEW:
        return found
    # No refund is older than its order; a day more, because no server was seen applying dates_are_gmt here.
    after = (min(created) - timedelta(days=1)).isoformat(timespec="seconds")
    parameters = {
        "after": after,
        "dates_are_gmt": "true",
        "orderby": "id",
        "order": "asc",
    }
    try:
        first = client.get("/refunds", 1, parameters)
    except NotFoundError:  # an older WooCommerce
        return found
    if first.total is None or first.total > PER_PAGE * len(orders):
        return found
    at_hand = {1: first}

    def read(number: int) -> Page:
        page = at_hand.pop(number, None) or client.get("/refunds", number, parameters)
        for refund in _parse(page, "/refunds"):
            if (order_id := str(refund.get("parent_id"))) in orders:
                found.setdefault(order_id, {})[str(refund.get("id"))] = refund | {
                    "order_id": order_id
                }
        return page

    walk(f"{CONNECTION}: GET /refunds", read, pool)
    return found


def _of_order(
    client: StorefrontClient, order_id: str, stubs: Stubs
) -> dict[str, Refund]:
    found: dict[str, Refund] = {}
    path = f"/orders/{order_id}/refunds"
    for number in itertools.count(1):
        refunds = _parse(client.get(path, number), path)
        found |= {
            str(refund.get("id")): refund | {"order_id": order_id} for refund in refunds
        }
        # Newest first: refunds that the order does not list yet precede those that it lists.
        if not refunds or stubs.amounts.keys() <= found.keys():
            break
    return found


def _parse(page: Page, path: str) -> list[Refund]:
    try:
        refunds = json.loads(page.body, parse_float=str)  # text keeps every digit
    except ValueError:
        refunds = None
    if not isinstance(refunds, list) or not all(
        isinstance(refund, dict) for refund in refunds
    ):
        raise ContractError(
            f"{CONNECTION}: the answer to GET {path} (page {page.number}) is not a JSON list of refunds"
        )
    return refunds
