"""Refunds of the storefront: their dates and lines are only under `/orders/<id>/refunds`, which costs a
request for each order.

An order lists its refunds as stubs (id and amount). Orders whose stubs say what the warehouse has keep the
warehouse's rows; of the others, all refunds are read.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING

from ecommerce.core.values import Values
from ecommerce.sources.storefront.client import StorefrontClient
from ecommerce.storage.duckdb import run_sql_file

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Refund = Values


def split_known(
    duck: DuckDBPyConnection, known: pa.Table
) -> tuple[pa.Table, dict[str, list[str]]]:
    """Return the rows of `known` that are still true, and the orders whose refunds must be read, with the ids
    of these refunds.

    `known` has the stored refunds of the orders of the table refund_stubs.
    """
    duck.register("known_refunds", known)
    run_sql_file(duck, "extract/storefront/changed_refunds")
    changed = dict(duck.table("changed_refunds").fetchall())
    unchanged = duck.sql(
        "FROM known_refunds ANTI JOIN changed_refunds USING (order_id)"
    )
    return unchanged.to_arrow_table(), changed


def read_refunds(
    client: StorefrontClient,
    pool: Executor,
    orders: Mapping[str, Collection[str]],
) -> tuple[list[Refund], int]:
    """Return all present refunds of `orders`, with the key `order_id` added, and the number of orders of
    which the shop withholds some. `orders` has the ids of the refunds that each order lists."""
    refunds: list[Refund] = []
    incomplete = 0
    read = partial(_refunds_of_order, client)
    answers = pool.map(read, orders, orders.values())
    for listed, answer in zip(orders.values(), answers, strict=True):
        refunds += answer.values()
        if not answer.keys() >= set(listed):
            incomplete += 1
    return refunds, incomplete


def _refunds_of_order(
    client: StorefrontClient,
    order_id: str,
    listed: Collection[str],
) -> dict[str, Refund]:
    """Return the refunds of an order by id, at least those of `listed` that the shop returns."""
    refunds: dict[str, Refund] = {}
    for number in itertools.count(1):
        read = len(refunds)
        page = client.get(f"/orders/{order_id}/refunds", number)
        # Numbers as text keep every digit.
        for refund in json.loads(page.body, parse_float=str):
            refunds[str(refund.get("id"))] = refund | {"order_id": order_id}
        # Newest first: refunds that the order does not list yet precede those that it lists. A page without
        # new ones may be that of a cache.
        if len(refunds) == read or refunds.keys() >= set(listed):
            break
    return refunds
