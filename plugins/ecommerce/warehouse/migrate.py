"""Migrates the tables to their `table.sql`: `make migrate`.

It creates what is missing, adds columns, updates clustering, the partition filter, the expiry of partitions
and the views, and removes copies of rows, which two loads without a lock leave. Another type or partitioning,
NOT NULL of an added column, and a removed column are only reported; descriptions stay as they are.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse, retry_conflicts
from ecommerce.warehouse.rendering import columns, tables, views
from ecommerce.warehouse.schema import api_field, create_datasets, ddl, prepare

DAY_MS = 24 * 60 * 60 * 1000


@dataclass
class Migration:
    """What was done, and what needs a decision, in sentences."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def migrate(warehouse: Warehouse) -> Migration:
    """Migrate every table and view; raise as `schema.prepare`. A second time changes nothing."""
    create_datasets(warehouse)  # `prepare` looks for missing tables only
    prepare(warehouse)
    migration = Migration()
    for table in tables():
        _add_columns(warehouse, table, migration)
        _set_options(warehouse, table, migration)
        _compare_columns(warehouse, table, migration)
    for view in views():
        statement = ddl(view, warehouse.settings)
        replacing = statement.replace(
            "CREATE VIEW IF NOT EXISTS", "CREATE OR REPLACE VIEW"
        )
        warehouse.run(replacing, f"replace {view}")
    _remove_copies(warehouse, migration)
    return migration


def _remove_copies(warehouse: Warehouse, migration: Migration) -> None:
    found = warehouse.query("warehouse/procedures/copies/find.sql")
    copies = {row["name"]: row["copies"] for row in found}
    if not copies:
        return
    warehouse.transact("warehouse/procedures/copies/remove.sql", copies=copies)
    for table, number in copies.items():
        migration.done.append(f"{table}: {number} copies of rows removed")
    migration.left.append(
        "copies of rows were removed: run the days again whose loads overlapped, with make backfill "
        "FROM=… TO=… AGAIN=1"
    )


@retry_conflicts
def _add_columns(warehouse: Warehouse, table: str, migration: Migration) -> None:
    name = _full_name(warehouse, table)
    present = {field.name for present in _read(warehouse, table).schema}
    for column in columns(table):
        if column.name not in present:
            warehouse.run(
                f"ALTER TABLE `{name}` ADD COLUMN IF NOT EXISTS `{column.name}` {column.type} "
                f"OPTIONS (description = {column.description!r})",
                f"add {column.name} to {table}",
            )
            migration.done.append(
                f"{table}: column {column.name} added, NULL in existing rows"
            )


@retry_conflicts
def _set_options(warehouse: Warehouse, table: str, migration: Migration) -> None:
    """Update clustering, partition filter and expiry, which BigQuery changes in place."""
    actual = _read(warehouse, table)
    statement = ddl(table, warehouse.settings)
    clustering = _clause(statement, r"^CLUSTER BY ([\w, ]+)")
    actual.clustering_fields = clustering.split(", ") if clustering else None
    properties = ["clustering_fields"]
    partitioning = actual.time_partitioning
    column = partitioning.field if partitioning else ""
    if column != _clause(statement, r"^PARTITION BY (\w+)"):
        migration.left.append(
            f"{table}: its partitioning is not that of table.sql; copy the table to change that"
        )
    elif partitioning:
        days = _clause(statement, r"partition_expiration_days = (\d+)")
        partitioning.expiration_ms = int(days) * DAY_MS if days else None
        actual.time_partitioning = partitioning
        actual.require_partition_filter = "require_partition_filter = TRUE" in statement
        properties += ["time_partitioning", "require_partition_filter"]
    with bigquery_errors(f"update {table}"):
        warehouse.client.update_table(actual, properties, **warehouse.bounded())


def _compare_columns(warehouse: Warehouse, table: str, migration: Migration) -> None:
    """Report the columns of a table that are not in its `table.sql`, or of another type."""
    declared = {column.name: api_field(column) for column in columns(table)}
    for present in _read(warehouse, table).schema:
        if present.name not in declared:
            migration.left.append(
                f"{table}: column {present.name} is not in table.sql; drop it by hand if no query needs it"
            )
            continue
        actual, wanted = _described(present), _described(declared[present.name])
        if actual != wanted:
            migration.left.append(
                f"{table}: column {present.name} is {actual}, and in table.sql {wanted}; "
                "copy the table to change that"
            )


def _clause(statement: str, pattern: str) -> str:
    return "".join(re.findall(pattern, statement, re.MULTILINE))


def _full_name(warehouse: Warehouse, table: str) -> str:
    return f"{warehouse.settings.bigquery_dataset}.{table}"


def _read(warehouse: Warehouse, table: str) -> Any:
    with bigquery_errors(f"read schema of {table}"):
        return warehouse.client.get_table(
            _full_name(warehouse, table), **warehouse.bounded()
        )


def _described(column: Any) -> str:
    # The API uses old names for some types.
    kind = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}.get(
        column.field_type, column.field_type
    )
    return f"{kind} {column.mode}"
