"""The execution of a request: validation, cost, throttling, result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
    value_from_ast_untyped,
)

from demo.services.shopify.bulk import BulkOperations
from demo.services.shopify.cost import (
    MAX_COST,
    RESTORE_RATES,
    STANDARD_RATE,
    Bucket,
    QueryCost,
)
from demo.services.shopify.resolve import Context, resolve_field, resolve_type
from demo.services.shopify.search import OrderSearch
from demo.services.shopify.store import Record, ShopifyStore

_LIMITS = "https://shopify.dev/api/usage/limits"
_TOO_EXPENSIVE = (
    "Query cost is {cost}, which exceeds the single query max cost limit ({limit}).\n\n"
    "See https://shopify.dev/concepts/about-apis/rate-limits for more information on how the\n"
    "cost of a query is calculated.\n\n"
    "To query larger amounts of data with fewer limits, bulk operations should be used instead.\n"
    "See https://shopify.dev/api/usage/bulk-operations/queries for usage details.\n"
)


SCHEMA_FILE = Path(__file__).with_name("schema.graphql")


@cache
def load_schema() -> GraphQLSchema:
    """Return the schema."""
    schema = build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))
    numbers = schema.type_map["UnsignedInt64"]
    assert isinstance(numbers, GraphQLScalarType)
    numbers.coerce_output_value = str
    return schema


@lru_cache(100)
def _prepare(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """Return the parsed query, or why it is invalid."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(load_schema(), document))


@dataclass(frozen=True)
class Answer:
    """The body of a response, with the query's requested and actual cost where they are known."""

    body: Record
    requested_cost: int | None = None
    actual_cost: int | None = None


class Engine:
    """The GraphQL API of one app in a shop."""

    def __init__(self, store: ShopifyStore, search: OrderSearch) -> None:
        self.store, self.search = store, search
        self.bulk = BulkOperations(load_schema(), self._execute_bulk)
        self.bucket = Bucket(store.clock)

    def execute(
        self, request: Mapping[str, Any], base_url: str, throttled: bool = False
    ) -> Answer:
        """Answer a request.

        Args:
            request: `query`, `variables`, `operationName`.
            base_url: the server as the client sees it.
            throttled: answer as if the bucket were empty.
        """
        document, errors = _prepare(str(request["query"]))
        if document is None or errors:
            return Answer({"errors": [error.formatted for error in errors]})
        operation = get_operation_ast(document, request.get("operationName"))
        if operation is None:
            return Answer({"errors": [{"message": "An operation name is required"}]})
        variables = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in operation.variable_definitions or ()
            if each.default_value
        } | dict(request.get("variables") or {})
        cost = QueryCost(load_schema(), document, operation, variables)
        try:
            requested = cost.requested()
        except GraphQLError as error:
            return Answer({"errors": [error.formatted], "data": None})
        if requested > MAX_COST:
            return Answer({"errors": [_max_cost_exceeded(requested)]}, requested)
        plan = self.store.shop["plan"]["publicDisplayName"]
        self.bucket.restore_rate = RESTORE_RATES.get(plan, STANDARD_RATE)
        if throttled or not self.bucket.take(requested):
            extensions = {"cost": self._cost(requested, None)}
            return Answer(
                {"errors": [_throttled()], "extensions": extensions}, requested
            )
        context = Context(self.store, self.search, self.bulk, base_url)
        result = self._execute(
            document, context, variables, request.get("operationName")
        )
        actual = cost.actual(result.data)
        self.bucket.give_back(requested - actual)
        body: Record = dict(result.formatted)
        body["extensions"] = {"cost": self._cost(requested, actual)}
        if context.search_reports:
            body["extensions"]["search"] = context.search_reports
        return Answer(body, requested, actual)

    def _execute(
        self,
        document: DocumentNode,
        context: Context,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
    ) -> ExecutionResult:
        return execute_sync(
            load_schema(),
            document,
            {},
            context,
            variables,
            operation_name,
            field_resolver=resolve_field,
            type_resolver=resolve_type,
        )

    def _execute_bulk(
        self, document: DocumentNode, context: Context
    ) -> ExecutionResult:
        unlimited = Context(self.store, self.search, self.bulk, unlimited=True)
        return self._execute(document, unlimited)

    def _cost(self, requested: int, actual: int | None) -> Record:
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": self.bucket.status(),
        }


def _throttled() -> Record:
    documentation = "https://shopify.dev/api/usage/rate-limits"
    return {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": documentation},
    }


def _max_cost_exceeded(cost: int) -> Record:
    return {
        "message": _TOO_EXPENSIVE.format(cost=cost, limit=MAX_COST),
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": MAX_COST,
            "documentation": f"{_LIMITS}#rate-limits",
        },
    }
