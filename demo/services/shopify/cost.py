"""The cost of a query, in points, before it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)

MAX_COST = 1000
"""The highest cost of one query."""
MAX_PAGE = 250
_FREE = ("MoneyBag", "MoneyV2", "PageInfo")
_FIXED = 10
"""The cost of a count, and of a mutation."""


def query_cost(
    schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
) -> int:
    """Return the cost of a document with one operation.

    An object costs 1, a list of objects 1, a scalar and money nothing; a connection costs 2, and the cost of
    an item times `2 * log(first)`.

    Raises:
        GraphQLError: a connection has no page size, or one above 250, or the query costs more than 1,000.
    """
    fragments = {}
    cost = 0.0
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
    fields = _Fields(schema, fragments, variables)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            cost += fields.cost(root, definition.selection_set)
    if cost > MAX_COST:
        raise GraphQLError(
            f"Query cost is {cost:.0f}, which exceeds the single query max cost limit ({MAX_COST}).",
            extensions={"code": "MAX_COST_EXCEEDED"},
        )
    return math.ceil(cost)


@dataclass(frozen=True)
class _Fields:
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def cost(self, parent: Any, selection: SelectionSetNode | None) -> float:
        """Return the cost of the fields that are selected of an object of the type `parent`."""
        cost = 0.0
        for node in selection.selections if selection else ():
            if isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                fragment_type = self.schema.type_map[fragment.type_condition.name.value]
                cost += self.cost(fragment_type, fragment.selection_set)
            elif isinstance(node, FieldNode):
                cost += self._field_cost(parent, node)
        return cost

    def _field_cost(self, parent: Any, node: FieldNode) -> float:
        result = get_named_type(parent.fields[node.name.value].type)
        if parent is self.schema.mutation_type or result.name == "Count":
            return _FIXED
        if is_leaf_type(result) or result.name in _FREE:
            return 0
        cost = self.cost(result, node.selection_set)
        if result.name.endswith("Connection"):
            size = self._page_size(node)
            weight = size if size < 3 else int(2 * math.log(size))
            return 2 + weight * cost
        if result.name.endswith("Edge"):
            return cost
        return 1 + cost

    def _page_size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                size = value_from_ast_untyped(argument.value, dict(self.variables))
                if isinstance(size, int) and size <= MAX_PAGE:
                    return size
        raise GraphQLError(f"{node.name.value} needs `first`, at most {MAX_PAGE}", node)
