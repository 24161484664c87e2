"""Google's reference implementation of GoogleSQL, which runs beside the emulator.

It is part of the `zetasql` wheel, and evaluates queries on tables that it is given; it knows no partitions
and no scripts. `script_parts` returns what it can evaluate of a script.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Context, Decimal
from typing import Any

import zetasql.types as zt
from zetasql.api import Parser
from zetasql.api.type_factory import TypeFactory
from zetasql.core.local_service import ZetaSqlLocalService

from tests.googlesql import catalogue_of, known, language

EPOCH = date(1970, 1, 1)
BILLION = Decimal(10**9)
EXACT = Context(prec=38)
"""For the digits of a NUMERIC."""
KINDS = {
    "STRING": zt.TypeKind.TYPE_STRING,
    "INT64": zt.TypeKind.TYPE_INT64,
    "INTEGER": zt.TypeKind.TYPE_INT64,
    "BOOL": zt.TypeKind.TYPE_BOOL,
    "BOOLEAN": zt.TypeKind.TYPE_BOOL,
    "DATE": zt.TypeKind.TYPE_DATE,
    "TIMESTAMP": zt.TypeKind.TYPE_TIMESTAMP,
    "NUMERIC": zt.TypeKind.TYPE_NUMERIC,
    "FLOAT64": zt.TypeKind.TYPE_DOUBLE,
    "FLOAT": zt.TypeKind.TYPE_DOUBLE,
    "BIGNUMERIC": zt.TypeKind.TYPE_BIGNUMERIC,
}
BIG = Context(prec=77)
BIG_SCALE = 38
EMULATED = Decimal("0.00001")
"""What the emulator keeps of a BIGNUMERIC."""
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """Name, columns with their types, and rows of a table."""

    name: str
    columns: Sequence[tuple[str, Any]]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Parameter:
    """A query parameter; `kind` as in SQL, such as `ARRAY<STRING>`."""

    name: str
    kind: str
    value: Any


def sql_type(text):
    """The type written as in SQL, such as `NUMERIC(18, 4)` or `ARRAY<STRING>`."""
    element = re.fullmatch(r"ARRAY<(.+)>", text)
    if element:
        return TypeFactory.create_array_type(sql_type(element[1]))
    return TypeFactory.create_simple_type(KINDS[text.partition("(")[0]])


@dataclass(frozen=True)
class Result:
    """The rows of a query, and its columns with their types."""

    columns: Sequence[tuple[str, Any]]
    rows: list[Row]


def evaluate(sql, tables, parameters=(), *, seed=None):
    """Run a query. Amounts are Decimal, instants aware, structs tuples and arrays lists; a column has an
    empty array in place of NULL, as in BigQuery's results.

    With a `seed`, the rows of the tables are shuffled, which must make no difference.

    Raises:
        ZetaSQLError: the query fails, or the engine cannot run it.
    """
    request = zt.EvaluateQueryRequest(
        sql=known(sql),
        options=_options(parameters),
        simple_catalog=catalogue_of([(table.name, table.columns) for table in tables]),
    ).to_proto()
    for table in tables:
        content = request.table_content[table.name].table_data
        content.SetInParent()  # of an empty table, too
        kinds = [kind for _, kind in table.columns]
        rows = list(table.rows)
        if seed is not None:
            random.Random(seed).shuffle(rows)
        for row in rows:
            cells = content.row.add().cell
            for kind, value in zip(kinds, row, strict=True):
                _fill(cells.add(), kind, value)
    for parameter in parameters:
        given = request.params.add(name=parameter.name)
        _fill(given.value, sql_type(parameter.kind), parameter.value)
    answer = ZetaSqlLocalService.get_instance().wasm_client.call_grpc_func(
        "ZetaSqlLocalService_EvaluateQuery",
        request,
        type(zt.EvaluateQueryResponse().to_proto()),
    )
    columns = []
    for column in answer.prepared.columns:
        columns.append((column.name, zt.parse_proto(column.type)))
    answered = []
    for row in answer.content.table_data.row:
        values = []
        for cell, (_, kind) in zip(row.cell, columns, strict=True):
            is_array = kind.type_kind == zt.TypeKind.TYPE_ARRAY
            value = _value(cell)
            values.append([] if is_array and value is None else value)
        answered.append(tuple(values))
    return Result(columns, answered)


def _options(parameters):
    options = zt.AnalyzerOptions(
        language_options=language(), default_timezone="UTC", prune_unused_columns=True
    )
    for parameter in parameters:
        options.query_parameters.append(
            zt.AnalyzerOptions.QueryParameter(
                name=parameter.name, type=sql_type(parameter.kind)
            )
        )
    return options


def _days(value):
    return (value - EPOCH).days


def _numeric(value):
    return int(EXACT.multiply(Decimal(value), BILLION)).to_bytes(
        16, "little", signed=True
    )


def _big_numeric(value):
    return int(Decimal(value).scaleb(BIG_SCALE, BIG)).to_bytes(
        32, "little", signed=True
    )


def _number(data):
    return int.from_bytes(data, "little", signed=True)


WRITTEN: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    zt.TypeKind.TYPE_STRING: ("string_value", str),
    zt.TypeKind.TYPE_INT64: ("int64_value", int),
    zt.TypeKind.TYPE_BOOL: ("bool_value", bool),
    zt.TypeKind.TYPE_DATE: ("date_value", _days),
    zt.TypeKind.TYPE_NUMERIC: ("numeric_value", _numeric),
    zt.TypeKind.TYPE_BIGNUMERIC: ("bignumeric_value", _big_numeric),
    zt.TypeKind.TYPE_DOUBLE: ("double_value", float),
}
"""The field of a protocol buffer `Value`, and what is written into it, by type."""
READ: dict[str, Callable[[Any], Any]] = {
    "date_value": lambda days: EPOCH + timedelta(days),
    "timestamp_value": lambda instant: instant.ToDatetime(UTC),
    "numeric_value": lambda data: EXACT.divide(Decimal(_number(data)), BILLION),
    "bignumeric_value": lambda data: (
        Decimal(_number(data)).scaleb(-BIG_SCALE, BIG).quantize(EMULATED)
    ),
    "array_value": lambda array: [_value(element) for element in array.element],
    "struct_value": lambda struct: tuple(_value(part) for part in struct.field),
}
"""What a field of a `Value` means; the others are values themselves."""


def _fill(cell, kind, value):
    """Write a value into a protocol buffer `Value`; NULL is an empty one."""
    if value is None:
        return
    if kind.type_kind == zt.TypeKind.TYPE_ARRAY:
        cell.array_value.SetInParent()
        for element in value:
            _fill(cell.array_value.element.add(), kind.array_type.element_type, element)
    elif kind.type_kind == zt.TypeKind.TYPE_STRUCT:
        for part, element in zip(kind.struct_type.field, value, strict=True):
            _fill(cell.struct_value.field.add(), part.type, element)
    elif kind.type_kind == zt.TypeKind.TYPE_TIMESTAMP:
        cell.timestamp_value.FromDatetime(value)
    else:
        field, written = WRITTEN[kind.type_kind]
        setattr(cell, field, written(value))


def _value(cell):
    field = cell.WhichOneof("value")
    if field is None:
        return None
    value = getattr(cell, field)
    return READ[field](value) if field in READ else value


@dataclass(frozen=True)
class Part:
    """A statement of a script. `query` has its query, if any; of a DELETE or UPDATE, one for the rows that it
    changes. `kind` is Google's name of the statement, `target` the table that it changes, `variable` what it
    declares or sets, and `type` that variable's type."""

    sql: str
    kind: str
    query: str | None = None
    target: str | None = None
    variable: str | None = None
    type: str | None = None
    is_ordered: bool = False


