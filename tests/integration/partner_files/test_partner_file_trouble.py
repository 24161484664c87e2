"""What is wrong with one partner file, or with the folder, keeps no other file out."""

import errno
import gzip
import io
import itertools
import os
from pathlib import Path

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.errors import ConfigurationError, TransientError
from ecommerce.storage import staging
from tests.integration.partner_files.drop import (
    HEADER,
    file_of,
    found,
    line,
    rows,
)

ACME = "acme_2026-03-10.csv"
ZETA = "zeta_2026-03-09.csv.gz"
DAMAGED = "its data is damaged or ends too early"
NOT_REGULAR = "it is no regular file of the folder"
BROKEN = {
    "bomb_2026-03-10.csv.gz": (
        "file_too_large",
        HEADER + "\n" * 1_002,
        "it has more than 1,000 lines",
    ),
    "broad_2026-03-10.csv.gz": (
        "file_too_large",
        file_of(line("B", name="x" * 300_000)),
        "it has more than 200,000 bytes, decompressed",
    ),
    "cut_2026-03-10.csv.gz": (
        "file_unreadable",
        gzip.compress(file_of(*map(line, "ABC")).encode())[:-12],
        DAMAGED,
    ),
    "empty_2026-03-10.csv": (
        "file_unreadable",
        b"",
        "it is empty, without even a header",
    ),
    "lacking_2026-03-10.csv": (
        "missing_column",
        HEADER.replace(",sku,", ",").replace("updated_at", "changed"),
        "its header lacks updated_at, sku (the delimiter is ','); if its partner has another layout, "
        "describe it in include/partners (docs/RECIPES.md)",
    ),
    "large_2026-03-10.csv": (
        "file_too_large",
        "x" * 200_001,
        "it has 200,001 bytes",
    ),
    "plain_2026-03-10.csv.gz": (
        "file_unreadable",
        file_of(line("A")).encode(),
        DAMAGED,
    ),
}
"""By name: the reason, the content, the detail."""
ENTRIES = {
    "dangling_2026-03-10.csv": "it cannot be opened: it does not exist",
    "device_2026-03-10.csv": NOT_REGULAR,
    "folder_2026-03-10.csv": NOT_REGULAR,
    "itself_2026-03-10.csv": "it cannot be opened: Too many levels of symbolic links",
    "out_2026-03-10.csv": NOT_REGULAR,
    "pipe_2026-03-10.csv": NOT_REGULAR,
    "within_2026-03-10.csv": NOT_REGULAR,
}


def test_a_broken_file_is_rejected_whole_and_tried_again(drop, monkeypatch):
    monkeypatch.setenv("PARTNER_FILE_MAX_LINES", "1000")
    monkeypatch.setenv("PARTNER_FILE_MAX_BYTES", "200000")
    expected = []
    sentences = []
    for name, (reason, content, detail) in BROKEN.items():
        drop.put(name, content)
        expected.append((name, 0, reason, detail, None))
        sentences.append(f"{name} was not loaded: {detail}")
    drop.deliver("acme_2026-03-10.csv", "A")
    drop.deliver("zeta_2026-03-10.csv", "Z")
    columns = "file, row_number, reason, detail, raw"
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",), ("Z",)]
    assert rows(manifest, "rejects", columns) == expected
    assert rows(manifest, "files", "partner") == [("acme",), ("zeta",)]
    assert manifest.control_totals["missing_deliveries"] == [], "none of them was due"
    assert found(manifest) == sentences
    drop.load(manifest)
    again = drop.extract()
    assert rows(again, "rejects", columns) == expected
    assert rows(again, "lines") == []

    for name in BROKEN:
        drop.deliver(name, f"of {name}")
    fixed = drop.extract()
    assert len(rows(fixed, "lines")) == len(BROKEN)
    assert rows(fixed, "rejects") == []
    drop.load(fixed)
    drop.put("empty_2026-03-10.csv", b"")
    later = drop.extract()
    assert later.control_totals["missing_deliveries"] == [], "the loaded one stays"
    assert rows(later, "removed_orders") == []
    [warning] = found(later)
    assert warning.startswith("a new version of empty_2026-03-10.csv was not loaded")


