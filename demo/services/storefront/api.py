"""The read-only routes of the REST API v3 that an extract of sales needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from demo.services.storefront.render import (
    Json,
    gmt,
    order_json,
    product_json,
    refund_json,
)
from demo.services.storefront.store import WooOrder, WooStore
from demo.services.storefront.versions import Version

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_BOUNDS = ("after", "before", "modified_after", "modified_before")
_PARAMETERS = {"_fields", "include", "page", "per_page", "status", *_BOUNDS}
_FIXED = {"dates_are_gmt": "true", "order": "asc", "orderby": "id"}
"""Parameters of which this server supports one value."""


Parameters = Mapping[str, str]
"""The parameters of a request, by name."""


class RestError(Exception):
    """An error response in WordPress's layout."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message}


@dataclass(frozen=True)
class Result:
    """The JSON of a route; for a list, with the number of items on all its pages."""

    body: Json | list[Json]
    total: int | None = None


class Api:
    """A store as one version of WooCommerce shows it on a site in `zone`. Lists are sorted by id."""

    def __init__(self, store: WooStore, version: Version, zone: ZoneInfo) -> None:
        self.store = store
        self.version = version
        self.zone = zone

    def get(self, route: str, parameters: Parameters) -> Result:
        """Return the result of `route`.

        Raises:
            RestError: 400 for an invalid parameter or one that this server does not support, 404 for an
                unknown route.
        """
        _check_parameters(parameters)
        refunds_route = re.fullmatch(r"/orders/(\d+)/refunds", route)
        if route == "/orders":
            return self._orders(parameters)
        if refunds_route:
            return self._refunds(int(refunds_route[1]), parameters)
        if route == "/products":
            return self._products(parameters)
        if route == "/wp-json/":
            return Result({"timezone_string": self.zone.key})
        if route == "/system_status":
            return Result({"settings": {"HPOS_enabled": self.version.hpos}})
        raise RestError(404, "rest_no_route", "No route was found matching the URL.")

    def _orders(self, parameters: Parameters) -> Result:
        orders = []
        for number in sorted(self.store.orders):
            order = self.store.orders[number]
            if self._is_listed(order, parameters):
                orders.append(order)
        page = []
        for order in orders[_page_slice(parameters)]:
            page.append(order_json(order, self.version, self.zone))
        return self._result(page, len(orders))

    def _is_listed(self, order: WooOrder, parameters: Parameters) -> bool:
        """Whether status, id and dates of an order match the parameters; bounds are exclusive."""
        if not self._has_status(order, parameters.get("status", "any")):
            return False
        include = parameters.get("include")
        if include and str(order.id) not in include.split(","):
            return False
        for name in _BOUNDS:
            bound = parameters.get(name)
            if bound is None:
                continue
            instant = order.created_at
            if name.startswith("modified"):
                instant = self.version.modified(order, self.zone)
            # Instants in UTC and full seconds sort like their texts.
            date = gmt(instant)
            if date is None:
                return False
            if name.endswith("after") and date <= bound:
                return False
            if name.endswith("before") and date >= bound:
                return False
        return True

    def _has_status(self, order: WooOrder, status: str) -> bool:
        if status != "any":
            return order.status == status
        if order.status == "checkout-draft":
            return self.version.any_has_drafts
        return order.status != "trash"

    def _refunds(self, order_id: int, parameters: Parameters) -> Result:
        order = self.store.orders.get(order_id)
        # An unknown order has no refunds, which is no error.
        refunds = []
        if order:
            refunds = self.version.refunds(order)
        page = [refund_json(refund) for refund in refunds[_page_slice(parameters)]]
        return self._result(page, len(refunds))

    def _products(self, parameters: Parameters) -> Result:
        products = []
        for text in parameters["include"].split(","):
            product = self.store.products.get(int(text))
            if product:
                products.append(product_json(product))
        return self._result(products, len(products))

    def _result(self, page: list[Json], total: int) -> Result:
        """Return a page of a list; HPOS counts nothing past the last page."""
        if not page and self.version.hpos:
            return Result(page, 0)
        return Result(page, total)


def _check_parameters(parameters: Parameters) -> None:
    for name, value in parameters.items():
        if name not in _PARAMETERS and _FIXED.get(name) != value:
            raise _invalid(name, "this server does not support it")
        if name in _BOUNDS and not _INSTANT.fullmatch(value):
            raise _invalid(name, "Invalid date.")
        if name in _BOUNDS and "dates_are_gmt" not in parameters:
            raise _invalid(name, "this server supports dates in UTC only")
        if name == "per_page" and int(value) > 100:
            raise _invalid(name, "per_page must be at most 100.")


def _page_slice(parameters: Parameters) -> slice:
    page = int(parameters.get("page", "1"))
    size = int(parameters.get("per_page", "10"))
    return slice((page - 1) * size, page * size)


def _invalid(name: str, message: str) -> RestError:
    text = f"Invalid parameter {name}: {message}"
    return RestError(400, "rest_invalid_param", text)
