"""Google's own analyzer on every statement of include/sql/warehouse, report and forecast.

The emulator shows that a statement runs; this shows that it is GoogleSQL: names, types, syntax. It also
refuses what the analyzer's open source accepts and BigQuery does not (see `refusals` and `unpruned`).

`python -m tests.googlesql` analyses everything and exits with 1 if something is wrong.
"""

import ctypes
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import PurePath
from typing import Any

import wasmtime
import zetasql.types as zt
from jinja2 import meta
from zetasql.api import CatalogBuilder, Parser, TableBuilder
from zetasql.api.type_factory import TypeFactory
from zetasql.core import wasm_client
from zetasql.core.exceptions import ZetaSQLError
from zetasql.core.local_service import ZetaSqlLocalService

from ecommerce.core import templates
from ecommerce.core.parts import existing
from ecommerce.core.settings import Settings, load_settings
from ecommerce.warehouse import rendering
from ecommerce.warehouse.spec import LoadSpec
from ecommerce.warehouse.staging_tables import staged_columns

DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 8)]
STORED = (
    *(
        "orders",
        "refunds",
        "exchange_rates",
        "loaded_files",
        "load_audit",
        "rejected_rows",
    ),
    *("removed_orders", "products", "forgotten_hashes", "order_lines", "user_events"),
)
"""Names of days that look-ups find."""
STAGING = "0123456789ab"
SETTINGS = {
    "CUSTOMER_HASH_KEY": "only to read the other settings",
    "BIGQUERY_DATASET": "sales",
    "ORDER_ATTRIBUTES": "sales_channel,_wc_order_attribution_utm_source,group",
    "REPORT_ATTRIBUTE": "sales_channel",
}
GIVEN = {
    "table",
    "staged",
    "restated_figures",
    "days",
    "read_days",
    "columns",
    "first_day",
    "stored",
    "any_of",
    "restates",
    "shop_timezone",
    "reporting_currency",
    "events_retention_days",
    "load",
    "sources",
    "takes_exports",
    "order_attributes",
    "report_attribute",
}
SPECS = tuple(
    spec
    for module in existing(
        "sales.loading", "events.loading", "catalogue.loading", "forecast.loading"
    )
    for spec in vars(module).values()
    if isinstance(spec, LoadSpec) and spec.files
)
"""What the domains load. SQL that no other domain has is rendered for the first."""
NUMBERS = re.compile(r"most|count|limit")
TEXTS = re.compile(r"hash|message_id|source|token")
INSTANTS = re.compile(r"_at$")
MAPPINGS = {"copies": {"orders": 5}, "reported": dict.fromkeys(rendering.RESTATED, 100)}


def spec_of(table: str) -> LoadSpec:
    """What the domain loads that writes a table."""
    return next((spec for spec in SPECS if table in spec.tables), SPECS[0])


@dataclass(frozen=True)
class Statement:
    """One statement of a rendered file; `name` is `<path>:<number>`."""

    name: str
    sql: str


@dataclass
class Catalogue:
    """The tables that statements may name: those of the statements analysed so far."""

    tables: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    registered: int | None = None
    unregistered: set[str] = field(default_factory=set)

    def analyse(self, sql: str) -> Any:
        """The resolved statement; what it creates is known from then on.

        Raises:
            ZetaSQLError: it is not GoogleSQL, or names something unknown.
        """
        options = zt.AnalyzerOptions(
            language_options=LANGUAGE,
            query_parameters=_parameters(sql),
            prune_unused_columns=True,
        )
        # The open source lacks the short form of ANY_VALUE(… HAVING MAX …).
        known = re.sub(
            r"\b(MAX|MIN)_BY\((\w+), (\w+)\)", r"ANY_VALUE(\2 HAVING \1 \3)", sql
        )
        response = ZetaSqlLocalService.get_instance().analyze(
            sql_statement=known,
            options=options,
            registered_catalog_id=self._registered_for(sql),
        )
        resolved = response.resolved_statement
        if hasattr(resolved, "column_definition_list"):
            columns = [
                (column.name, column.type) for column in resolved.column_definition_list
            ]
            self._add(resolved.name_path[-1], columns)
            self._add_staging_table(resolved.name_path[-1].rpartition(".")[2], columns)
        elif isinstance(resolved, zt.ResolvedCreateViewStmt):
            columns = [
                (output.name, output.column.type)
                for output in resolved.output_column_list
            ]
            self._add(resolved.name_path[-1], columns)
        return resolved

    def _registered_for(self, sql: str) -> int:
        """The number under which the analyzer keeps the tables and functions. To hand them over takes longer
        than to read a statement: it happens when one names a table that the analyzer does not know yet."""
        service = ZetaSqlLocalService.get_instance()
        if self.registered is None or any(name in sql for name in self.unregistered):
            if self.registered is not None:
                service.unregister_catalog(registered_id=self.registered)
            builder = CatalogBuilder("warehouse").with_builtin_functions(
                zt.ZetaSQLBuiltinFunctionOptions(language_options=LANGUAGE)
            )
            for number, (name, columns) in enumerate(self.tables.items(), start=1):
                table = TableBuilder(name, serialization_id=number)
                for column, kind in columns:
                    table.add_column(column, kind)
                builder.add_table(table.build())
            self.registered = service.register_catalog(
                simple_catalog=builder.build()
            ).registered_id
            self.unregistered.clear()
        return self.registered

    def _add(self, name: str, columns: list[tuple[str, Any]]) -> None:
        if self.tables.get(name) != columns:
            self.tables[name] = columns
            self.unregistered.add(name)

    def _add_staging_table(self, name: str, columns: list[tuple[str, Any]]) -> None:
        """What load jobs fill: the table's columns, without those of another owner, and the load's."""
        if name in rendering.tables():
            kinds = dict(columns) | {
                "known_deliveries": TypeFactory.create_simple_type(
                    zt.TypeKind.TYPE_STRING
                ),
            }
            staged = [
                (each.name, kinds[each.name])
                for each in staged_columns(spec_of(name), name)
            ]
            self._add(f"sales_staging.{rendering.staging_table(name, STAGING)}", staged)


