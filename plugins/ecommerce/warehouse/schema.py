"""The warehouse's datasets, tables and views: created on first use, and compared with the settings."""

import hmac
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ecommerce.core.errors import ConfigurationError, PipelineError, TransientError
from ecommerce.core.paths import read_sql
from ecommerce.core.settings import Settings
from ecommerce.core.values import Row
from ecommerce.storage.scratch import scratch_folder
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse, connect, retry_conflicts
from ecommerce.warehouse.column_types import api_field, parquet_schema
from ecommerce.warehouse.rendering import columns, render, tables, views

Listing = Mapping[str, Any]
"""Tables and views of the API by name."""
SETTINGS = "warehouse_settings"
AUDIT = "load_audit"
LOCK = "load_lock"
DAY_MS = 24 * 60 * 60 * 1000
log = logging.getLogger(__name__)


def prepare(warehouse: Warehouse) -> None:
    """Create the datasets and tables of a new warehouse, and missing views; keep tables from expiring, and
    compare the settings. Cheap when everything exists: one listing and one small read. Several tasks may call
    it at once.

    Raises:
        ConfigurationError: the warehouse was built with another timezone, reporting currency or hash key, has
            lost a table, or has one that expires and may not be changed.
        PipelineError: BigQuery refused a statement, or cannot be reached.
    """
    present = listed_tables(warehouse)
    refuse_lost_tables(warehouse, present)
    lacking = missing(present)
    if lacking:
        create(warehouse, lacking)
        present = listed_tables(warehouse)
    for table in expiring(present):
        keep(warehouse, table)
    if not compare_settings(warehouse):
        warehouse.transact(
            "warehouse/tables/warehouse_settings/store.sql",
            hash_key_fingerprint=_fingerprint(warehouse.settings),
        )
        # Another first run may have been faster, with other settings.
        compare_settings(warehouse)


def open_prepared(step: str) -> Warehouse:
    """Open the warehouse for a task with several small queries: once in a process, because each client signs
    in and connects again. Raise as `prepare`."""
    # Another environment may name another dataset.
    return _open_prepared(step, frozenset(os.environ.items()))


@cache
def _open_prepared(step: str, environ: object) -> Warehouse:
    warehouse = connect(step=step)
    prepare(warehouse)
    return warehouse


def compare_settings(warehouse: Warehouse) -> bool:
    """Return whether the warehouse, whose tables exist, has stored settings; raise ConfigurationError where
    they differ from this deployment's."""
    settings = warehouse.settings
    fields = [api_field(column) for column in columns(SETTINGS)]
    rows = warehouse.table_rows(f"{settings.bigquery_dataset}.{SETTINGS}", fields)
    current = {
        "timezone": ("SHOP_TIMEZONE", settings.shop_timezone),
        "reporting_currency": ("REPORTING_CURRENCY", settings.reporting_currency),
        "hash_key_fingerprint": ("CUSTOMER_HASH_KEY", _fingerprint(settings)),
    }
    for row in rows:
        stored = row["value"]
        variable, value = current[row["setting"]]
        if stored == value:
            continue
        difference = f"{variable} = {stored}, and {value} is set now: set {stored}"
        if variable == "CUSTOMER_HASH_KEY":  # a key is secret
            difference = f"another {variable} than is set now: set that one"
        raise ConfigurationError(
            f"dataset {settings.bigquery_dataset} was built with {difference} again, or choose "
            "another BIGQUERY_DATASET and load the history into it"
        )
    return bool(rows)


def listed_tables(warehouse: Warehouse) -> Listing:
    """Return the tables and views of the dataset by name; none where it does not exist."""
    from google.api_core.exceptions import NotFound

    dataset = warehouse.settings.bigquery_dataset
    with bigquery_errors("list tables"), suppress(NotFound):
        listed = warehouse.client.list_tables(dataset, **warehouse.request_options())
        return {table.table_id: table for table in listed}
    return {}


def missing_tables(present: Listing) -> list[str]:
    """Return the tables that do not exist. `SETTINGS`, which shows that all were created, is the last."""
    names = sorted(tables(), key=SETTINGS.__eq__)
    return [name for name in names if name not in present]


def missing(present: Listing) -> list[str]:
    """Return the tables and views that do not exist, in the order in which they can be created."""
    missing_views = [name for name in views() if name not in present]
    return missing_tables(present) + missing_views


def refuse_lost_tables(warehouse: Warehouse, present: Listing) -> None:
    """Raise ConfigurationError where a table of a warehouse that was set up is gone: an empty one in its
    place would make every later figure wrong."""
    lost = missing_tables(present)
    if lost == [LOCK]:  # holds no data
        return
    dataset = warehouse.settings.bigquery_dataset
    is_set_up = SETTINGS in present
    if not is_set_up and AUDIT in present:
        with bigquery_errors(f"read {AUDIT}"):
            rows = warehouse.client.list_rows(
                present[AUDIT].reference, max_results=1, **warehouse.request_options()
            )
            is_set_up = any(True for _ in rows)
    if is_set_up and lost:
        raise ConfigurationError(
            f"dataset {dataset} has lost {', '.join(lost)}: nothing is loaded. Restore what was removed "
            "(docs/RUNBOOK.md, Lost tables and rows). If an update of the code has added the table, run "
            "make migrate, which creates it empty"
        )


def create(warehouse: Warehouse, names: Iterable[str]) -> None:
    """Create the datasets, and tables and views in this order."""
    create_datasets(warehouse)
    for name in names:
        retry_conflicts(warehouse.run)(ddl(name, warehouse.settings), f"create {name}")


