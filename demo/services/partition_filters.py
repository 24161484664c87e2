"""BigQuery's rule for tables with `require_partition_filter`: a read needs a filter on the partition column.

A filter is a condition in a WHERE or ON clause, alone or joined to others by AND, that references no column
but the partition column. It may compare it with constants, parameters or subqueries, apply functions, test
for NULL, and use OR within itself. A comparison with another column is no filter. A filter on a subquery,
common table expression or view applies to the tables that it reads, except through a LIMIT, an aggregate, or
a window that is not partitioned by the column.

https://cloud.google.com/bigquery/docs/managing-partitioned-tables#require-filter
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp


@dataclass(eq=False)
class _Source:
    """A table, subquery or array in a FROM clause, or the target of DML.

    Attributes:
        node: its expression.
        columns: the names of its columns.
        filtered: the names of the columns with a filter.
    """

    node: Any
    columns: list[str]
    filtered: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The alias or name by which columns refer to it."""
        return str(self.node.alias_or_name).lower()


_Queries = Mapping[str, tuple[Any, "_Queries"]]
"""The common table expressions in scope, each with those in its own scope."""


class PartitionFilters:
    """The tables of a statement that are read without a required filter.

    Args:
        find_table: returns the emulator's description of a table or view, or None.
        parse: parses the query of a view.
    """

    def __init__(
        self, find_table: Callable[[Any], Any], parse: Callable[[str], Any]
    ) -> None:
        self._find_table = find_table
        self._parse = parse
        self._known_columns: dict[int, list[str]] = {}

    def missing(self, statement: Any) -> Iterator[Any]:
        """Yield the tables that `statement` reads without their filter. A new view reads nothing yet."""
        if isinstance(statement, exp.Query):
            yield from self._query(statement, {}, set())
        elif isinstance(statement, exp.Insert) or _creates_table(statement):
            if isinstance(statement.expression, exp.Query):
                yield from self._query(statement.expression, {}, set())
        elif isinstance(statement, (exp.Update, exp.Delete)):
            yield from self._scope(statement, {}, set())
        elif isinstance(statement, exp.Merge):
            yield from self._merge(statement)

    def _query(
        self, query: Any, queries: _Queries, filtered: set[int]
    ) -> Iterator[Any]:
        """Check a query whose output columns at the positions `filtered` have a filter."""
        queries = _with_own(query, queries)
        if query.args.get("limit"):
            filtered = set()
        if isinstance(query, exp.Subquery):
            yield from self._query(query.this, queries, filtered)
        elif isinstance(query, exp.SetOperation):
            yield from self._query(query.this, queries, filtered)
            yield from self._query(query.expression, queries, filtered)
        elif isinstance(query, exp.Select):
            yield from self._scope(query, queries, filtered)

    def _scope(
        self, scope: Any, queries: _Queries, filtered: set[int]
    ) -> Iterator[Any]:
        """Check a SELECT, UPDATE or DELETE."""
        sources: list[_Source] = []
        if not isinstance(scope, exp.Select):
            sources.append(self._source(scope.this, queries))
        self._add_sources(scope, sources, queries)
        _apply(scope.args.get("where"), sources, sources)
        if filtered:
            for position, (_, expression) in enumerate(_outputs(scope, sources)):
                if position in filtered:
                    _apply_to_output(expression, scope, sources)
        for source in sources:
            yield from self._read(source, queries)
        for query in _subqueries(scope, sources):
            yield from self._query(query, queries, set())

    def _add_sources(
        self, scope: Any, sources: list[_Source], queries: _Queries
    ) -> None:
        """Add the sources of a FROM clause and its joins, with the filters of the ON clauses."""
        clause = scope.args.get("from_")
        if clause:
            sources.append(self._source(clause.this, queries))
        for join in scope.args.get("joins") or ():
            sources.append(self._source(join.this, queries))
            allowed = sources[-1:] if join.side == "LEFT" else sources
            _apply(join.args.get("on"), sources, allowed)

    def _source(self, node: Any, queries: _Queries) -> _Source:
        query, scope = self._query_of(node, queries)
        if query is not None:
            return _Source(node, self._columns(query, scope))
        table = self._find_table(node) if isinstance(node, exp.Table) else None
        if table:
            return _Source(
                node, [column.name.lower() for column in table.schema_.fields]
            )
        return _Source(
            node, [str(name).lower() for name in (*node.alias_column_names, node.alias)]
        )

    def _query_of(self, node: Any, queries: _Queries) -> tuple[Any, _Queries]:
        """Return the subquery or common table expression that a source is, or None; and its scope."""
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Query):
            return node.this, queries
        if isinstance(node, exp.Table) and not node.db:
            return queries.get(node.name.lower(), (None, {}))
        return None, {}

    def _columns(self, query: Any, queries: _Queries) -> list[str]:
        """Return the names of the columns of a query."""
        columns = self._known_columns.get(id(query))
        if columns is None:
            scope = _with_own(query, queries)
            if isinstance(query, exp.Select):
                sources: list[_Source] = []
                self._add_sources(query, sources, scope)
                columns = [name for name, _ in _outputs(query, sources)]
            else:
                columns = self._columns(query.this, scope)
            self._known_columns[id(query)] = columns
        return columns

    def _read(self, source: _Source, queries: _Queries) -> Iterator[Any]:
        """Check what a source reads."""
        query, scope = self._query_of(source.node, queries)
        if query is not None:
            yield from self._query(query, scope, _positions(source))
            return
        table = (
            self._find_table(source.node)
            if isinstance(source.node, exp.Table)
            else None
        )
        if table and table.table_type == "VIEW":
            yield from self._query(
                self._parse(table.view_query), {}, _positions(source)
            )
        elif _required(table) not in (None, *source.filtered):
            yield table

    def _merge(self, merge: Any) -> Iterator[Any]:
        """Check a MERGE. The filter is in its ON clause, or in each WHEN clause that does not insert."""
        target = self._source(merge.this, {})
        source = self._source(merge.args["using"], {})
        yield from self._read(source, {})
        for query in _subqueries(merge, [source]):
            yield from self._query(query, {}, set())
        clauses = merge.args["whens"].expressions
        conditions = [
            clause.args.get("condition") for clause in clauses if not _inserts(clause)
        ]
        table = self._find_table(merge.this)
        column = _required(table)

        def is_filtered(condition: Any) -> bool:
            target.filtered.clear()
            _apply(condition, [target, source], [target])
            return column in target.filtered

        if column is None or is_filtered(merge.args["on"]):
            return
        if not conditions or not all(
            is_filtered(condition) for condition in conditions
        ):
            yield table