class _CachedConfig(wasmtime.Config):
    """Keeps the compiled analyzer in the user's cache: compiling it takes ten seconds, loading it one."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = True


def _write(client: wasm_client.WasmClient, place: int, data: bytes) -> None:
    ctypes.memmove(_address(client, place), data, len(data))


def _read(client: wasm_client.WasmClient, place: int, size: int) -> bytes:
    return ctypes.string_at(_address(client, place), size)


def _address(client: wasm_client.WasmClient, place: int) -> int:
    return ctypes.addressof(client.memory.data_ptr().contents) + place


wasm_client.Config = _CachedConfig
# Its own methods copy byte by byte.
wasm_client.WasmClient.write_bytes = _write
wasm_client.WasmClient.read_bytes = _read


def _parameters(sql: str) -> list[Any]:
    """The `@names` of a statement, typed by how they are named; lists where the statement unnests them."""
    kinds = {"_date": zt.TypeKind.TYPE_DATE, "_at": zt.TypeKind.TYPE_TIMESTAMP}
    found = []
    for name in sorted(set(re.findall(r"@(\w+)", sql))):
        suffix = re.search("_[a-z]+$", name)
        kind = TypeFactory.create_simple_type(
            kinds.get(suffix.group() if suffix else "", zt.TypeKind.TYPE_STRING)
        )
        if f"UNNEST(@{name})" in sql:
            kind = TypeFactory.create_array_type(kind)
        found.append(zt.AnalyzerOptions.QueryParameter(name=name, type=kind))
    return found


def _language() -> Any:
    language = zt.LanguageOptions.maximum_features()
    language.enabled_language_features += [
        zt.LanguageFeature.FEATURE_CREATE_VIEWS_WITH_COLUMN_OPTIONS,
        zt.LanguageFeature.FEATURE_DISALLOW_GROUP_BY_FLOAT,
    ]
    language.product_mode = (
        zt.ProductMode.PRODUCT_EXTERNAL
    )  # BigQuery's names: FLOAT64, no DOUBLE
    return language


LANGUAGE = _language()


def paths() -> list[str]:
    """Every SQL file, in an order in which each finds the tables it names."""
    root = rendering.SQL_ROOT
    found = sorted(
        path.relative_to(root).as_posix()
        for folder in ("warehouse", "report", "forecast")
        for path in (root / folder).rglob("*.sql")
    )
    first = (
        r"warehouse/tables/\w+/table",
        r"warehouse/tables/conversion_rates/view",
        r"warehouse/tables/\w+/view",
        r"warehouse/loads/\w+/staging/",
        r"warehouse/loads/\w+/staged_totals",
        r"warehouse/loads/\w+/find_changes",
        "",
    )
    return sorted(
        found,
        key=lambda path: next(
            n for n, each in enumerate(first) if re.match(each, path)
        ),
    )


def statements(path: str, settings: Settings | None = None) -> list[Statement]:
    """The statements of a file, rendered with sample values; none for a file that only holds macros."""
    sql = rendered(path, settings or load_settings(SETTINGS))
    try:
        parts = split(sql)
    except ZetaSQLError as error:
        raise SyntaxError(f"{path}: {error}") from error
    numbered = enumerate(without_variables(parts), start=1)
    return [Statement(f"{path}:{number}", each) for number, each in numbered]


def without_variables(parts: list[str]) -> list[str]:
    """The statements of a script with parameters in place of its variables, which the analyzer lacks.
    BigQuery treats both as constants."""
    declared = [name for part in parts for name in re.findall(r"^DECLARE (\w+) ", part)]
    names = re.compile(rf"(?<!@)\b({'|'.join(declared)})\b") if declared else None
    kept = [
        re.sub(r"^SET \w+ =", "SELECT", part)
        for part in parts
        if not part.startswith("DECLARE")
    ]
    return [names.sub(r"@\1", part) if names else part for part in kept]


def rendered(path: str, settings: Settings) -> str:
    """A file rendered for sample days."""
    source = (rendering.SQL_ROOT / path).read_text()
    names = (
        meta.find_undeclared_variables(
            templates.environment(rendering.SQL_ROOT).parse(source)
        )
        - GIVEN
    )
    values = {name: sample(name) for name in names} | {
        "business_date": DAYS[-1],
        "lock_token": "0a1b",
    }
    spec = next(
        (each for each in SPECS if f"/loads/{each.name}/" in path),
        spec_of(PurePath(path).parent.name),
    )
    return rendering.render(
        path,
        days=DAYS,
        read_days=DAYS,
        stored=dict.fromkeys(STORED, DAYS),
        staging=STAGING,
        spec=spec,
        settings=settings,
        **values,
    )


def sample(name: str) -> Any:
    """A value for a name in a template."""
    if name in MAPPINGS:
        return MAPPINGS[name]
    if INSTANTS.search(name):
        return datetime(2026, 3, 8, 11, tzinfo=UTC)
    if TEXTS.search(name):
        return "0a1b"
    return 5 if NUMBERS.search(name) else DAYS[-1]


def split(sql: str) -> list[str]:
    """The statements of a script, as Google's parser finds them."""
    if not re.sub(r"--[^\n]*|\s", "", sql):
        return []
    script = Parser.parse_script_static(sql, LANGUAGE)
    raw = sql.encode()
    ranges = [
        each.parse_location_range for each in script.statement_list_node.statement_list
    ]
    return [raw[each.start : each.end].decode() for each in ranges]


