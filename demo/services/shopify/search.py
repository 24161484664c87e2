"""Filtered and sorted lists of orders and events, and their pages."""

from __future__ import annotations

import base64
import bisect
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from graphql import GraphQLError

from demo.services.shopify.search_syntax import Field, Fields, Query
from demo.services.shopify.store import Record, ShopifyStore, gid_number

WINDOW = timedelta(days=60)
"""Orders that were created earlier are invisible without the scope read_all_orders."""
_COUNT_LIMIT = 10_000


def _instants(name: str) -> Callable[[Mapping[str, Any]], list[Any]]:
    return lambda record: [parse_instant(record.get(name))]


def _name_and_number(order: Mapping[str, Any]) -> list[str]:
    name = str(order.get("name") or "")
    return [name, name.lstrip("#")]


ORDER_FIELDS: Fields = {
    "created_at": Field("time", _instants("createdAt")),
    "updated_at": Field("time", _instants("updatedAt")),
    "processed_at": Field("time", _instants("processedAt")),
    "id": Field("number", lambda order: [gid_number(order["id"])]),
    "name": Field("text", _name_and_number),
    "tag": Field("text", lambda order: list(order.get("tags") or ())),
    "test": Field("text", lambda order: [str(bool(order.get("test"))).lower()]),
    "default": Field(
        "text", lambda order: [str(order.get(each) or "") for each in ("name", "email")]
    ),
}
EVENT_FIELDS: Fields = {
    "created_at": Field("time", _instants("createdAt")),
    "id": Field("number", lambda event: [gid_number(event["id"])]),
    "action": Field("text", lambda event: [event["action"]]),
    "subject_type": Field("text", lambda event: [event["subjectType"]]),
}
_SORTED_BY_TIME = {
    "CREATED_AT": "createdAt",
    "UPDATED_AT": "updatedAt",
    "PROCESSED_AT": "processedAt",
}
_SORTED_BY_AMOUNT = {
    "TOTAL_PRICE": "totalPriceSet",
    "CURRENT_TOTAL_PRICE": "currentTotalPriceSet",
}


