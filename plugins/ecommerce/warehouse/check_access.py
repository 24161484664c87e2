"""`make check` of BigQuery: queries, datasets, settings and permissions. The roles to grant are in
deploy/bigquery_grants.sql."""

from typing import Any
from uuid import uuid4

from ecommerce.core.check_result import HINT, OK, Lines
from ecommerce.core.errors import ConfigurationError, CredentialsError
from ecommerce.core.headline_figures import LEAST_COST_COVERAGE
from ecommerce.storage.staging import storage_errors, storage_path
from ecommerce.warehouse import client, schema
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse

BUCKET_FIX = (
    "the bucket of STAGING_URI has to be in BIGQUERY_LOCATION, and the account needs the roles "
    "storage.objectUser and storage.legacyBucketReader (for storage.buckets.get) on it"
)


def check() -> Lines:
    """Run a query, compare the settings, and create and remove an empty table in each dataset."""
    warehouse = client.connect()
    settings = warehouse.settings
    where = f"project {warehouse.client.project}"
    warehouse.run("SELECT 1", "bigquery: a query")
    datasets = schema.datasets(warehouse)
    if settings.bigquery_dataset not in datasets:
        yield (
            OK,
            f"{where}: queries run; the first run creates the dataset {settings.bigquery_dataset}",
        )
        return
    dataset = schema.read_dataset(warehouse, settings.bigquery_dataset)
    location = dataset.location
    if location and location.upper() != settings.bigquery_location.upper():
        raise ConfigurationError(
            f"the dataset {settings.bigquery_dataset} is in {location}: set BIGQUERY_LOCATION={location}"
        )
    present = schema.listed_tables(warehouse)
    schema.refuse_lost_tables(warehouse, present)
    absent = schema.missing(present)
    if schema.SETTINGS in present:
        schema.compare_settings(warehouse)
        # Changes the row that every load changes first, and undoes it. BigQuery's sandbox refuses this.
        warehouse.transact("warehouse/procedures/check/transaction.sql")
    staging = None
    if settings.staging_dataset in datasets:
        staging = schema.read_dataset(warehouse, settings.staging_dataset)
    yield from check_expiration(dataset, staging, present)
    found = f"{where}: queries run, and the dataset {settings.bigquery_dataset} fits the settings"
    if absent:
        found += f"; the next run creates the missing tables and views ({len(absent)})"
    yield OK, found
    if not absent:
        yield from check_costs(warehouse)
    check_creation(warehouse, settings.bigquery_dataset)
    if staging:
        check_creation(warehouse, settings.staging_dataset)
        if settings.staging_uri.startswith("gs://"):
            check_bucket(warehouse)
            yield OK, f"BigQuery loads files from {settings.staging_uri}"


def check_expiration(dataset: Any, staging: Any, present: schema.Listing) -> Lines:
    """Report what BigQuery will remove of the main dataset, and whether staging tables, if any, expire.

    Raises ConfigurationError: a table of the warehouse expires.
    """
    if names := schema.expiring(present):
        raise ConfigurationError(
            f"BigQuery will remove {', '.join(names)}, or their partitions, after some days: make migrate "
            "removes this expiration"
        )
    if dataset.default_table_expiration_ms or dataset.default_partition_expiration_ms:
        yield (
            HINT,
            f"new tables of the dataset {dataset.dataset_id} expire by default; every run removes that from "
            "the tables of the warehouse, and copies of your own would expire: bq update "
            f"--default_table_expiration 0 --default_partition_expiration 0 {dataset.dataset_id}",
        )
    if staging and not schema.expires_in_a_day(staging):
        yield (
            HINT,
            f"tables of the dataset {staging.dataset_id} do not expire after a day: make migrate sets that",
        )


def check_costs(warehouse: Warehouse) -> Lines:
    """Report how much of the newest day's net sales has a cost of goods."""
    for row in warehouse.query("warehouse/tables/daily_summary/cost_coverage.sql"):
        day, coverage = row["business_date"], row["coverage"]
        if coverage is None:
            yield OK, f"no sale of {day} has a cost of goods: no gross margin is shown"
            continue
        percent = coverage * 100
        state = OK if percent >= LEAST_COST_COVERAGE else HINT
        yield (
            state,
            f"{percent:.1f} % of net sales of {day} have a cost of goods; the report shows a gross margin "
            f"from {LEAST_COST_COVERAGE} %",
        )


def check_creation(warehouse: Warehouse, dataset_id: str) -> None:
    """Create and remove an empty table in a dataset, as every load does in the staging dataset; raises as
    `bigquery_errors`."""
    from google.cloud import bigquery

    dataset = f"{warehouse.client.project}.{dataset_id}"
    probe = bigquery.Table(
        f"{dataset}.check_{uuid4().hex}", schema=[bigquery.SchemaField("x", "INT64")]
    )
    try:
        with bigquery_errors(f"create a table in {dataset}"):
            warehouse.client.create_table(probe, **warehouse.request_options())
    except CredentialsError as error:
        raise CredentialsError(
            f"{error}: grant roles/bigquery.dataEditor on {dataset} (deploy/bigquery_grants.sql)"
        ) from None
    with bigquery_errors(f"remove a table of {dataset}"):
        warehouse.client.delete_table(probe, **warehouse.request_options())


def check_bucket(warehouse: Warehouse) -> None:
    """Load a Parquet file of one row from `STAGING_URI` into the staging dataset, and remove file and table;
    raises as `bigquery_errors`, and StagingError where the file cannot be written."""
    import pyarrow as pa
    from google.cloud.bigquery import LoadJobConfig
    from pyarrow import parquet

    name = f"check_{uuid4().hex}"
    uri = f"{warehouse.settings.staging_uri}/{name}.parquet"
    table = f"{warehouse.client.project}.{warehouse.settings.staging_dataset}.{name}"
    bounds = warehouse.request_options()
    with storage_errors(uri):
        file = storage_path(uri)
        with file.open("wb") as stream:
            parquet.write_table(pa.table({"x": [1]}), stream)
        try:
            with bigquery_errors(f"load {uri} into {table} ({BUCKET_FIX})"):
                job = warehouse.client.load_table_from_uri(
                    uri,
                    table,
                    job_config=LoadJobConfig(source_format="PARQUET"),
                    location=warehouse.settings.bigquery_location,
                    **bounds,
                )
                job.result(**bounds)
                warehouse.client.delete_table(table, **bounds)
        finally:
            file.unlink()