def refusals(sql: str) -> Iterator[str]:
    """What the analyzer accepts and BigQuery refuses."""
    if found := re.search(r"\bAS (BIG)?(NUMERIC|STRING|BYTES)\s*\(", sql):
        yield f"Parameterized types are not allowed in CAST expressions: {found.group()}"
    if re.search(r"\bIN\s*\(\s*\)|\bIN UNNEST\(\[\]\)", sql):
        yield "an empty list"


def unpruned(resolved: Any) -> Iterator[str]:
    """Partitioned tables a statement reads without comparing their partition with a constant: it reads their
    whole history, or BigQuery refuses it. (A view gets its filter when it is queried.)"""
    if isinstance(resolved, zt.ResolvedCreateViewStmt):
        return
    nodes = list(_nodes(resolved))
    pruned = {
        column.column.column_id
        for call in nodes
        if isinstance(call, zt.ResolvedFunctionCall)
        and call.function.name in COMPARISONS
        for column in call.argument_list
        if isinstance(column, zt.ResolvedColumnRef)
        and all(_is_constant(each) for each in call.argument_list if each is not column)
    }
    for scan in nodes:
        if (
            isinstance(scan, zt.ResolvedTableScan)
            and scan.table.name in _need_a_filter()
        ):
            partition = _need_a_filter()[scan.table.name]
            days = {
                column.column_id
                for column in scan.column_list
                if column.name == partition
            }
            # An INSERT names its target in a scan too, without reading it; COUNT(*) reads no column.
            if (
                scan.column_list
                and not days & pruned
                and not _is_insert_target(resolved, scan)
            ):
                yield f"no partition filter on {scan.table.name}"


def _is_constant(expression: Any) -> bool:
    if isinstance(expression, zt.ResolvedFunctionCall):
        return all(_is_constant(each) for each in expression.argument_list)
    return isinstance(expression, (zt.ResolvedLiteral, zt.ResolvedParameter))


def correlated(resolved: Any) -> Iterator[str]:
    """Correlated subqueries in the clauses of a MERGE, outside its source
    (https://cloud.google.com/bigquery/docs/reference/standard-sql/dml-syntax#limitations)."""
    if isinstance(resolved, zt.ResolvedMergeStmt):
        for clause in (resolved.merge_expr, *resolved.when_clause_list):
            for node in _nodes(clause):
                if isinstance(node, zt.ResolvedSubqueryExpr) and node.parameter_list:
                    yield "a correlated subquery in a clause of a MERGE"