def script_parts(sql):
    """The statements of a script, as Google's parser finds them."""
    raw = sql.encode()

    def text(node):
        place = node.parse_location_range
        return raw[place.start : place.end].decode()

    script = Parser.parse_script_static(sql, language())
    parts = []
    for node in script.statement_list_node.statement_list:
        statement = text(node)
        kind = type(node).__name__.removeprefix("AST").removesuffix("Statement")
        name = re.search(r"`([^`]+)`", statement)
        facts = {"target": name[1] if name else None}
        match node:
            case zt.ASTQueryStatement():
                facts["query"] = text(node.query)
                facts["is_ordered"] = node.query.order_by is not None
            case zt.ASTMergeStatement():
                facts["query"] = f"SELECT * FROM {text(node.table_expression)}"
            case (
                zt.ASTInsertStatement()
                | zt.ASTCreateTableStatement()
                | zt.ASTCreateViewStatement()
            ) if node.query:
                facts["query"] = text(node.query)
            case zt.ASTDeleteStatement():
                changed = re.sub(r"^DELETE\b(\s+FROM\b)?", "SELECT * FROM", statement)
                facts["query"] = changed
            case zt.ASTUpdateStatement():
                alias = text(node.alias) if node.alias else ""
                changed = f"{text(node.target_path)} {alias}"
                facts["query"] = f"SELECT * FROM {changed} WHERE {text(node.where)}"
                if node.from_clause:
                    facts["query"] = f"SELECT * {text(node.from_clause)}"
            case zt.ASTSingleAssignment():
                facts["variable"] = text(node.variable)
                facts["query"] = f"SELECT {text(node.expression)}"
            case zt.ASTVariableDeclaration():
                [variable] = node.variable_list.identifier_list
                facts |= {"variable": text(variable), "type": text(node.type)}
                if node.default_value:
                    facts["query"] = f"SELECT {text(node.default_value)}"
        parts.append(Part(statement, kind, **facts))
    return parts
