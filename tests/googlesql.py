"""Google's own analyzer on every statement of include/sql/warehouse, report and forecast.

The emulator shows that a statement runs; this shows that it is GoogleSQL: names, types, syntax. What the
analyzer's open source accepts and BigQuery does not is in `googlesql_rules`.
"""

import ctypes
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import Any

import wasmtime
import zetasql.types as zt
from jinja2 import meta
from zetasql.api import CatalogBuilder, Parser, TableBuilder
from zetasql.api.type_factory import TypeFactory
from zetasql.core import wasm_client
from zetasql.core.local_service import ZetaSqlLocalService

from ecommerce.catalogue.loading import CATALOGUE
from ecommerce.core import templates
from ecommerce.core.headline_figures import HEADLINE
from ecommerce.events.loading import EVENTS
from ecommerce.forecast.loading import FORECASTS
from ecommerce.sales.loading import ORDERS
from ecommerce.warehouse import rendering
from ecommerce.warehouse.rendering import staged_columns
from tests.settings import settings_of

DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 8)]
STORED = (
    "orders",
    "refunds",
    "exchange_rates",
    "loaded_files",
    "payments",
    "load_audit",
    "rejected_rows",
    "removed_orders",
    "products",
    "forgotten_hashes",
    "order_lines",
    "user_events",
    "changed_rates",
    "report_deliveries",
)
"""Names of days that look-ups find."""
STAGING = "0123456789ab"
SETTINGS = {
    "BIGQUERY_DATASET": "sales",
    "ORDER_ATTRIBUTES": "sales_channel,_wc_order_attribution_utm_source,group",
    "REPORT_ATTRIBUTE": "sales_channel",
    "SHOPS": '{"storefront": ["outlet"], "shopify": ["de", "fr"]}',
    "SHOP_LABELS": '{"shopify_de": "Agora"}',
    # 8 March is a public holiday.
    "HOLIDAYS": "DE-BE",
}
SPECS = (
    ORDERS,
    EVENTS,
    CATALOGUE,
    FORECASTS,
)
"""What the domains load. SQL that no other domain has is rendered for the first."""
NUMBERS = re.compile(r"most|count|limit|seconds|only")
TEXTS = re.compile(r"hash|message_id|source|token|owner")
INSTANTS = re.compile(r"_at$")
TEXT = TypeFactory.create_simple_type(zt.TypeKind.TYPE_STRING)
MAILS = ("", "board")
"""That of the daily report, and that of a subscription."""
MAPPINGS = {
    "copies": {"orders": 5},
    "reported": dict.fromkeys(HEADLINE, 100),
    "hashes": dict.fromkeys(MAILS, "0a1b"),
    "message_ids": dict.fromkeys(MAILS, "<0a1b@example.com>"),
    "queried_at": dict.fromkeys(MAILS, datetime(2026, 3, 3, 11, tzinfo=UTC)),
    "net_sales": {"": None, "board": 100},
}
PERIODS = {
    "slices": [{}, {"category": ["Toys", 'a "big`one\\'], "source": ["storefront"]}],
    "first": DAYS[1],
    "before": DAYS[0],
    "before_last": DAYS[0],
    "year_before": date(2025, 3, 2),
    "year_before_last": date(2025, 3, 9),
}
"""What the macros of `slices.sql` use."""


def spec_of(table):
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

    def analyse(self, sql):
        """The resolved statement, a message; what it creates is known from then on.

        Raises:
            ZetaSQLError: it is not GoogleSQL, or names something unknown.
        """
        options = zt.AnalyzerOptions(
            language_options=LANGUAGE,
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
        zt.ZetaSQLBuiltinFunctionOptions(language_options=LANGUAGE)
    )
    for number, (name, columns) in enumerate(tables, start=1):
        table = TableBuilder(name, serialization_id=number)
        for column, kind in columns:
            table.add_column(column, kind)
        builder.add_table(table.build())
    return builder.build()


