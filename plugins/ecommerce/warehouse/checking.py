"""Does BigQuery take queries, does the dataset fit the settings, and may the account do what loads do?"""

from __future__ import annotations

from ecommerce.core.errors import ConfigurationError
from ecommerce.core.findings import FAIL, OK, Lines
from ecommerce.warehouse import client, permissions, schema


def check() -> Lines:
    """A query runs; in a dataset that exists, what the first run would create is created."""
    warehouse = client.connect()
    settings = warehouse.settings
    with client.bigquery_errors("bigquery: list of datasets"):
        datasets = {one.dataset_id for one in warehouse.client.list_datasets(timeout=client.REQUEST_SECONDS)}
    warehouse.run("SELECT 1", "bigquery: a query")
    where = f"project {warehouse.client.project}"
    if settings.bigquery_dataset not in datasets:
        yield OK, f"{where}: queries run; the first run creates the dataset {settings.bigquery_dataset}"
        return
    with client.bigquery_errors(f"bigquery: dataset {settings.bigquery_dataset}"):
        location = warehouse.client.get_dataset(settings.bigquery_dataset).location
    if location and location.upper() != settings.bigquery_location.upper():
        raise ConfigurationError(
            f"the dataset {settings.bigquery_dataset} is in {location}: set BIGQUERY_LOCATION={location}"
        )
    schema.prepare(warehouse)
    yield OK, f"{where}: queries run, and the dataset {settings.bigquery_dataset} fits the settings"
    if missing := permissions.lacking(warehouse, "orders"):
        yield (
            FAIL,
            f"the account lacks {', '.join(missing)}: grant roles/bigquery.dataEditor on the dataset "
            f"{settings.bigquery_dataset} (deploy/bigquery_grants.sql)",
        )
    permissions.check_staging(warehouse)
