"""The read-only routes of the REST API v3."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from demo.services.storefront.query import Dates, ListQuery, RestError, dates_of
from demo.services.storefront.render import order_json, product_json, refund_json
from demo.services.storefront.store import WooOrder, WooRefund, WooStore
from demo.services.storefront.versions import Version

_Item = TypeVar("_Item")


class Api:
    """A store as one version of WooCommerce shows it on a site in `zone`.

    Results are cached until the store changes, so that paging through 20,000 orders does not sort them for
    every page.
    """

    def __init__(self, store: WooStore, version: Version, zone: ZoneInfo) -> None:
        self.store, self.version, self.zone = store, version, zone
        self._cache: dict[Any, Any] = {}
        self._cache_version = -1

    def get(
        self, route: str, values: dict[str, list[str]]
    ) -> tuple[bytes, tuple[int, int] | None]:
        """Return the body of `route`, and for a list the number of items and of pages.

        Raises:
            RestError: 400 for an invalid parameter, 404 for an unknown route or order.
        """
        if self.store.version != self._cache_version:
            self._cache, self._cache_version = {}, self.store.version
        query = ListQuery.parse(
            values, self.version, self.zone, self._cached("statuses", self._statuses)
        )
        if route == "/orders":
            # All pages of a list share one cache entry.
            key = sorted(
                (name, tuple(texts)) for name, texts in values.items() if name != "page"
            )
            orders = self._cached(("orders", *key), lambda: self._orders(query))
            return _page(query, orders, lambda order: self._order(order, query))
        if match := re.fullmatch(r"/orders/(\d+)", route):
            if int(match[1]) not in self.store.orders:
                raise RestError(
                    404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID."
                )
            return self._order(self.store.orders[int(match[1])], query), None
        if match := re.fullmatch(r"/orders/(\d+)/refunds", route):
            owner = self.store.orders.get(
                int(match[1])
            )  # an unknown order has no refunds, which is no error
            return self._refunds(query, [owner] if owner else [], {})
        if route == "/refunds" and self.version.global_refunds:
            return self._refunds(
                query, list(self.store.orders.values()), {"parent_id": True}
            )
        if route == "/system_status":
            settings = (
                {"HPOS_enabled": self.version.hpos}
                if self.version.global_refunds
                else {}
            )
            return json.dumps({"settings": settings}).encode(), None
        if route == "/products":
            products = [
                p
                for p in self.store.products.values()
                if not query.include or p.id in query.include
            ]
            products.sort(
                key=lambda p: query.sort_key(p.id, Dates(None, None)),
                reverse=query.descending,
            )
            return _page(
                query, products, lambda p: _dump(product_json(p, self.zone), query)
            )
        message = "No route was found matching the URL and request method."
        raise RestError(404, "rest_no_route", message)

    def _orders(self, query: ListQuery) -> list[WooOrder]:
        dates = self._cached("dates", self._dates)
        chosen = [
            order
            for order in self.store.orders.values()
            if query.matches_status(order.status)
            and (not query.include or order.id in query.include)
            and query.matches_dates(dates[order.id])
        ]
        return sorted(
            chosen,
            key=lambda order: query.sort_key(order.id, dates[order.id]),
            reverse=query.descending,
        )

    def _refunds(
        self, query: ListQuery, owners: list[WooOrder], with_parent: dict[str, bool]
    ) -> tuple[bytes, tuple[int, int] | None]:
        refunds = [
            (order, refund, dates)
            for order in owners
            for refund in self.version.refunds(order)
            if query.matches_dates(dates := dates_of(refund, self.version, self.zone))
        ]
        refunds.sort(
            key=lambda item: query.sort_key(item[1].id, item[2]),
            reverse=query.descending,
        )

        def body(item: tuple[WooOrder, WooRefund, Dates]) -> bytes:
            parent = {"parent_id": item[0].id} if with_parent else {}
            return _dump(
                refund_json(item[0], item[1], self.zone, query.dp) | parent, query
            )

        return _page(query, refunds, body)

    def _order(self, order: WooOrder, query: ListQuery) -> bytes:
        key = (order.id, query.dp, query.fields)
        return self._cached(
            key,
            lambda: _dump(order_json(order, self.version, self.zone, query.dp), query),
        )

    def _dates(self) -> dict[int, Dates]:
        return {
            order.id: dates_of(order, self.version, self.zone)
            for order in self.store.orders.values()
        }

    def _statuses(self) -> frozenset[str]:
        return frozenset(order.status for order in self.store.orders.values())

    def _cached(self, key: Any, compute: Callable[[], _Item]) -> _Item:
        if key not in self._cache:
            self._cache[key] = compute()
        item: _Item = self._cache[key]
        return item


def _page(
    query: ListQuery, items: list[_Item], body: Callable[[_Item], bytes]
) -> tuple[bytes, tuple[int, int] | None]:
    chosen, total, pages = query.paginate(items)
    return b"[" + b",".join(map(body, chosen)) + b"]", (total, pages)


def _dump(record: dict[str, Any], query: ListQuery) -> bytes:
    if query.fields:
        record = {name: value for name, value in record.items() if name in query.fields}
    return json.dumps(record, ensure_ascii=False).encode()
