"""What an account lacks, as BigQuery answers."""

import re
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from google.api_core import exceptions as google

from ecommerce.core.check_result import HINT, OK
from ecommerce.core.errors import ContractError, CredentialsError
from ecommerce.warehouse import check_access
from ecommerce.warehouse.client import Warehouse
from tests.settings import settings_of

ACCOUNT = "etl@my-project.iam.gserviceaccount.com"


class Client:
    """Answers as BigQuery does, or raises `refusal` when a table is created or a file loaded."""

    project = "my-project"

    def __init__(self, refusal=None):
        self.refusal = refusal
        self.tables = []
        self.loaded = []

    def create_table(self, table, **options):
        self.result()
        self.tables.append(table)

    def delete_table(self, table, **options):
        self.tables.remove(table)

    def load_table_from_uri(self, uri, table, *, job_config, location, **options):
        self.loaded.append((uri, job_config.source_format, location))
        self.tables.append(table)
        return self

    def result(self, **options):
        if self.refusal:
            raise self.refusal


def warehouse(refusal=None):
    settings = settings_of({"STAGING_URI": "gs://staging/files"})
    return Warehouse(Client(refusal), settings, {})


@pytest.mark.parametrize(
    ("coverage", "state", "words"),
    [
        (Decimal("0.95"), OK, "95.0 % of net sales of 2026-11-19"),
        (Decimal("0.949"), HINT, "94.9 % of net sales of 2026-11-19"),
        (None, OK, "no sale of 2026-11-19 has a cost"),
    ],
)
def test_costs_of_most_sales_are_enough(coverage, state, words):
    rows = [{"business_date": date(2026, 11, 19), "coverage": coverage}]
    [(found, text)] = check_access.check_costs(SimpleNamespace(query=lambda _: rows))
    assert found == state
    assert text.startswith(words)


def test_a_table_in_staging_is_created_and_removed():
    able = warehouse()
    check_access.check_creation(able, "sales_staging")
    assert able.client.tables == []


def test_without_a_right_to_create_the_role_and_the_dataset_are_named():
    unable = warehouse(google.Forbidden(f"Access Denied: {ACCOUNT} may not"))
    fix = r"roles/bigquery.dataEditor on my-project.sales_staging"
    with pytest.raises(CredentialsError, match=fix) as raised:
        check_access.check_creation(unable, "sales_staging")
    assert ACCOUNT not in str(raised.value)


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A folder in place of the bucket `staging`."""

    def path(uri):
        return tmp_path / uri.removeprefix("gs://staging/files/")

    monkeypatch.setattr(check_access, "storage_path", path)
    return tmp_path


def test_a_file_of_the_bucket_is_loaded_and_removed(bucket):
    able = warehouse()
    check_access.check_bucket(able)
    [(uri, kind, location)] = able.client.loaded
    assert re.fullmatch(r"gs://staging/files/check_[0-9a-f]{32}\.parquet", uri)
    assert kind == "PARQUET"
    assert location == "US"
    assert able.client.tables == []
    assert list(bucket.iterdir()) == []


REGION = "Cannot read and write in different locations: source: EU, destination: US"


@pytest.mark.parametrize(
    ("refusal", "kind", "fix"),
    [
        (
            google.Forbidden(f"{ACCOUNT} does not have storage.buckets.get access"),
            CredentialsError,
            r"storage.legacyBucketReader \(for storage.buckets.get\)",
        ),
        (
            google.BadRequest(REGION),
            ContractError,
            "the bucket of STAGING_URI has to be in BIGQUERY_LOCATION.* different loc",
        ),
    ],
)
def test_a_bucket_that_bigquery_cannot_load_from_is_reported_with_the_fix(
    bucket, refusal, kind, fix
):
    with pytest.raises(kind, match=fix) as refused:
        check_access.check_bucket(warehouse(refusal))
    assert ACCOUNT not in str(refused.value)
    assert list(bucket.iterdir()) == []
