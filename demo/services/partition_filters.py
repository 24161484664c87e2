"""BigQuery's rule for tables with `require_partition_filter`: a read needs a filter on the partition column.

This check is lenient: a condition anywhere in the statement, or in a view that it reads, counts for every
table with that column. `tests/googlesql_rules.py` checks the statements of this repository strictly.

https://cloud.google.com/bigquery/docs/managing-partitioned-tables#require-filter
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlglot import exp

CONDITIONS = (exp.Where, exp.Join, exp.Merge, exp.When)


def missing_filters(
    statement: Any, find_table: Callable[[Any], Any], parse: Callable[[str], Any]
) -> Iterator[Any]:
    """Yield the tables that `statement` reads without their required filter.

    Args:
        statement: a syntax tree.
        find_table: returns the emulator's description of a table or view, or None.
        parse: parses the query of a view.
    """
    if isinstance(statement, exp.Create) and statement.kind == "VIEW":
        # A new view reads nothing yet.
        return
    written = _written(statement)
    trees = [statement]
    tables = []
    filtered = set()
    for tree in trees:
        for condition in tree.find_all(*CONDITIONS):
            for column in condition.find_all(exp.Column):
                filtered.add(column.name.lower())
        for node in tree.find_all(exp.Table):
            table = find_table(node)
            if table is None or node is written:
                continue
            if table.table_type == "VIEW":
                trees.append(parse(table.view_query))
            else:
                tables.append(table)
    for table in tables:
        partitioning = table.time_partitioning
        if not (partitioning and partitioning.require_partition_filter):
            continue
        column = partitioning.field
        if column and column.lower() not in filtered:
            yield table


def _written(statement: Any) -> Any:
    """Return the table that a statement fills or drops without reading it."""
    if not isinstance(statement, (exp.Insert, exp.Create, exp.Drop)):
        return None
    target = statement.this
    if isinstance(target, exp.Schema):
        return target.this
    return target
