"""Staging in a bucket: the real s3 file system against a stand-in for Amazon."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ecommerce.core.errors import StagingError
from ecommerce.maintenance import expiry as maintenance
from ecommerce.storage import staging
from ecommerce.storage.duckdb import connect_duckdb
from tests.aws import Aws, aws

pytestmark = pytest.mark.slow

INSTANT = datetime(2026, 11, 20, 11, tzinfo=UTC)
PAGES = 40


@pytest.fixture(scope="module")
def amazon() -> Iterator[Aws]:
    with aws() as services, pytest.MonkeyPatch.context() as environment:
        for name, value in services.environment.items():
            environment.setenv(name, value)
        yield services


@pytest.fixture
def root(amazon: Aws) -> str:
    """The address of an empty bucket."""
    bucket = f"staging-{uuid.uuid4().hex[:12]}"
    amazon.client("s3").create_bucket(
        Bucket=bucket,
        CreateBucketConfiguration={
            "LocationConstraint": amazon.client("s3").meta.region_name
        },
    )
    return f"s3://{bucket}/staging"


def publish(uri: str) -> staging.Manifest:
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


def test_what_is_published_is_read_back_whole_by_duckdb(root):
    manifest = publish(f"{root}/daily_sales_pipeline/2026-11-19/run/storefront")
    with connect_duckdb(manifest.uri) as duckdb:
        files = [manifest.file(name) for name in manifest.columns]
        total = duckdb.execute(
            "SELECT sum(n), count(*) FROM read_csv(?)", [files]
        ).fetchone()
    assert total == (sum(range(PAGES)), PAGES)


def test_a_transform_reads_a_copy_of_which_nothing_stays(root, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    uri = f"{root}/daily_sales_pipeline/2026-11-19/run/storefront"
    publish(uri)
    with staging.local_folder(uri) as folder:
        pages = sorted(int(file.stem) for file in Path(folder, "pages").iterdir())
        assert Path(folder).is_relative_to(tmp_path)
    assert pages == list(range(PAGES))
    assert list(tmp_path.iterdir()) == []


def test_a_copy_of_a_missing_folder_names_it(root):
    with (
        pytest.raises(StagingError, match=f"{root}/gone could not be read"),
        staging.local_folder(f"{root}/gone"),
    ):
        pass


def test_files_are_sent_side_by_side_and_the_manifest_after_all_of_them(
    root, monkeypatch
):
    events = []
    fs = staging.storage_path(root).fs
    original = type(fs)._put_file

    async def recorded(self, local, remote, *arguments, **options):
        name = remote.rpartition("/")[2]
        events.append(("begins", name))
        await original(self, local, remote, *arguments, **options)
        events.append(("arrived", name))

    monkeypatch.setattr(type(fs), "_put_file", recorded)
    publish(f"{root}/dag/2026-11-19/run/storefront")
    assert [what for what, _ in events[:2]] == ["begins", "begins"]
    assert events[-2:] == [("begins", "manifest.json"), ("arrived", "manifest.json")]
    assert len(events) == 2 * (PAGES + 1)


def test_a_failed_upload_leaves_nothing_that_a_reader_takes_for_whole(
    root, monkeypatch
):
    uri = f"{root}/dag/2026-11-19/run/storefront"
    publish(uri)
    fs = staging.storage_path(root).fs
    original = type(fs)._put_file

    async def broken(self, local, remote, *arguments, **options):
        if remote.endswith("/pages/7.csv"):
            raise OSError(28, "No space left")
        await original(self, local, remote, *arguments, **options)

    monkeypatch.setattr(type(fs), "_put_file", broken)
    with pytest.raises(StagingError, match="storefront could not be written"):
        publish(uri)
    assert not staging.exists(uri)


def test_discarded_and_expired_folders_leave_no_object(root, amazon):
    publish(f"{root}/dag/2026-11-19/one/storefront")
    manifest = publish(f"{root}/dag/2026-11-19/two/storefront")
    staging.discard(manifest.uri)

    def objects() -> list[str]:
        found = amazon.client("s3").list_objects_v2(Bucket=root.split("/")[2])
        return [each["Key"] for each in found.get("Contents", [])]

    assert {key.split("/")[3] for key in objects()} == {"one"}
    now = datetime.now(UTC)
    keep = maintenance.expire_staging(root, now - timedelta(days=14))
    assert (keep, len(objects())) == (0, PAGES + 1)
    assert maintenance.expire_staging(root, now + timedelta(days=1)) == 1
    assert objects() == []
