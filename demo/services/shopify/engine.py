"""The GraphQL API: validation, execution, and the values of fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    build_schema,
    execute_sync,
    get_named_type,
    is_list_type,
    parse,
    validate,
)
from graphql.type import get_nullable_type

from demo.services.shopify.access import check_access
from demo.services.shopify.bulk import BulkOperations
from demo.services.shopify.search import (
    Arguments,
    Page,
    balance_page,
    find_orders,
    list_page,
    orders_page,
    payouts_page,
)
from demo.services.shopify.store import Record, ShopifyStore

SCHEMA = build_schema(Path(__file__).with_name("schema.graphql").read_text())
_THROTTLED: Record = {
    "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
    "extensions": {
        "cost": {
            "requestedQueryCost": 300,
            "throttleStatus": {
                "maximumAvailable": 2000.0,
                "currentlyAvailable": 0,
                "restoreRate": 100.0,
            },
        }
    },
}
"""The body of a response that asks the client to wait for points."""


@dataclass(frozen=True)
class Context:
    """What the resolvers of one request share; `base_url` is the server as the client sees it."""

    store: ShopifyStore
    bulk: BulkOperations
    base_url: str = ""


class Engine:
    """The GraphQL API of one app in a shop."""

    def __init__(self, store: ShopifyStore) -> None:
        self.store = store
        self.bulk = BulkOperations(SCHEMA, store.clock, self._execute_bulk)

    def execute(
        self,
        query: str,
        variables: dict[str, Any],
        base_url: str,
        throttled: bool = False,
    ) -> Record:
        """Return the body of the response to a request.

        Args:
            query: a document with one operation.
            variables: its variables.
            base_url: the server as the client sees it.
            throttled: respond as if the bucket of points were empty.
        """
        try:
            document = _valid_document(query)
        except GraphQLError as error:
            return {"errors": [error.formatted]}
        if throttled:
            return _THROTTLED
        context = Context(self.store, self.bulk, base_url)
        return dict(_execute(document, context, variables).formatted)

    def _execute_bulk(self, document: DocumentNode) -> ExecutionResult:
        return _execute(document, Context(self.store, self.bulk))


@lru_cache(100)
def _valid_document(query: str) -> DocumentNode:
    """Return the parsed query; raise a GraphQLError if it is invalid."""
    document = parse(query)
    for error in validate(SCHEMA, document):
        raise error
    return document


def _execute(
    document: DocumentNode,
    context: Context,
    variables: dict[str, Any] | None = None,
) -> ExecutionResult:
    return execute_sync(
        SCHEMA,
        document,
        {},
        context,
        variables,
        field_resolver=_resolve_field,
        type_resolver=_resolve_type,
    )


def _resolve_type(value: Record, *_: Any) -> str:
    """Return the type of an object behind the interface `Node`, which its global id names."""
    return str(value["id"].split("/")[3])


def _resolve_field(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    """Return the value of a field."""
    parent = info.parent_type.name
    check_access(info.context.store.shop, parent, info.field_name)
    if parent in ("QueryRoot", "Mutation"):
        return _ROOT_FIELDS[info.field_name](info.context, arguments)
    if parent == "ShopifyPaymentsAccount":
        return _ACCOUNT_FIELDS[info.field_name](info.context, arguments)
    value = source.get(info.field_name)
    if info.field_name == "metafields":
        value = _with_keys(value or [], arguments["keys"])
    # Only a list, or its lack, depends on the type, whose look-up took a third of a request.
    if value is not None and not isinstance(value, list):
        return value
    named_type = get_named_type(info.return_type)
    if named_type.name.endswith("Connection"):
        return list_page(value or [], arguments)
    if is_list_type(get_nullable_type(info.return_type)):
        items = value or []
        return items[: arguments.get("first")]
    return value


def _with_keys(metafields: list[Record], keys: list[str]) -> list[Record]:
    """Return the metafields with one of the keys, as in `custom.gift_note`."""
    chosen = []
    for metafield in metafields:
        if f"{metafield['namespace']}.{metafield['key']}" in keys:
            chosen.append(metafield)
    return chosen


def _shop(context: Context, arguments: Arguments) -> Record:
    return context.store.shop


def _app(context: Context, arguments: Arguments) -> Record:
    scopes = context.store.shop["accessScopes"]
    return {"accessScopes": [{"handle": scope} for scope in scopes]}


def _order(context: Context, arguments: Arguments) -> Record | None:
    return context.store.visible_order(arguments["id"])


def _nodes(context: Context, arguments: Arguments) -> list[Record | None]:
    store = context.store
    nodes = []
    for gid in arguments["ids"]:
        nodes.append(store.visible_order(gid) or store.visible_transaction(gid))
    return nodes


def _refund(context: Context, arguments: Arguments) -> Record | None:
    return context.store.visible_refund(arguments["id"])


def _orders(context: Context, arguments: Arguments) -> Page:
    return orders_page(context.store.visible_orders(), arguments)


def _payments_account(context: Context, arguments: Arguments) -> Record | None:
    return {} if context.store.shop["hasShopifyPayments"] else None


def _payouts(context: Context, arguments: Arguments) -> Page:
    return payouts_page(context.store.payouts, arguments)


def _balance_transactions(context: Context, arguments: Arguments) -> Page:
    return balance_page(context.store.balance_transactions, arguments)


def _orders_count(context: Context, arguments: Arguments) -> Record:
    found = find_orders(context.store.visible_orders(), arguments.get("query"))
    return {"count": len(found), "precision": "EXACT"}


def _bulk_operation(context: Context, arguments: Arguments) -> Record | None:
    return context.bulk.poll(arguments["id"], context.base_url)


def _bulk_operations(context: Context, arguments: Arguments) -> Page:
    return list_page(context.bulk.newest_first(context.base_url), arguments)


def _run_bulk_query(context: Context, arguments: Arguments) -> Record:
    return context.bulk.run(arguments["query"])


def _cancel_bulk_operation(context: Context, arguments: Arguments) -> Record:
    return context.bulk.cancel(arguments["id"])


_ROOT_FIELDS: dict[str, Callable[[Context, Arguments], Any]] = {
    "shop": _shop,
    "shopifyPaymentsAccount": _payments_account,
    "currentAppInstallation": _app,
    "order": _order,
    "nodes": _nodes,
    "refund": _refund,
    "orders": _orders,
    "ordersCount": _orders_count,
    "bulkOperation": _bulk_operation,
    "bulkOperations": _bulk_operations,
    "bulkOperationRunQuery": _run_bulk_query,
    "bulkOperationCancel": _cancel_bulk_operation,
}
_ACCOUNT_FIELDS: dict[str, Callable[[Context, Arguments], Any]] = {
    "payouts": _payouts,
    "balanceTransactions": _balance_transactions,
}
