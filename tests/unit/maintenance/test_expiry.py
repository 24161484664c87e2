"""What is old goes, what is in use or young stays; on local disk and on object stores."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.maintenance import expiry, tasks
from ecommerce.storage import staging

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=30)
KEPT = NOW - timedelta(days=14)
RUN_ID = staging.safe_folder_name("scheduled__2026-10-01T10:00:00+00:00")
RUN = f"daily_sales_pipeline/2026-10-01/{RUN_ID}"


@pytest.fixture(params=["file", "memory"])
def root(request, tmp_path):
    if request.param == "file":
        return f"file://{tmp_path}/staging"
    attach("memory", fs=MemoryFileSystem())
    return f"memory://bucket/{tmp_path.name}"


def leave(root, run, name="sales_db/raw.parquet", at=LONG_AGO):
    """A file of a run that was last written at `at`; returns the run's folder."""
    folder = staging.storage_path(f"{root}/{run}")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("someone@example.com")
    if folder.protocol == "file":
        os.utime(path.path, (at.timestamp(), at.timestamp()))
    else:
        file = folder.fs.store[path.path]
        file.created = file.modified = at
    return folder


def test_expired_run_goes_with_everything_in_it(root):
    for name in ("sales_db/a.parquet", ".storefront.1.partial/page"):
        folder = leave(root, RUN, name)
    assert expiry.expire_staging(root, KEPT) == 1
    assert not folder.fs.find(folder.path)
    if folder.protocol == "file":
        assert not folder.parent.exists()


def test_run_with_one_young_file_stays_whole(root):
    leave(root, RUN)
    folder = leave(root, RUN, "report/figures.json", NOW)
    assert expiry.expire_staging(root, KEPT) == 0
    assert (folder / "sales_db/raw.parquet").exists()


def test_a_run_that_removes_a_file_meanwhile_stays_and_the_others_go(root, monkeypatch):
    leave(root, RUN)
    folder = leave(root, "another/2026-10-01/run")
    storage = type(folder.fs)
    find = storage.find

    def find_and_remove(fs, path, **options):
        files = find(fs, path, **options)
        for file in files:
            if "/another/" in file and fs.exists(file):
                fs.rm(file)
        return files

    monkeypatch.setattr(storage, "find", find_and_remove)
    assert expiry.expire_staging(root, KEPT) == 1
    assert not staging.storage_path(f"{root}/{RUN}/sales_db/raw.parquet").exists()


def test_what_is_no_run_folder_is_not_touched(root):
    folders = []
    for name in ("elses-folder", "2026-10-01-copy"):
        folders.append(leave(root, f"somebody/{name}/{RUN_ID}"))
    assert expiry.expire_staging(root, KEPT) == 0
    for folder in folders:
        assert (folder / "sales_db/raw.parquet").exists()


def test_old_logs_go_and_young_ones_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))
    monkeypatch.setenv("LOG_RETENTION_DAYS", "29")
    monkeypatch.setenv("STAGING_RETENTION_DAYS", "31")
    logs = f"file://{tmp_path}"
    run = "dag_id=maintenance/run_id=1"
    leave(logs, run, "task_id=a/attempt=1.log")
    leave(logs, run, "task_id=b/attempt=1.log", NOW)
    leave(logs, ".", "notes.txt")
    (tmp_path / "latest.log").symlink_to("notes.txt")
    assert tasks.old_logs.function() == 1
    assert (tmp_path / "latest.log").exists()
    [folder] = (tmp_path / run).iterdir()
    assert [folder.name, *(path.name for path in folder.iterdir())] == [
        "task_id=b",
        "attempt=1.log",
    ]
