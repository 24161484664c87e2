"""The cost of a query before and after it runs, and the bucket of points that pays for it."""

import math
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    value_from_ast_untyped,
)

from demo.services.shopify.clock import Clock

MAX_COST = 1000
"""The highest requested cost of one query, on every plan."""
MAX_PAGE = 250
STANDARD_RATE = 100
RESTORE_RATES = {"Advanced": 200, "Plus": 1000, "Enterprise": 2000}
"""Points per second by plan, `STANDARD_RATE` on others; a bucket holds those of 20 seconds."""
_USE_BULK = "To query larger amounts of data with fewer limits, bulk operations should be used instead."
_FREE = ("MoneyBag", "MoneyV2", "PageInfo")
_REQUESTED: Any = object()
"""The data of a query that has not run."""


def bad_request(
    message: str, node: FieldNode, path: tuple[str | int, ...]
) -> GraphQLError:
    """Return the error of an invalid argument."""
    return GraphQLError(
        message, node, path=list(path), extensions={"code": "BAD_REQUEST"}
    )


def weight(size: int) -> int:
    """Return how often the cost of an item counts in a page of `size` items."""
    return size if size < 3 else int(2 * math.log(size))


def selected_fields(
    document: DocumentNode, selection: SelectionSetNode | None, on: str = ""
) -> Iterator[tuple[str, FieldNode]]:
    """Yield the fields of a selection with the type of the fragment that contains them, else `on`."""
    for node in selection.selections if selection else ():
        if isinstance(node, FieldNode):
            yield on, node
        elif isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            yield from selected_fields(
                document, node.selection_set, condition.name.value if condition else on
            )
        elif isinstance(node, FragmentSpreadNode):
            fragment = next(
                each
                for each in document.definitions
                if isinstance(each, FragmentDefinitionNode)
                and each.name.value == node.name.value
            )
            yield from selected_fields(
                document, fragment.selection_set, fragment.type_condition.name.value
            )


def fields_by_name(
    document: DocumentNode, selection: SelectionSetNode | None
) -> dict[str, FieldNode]:
    """Return the fields of a selection by their name in the schema."""
    return {node.name.value: node for _, node in selected_fields(document, selection)}


@dataclass(frozen=True)
class QueryCost:
    """The cost of one operation.

    An object costs 1, a list of objects 1, a scalar and money nothing; a connection costs 2 plus
    `weight(first)` times one item. A count at the root costs 10, and so does a mutation.
    """

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]

    def requested(self) -> int:
        """Return the cost that admits the query.

        Raises:
            GraphQLError: a connection has no page size, or one above 250.
        """
        return self._total(_REQUESTED)

    def actual(self, data: Mapping[str, Any] | None) -> int:
        """Return the cost that is paid for the returned `data`; null objects and missing items are free."""
        return self._total(data or {})

    def _total(self, data: Any) -> int:
        root = self.schema.get_root_type(self.operation.operation)
        return math.ceil(self._selection(root, self.operation.selection_set, data, ()))

    def _selection(
        self, parent: Any, selection: SelectionSetNode | None, data: Any, path: Any
    ) -> float:
        """Return the cost of fields; of fragments on several types, the most expensive one counts."""
        costs: dict[str, float] = {"": 0}
        for condition, node in selected_fields(self.document, selection):
            owner = self.schema.type_map[condition] if condition else parent
            group = (
                "" if condition == parent.name or data is not _REQUESTED else condition
            )
            costs[group] = costs.get(group, 0) + self._field(owner, node, data, path)
        return costs.pop("") + max(costs.values(), default=0)

    def _field(
        self, parent: Any, node: FieldNode, data: Any, path: tuple[str | int, ...]
    ) -> float:
        name, key = node.name.value, (node.alias or node.name).value
        definition = getattr(parent, "fields", {}).get(name)
        value = data if data is _REQUESTED else data.get(key)
        if definition is None or value is None:
            return 0
        result: GraphQLNamedType = get_named_type(definition.type)
        if parent is self.schema.mutation_type or (not path and result.name == "Count"):
            return 10
        if is_leaf_type(result) or result.name in _FREE:
            return 0
        if result.name.endswith("Connection"):
            return self._connection(result, node, value, (*path, key))
        if isinstance(value, list):
            items = [item for item in value if item is not None]
            costs = [
                self._selection(result, node.selection_set, item, (*path, key))
                for item in items
            ]
            return 1 + max(costs) if costs else 0
        return 1 + self._selection(result, node.selection_set, value, (*path, key))

    def _connection(
        self, result: Any, node: FieldNode, value: Any, path: tuple[str | int, ...]
    ) -> float:
        item_type = get_named_type(result.fields["nodes"].type)
        selected = fields_by_name(self.document, node.selection_set)
        size, cost = self._page_size(node, path), 1.0
        for name in selected.keys() & {"nodes", "edges"}:
            child = selected[name]
            items = (
                None
                if value is _REQUESTED
                else value[(child.alias or child.name).value]
            )
            selection = child.selection_set
            if name == "edges":
                edge = fields_by_name(self.document, selection)
                selection = edge["node"].selection_set if "node" in edge else None
                items = items and [each.get("node") for each in items]
            if items is None:
                cost += self._selection(item_type, selection, _REQUESTED, (*path, name))
            else:
                size = len(items)
                costs = [
                    self._selection(item_type, selection, each, path) for each in items
                ]
                cost += sum(costs) / size if size else 0
        return 2 + weight(size) * cost

    def _page_size(self, node: FieldNode, path: tuple[str | int, ...]) -> int:
        for argument in node.arguments or ():
            name = argument.name.value
            size = value_from_ast_untyped(argument.value, dict(self.variables))
            if name in ("first", "last") and isinstance(size, int):
                if size > MAX_PAGE:
                    raise bad_request(
                        f"{name} cannot exceed {MAX_PAGE}. {_USE_BULK}", node, path
                    )
                return size
        raise bad_request("you must provide one of first or last", node, path)


@dataclass
class Bucket:
    """The points that an app may spend in a shop; they are restored over time.

    Attributes:
        restore_rate: points per second.
    """

    clock: Clock
    restore_rate: int = STANDARD_RATE
    spent: float = 0
    _at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def maximum(self) -> int:
        """The points of a full bucket."""
        return 20 * self.restore_rate

    def take(self, points: int) -> bool:
        """Take `points` and return True, or False if there are fewer."""
        with self._lock:
            self._restore()
            if self.maximum - self.spent < points:
                return False
            self.spent += points
            return True

    def give_back(self, points: int) -> None:
        """Return `points` that were taken and not used."""
        with self._lock:
            self.spent = max(0.0, self.spent - points)

    def status(self) -> dict[str, float]:
        """Return the `throttleStatus` of a response."""
        with self._lock:
            self._restore()
        available = int(self.maximum - self.spent)
        return {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": available,
            "restoreRate": float(self.restore_rate),
        }

    def _restore(self) -> None:
        now = self.clock()
        if self._at is not None:
            self.spent = max(
                0.0, self.spent - (now - self._at).total_seconds() * self.restore_rate
            )
        self._at = now
