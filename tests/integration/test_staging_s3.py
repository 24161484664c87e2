"""Staging in a bucket: the real s3 file system against a stand-in for Amazon."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from demo.services.ports import free_port
from ecommerce.core.errors import StagingError
from ecommerce.maintenance import expiry as maintenance
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from tests.settings import add_environment

pytestmark = pytest.mark.slow

INSTANT = datetime(2026, 11, 20, 11, tzinfo=UTC)
ROOT = "s3://staging/dag/2026-11-19"
PAGES = 8
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="module")
def s3():
    """A client of moto's server, over HTTP, which has an empty bucket."""
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as environment:
        add_environment(environment, ENVIRONMENT)
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        client = boto3.client("s3")
        client.create_bucket(
            Bucket="staging",
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
        )
        yield client
    server.stop()


def publish(uri):
    names = [f"pages/{number}.csv" for number in range(PAGES)]
    with staging.publish(uri) as draft:
        (draft.path / "pages").mkdir()
        for number, name in enumerate(names):
            (draft.path / name).write_text(f"n\n{number}\n")
        draft.seal(
            source="storefront",
            business_date=date(2026, 11, 19),
            rows=PAGES,
            columns={name: ["n"] for name in names},
            read_at=INSTANT,
            window_start=INSTANT,
            window_end=INSTANT,
        )
    return staging.read_manifest(uri)


def objects(s3):
    """The runs of the objects in the bucket, one for each."""
    listed = s3.list_objects_v2(Bucket="staging").get("Contents", [])
    return [each["Key"].split("/")[2] for each in listed]


def test_what_is_published_is_read_back_whole_until_it_is_discarded_or_expires(
    s3, temporary_folder
):
    manifest = publish(f"{ROOT}/one/storefront")
    with connect_duckdb(manifest.uri) as duckdb:
        files = [manifest.file(name) for name in manifest.columns]
        sql = "SELECT sum(n), count(*) FROM read_csv(?)"
        total = duckdb.execute(sql, [files]).fetchone()
    assert total == (sum(range(PAGES)), PAGES)
    before = [*temporary_folder.iterdir()]
    with staging.local_folder(manifest.uri) as folder:
        assert Path(folder).is_relative_to(temporary_folder)
        assert len(list(Path(folder, "pages").iterdir())) == PAGES
    assert [*temporary_folder.iterdir()] == before
    with pytest.raises(StagingError, match=f"{ROOT}/gone could not be read"):
        with staging.local_folder(f"{ROOT}/gone"):
            pass

    staging.discard(publish(f"{ROOT}/two/storefront").uri)
    assert objects(s3) == ["one"] * (PAGES + 1)
    now = datetime.now(UTC)
    assert maintenance.expire_staging("s3://staging", now - timedelta(days=14)) == 0
    assert maintenance.expire_staging("s3://staging", now + timedelta(days=1)) == 1
    assert objects(s3) == []


def test_a_failed_upload_leaves_no_manifest(s3, monkeypatch):
    uri = f"{ROOT}/run/storefront"
    kind = type(staging.storage_path(uri).fs)
    original = kind._put_file
    sent = []
    broken = []

    async def recorded(self, local, remote, *arguments, **options):
        if broken and remote.endswith("/pages/7.csv"):
            raise OSError(28, "No space left")
        await original(
            self,
            local,
            remote,
            *arguments,
            **options,
        )
        sent.append(remote.rpartition("/")[2])

    monkeypatch.setattr(kind, "_put_file", recorded)
    publish(uri)
    assert sorted(sent) == [f"{number}.csv" for number in range(PAGES)]
    assert staging.exists(uri)
    broken.append(True)
    with pytest.raises(StagingError, match="storefront could not be read or written"):
        publish(uri)
    assert not staging.exists(uri)
