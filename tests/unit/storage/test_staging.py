"""Staged folders become visible whole, on local disk and on object stores."""

import json
import os
import resource
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.errors import StagingError
from ecommerce.storage import staging
from ecommerce.storage.plain import from_plain, to_plain

INSTANT = datetime(2026, 11, 20, 11, tzinfo=UTC)


@pytest.fixture(params=["file", "memory"])
def root(request, tmp_path):
    if request.param == "file":
        return f"file://{tmp_path}"
    attach("memory", fs=MemoryFileSystem())
    return f"memory://bucket/{tmp_path.name}"


def publish(uri, text="one", fail=False, name="1.txt"):
    with staging.publish(uri) as draft:
        (draft.path / "pages").mkdir()
        (draft.path / "pages" / name).write_text(text)
        if fail:
            raise ValueError("the extract died")
        draft.seal(
            source="sales_db",
            business_date=date(2026, 11, 19),
            rows=1,
            columns={"pages/1.txt": ["text"]},
            read_at=INSTANT,
            window_start=INSTANT,
            window_end=INSTANT,
            control_totals={"source_amount": "12.30"},
        )
    return staging.read_manifest(uri)


def test_manifest_survives_xcom(root):
    manifest = publish(f"{root}/run/sales_db")
    sent = json.loads(json.dumps(to_plain(manifest)))
    assert from_plain(staging.Manifest, sent) == manifest


def test_a_full_disk_met_by_duckdb_is_an_error_of_staging(root):
    uri = f"{root}/run/sales_db"
    with pytest.raises(StagingError, match="disk is full"), staging.publish(uri):
        raise duckdb.IOException("IO Error: the disk is full")
    assert not staging.exists(uri)


def test_failed_second_try_leaves_the_first_as_it_was(root):
    first = publish(f"{root}/run/sales_db")
    with pytest.raises(ValueError, match="the extract died"):
        publish(f"{root}/run/sales_db", text="two", fail=True)
    assert staging.read_manifest(f"{root}/run/sales_db") == first


def test_second_publication_replaces_the_first_with_all_its_files(root):
    first = publish(f"{root}/run/sales_db", name="2.txt")
    second = publish(f"{root}/run/sales_db", text="two")
    assert second.sha256 != first.sha256
    [file] = (staging.storage_path(second.uri) / "pages").iterdir()
    assert file.name == "1.txt"
    assert file.read_text() == "two"


@pytest.mark.parametrize("earlier", [False, True])
def test_of_two_publications_at_once_the_later_one_remains(
    tmp_path, monkeypatch, earlier
):
    uri = f"file://{tmp_path}/run/sales_db"
    if earlier:
        publish(uri, text="earlier")
    rename = Path.rename
    others = ["two", "three"]

    def rename_after_another_run(self, target):
        if self.suffix == ".partial" and others:
            publish(uri, text=others.pop(), name="2.txt")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_after_another_run)
    publish(uri, text="one")
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["sales_db"]
    [page] = (tmp_path / "run/sales_db/pages").iterdir()
    assert page.read_text() == "one"


def test_a_removal_that_breaks_off_leaves_no_manifest(root, monkeypatch):
    uri = publish(f"{root}/run/sales_db").uri
    file_system = type(staging.storage_path(uri).fs)
    remove = file_system.rm

    def remove_files(self, path, recursive=False):
        if recursive:
            raise OSError("the network is down")
        remove(self, path)

    monkeypatch.setattr(file_system, "rm", remove_files)
    with pytest.raises(StagingError):
        staging.discard(uri)
    assert not staging.exists(uri)


def test_a_manifest_that_cannot_be_read_is_an_error_of_staging(tmp_path):
    (tmp_path / "run" / staging.MANIFEST_FILE).mkdir(parents=True)
    with pytest.raises(StagingError, match="could not be read"):
        staging.read_manifest(f"file://{tmp_path}/run")


def test_only_its_user_can_open_staging_on_a_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("STAGING_URI", f"file://{tmp_path}/staging")
    (tmp_path / "staging").mkdir()
    usual = os.umask(0)
    try:
        (tmp_path / "staging").chmod(0o777)
        publish(f"file://{tmp_path}/staging/daily/2026-11-19/run/sales_db")
        publish(f"file://{tmp_path}/reports/2026-11-19")
    finally:
        os.umask(usual)
    for folder in ("staging", "staging/daily", "staging/daily/2026-11-19"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "reports").stat().st_mode & 0o777 == 0o777


def test_run_ids_become_safe_folder_names(monkeypatch):
    monkeypatch.setenv("STAGING_URI", "gs://b/s")
    run = staging.DagRun("dag", "manual__2026-11-20T11:00:00+00:00")
    folder = run.folder(date(2026, 11, 19), "report")
    assert folder == "gs://b/s/dag/2026-11-19/manual__2026-11-20T11_00_00_00_00/report"


def test_full_disk_is_a_staging_error_and_leaves_nothing(tmp_path, repository):
    """A file-size limit stands in for a full disk; it would hold for the whole test process, so: a child."""
    program = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))
from ecommerce.storage import staging
try:
    with staging.publish("file://{tmp_path}/run/sales_db") as draft:
        (draft.path / "big").write_bytes(b"x" * 5000)
except staging.StagingError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": "plugins"},
        cwd=repository,
    )
    assert "sales_db could not be read or written: File too large" in done.stdout
    assert list((tmp_path / "run").iterdir()) == []
