"""The permissions of the account of the connection `bigquery`. deploy/bigquery_grants.sql has the roles to
grant. Queries are not tested here, because `make check` runs one."""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

from ecommerce.core.errors import CredentialsError, PipelineError
from ecommerce.warehouse.bigquery_errors import bigquery_errors
from ecommerce.warehouse.client import Warehouse

ON_TABLES = tuple(f"bigquery.tables.{action}" for action in ("get", "getData", "update", "updateData"))
"""Needed on every table. `roles/bigquery.dataEditor` on the dataset has them, and the right to create
tables."""


def lacking(warehouse: Warehouse, table: str) -> list[str]:
    """Return the permissions of `ON_TABLES` that the account lacks on an existing table; empty on the
    emulator.

    Raises:
        PipelineError: as `bigquery_errors`.
    """
    from google.api_core.exceptions import Forbidden, MethodNotAllowed, MethodNotImplemented, NotFound

    name = f"{warehouse.client.project}.{warehouse.settings.bigquery_dataset}.{table}"
    with bigquery_errors(f"permissions on {name}"):
        try:
            answer = warehouse.client.test_iam_permissions(name, list(ON_TABLES), **warehouse.bounded())
        except (NotFound, MethodNotAllowed, MethodNotImplemented):  # the emulator has no permissions
            return []
        except Forbidden:
            return list(ON_TABLES)
    return [each for each in ON_TABLES if each not in answer.get("permissions", [])]


def check_creation(warehouse: Warehouse, dataset_id: str) -> None:
    """Create and remove an empty table in a dataset, as every load does in the staging dataset.

    Raises:
        CredentialsError: the account must not create it.
        PipelineError: as `bigquery_errors`.
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
    with suppress(PipelineError), bigquery_errors(f"remove a table of {dataset}"):  # it expires anyway
        warehouse.client.delete_table(probe, **warehouse.bounded())
