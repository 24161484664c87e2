"""The warehouse's datasets, tables and views: created on first use, and compared with the settings."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.settings import Settings
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse, retry_conflicts
from ecommerce.warehouse.rendering import Column, columns, render, tables, views

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery

STAGING_EXPIRES_MS = 24 * 60 * 60 * 1000
_PREPARED: set[tuple[str, str, str]] = set()
"""The warehouses that this process has prepared: address of the service, project, settings as JSON."""
_VARIABLES = {
    "timezone": "SHOP_TIMEZONE",
    "reporting_currency": "REPORTING_CURRENCY",
    "hash_key_fingerprint": "CUSTOMER_HASH_KEY",
}
"""The environment variables of the settings that a warehouse stores."""


def prepare(warehouse: Warehouse) -> None:
    """Create the datasets and whatever table or view is missing, and compare the settings. Cheap when
    everything exists: one listing and one small query. Several tasks may call it at once.

    Raises:
        ConfigurationError: the warehouse was built with another timezone, reporting currency or hash key.
        PipelineError: as `Warehouse.run`.
    """
    if lacking := missing(warehouse):
        create_datasets(warehouse)
        for table in lacking:
            retry_conflicts(warehouse.run)(
                ddl(table, warehouse.settings), f"create {table}"
            )
    if not compare_settings(warehouse):
        fingerprint = _current(warehouse.settings)["hash_key_fingerprint"]
        warehouse.transact(
            "warehouse/tables/warehouse_settings/store.sql",
            hash_key_fingerprint=fingerprint,
        )
        compare_settings(
            warehouse
        )  # another first run may have been faster, with other settings


def prepare_once(warehouse: Warehouse) -> None:
    """As `prepare`, once in a process, for tasks with several small queries."""
    # The client has no public attribute with the address.
    place = (
        warehouse.client._connection.API_BASE_URL,
        warehouse.client.project,
        warehouse.settings.model_dump_json(),
    )
    if place not in _PREPARED:
        prepare(warehouse)
        _PREPARED.add(place)


def compare_settings(warehouse: Warehouse) -> bool:
    """Return whether the warehouse, whose tables exist, has stored settings; raises as `prepare` where they
    differ."""
    rows = warehouse.query("warehouse/tables/warehouse_settings/stored.sql")
    stored = {row["setting"]: row["value"] for row in rows}
    for setting, value in _current(warehouse.settings).items():
        old, variable = stored.get(setting), _VARIABLES[setting]
        if stored and old != value:
            difference = f"{variable} = {old}, and {value} is set now: set {old}"
            if variable == "CUSTOMER_HASH_KEY":  # a key is secret
                difference = f"another {variable} than is set now: set that one"
            raise ConfigurationError(
                f"dataset {warehouse.settings.bigquery_dataset} was built with {difference} again, or choose "
                "another BIGQUERY_DATASET and load the history into it"
            )
    return bool(stored)


def missing(warehouse: Warehouse) -> list[str]:
    """Return the tables and views that do not exist, in the order in which they can be created."""
    from google.api_core.exceptions import NotFound

    with bigquery_errors("list tables"):
        try:
            listed = warehouse.client.list_tables(
                warehouse.settings.bigquery_dataset, **warehouse.bounded()
            )
            present = {table.table_id for table in listed}
        except NotFound:
            present = set()
    return [table for table in (*tables(), *views()) if table not in present]


def datasets(warehouse: Warehouse) -> set[str]:
    """Return the datasets of the project; raises as `bigquery_errors`."""
    with bigquery_errors("bigquery: list of datasets"):
        return {
            each.dataset_id
            for each in warehouse.client.list_datasets(**warehouse.bounded())
        }


def create_datasets(warehouse: Warehouse) -> None:
    """Create both datasets if they are missing; tables of the staging dataset expire after a day."""
    from google.cloud import bigquery

    # Where both exist, the account needs no permission to create datasets, which is for the whole project.
    present, settings = datasets(warehouse), warehouse.settings
    for name, expires in (
        (settings.bigquery_dataset, None),
        (settings.staging_dataset, STAGING_EXPIRES_MS),
    ):
        if name in present:
            continue
        dataset = bigquery.Dataset(f"{warehouse.client.project}.{name}")
        dataset.location = settings.bigquery_location
        dataset.default_table_expiration_ms = expires
        with bigquery_errors(f"create dataset {name}"):
            warehouse.client.create_dataset(
                dataset, exists_ok=True, **warehouse.bounded()
            )


def ddl(table: str, settings: Settings) -> str:
    """Return the statement that creates a table or view if it does not exist."""
    kind = "view" if table in views() else "table"
    return render(f"warehouse/tables/{table}/{kind}.sql", settings=settings)


def api_field(column: Column, *, nullable: bool = False) -> bigquery.SchemaField:
    """Return a column as the API describes it; `nullable` drops NOT NULL, for staging tables."""
    from google.cloud import bigquery

    name, element, size = _parsed(column.type)
    digits: dict[str, Any] = dict(zip(("precision", "scale"), size, strict=False))
    mode = (
        "REPEATED"
        if element
        else "REQUIRED"
        if column.required and not nullable
        else "NULLABLE"
    )
    kind = element or name
    return bigquery.SchemaField(
        column.name, kind, mode=mode, description=column.description, **digits
    )


def arrow_type(column: Column) -> pa.DataType:
    """Return the Arrow type of a column in the Parquet files that BigQuery loads."""
    import pyarrow as pa

    name, element, size = _parsed(column.type)
    types: dict[str, pa.DataType] = {
        "STRING": pa.string(),
        "INT64": pa.int64(),
        "BOOL": pa.bool_(),
        "DATE": pa.date32(),
    }
    types["TIMESTAMP"] = pa.timestamp("us", tz="UTC")
    if name == "NUMERIC":
        return pa.decimal128(*size)
    return pa.list_(types[element]) if element else types[name]


def arrow_schema(table: str, names: Collection[str] | None = None) -> pa.Schema:
    """Return the schema of a table's Parquet files: of all columns, or of `names` in their order."""
    import pyarrow as pa

    types = {column.name: arrow_type(column) for column in columns(table)}
    return pa.schema([(name, types[name]) for name in names or types])


def write_rows(
    folder: Path, table: str, rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Write rows (values by column) in the schema of a table of the warehouse as `<table>.parquet` into
    `folder`, and return its columns."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = arrow_schema(table)
    parquet.write_table(
        pa.Table.from_pylist(list(rows), schema=schema), folder / f"{table}.parquet"
    )
    return list(schema.names)


def _parsed(text: str) -> tuple[str, str, list[int]]:
    """Parse `NUMERIC(18, 4)` as (NUMERIC, "", [18, 4]), `ARRAY<STRING>` as (ARRAY, STRING, [])."""
    [(name, element)] = re.findall(r"^(\w+)(?:<(\w+)>)?", text)
    return name, element, [int(digits) for digits in re.findall(r"\b\d+\b", text)]


def _current(settings: Settings) -> dict[str, str]:
    # The fingerprint only shows whether two keys differ.
    fingerprint = hmac.digest(
        settings.customer_hash_key.encode(), b"warehouse fingerprint", "sha256"
    ).hex()
    return {
        "timezone": settings.shop_timezone,
        "reporting_currency": settings.reporting_currency,
        "hash_key_fingerprint": fingerprint[:16],
    }
