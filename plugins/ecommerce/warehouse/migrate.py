"""Migrates the tables to their `table.sql`: `make migrate`.

It creates what is missing, adds columns, and updates the expiry of partitions and the views. Another type,
and a column that was removed, are only reported; descriptions, clustering and partitioning stay as they are.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse
from ecommerce.warehouse.rendering import columns, tables, views
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
    name, declared = f"{warehouse.settings.bigquery_dataset}.{table}", columns(table)
    actual = _read(warehouse, name)
    present = {each.name: each for each in actual.schema}
    added = [column for column in declared if column.name not in present]
    for column in added:
        warehouse.run(
            f"ALTER TABLE `{name}` ADD COLUMN IF NOT EXISTS `{column.name}` {column.type} "
            f"OPTIONS (description = {column.description!r})",
            f"add {column.name} to {table}",
        )
        migration.done.append(f"{table}: column {column.name} added, NULL in existing rows")
    if added:
        actual = _read(warehouse, name)  # BigQuery accepts an update only of the table's newest version
        # The emulator does not return a column that a statement has added.
        returned = {each.name for each in actual.schema}
        lacking = [api_field(column, nullable=True) for column in added if column.name not in returned]
        actual.schema = [*actual.schema, *lacking]
    properties = ["schema"]
    if expiry := re.search(r"partition_expiration_days = (\d+)", ddl(table, warehouse.settings)):
        partitioning = actual.time_partitioning
        partitioning.expiration_ms = int(expiry[1]) * 24 * 60 * 60 * 1000
        actual.time_partitioning = partitioning
        properties.append("time_partitioning")
    with bigquery_errors(f"update {name}"):
        warehouse.client.update_table(actual, properties, **warehouse.bounded())
    wanted = {column.name: _described(api_field(column)) for column in declared}
    for column, found in present.items():
        if column not in wanted:
            migration.left.append(
                f"{table}: column {column} is not in table.sql; drop it by hand if no query needs it"
            )
        elif wanted[column] != _described(found):
            migration.left.append(
                f"{table}: column {column} is {_described(found)}, and in table.sql {wanted[column]}; "
                "copy the table to change that"
            )


def _read(warehouse: Warehouse, name: str) -> Any:
    with bigquery_errors(f"read schema of {name}"):
        return warehouse.client.get_table(name, **warehouse.bounded())


def _described(each: Any) -> str:
    # The API uses old names for some types.
    names = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}
    return f"{names.get(each.field_type, each.field_type)} {each.mode}"