def expiring(present: Listing) -> list[str]:
    """Return the tables that BigQuery will remove, or whose partitions it will, against their definition."""
    found = []
    for name, table in present.items():
        if name in tables() and (table.expires or _drops_partitions(table)):
            found.append(name)
    return found


@retry_conflicts
def keep(warehouse: Warehouse, name: str) -> None:
    """Remove the expiration of a table and its partitions. Other tasks may do the same at once.

    Raises:
        ConfigurationError: BigQuery refuses it.
        TransientError: BigQuery cannot be reached.
    """
    bounds = warehouse.request_options()
    properties = ["expires"]
    what = f"BigQuery will remove rows of the table {name}, which expires"
    try:
        with bigquery_errors("remove the expiration"):
            table = warehouse.client.get_table(
                f"{warehouse.settings.bigquery_dataset}.{name}", **bounds
            )
            table.expires = None
            if _drops_partitions(table):
                partitioning = table.time_partitioning
                partitioning.expiration_ms = None
                table.time_partitioning = partitioning
                properties.append("time_partitioning")
            warehouse.client.update_table(table, properties, **bounds)
    except TransientError:
        raise
    except PipelineError as error:
        raise ConfigurationError(
            f"{what}, and this account cannot change that ({error}): enable billing, because the sandbox "
            "removes tables after 60 days, or let an owner of the dataset run make migrate"
        ) from None
    log.warning("%s: the expiration is removed", what)


def _drops_partitions(table: Any) -> bool:
    """Return whether partitions of a table expire although `table.sql` does not say so."""
    partitioning = table.time_partitioning
    if not partitioning or not partitioning.expiration_ms:
        return False
    statement = read_sql(f"warehouse/tables/{table.table_id}/table.sql")
    return "partition_expiration_days" not in statement


def datasets(warehouse: Warehouse) -> set[str]:
    """Return the datasets of the project; raise as `bigquery_errors`."""
    with bigquery_errors("bigquery: list of datasets"):
        listed = warehouse.client.list_datasets(**warehouse.request_options())
        return {dataset.dataset_id for dataset in listed}


def read_dataset(warehouse: Warehouse, name: str) -> Any:
    """Return a dataset; raise as `bigquery_errors`."""
    with bigquery_errors(f"dataset {name}"):
        return warehouse.client.get_dataset(name, **warehouse.request_options())


def create_datasets(warehouse: Warehouse) -> None:
    """Create both datasets if they are missing; tables of the staging dataset expire after a day."""
    from google.cloud import bigquery

    settings = warehouse.settings
    wanted = {settings.bigquery_dataset, settings.staging_dataset}
    # Where both exist, the account needs no permission to create datasets, which is for the whole project.
    for name in wanted - datasets(warehouse):
        dataset = bigquery.Dataset(f"{warehouse.client.project}.{name}")
        if name == settings.staging_dataset:
            dataset.default_table_expiration_ms = DAY_MS
        with bigquery_errors(f"create dataset {name}"):
            warehouse.client.create_dataset(
                dataset, exists_ok=True, **warehouse.request_options()
            )


def expires_in_a_day(dataset: Any) -> bool:
    """Return whether new tables of a dataset expire after a day at most."""
    expiration = dataset.default_table_expiration_ms
    return 0 < (expiration or 0) <= DAY_MS


def ddl(table: str, settings: Settings) -> str:
    """Return the statement that creates a table or view if it does not exist."""
    kind = "view" if table in views() else "table"
    return render(
        f"warehouse/tables/{table}/{kind}.sql",
        days=None,
        read_days=None,
        settings=settings,
    )


def replace_view(warehouse: Warehouse, view: str) -> None:
    """Replace a view by its present definition; raise as `Warehouse.run`."""
    statement = ddl(view, warehouse.settings)
    replacing = statement.replace("CREATE VIEW IF NOT EXISTS", "CREATE OR REPLACE VIEW")
    warehouse.run(replacing, f"replace {view}")


def write_rows(
    folder: Path, table: str, rows: Sequence[Row], *, nullable: bool = True
) -> Path:
    """Write rows (values by column) in the schema of a table of the warehouse as `<table>.parquet` into
    `folder`, and return the file. Unless `nullable`, the columns that the table has NOT NULL are required."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = parquet_schema(columns(table), nullable=nullable)
    file = folder / f"{table}.parquet"
    parquet.write_table(pa.Table.from_pylist(list(rows), schema), file)
    return file


def replace_rows(warehouse: Warehouse, table: str, rows: Sequence[Row]) -> None:
    """Replace all rows of a table by a few `rows`, values by column, in one load job, which is atomic and
    creates a missing table; raise as `bigquery_errors`."""
    what = f"load {table}"
    target = f"{warehouse.settings.bigquery_dataset}.{table}"
    fields = [api_field(column) for column in columns(table)]
    with scratch_folder() as folder, bigquery_errors(what):
        # BigQuery may refuse a nullable column where the table has NOT NULL.
        file = write_rows(folder, table, rows, nullable=False)
        warehouse.result(warehouse.begin_load(file, target, fields), what)


def _fingerprint(settings: Settings) -> str:
    """Return a text that only shows whether two hash keys differ."""
    key = settings.customer_hash_key.encode()
    return hmac.digest(key, b"warehouse fingerprint", "sha256").hex()[:16]