def test_only_regular_files_of_the_folder_are_read(drop, tmp_path):
    (tmp_path / "elsewhere.csv").write_text(file_of(line("secret")))
    drop.deliver("acme_2026-03-10.csv", "A")
    drop.deliver("original.txt", "B")
    (drop.drop / "folder_2026-03-10.csv").mkdir()
    os.mkfifo(drop.drop / "pipe_2026-03-10.csv")
    targets = {
        "dangling": "nowhere",
        "device": "/dev/zero",
        "itself": "itself_2026-03-10.csv",
        "out": "../elsewhere.csv",
        "within": "original.txt",
    }
    for name, target in targets.items():
        (drop.drop / f"{name}_2026-03-10.csv").symlink_to(target)
    # Of a day before those that are read.
    os.mkfifo(drop.drop / "pipe_2026-02-20.csv")
    (drop.drop / "dangling_2026-02-20.csv").symlink_to("nowhere")
    (drop.drop / "itself_2026-02-20.csv").symlink_to("itself_2026-02-20.csv")
    (drop.drop / "notes").symlink_to("notes")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "file, reason, detail") == [
        (name, "file_unreadable", detail) for name, detail in ENTRIES.items()
    ]
    assert manifest.control_totals["missing_deliveries"] == [], "none of them is due"
    late = [text for text in found(manifest) if "days late" in text]
    assert len(late) == 1, "a file that cannot be read is late, too"


class BrokenDisk(io.RawIOBase):
    def readable(self):
        return True

    def readinto(self, buffer):
        raise OSError(errno.EIO, "Input/output error")


@pytest.fixture
def bucket(drop, monkeypatch):
    """A bucket in place of the drop folder; what happens when a file is opened, by its name: a function that
    may return what is read in its place."""
    events = {}
    attach("memory", fs=MemoryFileSystem())
    store = staging.storage_path("memory://partner-drop").fs
    open_file = store.open

    def open_after_event(path, *arguments, **options):
        event = events.get(Path(path).name, lambda: None)
        return event() or open_file(path, *arguments, **options)

    for name in (ACME, ZETA):
        path = drop.deliver(name, name)
        store.pipe_file(f"/partner-drop/{name}", path.read_bytes())
    monkeypatch.setattr(store, "open", open_after_event)
    monkeypatch.setenv("PARTNER_DROP_URI", "memory://partner-drop")
    return events


@pytest.mark.usefixtures("bucket")
def test_a_drop_folder_in_an_object_store(drop):
    found = rows(drop.extract(), "lines", "order_id, partner")
    assert found == [(ACME, "acme"), (ZETA, "zeta")]


def test_a_file_that_the_disk_cannot_read_keeps_no_other_out(drop, bucket):
    bucket[ACME] = BrokenDisk
    manifest = drop.extract()
    assert rows(manifest, "lines", "partner") == [("zeta",)]
    detail = "the disk cannot read it (input/output error)"
    assert rows(manifest, "rejects", "file, detail") == [(ACME, detail)]


def test_a_file_that_is_still_being_delivered_is_left_for_the_retry(drop, bucket):
    store = staging.storage_path("memory://partner-drop").fs
    delivered = file_of(line("A")).encode()

    class Growing(io.BytesIO):
        def read(self, size):
            bucket.clear()
            store.pipe_file(f"/partner-drop/{ACME}", delivered + b"more")
            return super().read(size)

    bucket[ACME] = lambda: Growing(delivered)
    with pytest.raises(TransientError, match=f"{ACME} changed while it was read"):
        drop.extract()
    assert not staging.exists(f"file://{drop.staging}/1")


def test_a_new_version_that_changes_between_two_reads_is_left_for_the_retry(
    drop, bucket
):
    drop.extract_and_load()
    versions = map(line, itertools.count())
    bucket[ACME] = lambda: io.BytesIO(file_of(next(versions)).encode())
    with pytest.raises(TransientError, match=f"{ACME} changed while it was read"):
        drop.extract()
    assert not staging.exists(f"file://{drop.staging}/2")


def test_a_folder_that_does_not_exist(drop, monkeypatch):
    monkeypatch.setenv("PARTNER_DROP_URI", "file:///nowhere")
    sentence = "the folder PARTNER_DROP_URI=file:///nowhere does not exist: make it"
    with pytest.raises(ConfigurationError, match=sentence):
        drop.extract()
