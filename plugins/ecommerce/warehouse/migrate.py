"""Migrates the tables to their `table.sql`: `make migrate`.

It creates what is missing, adds columns, and updates descriptions, clustering, the partition filter, the
expiry of partitions, and the views. A change that needs data to be copied (a type, the partitioning) or
removed (a column) is only reported.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.rendering import Column, columns, tables, views
from ecommerce.warehouse.schema import api_field, ddl, prepare


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
    def read() -> Any:
        with bigquery_errors(f"read schema of {name}"):
            return warehouse.client.get_table(name, **warehouse.bounded())

    name = f"{warehouse.settings.bigquery_dataset}.{table}"
    actual, statement = read(), ddl(table, warehouse.settings)
    present = {each.name for each in actual.schema}
    added = [column for column in columns(table) if column.name not in present]
    migration.left += _decisions(table, actual, added, statement)
    for column in added:
        warehouse.run(
            f"ALTER TABLE `{name}` ADD COLUMN IF NOT EXISTS `{column.name}` {column.type} "
            f"OPTIONS (description = {column.description!r})",
            f"add {column.name} to {table}",
        )
        migration.done.append(f"{table}: column {column.name} added, NULL in existing rows")
    if added:
        actual = read()  # BigQuery accepts an update only of the table's newest version
    properties = _update(actual, table, statement)
    with bigquery_errors(f"update {table}"):
        warehouse.client.update_table(actual, properties, **warehouse.bounded())


def _decisions(table: str, actual: Any, added: list[Column], statement: str) -> list[str]:
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
            continue
        # The emulator does not return a NUMERIC's digits; they are compared where both are known.
        digits, needed = each.precision is not None, wanted[each.name]
        if _described(each, digits) != _described(needed, digits):
            left.append(
                f"{table}: column {each.name} is {_described(each)}, and in table.sql {_described(needed)}; "
                "copy the table to change that"
            )
    partition = actual.time_partitioning.field if actual.time_partitioning else ""
    if partition != _clause(statement, r"^PARTITION BY (\w+)"):
        left.append(f"{table}: its partitioning is not that of table.sql; copy the table to change that")
    return left


def _update(actual: Any, table: str, statement: str) -> list[str]:
    """Update descriptions, clustering, partition filter and expiry as `statement` declares them, and return
    their names; the columns stay as they are."""
    from google.cloud import bigquery

    declared = {column.name: column for column in columns(table)}
    # The emulator does not return a column that a statement has added.
    fields = {name: api_field(column, nullable=True) for name, column in declared.items()}
    for each in actual.schema:
        text = declared[each.name].description if each.name in declared else each.description
        fields[each.name] = bigquery.SchemaField.from_api_repr(each.to_api_repr() | {"description": text})
    present = [each.name for each in actual.schema]
    actual.schema = [fields[name] for name in dict.fromkeys([*present, *fields])]
    actual.description = _clause(statement, r'^OPTIONS \(\s+description = "([^"]+)"')
    clustering = _clause(statement, r"^CLUSTER BY ([\w, ]+)")
    actual.clustering_fields = clustering.split(", ") if clustering else None
    properties = ["schema", "description", "clustering_fields", "require_partition_filter"]
    if partitioning := actual.time_partitioning:
        actual.require_partition_filter = bool(_clause(statement, r"(require_partition_filter = TRUE)"))
        days = _clause(statement, r"^ +partition_expiration_days = (\d+)")
        partitioning.expiration_ms = int(days) * 24 * 60 * 60 * 1000 if days else None
        actual.time_partitioning = partitioning
        properties.append("time_partitioning")
    return properties


def _clause(statement: str, pattern: str) -> str:
    """Return the first group of `pattern` in a table's DDL, or nothing."""
    match = re.search(pattern, statement, re.MULTILINE)
    return match[1] if match else ""


def _described(each: Any, with_digits: bool = True) -> str:
    # The API uses old names for some types.
    name = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}.get(each.field_type, each.field_type)
    digits = f"({each.precision}, {each.scale})" if each.precision and with_digits else ""
    return f"{name}{digits} {each.mode}"
