"""`make check` of BigQuery: queries, datasets, settings and permissions."""

from __future__ import annotations

from ecommerce.core.check_result import FAIL, OK, Lines
from ecommerce.core.errors import ConfigurationError
from ecommerce.warehouse import client, permissions, schema
from ecommerce.warehouse.bigquery_errors import bigquery_errors


def check() -> Lines:
    """Run a query, compare the datasets with the settings, and create and remove one empty table."""
    warehouse = client.connect(interactive=True)
    settings = warehouse.settings
    with bigquery_errors("bigquery: list of datasets"):
        datasets = {one.dataset_id for one in warehouse.client.list_datasets(**warehouse.bounded())}
    warehouse.run("SELECT 1", "bigquery: a query")
    where = f"project {warehouse.client.project}"
    if settings.bigquery_dataset not in datasets:
        yield OK, f"{where}: queries run; the first run creates the dataset {settings.bigquery_dataset}"
        return
    with bigquery_errors(f"bigquery: dataset {settings.bigquery_dataset}"):
        location = warehouse.client.get_dataset(settings.bigquery_dataset, **warehouse.bounded()).location
    if location and location.upper() != settings.bigquery_location.upper():
        raise ConfigurationError(
            f"the dataset {settings.bigquery_dataset} is in {location}: set BIGQUERY_LOCATION={location}"
        )
    absent = schema.missing(warehouse)
    if "warehouse_settings" not in absent:
        schema.compare_settings(warehouse)
    later = f"; the next run creates {len(absent)} tables and views in it" if absent else ""
    yield OK, f"{where}: queries run, and the dataset {settings.bigquery_dataset} fits the settings{later}"
    if "orders" not in absent and (missing := permissions.lacking(warehouse, "orders")):
        yield (
            FAIL,
            f"the account lacks {', '.join(missing)}: grant roles/bigquery.dataEditor on the dataset "
            f"{settings.bigquery_dataset} (deploy/bigquery_grants.sql)",
        )
    for dataset in (settings.staging_dataset, *([settings.bigquery_dataset] if absent else ())):
        if dataset in datasets:
            permissions.check_creation(warehouse, dataset)
