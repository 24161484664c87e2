"""What an account lacks, as BigQuery answers."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions as google

from ecommerce.core.errors import CredentialsError
from ecommerce.core.settings import load_settings
from ecommerce.warehouse import check_access
from ecommerce.warehouse.client import Warehouse

ACCOUNT = "etl@my-project.iam.gserviceaccount.com"


class Client:
    """Answers as BigQuery does."""

    project = "my-project"

    def __init__(self, creating=None):
        self._creating = creating
        self.tables = []

    def create_table(self, table, **options):
        if self._creating:
            raise self._creating
        assert timedelta(minutes=50) < table.expires - datetime.now(UTC) <= timedelta(hours=1)
        self.tables.append(table.table_id)

    def delete_table(self, table, **options):
        self.tables.remove(table.table_id)


def warehouse(**answers):
    return Warehouse(Client(**answers), load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef"}), {})


def test_a_table_in_staging_is_created_and_removed_and_expires_if_it_stays():
    able = warehouse()
    check_access.check_creation(able, "sales_staging")
    assert able.client.tables == []


def test_without_a_right_to_create_the_role_and_the_dataset_are_named():
    unable = warehouse(creating=google.Forbidden(f"Access Denied: {ACCOUNT} may not"))
    with pytest.raises(
        CredentialsError, match=r"roles/bigquery.dataEditor on my-project.sales_staging"
    ) as told:
        check_access.check_creation(unable, "sales_staging")
    assert ACCOUNT not in str(told.value)


def test_the_grants_name_the_roles_the_code_names(repository):
    grants = (repository / "deploy" / "bigquery_grants.sql").read_text()
    assert set(re.findall(r"roles/[\w.]+", grants)) == {
        "roles/bigquery.jobUser",
        "roles/bigquery.dataEditor",
        "roles/storage.objectUser",
    }
    settings = load_settings({"CUSTOMER_HASH_KEY": "0123456789abcdef"})
    for dataset in (settings.bigquery_dataset, settings.staging_dataset):
        assert f"ON SCHEMA `PROJECT.{dataset}` TO" in grants
