"""What Google's analyzer accepts and BigQuery refuses, or bills the whole history for."""

import re
from dataclasses import fields, is_dataclass
from functools import cache

import zetasql.types as zt
from zetasql.core.exceptions import ZetaSQLError

from ecommerce.warehouse import rendering
from tests.googlesql import SPECS, Catalogue, paths, statements


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
    partitions = _partitions(isinstance(resolved, zt.ResolvedCreateViewStmt))
    nodes = _nodes(resolved)
    pruned = set()
    for node in nodes:
        if isinstance(node, zt.ResolvedFunctionCall):
            pruned |= _compared_columns(node)
    for scan in nodes:
        # An INSERT names its target in a scan too, without reading it; COUNT(*) reads no column.
        is_read = (
            isinstance(scan, zt.ResolvedTableScan)
            and scan.column_list
            and not _is_insert_target(resolved, scan)
        )
        if is_read and scan.table.name in partitions:
            ids = {column.name: column.column_id for column in scan.column_list}
            if ids.get(partitions[scan.table.name]) not in pruned:
                yield f"no partition filter on {scan.table.name}"


def _compared_columns(call):
    """The numbers of the columns that a function compares with constants."""
    columns = set()
    if call.function.name in COMPARISONS:
        for column in call.argument_list:
            others = [each for each in call.argument_list if each is not column]
            if isinstance(column, zt.ResolvedColumnRef) and all(
                map(_is_constant, others)
            ):
                columns.add(column.column.column_id)
    return columns


def _is_constant(expression):
    if isinstance(expression, zt.ResolvedFunctionCall):
        return all(_is_constant(each) for each in expression.argument_list)
    return isinstance(expression, (zt.ResolvedLiteral, zt.ResolvedParameter))


def correlated(resolved):
    """Correlated subqueries in the clauses of a MERGE, outside its source
    (https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#limitations)."""
    if isinstance(resolved, zt.ResolvedMergeStmt):
        for clause in (resolved.merge_expr, *resolved.when_clause_list):
            for node in _nodes(clause):
                if isinstance(node, zt.ResolvedSubqueryExpr) and node.parameter_list:
                    yield "a correlated subquery in a clause of a MERGE"


COMPARISONS = {
    f"ZetaSQL:${name}"
    for name in ("equal", "between", "greater_or_equal", "less_or_equal", "in")
}


def _is_insert_target(resolved, scan):
    return isinstance(resolved, zt.ResolvedInsertStmt) and resolved.table_scan is scan


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


def _nodes(value):
    """A node of a resolved statement with all that it consists of; of a list, those of its elements."""
    nodes = []
    _add_nodes(value, nodes)
    return nodes


def _add_nodes(value, nodes):
    if isinstance(value, list):
        for element in value:
            _add_nodes(element, nodes)
    elif isinstance(value, zt.ProtoModel) and is_dataclass(value):
        nodes.append(value)
        for name in _field_names(type(value)):
            _add_nodes(getattr(value, name), nodes)


@cache
def _field_names(kind):
    return [field.name for field in fields(kind)]


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
