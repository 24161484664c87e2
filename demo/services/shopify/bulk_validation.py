"""Which queries can run as a bulk operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    is_composite_type,
    is_list_type,
    parse,
    validate,
)
from graphql.type import get_nullable_type

from demo.services.shopify.cost import fields_by_name, selected_fields

MAX_CONNECTIONS = 5
MAX_DEPTH = 2
"""How deep a connection may be below the one at the root."""


def check_query(
    schema: GraphQLSchema, query: str
) -> tuple[DocumentNode | None, list[str]]:
    """Return the parsed query and why it cannot run in bulk; it can if there is no reason."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [f"Invalid bulk query: {error.message}"]
    operation = document.definitions[0]
    if (
        not isinstance(operation, OperationDefinitionNode)
        or operation.operation != OperationType.QUERY
    ):
        return None, ["Invalid operation type. Only `query` operations are supported."]
    if errors := validate(schema, document):
        return None, [f"Invalid bulk query: {error.message}" for error in errors]
    connections = _Connections(document)
    connections.add(schema.query_type, operation.selection_set, depth=0, in_list=False)
    return document, connections.reasons()


@dataclass
class _Connections:
    """The connections of a query, with the names of those that are invalid."""

    document: DocumentNode
    count: int = 0
    depth: int = 0
    in_list: bool = False
    with_nodes: list[str] = field(default_factory=list)
    without_id: list[str] = field(default_factory=list)

    def add(self, parent: Any, selection: Any, depth: int, in_list: bool) -> bool:
        """Add the connections in a selection, and return whether there is one."""
        before = self.count
        for condition, node in selected_fields(self.document, selection):
            definition = (
                None
                if condition
                else getattr(parent, "fields", {}).get(node.name.value)
            )
            result = get_named_type(definition.type) if definition else None
            if definition is None or not is_composite_type(result):
                continue
            if result.name.endswith("Connection"):
                self._add_connection(node, result, depth, in_list)
            else:
                is_list = is_list_type(get_nullable_type(definition.type))
                self.add(result, node.selection_set, depth, in_list or is_list)
        return self.count > before

    def _add_connection(
        self, node: FieldNode, result: Any, depth: int, in_list: bool
    ) -> None:
        self.count += 1
        self.depth, self.in_list = max(self.depth, depth), self.in_list or in_list
        selected = fields_by_name(self.document, node.selection_set)
        if "nodes" in selected:
            self.with_nodes.append(node.name.value)
        edges = selected["edges"].selection_set if "edges" in selected else None
        for _, child in selected_fields(self.document, edges):
            names = fields_by_name(self.document, child.selection_set)
            item = get_named_type(result.fields["nodes"].type)
            if (
                self.add(item, child.selection_set, depth + 1, False)
                and "id" not in names
            ):
                self.without_id.append(node.name.value)

    def reasons(self) -> list[str]:
        """Return the messages of the user errors."""
        first, nodes = (
            next(iter(self.with_nodes), ""),
            ", ".join(f"'{name}'" for name in self.with_nodes),
        )
        rules = {
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
            f"'{first} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
            f"Invalid connection fields: {nodes}.": self.with_nodes,
            "Bulk queries cannot contain connections with a nesting depth greater than 2.": self.depth
            > MAX_DEPTH,
            "Bulk queries cannot contain more than 5 connections.": self.count
            > MAX_CONNECTIONS,
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and "
            "must be of 'ID' return type. Connection fields without 'id': "
            f"{', '.join(self.without_id)}.": self.without_id,
            "Queries that contain a connection field within a list field are not currently supported.": (
                self.in_list
            ),
            "Bulk queries must contain at least one connection.": not self.count,
        }
        return [message for message, broken in rules.items() if broken]
