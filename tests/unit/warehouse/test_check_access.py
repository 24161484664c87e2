"""What an account lacks, as BigQuery answers."""

import re

import pytest
from google.api_core import exceptions as google
from pyarrow import parquet as pq

from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.warehouse import check_access
from ecommerce.warehouse.client import Warehouse
from tests.settings import settings_of

ACCOUNT = "etl@my-project.iam.gserviceaccount.com"


class Client:
    """Answers as BigQuery does."""

    project = "my-project"

    def __init__(self, creating=None, loading=None):
        self._creating, self._loading = creating, loading
        self.tables = []
        self.loaded = []

    def create_table(self, table, **options):
        if self._creating:
            raise self._creating
        self.tables.append(table.table_id)

    def delete_table(self, table, **options):
        self.tables.remove(getattr(table, "table_id", table))

    def load_table_from_uri(self, uri, table, *, job_config, location, **options):
        [content] = [pq.read_table(file) for file in self.bucket.iterdir()]
        self.loaded.append(
            (uri, job_config.source_format, location, content.to_pylist())
        )
        self.tables.append(table)
        return self

    def result(self, **options):
        if self._loading:
            raise self._loading


def warehouse(**answers):
    return Warehouse(
        Client(**answers), settings_of({"CUSTOMER_HASH_KEY": "0123456789abcdef"}), {}
    )


def test_a_table_in_staging_is_created_and_removed():
    able = warehouse()
    check_access.check_creation(able, "sales_staging")
    assert able.client.tables == []


def test_without_a_right_to_create_the_role_and_the_dataset_are_named():
    unable = warehouse(creating=google.Forbidden(f"Access Denied: {ACCOUNT} may not"))
    with pytest.raises(
        CredentialsError, match=r"roles/bigquery.dataEditor on my-project.sales_staging"
    ) as raised:
        check_access.check_creation(unable, "sales_staging")
    assert ACCOUNT not in str(raised.value)


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A folder in place of the bucket `staging` for the paths of the check."""
    monkeypatch.setattr(
        check_access,
        "storage_path",
        lambda uri: tmp_path / uri.removeprefix("gs://staging/files/"),
    )
    return tmp_path


def with_bucket(bucket, **answers):
    settings = {
        "CUSTOMER_HASH_KEY": "0123456789abcdef",
        "STAGING_URI": "gs://staging/files",
    }
    client = Client(**answers)
    client.bucket = bucket
    return Warehouse(client, settings_of(settings), {})


def test_a_file_of_the_bucket_is_loaded_and_removed(bucket):
    able = with_bucket(bucket)
    check_access.check_bucket(able)
    [(uri, kind, location, rows)] = able.client.loaded
    assert re.fullmatch(r"gs://staging/files/check_[0-9a-f]{32}\.parquet", uri)
    assert (kind, location, rows) == ("PARQUET", "US", [{"x": 1}])
    assert (able.client.tables, list(bucket.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("refusal", "kind", "fix"),
    [
        (
            google.Forbidden(f"{ACCOUNT} does not have storage.buckets.get access"),
            CredentialsError,
            r"storage.legacyBucketReader \(for storage.buckets.get\)",
        ),
        (
            google.BadRequest(
                "Cannot read and write in different locations: source: EU, destination: US"
            ),
            ContractError,
            r"the bucket of STAGING_URI has to be in BIGQUERY_LOCATION.* different locations",
        ),
    ],
)
def test_a_bucket_that_bigquery_cannot_load_from_is_reported_with_the_fix(
    bucket, refusal, kind, fix
):
    with pytest.raises(kind, match=fix) as refused:
        check_access.check_bucket(with_bucket(bucket, loading=refusal))
    assert ACCOUNT not in str(refused.value)
    assert list(bucket.iterdir()) == []