class _CachedConfig(wasmtime.Config):
    """Keeps the compiled analyzer in the user's cache: compiling it takes ten seconds, loading it one."""

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


def _language():
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


def paths():
    """Every SQL file, in an order in which each finds the tables it names."""
    root = rendering.SQL_ROOT
    found = []
    for folder in ("warehouse", "report", "forecast"):
        for path in (root / folder).rglob("*.sql"):
            found.append(path.relative_to(root).as_posix())
    first = (
        r"warehouse/tables/\w+/table",
        *(f"warehouse/tables/{view}/view" for view in rendering.views()),
        r"warehouse/loads/\w+/staging/",
        r"warehouse/loads/\w+/staged_totals",
        r"warehouse/loads/\w+/find_changes",
        "",
    )

    def place(path):
        return [bool(re.match(pattern, path)) for pattern in first].index(True)

    return sorted(sorted(found), key=place)


def statements(path, *, bundled=False):
    """The statements of a file, rendered with sample values; none for a file that only holds macros. The
    argument `bundled` is that of `rendering.render`."""
    parts = split(rendered(path, settings_of(SETTINGS), bundled=bundled))
    numbered = enumerate(without_variables(parts), start=1)
    return [Statement(f"{path}:{number}", each) for number, each in numbered]


def without_variables(parts):
    """The statements of a script with parameters in place of its variables, which the analyzer lacks.
    BigQuery treats both as constants."""
    declared = set()
    kept = []
    for part in parts:
        variables = re.findall(r"^DECLARE (\w+) ", part)
        declared.update(variables)
        if not variables:
            kept.append(re.sub(r"^SET \w+ =", "SELECT", part))
    if not declared:
        return kept
    names = re.compile(rf"(?<!@)\b({'|'.join(declared)})\b")
    return [names.sub(r"@\1", part) for part in kept]


def rendered(path, settings, *, bundled=False):
    """A file rendered for sample days."""
    source = (rendering.SQL_ROOT / path).read_text()
    parsed = templates.environment(rendering.SQL_ROOT).parse(source)
    # What `render` itself defines wins.
    values = {name: sample(name) for name in meta.find_undeclared_variables(parsed)}
    values |= {
        "business_date": DAYS[-1],
        "last_day": DAYS[-1],
        "lock_token": "0a1b",
        "earliest_date": DAYS[0],
        "days": DAYS,
        "read_days": DAYS,
        "report_day": None,
        "stored": dict.fromkeys(STORED, DAYS),
        "arriving": (*STORED, "payouts", "control_totals"),
        "staging": STAGING,
        "bundled": bundled,
        "settings": settings,
        "spec": next(
            (spec for spec in SPECS if f"/loads/{spec.name}/" in path),
            spec_of(PurePath(path).parent.name),
        ),
    }
    if path.endswith("/view.sql"):
        # All days of the view, not those of a report.
        values |= {"days": None, "read_days": None}
        values.pop("base", None)
    if path.startswith("report/"):
        values["report_day"] = DAYS[-1]
    if path.startswith("report/periods/"):
        values |= PERIODS
    return rendering.render(path, **values)


def sample(name):
    """A value for a name in a template."""
    if name in MAPPINGS:
        return MAPPINGS[name]
    if INSTANTS.search(name):
        return datetime(2026, 3, 8, 11, tzinfo=UTC)
    if TEXTS.search(name):
        return "0a1b"
    return 5 if NUMBERS.search(name) else DAYS[-1]


def split(sql):
    """The statements of a script, as Google's parser finds them."""
    if not re.sub(r"--[^\n]*|\s", "", sql):
        return []
    script = Parser.parse_script_static(sql, LANGUAGE)
    raw = sql.encode()
    statements = []
    for node in script.statement_list_node.statement_list:
        place = node.parse_location_range
        statements.append(raw[place.start : place.end].decode())
    return statements
