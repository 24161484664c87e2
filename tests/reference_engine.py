"""Google's reference implementation of GoogleSQL, which runs beside the emulator.

It is part of the `zetasql` wheel. It only evaluates queries: of a script, each query, and the query of every INSERT,
MERGE, CREATE and SET, is evaluated on the tables as they are before the statement; of DELETE and UPDATE, the rows
that the condition selects. It knows no partitions and no scripts.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Context, Decimal
from typing import Any

import zetasql.types as zt
from zetasql.api import CatalogBuilder, Parser, TableBuilder
from zetasql.api.type_factory import TypeFactory
from zetasql.core.local_service import ZetaSqlLocalService

from tests.googlesql import LANGUAGE

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
    "BYTES": zt.TypeKind.TYPE_BYTES,
    "JSON": zt.TypeKind.TYPE_JSON,
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


def sql_type(text: str) -> Any:
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


def evaluate(
    sql: str, tables: Sequence[Table], parameters: Sequence[Parameter] = (), *, seed: int | None = None
) -> Result:
    """Run a query. Amounts are Decimal, instants aware, structs tuples and arrays lists; a column has an empty
    array in place of NULL, as in BigQuery's results.

    With a `seed`, the rows of the tables are shuffled, which must make no difference.

    Raises:
        ZetaSQLError: the query fails, or the engine cannot run it.
    """
    request = zt.EvaluateQueryRequest(
        sql=_known(sql), options=_options(parameters), simple_catalog=_catalog(tables)
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
        "ZetaSqlLocalService_EvaluateQuery", request, type(zt.EvaluateQueryResponse().to_proto())
    )
    columns = [(column.name, zt.parse_proto(column.type)) for column in answer.prepared.columns]
    arrays = [number for number, (_, kind) in enumerate(columns) if kind.type_kind == zt.TypeKind.TYPE_ARRAY]
    answered = []
    for row in answer.content.table_data.row:
        values = [_value(cell) for cell in row.cell]
        for number in arrays:
            values[number] = values[number] or []
        answered.append(tuple(values))
    return Result(columns, answered)


def _catalog(tables: Sequence[Table]) -> Any:
    builder = CatalogBuilder("warehouse").with_builtin_functions(
        zt.ZetaSQLBuiltinFunctionOptions(language_options=LANGUAGE)
    )
    for number, table in enumerate(tables, start=1):
        definition = TableBuilder(table.name, serialization_id=number)
        for column, kind in table.columns:
            definition.add_column(column, kind)
        builder.add_table(definition.build())
    return builder.build()


def _known(sql: str) -> str:
    """`sql` without what the open source lacks: the short form of ANY_VALUE(… HAVING MAX …)."""
    return re.sub(r"\b(MAX|MIN)_BY\((\w+), (\w+)\)", r"ANY_VALUE(\2 HAVING \1 \3)", sql)


def _options(parameters: Sequence[Parameter]) -> Any:
    options = zt.AnalyzerOptions(language_options=LANGUAGE, default_timezone="UTC", prune_unused_columns=True)
    for parameter in parameters:
        options.query_parameters.append(
            zt.AnalyzerOptions.QueryParameter(name=parameter.name, type=sql_type(parameter.kind))
        )
    return options


def _fill(cell: Any, kind: Any, value: Any) -> None:
    """Write a value into a protocol buffer `Value`; NULL is an empty one."""
    if value is None:
        return
    match zt.TypeKind(kind.type_kind):
        case zt.TypeKind.TYPE_STRING:
            cell.string_value = value
        case zt.TypeKind.TYPE_INT64:
            cell.int64_value = int(value)
        case zt.TypeKind.TYPE_BOOL:
            cell.bool_value = value
        case zt.TypeKind.TYPE_DATE:
            cell.date_value = (value - EPOCH).days
        case zt.TypeKind.TYPE_TIMESTAMP:
            cell.timestamp_value.FromDatetime(value)
        case zt.TypeKind.TYPE_NUMERIC:
            scaled = int(EXACT.multiply(Decimal(value), BILLION))
            cell.numeric_value = scaled.to_bytes(16, "little", signed=True)
        case zt.TypeKind.TYPE_BIGNUMERIC:
            scaled = int(Decimal(value).scaleb(BIG_SCALE, BIG))
            cell.bignumeric_value = scaled.to_bytes(32, "little", signed=True)
        case zt.TypeKind.TYPE_DOUBLE:
            cell.double_value = float(value)
        case zt.TypeKind.TYPE_BYTES:
            cell.bytes_value = value
        case zt.TypeKind.TYPE_JSON:
            cell.json_value = json.dumps(value)
        case zt.TypeKind.TYPE_ARRAY:
            cell.array_value.SetInParent()
            for element in value:
                _fill(cell.array_value.element.add(), kind.array_type.element_type, element)
        case zt.TypeKind.TYPE_STRUCT:
            cell.struct_value.SetInParent()
            for part, element in zip(kind.struct_type.field, value, strict=True):
                _fill(cell.struct_value.field.add(), part.type, element)
        case other:
            raise ValueError(f"no table here has a column of {other.name}")


def _value(cell: Any) -> Any:
    kind = cell.WhichOneof("value")
    match kind:
        case None:
            return None
        case "date_value":
            return EPOCH + timedelta(cell.date_value)
        case "timestamp_value":
            return cell.timestamp_value.ToDatetime(UTC)
        case "numeric_value":
            return EXACT.divide(Decimal(int.from_bytes(cell.numeric_value, "little", signed=True)), BILLION)
        case "bignumeric_value":
            exact = Decimal(int.from_bytes(cell.bignumeric_value, "little", signed=True)).scaleb(-BIG_SCALE, BIG)
            return exact.quantize(EMULATED)
        case "json_value":
            return json.loads(cell.json_value)
        case "array_value":
            return [_value(element) for element in cell.array_value.element]
        case "struct_value":
            return tuple(_value(element) for element in cell.struct_value.field)
    return getattr(cell, kind)


@dataclass(frozen=True)
class Part:
    """A statement of a script, and its query: what it reads, if anything. `kind` is its first words;
    `target` the table that it changes, `variable` the one that it sets, of the type `type`."""

    sql: str
    kind: str
    query: str | None = None
    target: str | None = None
    variable: str | None = None
    type: str | None = None
    is_ordered: bool = False


def script_parts(sql: str) -> list[Part]:
    """The statements of a script, as Google's parser finds them."""
    raw = sql.encode()

    def text(node: Any) -> str:
        place = node.parse_location_range
        return raw[place.start : place.end].decode()

    parts = []
    for node in Parser.parse_script_static(sql, LANGUAGE).statement_list_node.statement_list:
        statement = text(node)
        kind = type(node).__name__.removeprefix("AST").removesuffix("Statement")
        target = re.search(r"`([^`]+)`", statement)
        name = target[1] if target else None
        match node:
            case zt.ASTQueryStatement():
                ordered = node.query.order_by is not None
                parts.append(Part(statement, kind, text(node.query), is_ordered=ordered))
            case zt.ASTMergeStatement():
                source = text(node.table_expression)
                parts.append(Part(statement, kind, f"SELECT * FROM {source}", name))
            case zt.ASTInsertStatement() if node.query:
                parts.append(Part(statement, kind, text(node.query), name))
            case zt.ASTCreateTableStatement() | zt.ASTCreateViewStatement() if node.query:
                parts.append(Part(statement, kind, text(node.query), name))
            case zt.ASTDeleteStatement():
                changed = re.sub(r"^DELETE\b(\s+FROM\b)?", "SELECT * FROM", statement)
                parts.append(Part(statement, kind, changed, name))
            case zt.ASTUpdateStatement():
                changed = f"SELECT * FROM {text(node.target_path)}"
                if node.alias:
                    changed += f" {text(node.alias)}"
                parts.append(Part(statement, kind, f"{changed} WHERE {text(node.where)}", name))
            case zt.ASTSingleAssignment():
                variable = text(node.variable)
                query = f"SELECT {text(node.expression)}"
                parts.append(Part(statement, kind, query, variable=variable))
            case zt.ASTVariableDeclaration():
                [variable] = node.variable_list.identifier_list
                parts.append(Part(statement, kind, variable=text(variable), type=text(node.type)))
            case _:
                parts.append(Part(statement, kind, target=name))
    return parts