def unused(resolved: Any) -> Iterator[str]:
    """Columns of the warehouse's tables that a statement selects and does not use, such as those of
    `SELECT *`."""
    live = _used_columns(resolved)
    for scan in _nodes(resolved):
        # A MERGE lists the columns that it writes. The few rows of load_audit serve several readers.
        if (
            isinstance(scan, zt.ResolvedTableScan)
            and scan.table.name.startswith("sales.")
            and scan.table.name != "sales.load_audit"
            and scan is not getattr(resolved, "table_scan", None)
        ):
            for column in scan.column_list:
                if column.column_id not in live:
                    yield f"does not use {column.name} of {scan.table.name}"


def _used_columns(resolved: Any) -> set[int]:
    nodes = list(_nodes(resolved))
    live = {
        each.column.column_id
        for each in nodes
        if isinstance(each, zt.ResolvedColumnRef)
    }
    live |= {
        each.column.column_id
        for each in nodes
        if isinstance(each, zt.ResolvedOutputColumn)
    }
    live |= {
        each.column_id for each in getattr(resolved, "query_output_column_list", ())
    }
    named = {
        each.with_query_name: each
        for each in nodes
        if isinstance(each, zt.ResolvedWithEntry)
    }
    made_of: list[
        tuple[int, int]
    ] = []  # columns, and those that they are by their place
    for each in nodes:
        if isinstance(each, zt.ResolvedWithRefScan):
            entry = named[each.with_query_name]
            made_of += _by_place(each.column_list, entry.with_subquery.column_list)
        elif isinstance(each, zt.ResolvedSetOperationScan):
            for item in each.input_item_list:
                made_of += _by_place(each.column_list, item.output_column_list)
                if each.op_type.name.endswith("DISTINCT"):
                    live |= {column.column_id for column in item.output_column_list}
        elif (
            isinstance(each, zt.ResolvedSubqueryExpr)
            and each.subquery_type.name != "EXISTS"
        ):
            live |= {column.column_id for column in each.subquery.column_list}
    while found := {source for made, source in made_of if made in live} - live:
        live |= found
    return live


def _by_place(made: Any, sources: Any) -> Iterator[tuple[int, int]]:
    pairs = zip(made, sources, strict=True)
    return ((each.column_id, source.column_id) for each, source in pairs)


COMPARISONS = {
    f"ZetaSQL:${name}"
    for name in ("equal", "between", "greater_or_equal", "less_or_equal", "in")
}


def _is_insert_target(resolved: Any, scan: Any) -> bool:
    return isinstance(resolved, zt.ResolvedInsertStmt) and resolved.table_scan is scan


@cache
def _need_a_filter() -> dict[str, str]:
    """The column by which each of them is partitioned."""
    found = {"sales.order_lines_reporting": "business_date"}
    for name in rendering.tables():
        sql = (rendering.SQL_ROOT / f"warehouse/tables/{name}/table.sql").read_text()
        partition = re.search(r"PARTITION BY (\w+)$", sql, re.MULTILINE)
        if partition:
            found[f"sales.{name}"] = partition[1]
    return found


def _nodes(value: Any) -> Iterator[Any]:
    if is_dataclass(value):
        yield value
    for part in parts(value):
        yield from _nodes(part)


def parts(node: Any) -> list[Any]:
    """What a node of a resolved statement, or a list of nodes, consists of."""
    if is_dataclass(node):
        return [getattr(node, part.name) for part in fields(node)]
    return list(node) if isinstance(node, (list, tuple)) else []


def problems(catalogue: Catalogue, statement: Statement) -> list[str]:
    """What is wrong with a statement, in words; what it creates is added to the catalogue."""
    found = list(refusals(statement.sql))
    try:
        resolved = catalogue.analyse(statement.sql)
        found += [*unused(resolved), *correlated(resolved)]
        if (
            "/procedures/" not in statement.name
        ):  # those are for one customer or export in all history
            found += unpruned(resolved)
    except ZetaSQLError as error:
        found.append(str(error))
    return [f"{statement.name}: {each}" for each in found]


def analyse_all() -> tuple[Catalogue, list[str]]:
    """The tables that all files create, and what is wrong with the statements of any."""
    catalogue = Catalogue()
    wrong = [
        each
        for path in paths()
        for statement in statements(path)
        for each in problems(catalogue, statement)
    ]
    return catalogue, wrong


def main() -> int:
    _, wrong = analyse_all()
    print("\n".join(wrong) or "every statement is GoogleSQL")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
