"""The values of fields: how the stored records answer a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)
from graphql.type import get_nullable_type

from demo.services.shopify.bulk import BulkOperations
from demo.services.shopify.cost import MAX_PAGE
from demo.services.shopify.search import (
    EVENT_FIELDS,
    ORDER_FIELDS,
    OrderSearch,
    Page,
    page,
)
from demo.services.shopify.search_syntax import Query
from demo.services.shopify.store import Record, ShopifyStore, gid_number, nodes_of

_SCOPES = {
    "QueryRoot": dict.fromkeys(
        ("order", "orders", "ordersCount", "refund"), "read_orders"
    ),
    "Order": {"customer": "read_customers", "returns": "read_returns"},
    "LineItem": {"product": "read_products", "variant": "read_products"},
    "Refund": {"return": "read_returns"},
}
"""The access scope of a field, by type and name."""
_PROTECTED = {
    "QueryRoot": dict.fromkeys(("order", "orders", "refund"), "customer"),
    "Order": {
        "email": "email",
        "phone": "phone",
        "shippingAddress": "address",
        "billingAddress": "address",
    },
    "Customer": {
        "email": "email",
        "defaultEmailAddress": "email",
        "phone": "phone",
        "firstName": "name",
        "lastName": "name",
    },
}
"""The level of protected customer data of a field."""
_DENIED = "https://shopify.dev/docs/apps/launch/protected-customer-data"


@dataclass
class Context:
    """What the resolvers of one request share.

    Attributes:
        base_url: the server as the client sees it, for the URLs of bulk results.
        unlimited: connections are complete, as in a bulk operation.
        search_reports: the entries of `extensions.search`.
    """

    store: ShopifyStore
    search: OrderSearch
    bulk: BulkOperations
    base_url: str = ""
    unlimited: bool = False
    search_reports: list[Record] = field(default_factory=list)

    def find(self, gid: str) -> Record | None:
        """Return the object with a global id, if the app may see it."""
        if gid.startswith("gid://shopify/BulkOperation/"):
            return self.bulk.poll(gid, self)
        return (
            self.store.find(gid) if self.search.visible(self.store.owner(gid)) else None
        )


def resolve_type(value: Record, info: GraphQLResolveInfo, _: Any) -> str:
    """Return the type of an object behind an interface: its `__typename`, or the one in its id."""
    name = (
        value.get("__typename")
        or value["id"].removeprefix("gid://shopify/").partition("/")[0]
    )
    if name not in info.schema.type_map:
        raise GraphQLError(f"This shop has no type {name}.")
    return str(name)


def resolve_field(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """Return the value of a field."""
    context, parent, name = info.context, info.parent_type.name, info.field_name
    _check_access(context.store.shop, parent, name)
    if parent in ("QueryRoot", "Mutation"):
        return _ROOT[name](context, arguments, info)
    value = source.get(name)
    if (parent, name) in _FILTERED:
        value = _FILTERED[parent, name](source, arguments)
    elif value is None:
        value = _default(context, parent, name, source)
    result = info.return_type
    named = get_named_type(result)
    if named.name.endswith("Connection"):
        return (
            value
            if isinstance(value, Page)
            else page(nodes_of(value), {} if context.unlimited else arguments)
        )
    if is_list_type(get_nullable_type(result)):
        if value is None:
            return [] if is_non_null_type(result) else None
        limit = None if context.unlimited else arguments.get("first")
        return [_complete(context, each) for each in value][:limit]
    if value is None:
        return {} if is_non_null_type(result) and is_composite_type(named) else None
    return _complete(context, value)


def _complete(context: Context, value: Any) -> Any:
    """Return the object of the order for one that has only an id."""
    if isinstance(value, dict) and value.keys() == {"id"}:
        return context.store.find(value["id"]) or value
    return value


def _check_access(shop: Record, parent: str, name: str) -> None:
    scope = _SCOPES.get(parent, {}).get(name)
    if scope and scope not in shop["accessScopes"]:
        required = f"`{scope}` access scope."
        raise GraphQLError(
            f"Access denied for {name} field. Required access: {required}",
            extensions={
                "code": "ACCESS_DENIED",
                "documentation": "https://shopify.dev/api/usage/access-scopes",
                "requiredAccess": required,
            },
        )
    level = _PROTECTED.get(parent, {}).get(name)
    if level and level not in shop["protectedData"]:
        what = (
            "access the Order object"
            if level == "customer"
            else f"use the {name} field"
        )
        raise GraphQLError(
            f"This app is not approved to {what}. See {_DENIED} for more details.",
            extensions={"code": "ACCESS_DENIED", "documentation": _DENIED},
        )


def _report_search(
    context: Context, query: str | None, fields: Any, info: GraphQLResolveInfo
) -> None:
    report = Query.parse(query).report(fields, info.path.as_list())
    context.search_reports += [report] if report else []


def _orders(
    context: Context, arguments: Mapping[str, Any], info: GraphQLResolveInfo
) -> Record:
    _report_search(context, arguments.get("query"), ORDER_FIELDS, info)
    unlimited = {
        name: value
        for name, value in arguments.items()
        if name not in ("first", "last")
    }
    return context.search.orders(unlimited if context.unlimited else arguments)


def _orders_count(
    context: Context, arguments: Mapping[str, Any], info: GraphQLResolveInfo
) -> Record:
    _report_search(context, arguments.get("query"), ORDER_FIELDS, info)
    return context.search.count(arguments)


def _events(
    context: Context, arguments: Mapping[str, Any], info: GraphQLResolveInfo
) -> Record:
    _report_search(context, arguments.get("query"), EVENT_FIELDS, info)
    return context.search.events(arguments)


def _nodes(
    context: Context, arguments: Mapping[str, Any], info: GraphQLResolveInfo
) -> list[Record | None]:
    ids = arguments["ids"]
    if len(ids) > MAX_PAGE:
        raise GraphQLError(
            f"The input array size of {len(ids)} is greater than the maximum allowed of {MAX_PAGE}.",
            extensions={"code": "MAX_INPUT_SIZE_EXCEEDED"},
        )
    return [context.find(gid) for gid in ids]


def _app(context: Context, *_: Any) -> Record:
    scopes = [{"handle": handle} for handle in context.store.shop["accessScopes"]]
    return {"id": "gid://shopify/AppInstallation/1", "accessScopes": scopes}


def _of_type(
    name: str,
) -> Callable[[Context, Mapping[str, Any], GraphQLResolveInfo], Record | None]:
    def find(
        context: Context, arguments: Mapping[str, Any], info: GraphQLResolveInfo
    ) -> Record | None:
        gid = arguments["id"]
        return context.find(gid) if gid.startswith(f"gid://shopify/{name}/") else None

    return find


_ROOT: dict[str, Callable[[Context, Mapping[str, Any], GraphQLResolveInfo], Any]] = {
    "shop": lambda context, arguments, info: context.store.shop,
    "currentAppInstallation": _app,
    "order": _of_type("Order"),
    "refund": _of_type("Refund"),
    "node": lambda context, arguments, info: context.find(arguments["id"]),
    "nodes": _nodes,
    "orders": _orders,
    "ordersCount": _orders_count,
    "events": _events,
    "bulkOperation": _of_type("BulkOperation"),
    "currentBulkOperation": lambda context, arguments, info: context.bulk.current(
        context
    ),
    "bulkOperations": lambda context, arguments, info: page(
        context.bulk.all(context), arguments
    ),
    "bulkOperationRunQuery": lambda context, arguments, info: context.bulk.run(
        context, arguments["query"], arguments["groupObjects"]
    ),
    "bulkOperationCancel": lambda context, arguments, info: context.bulk.cancel(
        context, arguments["id"]
    ),
}


def _default(context: Context, parent: str, name: str, source: Record) -> Any:
    """Return the value of a field that the record does not have."""
    if name == "legacyResourceId":
        return gid_number(source["id"])
    if (parent, name) == ("Refund", "order"):
        return context.store.owner(source["id"])
    if (parent, name) == ("MoneyBag", "presentmentMoney"):
        return source.get("shopMoney")
    money = {"amount": "0.0", "currencyCode": context.store.shop["currencyCode"]}
    return money.get(name) if parent == "MoneyV2" else None


def _metafields(source: Record, arguments: Mapping[str, Any]) -> list[Record]:
    namespace, keys = arguments.get("namespace"), arguments.get("keys")
    return [
        each
        for each in nodes_of(source.get("metafields"))
        if each["namespace"] == (namespace or each["namespace"])
        and (not keys or f"{each['namespace']}.{each['key']}" in keys)
    ]


def _metafield(source: Record, arguments: Mapping[str, Any]) -> Record | None:
    of_namespace = _metafields(source, {"namespace": arguments.get("namespace")})
    return next(
        (each for each in of_namespace if each["key"] == arguments["key"]), None
    )


def _shipping_lines(source: Record, arguments: Mapping[str, Any]) -> list[Record]:
    lines = nodes_of(source.get("shippingLines"))
    return [
        each
        for each in lines
        if arguments.get("includeRemovals") or not each.get("isRemoved")
    ]


_FILTERED: dict[tuple[str, str], Callable[[Record, Mapping[str, Any]], Any]] = {
    ("Order", "shippingLines"): _shipping_lines,
    ("Order", "metafields"): _metafields,
    ("Order", "metafield"): _metafield,
}
