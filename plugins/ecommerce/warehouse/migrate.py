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


@dataclass
class Migration:
    """What was done, and what needs a decision, in sentences."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def migrate(warehouse: Warehouse) -> Migration:
    """Migrate every table and view; raises as `schema.prepare`. A second time changes nothing."""
    create_datasets(warehouse)  # `prepare` looks for missing tables only
    prepare(warehouse)
    migration = Migration()
    for table in tables():
        _migrate_table(warehouse, table, migration)
    for view in views():
        _replace(warehouse, view)
    _remove_copies(warehouse, migration)
    return migration


def _remove_copies(warehouse: Warehouse, migration: Migration) -> None:
    found = warehouse.query("warehouse/procedures/copies/find.sql")
    copies = {row["name"]: row["copies"] for row in found}
    if not copies:
        return
    warehouse.transact("warehouse/procedures/copies/remove.sql", copies=copies)
    migration.done += [
        f"{table}: {number} copies of rows removed" for table, number in copies.items()
    ]
    migration.left.append(
        "copies of rows were removed: run the days again whose loads overlapped, with make backfill "
        "FROM=… TO=… AGAIN=1"
    )


def _replace(warehouse: Warehouse, name: str) -> None:
    """Replace a view."""
    statement = ddl(name, warehouse.settings)
    warehouse.run(
        statement.replace("CREATE VIEW IF NOT EXISTS", "CREATE OR REPLACE VIEW"),
        f"replace {name}",
    )


@retry_conflicts
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
        migration.done.append(
            f"{table}: column {column.name} added, NULL in existing rows"
        )
    if added:
        actual = _read(
            warehouse, name
        )  # BigQuery accepts an update only of the table's newest version
        # The emulator does not return a column that a statement has added.
        returned = {each.name for each in actual.schema}
        lacking = [
            api_field(column, nullable=True)
            for column in added
            if column.name not in returned
        ]
        actual.schema = [*actual.schema, *lacking]
    properties, statement = (
        ["schema", "clustering_fields"],
        ddl(table, warehouse.settings),
    )
    clustering = _clause(statement, r"^CLUSTER BY ([\w, ]+)")
    actual.clustering_fields = clustering.split(", ") if clustering else None
    partitioning, partition = (
        actual.time_partitioning,
        _clause(statement, r"^PARTITION BY (\w+)"),
    )
    if ((partitioning and partitioning.field) or "") != partition:
        migration.left.append(
            f"{table}: its partitioning is not that of table.sql; copy the table to change that"
        )
    elif partitioning:
        days = _clause(statement, r"partition_expiration_days = (\d+)")
        partitioning.expiration_ms = int(days) * 24 * 60 * 60 * 1000 if days else None
        actual.time_partitioning = partitioning
        actual.require_partition_filter = bool(
            _clause(statement, r"(require_partition_filter = TRUE)")
        )
        properties += ["time_partitioning", "require_partition_filter"]
    with bigquery_errors(f"update {name}"):
        warehouse.client.update_table(actual, properties, **warehouse.bounded())
    wanted = {column.name: api_field(column) for column in declared}
    for column, found in present.items():
        # The emulator does not return a NUMERIC's digits; they are compared where both are known.
        digits = found.precision is not None
        if column not in wanted:
            migration.left.append(
                f"{table}: column {column} is not in table.sql; drop it by hand if no query needs it"
            )
        elif (needed := _described(wanted[column], digits)) != (
            described := _described(found, digits)
        ):
            migration.left.append(
                f"{table}: column {column} is {described}, and in table.sql {needed}; "
                "copy the table to change that"
            )


def _clause(statement: str, pattern: str) -> str:
    return "".join(re.findall(pattern, statement, re.MULTILINE))


def _read(warehouse: Warehouse, name: str) -> Any:
    with bigquery_errors(f"read schema of {name}"):
        return warehouse.client.get_table(name, **warehouse.bounded())


def _described(each: Any, with_digits: bool) -> str:
    # The API uses old names for some types.
    name = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}.get(
        each.field_type, each.field_type
    )
    digits = (
        f"({each.precision}, {each.scale})" if with_digits and each.precision else ""
    )
    return f"{name}{digits} {each.mode}"
