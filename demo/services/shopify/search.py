"""Searched and sorted orders, balance transactions and payouts, and the pages of connections."""

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
    r"(?P<field>\w+):(?P<operator>>=|<=|<)'(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)'"
)
_PAYOUT_TERM = re.compile(r"payments_transfer_id:(\d+)")
Fields = Mapping[str, str]
"""The fields with instants that a search may name, and the keys of records that hold them."""
_ORDER_FIELDS = {"processed_at": "processedAt", "updated_at": "updatedAt"}
_PAYOUT_FIELDS = {"issued_at": "issuedAt"}
_BALANCE_FIELDS = {"processed_at": "transactionDate"}
_ORDER_SORT_KEYS = {
    "CREATED_AT": "createdAt",
    "PROCESSED_AT": "processedAt",
    "UPDATED_AT": "updatedAt",
}
_OPERATORS = {">=": operator.ge, "<=": operator.le, "<": operator.lt}


class Page(Record):
    """A page of a connection: `edges`, `nodes` and `pageInfo`."""


def find_orders(orders: Iterable[Record], query: str | None) -> list[Record]:
    """Return the orders that match a search, as `_find`."""
    return _find(orders, query, _ORDER_FIELDS)


def _find(records: Iterable[Record], query: str | None, fields: Fields) -> list[Record]:
    """Return the records that match a search.

    Args:
        records: the records to search.
        query: terms like `updated_at:>='2026-11-02T05:30:00Z'`, all of which must match.
        fields: the fields that it may name.

    Raises:
        GraphQLError: the query has another term. The real shop would ignore it and return too many records.
    """
    found = list(records)
    terms = query.split() if query else []
    for term in terms:
        match = _TERM.fullmatch(term)
        if match is None or match["field"] not in fields:
            raise GraphQLError(
                f"This shop does not support the search term {term}; supported are "
                f"{', '.join(fields)}, with >=, <= or < and a quoted UTC instant"
            )
        key = fields[match["field"]]
        compare = _OPERATORS[match["operator"]]
        instant = match["instant"]
        # Instants in UTC and full seconds sort like their texts.
        found = [record for record in found if compare(record[key], instant)]
    return found


def orders_page(orders: Iterable[Record], arguments: Arguments) -> Page:
    """Return a page of the orders that match `query`, sorted by `sortKey`.

    Raises:
        GraphQLError: the search or the cursor is invalid.
    """
    found = find_orders(orders, arguments.get("query"))
    return _sorted_page(found, _ORDER_SORT_KEYS[arguments["sortKey"]], arguments)


def payouts_page(payouts: Iterable[Record], arguments: Arguments) -> Page:
    """Return a page of the payouts that match `query`, by the date of issue; errors as `orders_page`."""
    found = _find(payouts, arguments.get("query"), _PAYOUT_FIELDS)
    return _sorted_page(found, "issuedAt", arguments)


def balance_page(transactions: Iterable[Record], arguments: Arguments) -> Page:
    """Return a page of the balance transactions that match `query`, by date; errors as `orders_page`."""
    found = list(transactions)
    if arguments["hideTransfers"]:
        found = [each for each in found if each["type"] != "TRANSFER"]
    terms = []
    for term in (arguments.get("query") or "").split():
        of_payout = _PAYOUT_TERM.fullmatch(term)
        if of_payout is None:
            terms.append(term)
            continue
        gid = f"gid://shopify/ShopifyPaymentsPayout/{of_payout[1]}"
        found = [each for each in found if each["associatedPayout"]["id"] == gid]
    found = _find(found, " ".join(terms), _BALANCE_FIELDS)
    return _sorted_page(found, "transactionDate", arguments)


def _sorted_page(records: list[Record], sort_field: str, arguments: Arguments) -> Page:
    """Return a page of records, sorted by a field and the number in their ids."""
    keyed: Keyed = []
    for record in records:
        number = int(record["id"].rpartition("/")[2])
        keyed.append(([record[sort_field], number], record))
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
    nodes = [item for _, item in keyed[start:end]]
    edges = [{"node": item} for item in nodes]
    end_cursor = _write_cursor(keyed[end - 1][0]) if nodes else None
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
