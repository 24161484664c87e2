"""What the account of the connection `bigquery` may do, compared with what this package asks of BigQuery.

The roles to grant are in deploy/bigquery_grants.sql. Whether queries may run is not asked here: one that runs
says it.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

from ecommerce.core.errors import CredentialsError, PipelineError
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse

ON_TABLES = tuple(f"bigquery.tables.{may}" for may in ("get", "getData", "update", "updateData"))
"""Needed on every table of the dataset; `roles/bigquery.dataEditor` on the dataset has them, and what creates
tables."""


def lacking(warehouse: Warehouse, table: str) -> list[str]:
    """The permissions of `ON_TABLES` that the account lacks on an existing table; empty where nobody can say.

    Raises:
        PipelineError: BigQuery cannot be asked at all.
    """
    from google.api_core.exceptions import Forbidden, MethodNotAllowed, MethodNotImplemented, NotFound

    name = f"{warehouse.client.project}.{warehouse.settings.bigquery_dataset}.{table}"
    with bigquery_errors(f"permissions on {name}"):
        try:
            answer = warehouse.client.test_iam_permissions(name, list(ON_TABLES), **warehouse.bounded())
        except (NotFound, MethodNotAllowed, MethodNotImplemented):  # the emulator knows no permissions
            return []
        except Forbidden:
            return list(ON_TABLES)
    return [each for each in ON_TABLES if each not in answer.get("permissions", [])]


def check_creation(warehouse: Warehouse, dataset_id: str) -> None:
    """Create an empty table in a dataset and remove it, as every load does in the staging dataset.

    Raises:
        PipelineError: it cannot be created; CredentialsError when that is a matter of permission.
    """
    from google.cloud import bigquery

    dataset = f"{warehouse.client.project}.{dataset_id}"
    probe = bigquery.Table(f"{dataset}.check_{uuid4().hex}", schema=[bigquery.SchemaField("x", "INT64")])
    try:
        with bigquery_errors(f"create a table in {dataset}"):
            warehouse.client.create_table(probe, **warehouse.bounded())
    except CredentialsError as error:
        raise CredentialsError(
            f"{error}: grant roles/bigquery.dataEditor on {dataset} (deploy/bigquery_grants.sql)"
        ) from None
    with suppress(PipelineError), bigquery_errors(f"remove a table of {dataset}"):  # it expires by itself
        warehouse.client.delete_table(probe, **warehouse.bounded())