def _inserts(clause: Any) -> bool:
    return not clause.args.get("matched") and not clause.args.get("source")


def _creates_table(statement: Any) -> bool:
    return isinstance(statement, exp.Create) and statement.kind == "TABLE"


def _required(table: Any) -> str | None:
    """Return the column by which a table must be filtered, or None."""
    partitioning = table and table.time_partitioning
    if partitioning and partitioning.require_partition_filter and partitioning.field:
        return str(partitioning.field).lower()
    return None


def _with_own(query: Any, queries: _Queries) -> _Queries:
    """Return `queries` and the query's own common table expressions. None of them sees itself."""
    for cte in query.ctes:
        queries = {**queries, cte.alias.lower(): (cte.this, queries)}
    return queries


def _positions(source: _Source) -> set[int]:
    return {
        place for place, name in enumerate(source.columns) if name in source.filtered
    }


def _outputs(select: Any, sources: list[_Source]) -> list[tuple[str, Any]]:
    """Return the names and expressions of the output columns, with `*` expanded."""
    outputs: list[tuple[str, Any]] = []
    for expression in select.expressions:
        if not expression.is_star:
            outputs.append((expression.alias_or_name.lower(), expression.unalias()))
            continue
        star = expression.this if isinstance(expression, exp.Column) else expression
        hidden = {each.name.lower() for each in star.args.get("except_") or ()}
        table = expression.table.lower() if isinstance(expression, exp.Column) else ""
        for source in sources:
            for name in source.columns if table in ("", source.name) else ():
                if name not in hidden:
                    outputs.append((name, exp.column(name, source.name)))
    return outputs


def _apply(condition: Any, sources: list[_Source], allowed: list[_Source]) -> None:
    """Note the filters of a condition in those of its `sources` that are `allowed`."""
    if isinstance(condition, (exp.Where, exp.Paren)):
        _apply(condition.this, sources, allowed)
    elif isinstance(condition, exp.And):
        _apply(condition.this, sources, allowed)
        _apply(condition.expression, sources, allowed)
    elif condition is not None:
        source, name = _only_column(condition, sources)
        if source in allowed:
            source.filtered.add(name)


def _apply_to_output(expression: Any, select: Any, sources: list[_Source]) -> None:
    """Note a filter on an output column, if it can be evaluated on the rows that the SELECT reads."""
    if expression.find(exp.AggFunc, exp.Window):
        return
    source, name = _only_column(expression, sources)
    for window in select.find_all(exp.Window):
        if window.parent_select is select and not window.alias:
            keys = [
                _only_column(key, sources)
                for key in window.args.get("partition_by") or ()
            ]
            if (source, name) not in keys:
                return
    if source:
        source.filtered.add(name)


def _only_column(expression: Any, sources: list[_Source]) -> tuple[Any, str]:
    """Return the source and name of the only column that an expression references, or (None, "")."""
    found = []
    for node in expression.walk(prune=lambda node: isinstance(node, exp.Query)):
        if isinstance(node, exp.Column):
            column = _resolve(node, sources)
            if column not in found:
                found.append(column)
    return found[0] if len(found) == 1 else (None, "")


def _resolve(column: Any, sources: list[_Source]) -> tuple[Any, str]:
    """Return the source and name of a column, or (None, "") for one of an outer query."""
    name, table = column.name.lower(), column.table.lower()
    for source in sources:
        if table == source.name if table else name in source.columns:
            return source, name
    return None, ""


def _subqueries(scope: Any, sources: list[_Source]) -> Iterator[Any]:
    """Yield the subqueries in the expressions of a statement."""
    known = {id(source.node) for source in sources}
    for node in scope.walk(
        prune=lambda node: node is not scope and isinstance(node, exp.Query)
    ):
        is_query = isinstance(node, exp.Query) and node is not scope
        if is_query and not isinstance(node.parent, exp.CTE) and id(node) not in known:
            yield node
