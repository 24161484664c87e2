"""What Google's analyzer accepts and BigQuery refuses, or bills the whole history for."""

import re
from functools import cache

from zetasql.core.exceptions import ZetaSQLError

from ecommerce.warehouse import rendering
from tests.googlesql import (
    CREATE_VIEW,
    Catalogue,
    part_of,
    variant,
)
from tests.rendered_sql import SPECS, paths, statements


def refusals(sql):
    """What the analyzer accepts and BigQuery refuses."""
    if found := re.search(r"\bAS (BIG)?(NUMERIC|STRING|BYTES)\s*\(", sql):
        yield f"Parameterized types are not allowed in CAST expressions: {found.group()}"
    if re.search(r"\bIN\s*\(\s*\)|\bIN UNNEST\(\[\]\)", sql):
        yield "an empty list"


def unpruned(resolved):
    """Partitioned tables a statement reads without comparing their partition with a constant: it reads their
    whole history, or BigQuery refuses it. A view gets its filter when it is queried, and only needs one on
    tables that require it, because tools query views without any."""
    partitions = _partitions(resolved.DESCRIPTOR.name == CREATE_VIEW)
    if resolved.DESCRIPTOR.name == "ResolvedInsertStmtProto":
        # It names its target in a scan, too, without reading it.
        resolved.ClearField("table_scan")
    pruned = set()
    for call in _nodes(resolved, "ResolvedFunctionCallBaseProto"):
        pruned |= _compared_columns(call)
    for scan in _nodes(resolved, "ResolvedTableScanProto"):
        columns = {column.name: column.column_id for column in scan.parent.column_list}
        # COUNT(*) reads no column.
        if not columns or scan.table.name not in partitions:
            continue
        if columns.get(partitions[scan.table.name]) not in pruned:
            yield f"no partition filter on {scan.table.name}"


COMPARISONS = {
    f"ZetaSQL:${name}"
    for name in ("equal", "between", "greater_or_equal", "less_or_equal", "in")
}


def _compared_columns(call):
    """The numbers of the columns that a function compares with constants."""
    columns = set()
    if call.function.name in COMPARISONS:
        arguments = list(map(variant, call.argument_list))
        for place, column in enumerate(arguments):
            others = arguments[:place] + arguments[place + 1 :]
            is_column = column.DESCRIPTOR.name == "ResolvedColumnRefProto"
            if is_column and all(map(_is_constant, others)):
                columns.add(column.column.column_id)
    return columns


def _is_constant(expression):
    kind = expression.DESCRIPTOR.name
    if kind == "ResolvedFunctionCallProto":
        arguments = map(variant, part_of(expression, "argument_list"))
        return all(map(_is_constant, arguments))
    return kind in ("ResolvedLiteralProto", "ResolvedParameterProto")


def correlated(resolved):
    """Correlated subqueries in the clauses of a MERGE, outside its source
    (https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#limitations)."""
    if resolved.DESCRIPTOR.name == "ResolvedMergeStmtProto":
        for clause in (resolved.merge_expr, *resolved.when_clause_list):
            for subquery in _nodes(clause, "ResolvedSubqueryExprProto"):
                if subquery.parameter_list:
                    yield "a correlated subquery in a clause of a MERGE"


@cache
def _partitions(only_required):
    """The column by which each table is partitioned, or only each that requires a filter on it."""
    found = {}
    for name in rendering.tables():
        sql = (rendering.SQL_ROOT / f"warehouse/tables/{name}/table.sql").read_text()
        partition = re.search(r"PARTITION BY (\w+)$", sql, re.MULTILINE)
        is_required = "require_partition_filter = TRUE" in sql
        if partition and (is_required or not only_required):
            found[f"sales.{name}"] = partition[1]
    return found


def _nodes(message, kind):
    """The messages of one kind that a message consists of."""
    if message.DESCRIPTOR.name == kind:
        yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            parts = value if field.is_repeated else [value]
            for part in parts:
                yield from _nodes(part, kind)


def problems(catalogue, statement):
    """What is wrong with a statement, in words; what it creates is added to the catalogue."""
    found = list(refusals(statement.sql))
    try:
        resolved = catalogue.analyse(statement.sql)
        found += correlated(resolved)
        if (
            "/procedures/" not in statement.name
        ):  # those are for one customer or export in all history
            found += unpruned(resolved)
    except ZetaSQLError as error:
        found.append(str(error))
    return [f"{statement.name}: {each}" for each in found]


def analyse_all():
    """The tables that all files create, and what is wrong with the statements of any."""
    catalogue = Catalogue()
    wrong = []
    for path in paths():
        for statement in statements(path):
            wrong += problems(catalogue, statement)
    return catalogue, wrong + wrong_in_bundles(catalogue)


def wrong_in_bundles(catalogue):
    """What is wrong with the statements of small loads, whose files are in one staging table."""
    wrong = []
    for spec in SPECS:
        catalogue.add_bundle(spec)
        for name in ("staged_totals", "find_changes", "script"):
            path = spec.path(name)
            for statement in statements(path, bundled=True):
                wrong += problems(catalogue, statement)
    return wrong
