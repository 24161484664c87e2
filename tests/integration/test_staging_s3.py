"""Staging in a bucket: the real s3 file system against a stand-in for Amazon."""

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ecommerce.core.errors import StagingError
from ecommerce.maintenance import expiry as maintenance
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from tests.aws import aws

pytestmark = pytest.mark.slow

INSTANT = datetime(2026, 11, 20, 11, tzinfo=UTC)
PAGES = 40


@pytest.fixture(scope="module")
def amazon():
    with aws() as services, pytest.MonkeyPatch.context() as environment:
        for name, value in services.environment.items():
            environment.setenv(name, value)
        yield services


@pytest.fixture
def root(amazon):
    """The address of an empty bucket."""
    bucket = f"staging-{uuid.uuid4().hex[:12]}"
    amazon.client("s3").create_bucket(
        Bucket=bucket,
        CreateBucketConfiguration={
            "LocationConstraint": amazon.client("s3").meta.region_name
        },
    )
    return f"s3://{bucket}/staging"


def publish(uri):
    with staging.publish(uri) as draft:
        (draft.path / "pages").mkdir()
        for number in range(PAGES):
            (draft.path / "pages" / f"{number}.csv").write_text(f"n\n{number}\n")
        draft.seal(
            source="storefront",
            business_date=date(2026, 11, 19),
            rows=PAGES,
            columns={f"pages/{number}.csv": ["n"] for number in range(PAGES)},
            read_at=INSTANT,
            window_start=INSTANT,
            window_end=INSTANT,
        )
    return staging.read_manifest(uri)


def test_what_is_published_is_read_back_whole(root, tmp_path, monkeypatch):
    manifest = publish(f"{root}/daily_sales_pipeline/2026-11-19/run/storefront")
    with connect_duckdb(manifest.uri) as duckdb:
        files = [manifest.file(name) for name in manifest.columns]
        sql = "SELECT sum(n), count(*) FROM read_csv(?)"
        total = duckdb.execute(sql, [files]).fetchone()
    assert total == (sum(range(PAGES)), PAGES)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with staging.local_folder(manifest.uri) as folder:
        assert Path(folder).is_relative_to(tmp_path)
        assert len(list(Path(folder, "pages").iterdir())) == PAGES
    assert list(tmp_path.iterdir()) == []
    gone = f"{root}/gone"
    with pytest.raises(StagingError, match=f"{gone} could not be read"):
        with staging.local_folder(gone):
            pass


def test_the_manifest_is_sent_last_and_a_failed_upload_leaves_none(root, monkeypatch):
    uri = f"{root}/dag/2026-11-19/run/storefront"
    kind = type(staging.storage_path(root).fs)
    original, sent, broken = kind._put_file, [], []

    async def recorded(self, local, remote, *arguments, **options):
        if broken and remote.endswith("/pages/7.csv"):
            raise OSError(28, "No space left")
        await original(self, local, remote, *arguments, **options)
        sent.append(remote.rpartition("/")[2])

    monkeypatch.setattr(kind, "_put_file", recorded)
    publish(uri)
    assert len(sent) == PAGES + 1
    assert sent[-1] == "manifest.json"
    broken.append(True)
    with pytest.raises(StagingError, match="storefront could not be written"):
        publish(uri)
    assert not staging.exists(uri)


def test_discarded_and_expired_folders_leave_no_object(root, amazon):
    publish(f"{root}/dag/2026-11-19/one/storefront")
    manifest = publish(f"{root}/dag/2026-11-19/two/storefront")
    staging.discard(manifest.uri)

    def objects():
        found = amazon.client("s3").list_objects_v2(Bucket=root.split("/")[2])
        return [each["Key"] for each in found.get("Contents", [])]

    assert {key.split("/")[3] for key in objects()} == {"one"}
    now = datetime.now(UTC)
    assert maintenance.expire_staging(root, now - timedelta(days=14)) == 0
    assert len(objects()) == PAGES + 1
    assert maintenance.expire_staging(root, now + timedelta(days=1)) == 1
    assert objects() == []