def parse_instant(text: str | None) -> datetime | None:
    """Return a timestamp of a record in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


class Page(Record):
    """A page of a connection: `edges`, `nodes` and `pageInfo`."""


class OrderSearch:
    """The search over a store's orders and events.

    Attributes:
        lag: the search finds an order as it was so long ago; the nodes it returns are current.
    """

    def __init__(self, store: ShopifyStore, lag: timedelta = timedelta(0)) -> None:
        self.store, self.lag = store, lag
        self._cache: dict[Any, list[tuple[Any, Record]]] = {}
        self._cache_version = -1

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.store.shop["ianaTimezone"])

    def visible(self, order: Record | None) -> Record | None:
        """Return `order`, or None if the app may not see orders of its age."""
        if order is None or "read_all_orders" in self.store.shop["accessScopes"]:
            return order
        created = parse_instant(order.get("createdAt"))
        return (
            order if created is None or created >= self.store.clock() - WINDOW else None
        )

    def orders(self, arguments: Mapping[str, Any]) -> Page:
        """Return a page of orders."""
        sort_key = arguments.get("sortKey") or "PROCESSED_AT"
        ordered = self._ordered(Query.parse(arguments.get("query")), sort_key)
        connection = page(
            [order for _, order in ordered],
            arguments,
            keys=[key for key, _ in ordered],
            sort_key=sort_key,
        )
        # An order that the index still has may be deleted.
        edges = [
            {**edge, "node": self.store.orders[edge["node"]["id"]]}
            for edge in connection["edges"]
            if edge["node"]["id"] in self.store.orders
        ]
        return Page(
            connection | {"edges": edges, "nodes": [edge["node"] for edge in edges]}
        )

    def count(self, arguments: Mapping[str, Any]) -> Record:
        """Return the number of orders, capped unless `limit` is null."""
        number = len(self._ordered(Query.parse(arguments.get("query")), "ID"))
        limit = arguments.get("limit", _COUNT_LIMIT)
        if limit is not None and number > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": number, "precision": "EXACT"}

    def events(self, arguments: Mapping[str, Any]) -> Page:
        """Return a page of events."""
        query = Query.parse(arguments.get("query"))
        events = [
            each
            for each in self.store.events
            if query.matches(each, EVENT_FIELDS, self._zone)
        ]
        return page(events, arguments)

    def _ordered(self, query: Query, sort_key: str) -> list[tuple[Any, Record]]:
        """Return the orders that match, each with its (value, id), sorted by it."""
        if self._cache_version != self.store.version:
            self._cache, self._cache_version = {}, self.store.version
        # With a lag or a window, the result changes with time.
        cacheable = (
            not self.lag and "read_all_orders" in self.store.shop["accessScopes"]
        )
        key, zone = (query.text, sort_key), self._zone
        if cacheable and key in self._cache:
            return self._cache[key]
        ordered = [
            ((_sort_value(order, sort_key), gid_number(order["id"])), order)
            for order in self.store.indexed(self.lag).values()
            if self.visible(order) and query.matches(order, ORDER_FIELDS, zone)
        ]
        ordered.sort(key=lambda each: each[0])
        if cacheable:
            self._cache[key] = ordered
        return ordered


def page(
    items: Sequence[Record],
    arguments: Mapping[str, Any],
    *,
    keys: Sequence[tuple[Any, int]] | None = None,
    sort_key: str = "ID",
) -> Page:
    """Return a page of `items` as a connection; without a page size, all of them.

    Args:
        items: sorted ascending.
        arguments: `first`, `after`, `last`, `before`, `reverse`.
        keys: the (value, id) of each item, which its cursor holds; by default its position.
        sort_key: how to read the value in a cursor.
    """
    if keys is None:
        keys = [
            (Decimal(place), gid_number(item.get("id") or ""))
            for place, item in enumerate(items)
        ]
    ascending, descending = keys, bool(arguments.get("reverse"))
    start, end = 0, len(items)
    if descending:
        items, keys = items[::-1], keys[::-1]

    def place(cursor: str, after: bool) -> int:
        side = bisect.bisect_right if after is not descending else bisect.bisect_left
        index = side(ascending, _read_cursor(cursor, sort_key))
        return len(ascending) - index if descending else index

    if arguments.get("after"):
        start = place(arguments["after"], after=True)
    if arguments.get("before"):
        end = place(arguments["before"], after=False)
    if arguments.get("first") is not None:
        end = min(end, start + arguments["first"])
    elif arguments.get("last") is not None:
        start = max(start, end - arguments["last"])
    edges = [
        {"cursor": _write_cursor(keys[at]), "node": items[at]}
        for at in range(start, end)
    ]
    info = {
        "hasNextPage": end < len(items),
        "hasPreviousPage": start > 0,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return Page(edges=edges, nodes=[edge["node"] for edge in edges], pageInfo=info)


def _sort_value(order: Record, sort_key: str) -> Any:
    if sort_key in _SORTED_BY_TIME:
        return parse_instant(
            order.get(_SORTED_BY_TIME[sort_key])
        ) or datetime.min.replace(tzinfo=UTC)
    if sort_key in _SORTED_BY_AMOUNT:
        return Decimal(order[_SORTED_BY_AMOUNT[sort_key]]["shopMoney"]["amount"])
    return Decimal(
        order["number"] if sort_key == "ORDER_NUMBER" else gid_number(order["id"])
    )


def _write_cursor(key: tuple[Any, int]) -> str:
    value, number = key
    text = (
        value.strftime("%Y-%m-%d %H:%M:%S.%f")
        if isinstance(value, datetime)
        else str(value)
    )
    cursor = json.dumps({"last_id": number, "last_value": text}, separators=(",", ":"))
    return base64.b64encode(cursor.encode()).decode()


def _read_cursor(cursor: str, sort_key: str) -> tuple[Any, int]:
    try:
        record = json.loads(base64.b64decode(cursor))
        text, number = record["last_value"], record["last_id"]
        if sort_key in _SORTED_BY_TIME:
            return datetime.fromisoformat(text).replace(tzinfo=UTC), number
        return Decimal(text), number
    except (ValueError, KeyError, TypeError, InvalidOperation) as error:
        message = "Invalid cursor for current pagination sort."
        raise GraphQLError(message, extensions={"code": "BAD_REQUEST"}) from error
