"""Migrates the tables to their `table.sql`: `make migrate`.

It creates what is missing, adds columns, and updates descriptions, clustering, the partition filter, the
expiry of partitions, and the views. A change that needs data to be copied (a type, the partitioning) or
removed (a column) is only reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.rendering import SQL_ROOT, Column, columns, tables, views
from ecommerce.warehouse.schema import api_field, ddl, prepare

if TYPE_CHECKING:
    from google.cloud import bigquery


@dataclass
class Migration:
    """What was done, and what needs a decision, in sentences."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def migrate(warehouse: Warehouse) -> Migration:
    """Migrate every table and view; raises as `schema.prepare`. A second time changes nothing."""
    prepare(warehouse)
    migration = Migration()
    for table in tables():
        _migrate_table(warehouse, table, migration)
    for view in views():
        made = ddl(view, warehouse.settings)
        replaced = made.replace("CREATE VIEW IF NOT EXISTS", "CREATE OR REPLACE VIEW", 1)
        warehouse.run(replaced, f"replace view {view}")
    return migration


def _migrate_table(warehouse: Warehouse, table: str, migration: Migration) -> None:
    name = f"{warehouse.settings.bigquery_dataset}.{table}"
    actual = _get_table(warehouse, name)
    present = {each.name for each in actual.schema}
    added = [column for column in columns(table) if column.name not in present]
    migration.left += _decisions(table, actual, added)
    for column in added:
        warehouse.run(
            f"ALTER TABLE `{name}` ADD COLUMN IF NOT EXISTS `{column.name}` {column.type} "
            f"OPTIONS (description = {column.description!r})",
            f"add {column.name} to {table}",
        )
        migration.done.append(f"{table}: column {column.name} added, NULL in existing rows")
    # BigQuery accepts an update only of the table's newest version.
    _update(warehouse, _get_table(warehouse, name) if added else actual, table, added)


def _get_table(warehouse: Warehouse, name: str) -> bigquery.Table:
    with bigquery_errors(f"read schema of {name}"):
        return warehouse.client.get_table(name, **warehouse.bounded())


def _decisions(table: str, actual: bigquery.Table, added: list[Column]) -> list[str]:
    """Return sentences on the differences that need a decision."""
    wanted = {column.name: api_field(column) for column in columns(table)}
    left = [
        f"{table}: column {column.name} is NOT NULL in table.sql, which an added column cannot be"
        for column in added
        if column.required
    ]
    for each in actual.schema:
        if each.name not in wanted:
            left += [f"{table}: column {each.name} is not in table.sql; drop it by hand if no query needs it"]
        elif _differ(each, wanted[each.name]):
            left.append(
                f"{table}: column {each.name} is {_described(each)}, and in table.sql "
                f"{_described(wanted[each.name])}; copy the table to change that"
            )
    partition = actual.time_partitioning.field if actual.time_partitioning else ""
    if partition != _clause(table, _PARTITION):
        left.append(f"{table}: its partitioning is not that of table.sql; copy the table to change that")
    return left


def _update(warehouse: Warehouse, actual: bigquery.Table, table: str, added: list[Column]) -> None:
    """Update descriptions, clustering, partition filter and expiry; the columns stay as they are."""
    from google.cloud import bigquery

    described = {column.name: column.description for column in columns(table)}
    kept = []
    for each in actual.schema:
        text = {"description": described.get(each.name, each.description)}
        kept.append(bigquery.SchemaField.from_api_repr(each.to_api_repr() | text))
    # The emulator does not return a column that a statement has added.
    unknown = [column for column in added if column.name not in {each.name for each in actual.schema}]
    actual.schema = [*kept, *(api_field(column, nullable=True) for column in unknown)]
    actual.description = _clause(table, r'^OPTIONS \(\s+description = "([^"]+)"')
    clustering = _clause(table, r"^CLUSTER BY ([\w, ]+)")
    actual.clustering_fields = clustering.split(", ") if clustering else None
    properties = ["schema", "description", "clustering_fields", "require_partition_filter"]
    if partitioning := actual.time_partitioning:
        actual.require_partition_filter = bool(_clause(table, r"(require_partition_filter = TRUE)"))
        made = ddl(table, warehouse.settings)
        days = re.search(r"^ +partition_expiration_days = (\d+)", made, re.MULTILINE)
        partitioning.expiration_ms = int(days[1]) * 24 * 60 * 60 * 1000 if days else None
        actual.time_partitioning = partitioning
        properties.append("time_partitioning")
    with bigquery_errors(f"update {table}"):
        warehouse.client.update_table(actual, properties, **warehouse.bounded())


_PARTITION = r"^PARTITION BY (\w+)"


def _clause(table: str, pattern: str) -> str:
    """Return the first group of `pattern` in the table's DDL, or nothing."""
    text = (SQL_ROOT / "warehouse" / "tables" / table / "table.sql").read_text()
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else ""


def _differ(actual: bigquery.SchemaField, wanted: bigquery.SchemaField) -> bool:
    # The emulator does not return a NUMERIC's digits; they are compared where both are known.
    digits = actual.precision, actual.scale
    known = (wanted.precision, wanted.scale) if actual.precision is not None else digits
    return (_standard(actual.field_type), actual.mode, digits) != (
        _standard(wanted.field_type),
        wanted.mode,
        known,
    )


def _standard(field_type: str) -> str:
    """Return the name of a type for which the API uses an old one."""
    return {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}.get(field_type, field_type)


def _described(each: bigquery.SchemaField) -> str:
    digits = f"({each.precision}, {each.scale})" if each.precision else ""
    return f"{_standard(each.field_type)}{digits} {each.mode}"
