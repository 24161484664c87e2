"""Google's own analyzer on every statement of include/sql/warehouse, report and forecast.

The emulator shows that a statement runs; this shows that it is GoogleSQL: names, types, syntax. What the
analyzer's open source accepts and BigQuery does not is in `googlesql_rules`.
"""

import ctypes
import fcntl
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import wasmtime
import zetasql.types as zt
from zetasql.api import CatalogBuilder, TableBuilder
from zetasql.api.type_factory import TypeFactory
from zetasql.core import wasm_client
from zetasql.core.local_service import ZetaSqlLocalService

from ecommerce.warehouse import rendering
from ecommerce.warehouse.rendering import staged_columns
from tests.rendered_sql import STAGING, spec_of

TEXT = TypeFactory.create_simple_type(zt.TypeKind.TYPE_STRING)


@dataclass
class Catalogue:
    """The tables that statements may name: those of the statements analysed so far."""

    tables: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    registered: int | None = None
    unregistered: set[str] = field(default_factory=set)

    def analyse(self, sql):
        """The resolved statement, a message; what it creates is known from then on.

        Raises:
            ZetaSQLError: it is not GoogleSQL, or names something unknown.
        """
        options = zt.AnalyzerOptions(
            language_options=language(),
            query_parameters=_parameters(sql),
            prune_unused_columns=True,
        )
        request = zt.AnalyzeRequest(
            sql_statement=known(sql),
            options=options,
            registered_catalog_id=self._registered_for(sql),
        )
        response = ZetaSqlLocalService.get_instance().wasm_client.call_grpc_func(
            "ZetaSqlLocalService_Analyze",
            request.to_proto(),
            zt.AnalyzeResponse._PROTO_CLASS,
        )
        resolved = variant(response.resolved_statement)
        kind = resolved.DESCRIPTOR.name
        if kind.startswith("ResolvedCreateTable"):
            name = part_of(resolved, "name_path")[-1]
            columns = []
            for column in part_of(resolved, "column_definition_list"):
                columns.append((column.name, zt.parse_proto(column.type)))
            self._add(name, columns)
            self._add_staging_table(name.rpartition(".")[2], columns)
        elif kind == CREATE_VIEW:
            columns = []
            for output in part_of(resolved, "output_column_list"):
                columns.append((output.name, zt.parse_proto(output.column.type)))
            self._add(part_of(resolved, "name_path")[-1], columns)
        return resolved

    def _registered_for(self, sql):
        """The number under which the analyzer keeps the tables and functions. To hand them over takes longer
        than to read a statement: it happens when one names a table that the analyzer does not know yet."""
        service = ZetaSqlLocalService.get_instance()
        if self.registered is None or any(name in sql for name in self.unregistered):
            if self.registered is not None:
                service.unregister_catalog(registered_id=self.registered)
            catalogue = catalogue_of(self.tables.items())
            answer = service.register_catalog(simple_catalog=catalogue)
            self.registered = answer.registered_id
            self.unregistered.clear()
        return self.registered

    def add_bundle(self, spec):
        """The staging table of a small load, with the columns of the tables that it holds."""
        columns = {"table_name": TEXT}
        for table in spec.uploaded:
            name = rendering.staging_table(table, STAGING)
            columns |= dict(self.tables[f"sales_staging.{name}"])
        name = rendering.staging_table(rendering.BUNDLE, STAGING)
        self._add(f"sales_staging.{name}", list(columns.items()))

    def _add(self, name, columns):
        if self.tables.get(name) != columns:
            self.tables[name] = columns
            self.unregistered.add(name)

    def _add_staging_table(self, name, columns):
        """What load jobs fill: the table's columns, without those of another owner, and the load's."""
        if name in rendering.tables():
            kinds = dict(columns) | {"known_deliveries": TEXT}
            staged = []
            for column in staged_columns(spec_of(name), name):
                staged.append((column.name, kinds[column.name]))
            self._add(f"sales_staging.{rendering.staging_table(name, STAGING)}", staged)


CREATE_VIEW = "ResolvedCreateViewStmtProto"


def variant(message):
    """The message that is chosen in a message of alternatives."""
    while "node" in message.DESCRIPTOR.oneofs_by_name:
        message = getattr(message, message.WhichOneof("node"))
    return message


def part_of(message, name):
    """A field of a message; those of its base classes are in its `parent`."""
    while name not in message.DESCRIPTOR.fields_by_name:
        message = message.parent
    return getattr(message, name)


def known(sql):
    """`sql` without what the open source lacks: the short form of ANY_VALUE(… HAVING MAX …)."""
    return re.sub(r"\b(MAX|MIN)_BY\((\w+), (\w+)\)", r"ANY_VALUE(\2 HAVING \1 \3)", sql)


def catalogue_of(tables):
    """The analyzer's catalogue of tables, each a name and its columns with their types."""
    builder = CatalogBuilder("warehouse").with_builtin_functions(
        zt.ZetaSQLBuiltinFunctionOptions(language_options=language())
    )
    for number, (name, columns) in enumerate(tables, start=1):
        table = TableBuilder(name, serialization_id=number)
        for column, kind in columns:
            table.add_column(column, kind)
        builder.add_table(table.build())
    return builder.build()


class _CachedConfig(wasmtime.Config):
    """Keeps the compiled analyzer in the user's cache: it compiles in half a minute, loads in a second."""

    def __init__(self):
        super().__init__()
        self.cache = True


def _write(client, place, data):
    ctypes.memmove(_address(client, place), data, len(data))


def _read(client, place, size):
    return ctypes.string_at(_address(client, place), size)


def _address(client, place):
    return ctypes.addressof(client.memory.data_ptr().contents) + place


wasm_client.Config = _CachedConfig
# Its own methods copy byte by byte.
wasm_client.WasmClient.write_bytes = _write
wasm_client.WasmClient.read_bytes = _read


def _parameters(sql):
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


@cache
def language():
    """BigQuery's GoogleSQL. The first call loads the analyzer.

    Of the processes of a test run, one compiles it while the others wait for the compiled file.
    """
    with Path(wasm_client.__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        options = zt.LanguageOptions.maximum_features()
    options.enabled_language_features += [
        zt.LanguageFeature.FEATURE_CREATE_VIEWS_WITH_COLUMN_OPTIONS,
        zt.LanguageFeature.FEATURE_DISALLOW_GROUP_BY_FLOAT,
    ]
    options.product_mode = (
        zt.ProductMode.PRODUCT_EXTERNAL
    )  # BigQuery's names: FLOAT64, no DOUBLE
    return options
