"""Migrates the tables to their `table.sql`: `make migrate`.

It creates what is missing, adds columns, updates clustering, the partition filter, the expiry of partitions
and the views, removes copies of rows, which two loads without a lock leave, and judges which sources of a day
are unusually empty. Another type or partitioning,
and NOT NULL of an added column are only reported; removed columns and descriptions stay as they are.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ecommerce.core.business_day import days_between
from ecommerce.core.errors import CredentialsError
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse, retry_conflicts
from ecommerce.warehouse.column_types import api_field
from ecommerce.warehouse.declarations import declaration
from ecommerce.warehouse.rendering import tables, views
from ecommerce.warehouse.schema import (
    DAY_MS,
    compare_settings,
    create,
    expires_in_a_day,
    listed_tables,
    missing_tables,
    prepare,
    read_dataset,
    replace_view,
)


@dataclass
class Migration:
    """What was done, and what needs a decision, in sentences."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def migrate(warehouse: Warehouse) -> Migration:
    """Migrate every table and view; raise as `schema.prepare`. A second time changes nothing."""
    migration = Migration()
    present = listed_tables(warehouse)
    created = missing_tables(present)
    create(warehouse, created)
    if present:
        migration.done += [f"{name}: created, empty" for name in created]
    compare_settings(warehouse)
    _expire_staging(warehouse, migration)
    for table in tables():
        _migrate_table(warehouse, table, migration)
    # After the columns, because a new view may read one that was added.
    for view in views():
        replace_view(warehouse, view)
    prepare(warehouse)
    _remove_copies(warehouse, migration)
    # Of days that were loaded by an earlier version or with other HOLIDAYS.
    [loaded] = warehouse.query("warehouse/tables/daily_summary/loaded_days.sql")
    if loaded["first_day"]:
        days = days_between(loaded["first_day"], loaded["last_day"])
        warehouse.transact("warehouse/procedures/empty_sources.sql", days=days)
    return migration


def _expire_staging(warehouse: Warehouse, migration: Migration) -> None:
    """Let tables of a staging dataset that somebody else has created expire after a day."""
    name = warehouse.settings.staging_dataset
    dataset = read_dataset(warehouse, name)
    if expires_in_a_day(dataset):
        return
    dataset.default_table_expiration_ms = DAY_MS
    try:
        with bigquery_errors(f"update dataset {name}"):
            warehouse.client.update_dataset(
                dataset,
                ["default_table_expiration_ms"],
                **warehouse.request_options(),
            )
    except CredentialsError as error:
        migration.left.append(
            f"{error}: its tables hold one load's input, let them expire after a day: bq update "
            f"--default_table_expiration 86400 {warehouse.client.project}:{name}"
        )
    else:
        migration.done.append(f"{name}: new tables expire after a day")


def _remove_copies(warehouse: Warehouse, migration: Migration) -> None:
    found = warehouse.query("warehouse/procedures/copies/find.sql")
    copies = {row["name"]: row["copies"] for row in found}
    if not copies:
        return
    days = defaultdict(list)
    for row in warehouse.query("warehouse/procedures/copies/days.sql", copies=copies):
        if row["day"]:
            days[row["name"]].append(row["day"])
    statement = "warehouse/procedures/copies/remove.sql"
    warehouse.transact(statement, copies=copies, stored=days)
    for table, number in copies.items():
        migration.done.append(f"{table}: {number} copies of rows removed")
    migration.left.append(
        "copies of rows were removed: run the days again whose loads overlapped, with make backfill "
        "FROM=… TO=… AGAIN=1"
    )


@retry_conflicts
def _migrate_table(warehouse: Warehouse, table: str, migration: Migration) -> None:
    name = f"{warehouse.settings.bigquery_dataset}.{table}"
    with bigquery_errors(f"read schema of {table}"):
        actual = warehouse.client.get_table(name, **warehouse.request_options())
    present = {column.name: _described(column) for column in actual.schema}
    left = []
    declared = declaration(table, warehouse.settings)
    added = [column for column in declared.columns if column.name not in present]
    actual.schema += [api_field(column, nullable=True) for column in added]
    for column in declared.columns:
        wanted = _described(api_field(column))
        if present.get(column.name, wanted) != wanted:
            left.append(
                f"column {column.name} is {present[column.name]}, and in table.sql {wanted}"
            )
    actual.clustering_fields = declared.clustered_by or None
    properties = ["schema", "clustering_fields"]
    partitioning = actual.time_partitioning
    partitioned_by = partitioning.field if partitioning else ""
    if partitioned_by != declared.partitioned_by:
        left.append("its partitioning is not that of table.sql")
    elif partitioning:
        days = int(declared.partition_days or 0)
        partitioning.expiration_ms = days * DAY_MS or None
        actual.time_partitioning = partitioning
        actual.require_partition_filter = declared.requires_filter
        properties += ["time_partitioning", "require_partition_filter"]
    with bigquery_errors(f"update {table}"):
        warehouse.client.update_table(actual, properties, **warehouse.request_options())
    for column in added:
        # The emulator's update changes the description of the table only.
        warehouse.run(
            f"ALTER TABLE `{name}` ADD COLUMN IF NOT EXISTS `{column.name}` {column.type}",
            f"add {column.name} to {table}",
        )
        migration.done.append(
            f"{table}: column {column.name} added, NULL in existing rows"
        )
    for text in left:
        migration.left.append(f"{table}: {text}; copy the table to change that")


def _described(column: Any) -> str:
    # The API uses old names for some types.
    names = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}
    kind = column.field_type
    return f"{names.get(kind, kind)} {column.mode}"
