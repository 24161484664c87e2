"""Searched and sorted orders, and the pages of connections."""

from __future__ import annotations

import base64
import bisect
import json
import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError

from demo.services.shopify.store import Record

Arguments = Mapping[str, Any]
"""The arguments of a field, by name."""
Key = list[Any]
"""The values that a connection is sorted by, unique within it; a cursor holds those of one item."""
Keyed = list[tuple[Key, Record]]
"""The items of a connection with their keys, sorted by them."""
_TERM = re.compile(
    r"(?P<field>processed_at|updated_at):(?P<operator>>=|<=)'(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)'"
)
_FIELDS = {
    "CREATED_AT": "createdAt",
    "PROCESSED_AT": "processedAt",
    "UPDATED_AT": "updatedAt",
}
_OPERATORS = {">=": operator.ge, "<=": operator.le}


class Page(Record):
    """A page of a connection: `edges`, `nodes` and `pageInfo`."""


def find_orders(orders: Iterable[Record], query: str | None) -> list[Record]:
    """Return the orders that match a search.

    Args:
        orders: the orders to search.
        query: terms like `updated_at:>='2026-11-02T05:30:00Z'`, all of which must match.

    Raises:
        GraphQLError: the query has another term. The real shop would ignore it and return too many orders.
    """
    found = list(orders)
    terms = query.split() if query else []
    for term in terms:
        match = _TERM.fullmatch(term)
        if match is None:
            raise GraphQLError(
                f"This shop does not support the search term {term}; supported are "
                "processed_at and updated_at, with >= or <= and a quoted UTC instant"
            )
        field = _FIELDS[match["field"].upper()]
        compare = _OPERATORS[match["operator"]]
        instant = match["instant"]
        # Instants in UTC and full seconds sort like their texts.
        found = [order for order in found if compare(order[field], instant)]
    return found


def orders_page(orders: Iterable[Record], arguments: Arguments) -> Page:
    """Return a page of the orders that match `query`, sorted by `sortKey`.

    Raises:
        GraphQLError: the search or the cursor is invalid.
    """
    sort_field = _FIELDS[arguments["sortKey"]]
    keyed: Keyed = []
    for order in find_orders(orders, arguments.get("query")):
        keyed.append(([order[sort_field], int(order["legacyResourceId"])], order))
    keyed.sort(key=operator.itemgetter(0))
    return _page(keyed, arguments)


def list_page(items: Iterable[Record], arguments: Arguments) -> Page:
    """Return a page of items in their order; GraphQLError for an invalid cursor."""
    keyed: Keyed = []
    for place, item in enumerate(items):
        keyed.append(([place], item))
    return _page(keyed, arguments)


def _page(keyed: Keyed, arguments: Arguments) -> Page:
    """Return the `first` items after the cursor `after`; without `first`, all of them."""
    start = 0
    after = arguments.get("after")
    if after is not None:
        last_key = _read_cursor(after)
        start = bisect.bisect_right(keyed, last_key, key=operator.itemgetter(0))
    end = len(keyed)
    if arguments.get("first") is not None:
        end = min(end, start + arguments["first"])
    nodes = []
    edges = []
    end_cursor = None
    for key, item in keyed[start:end]:
        nodes.append(item)
        edges.append({"node": item})
        end_cursor = _write_cursor(key)
    page_info = {"hasNextPage": end < len(keyed), "endCursor": end_cursor}
    return Page(nodes=nodes, edges=edges, pageInfo=page_info)


def _write_cursor(key: Key) -> str:
    return base64.b64encode(json.dumps(key).encode()).decode()


def _read_cursor(cursor: str) -> Key:
    try:
        key: Key = json.loads(base64.b64decode(cursor))
    except ValueError as error:
        raise GraphQLError("Invalid cursor for current pagination sort.") from error
    return key
