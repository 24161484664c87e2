"""What is wrong with one partner file, or with the folder, keeps no other file out."""

import errno
import gzip
import hashlib
import os

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.errors import ConfigurationError, TransientError
from ecommerce.sources import delivered_files
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.storage import staging
from tests.integration.partner_files.drop import (
    HEADER,
    file_of,
    line,
    rows,
    warning_texts,
)

CUT = gzip.compress(file_of(*map(line, "ABC")).encode())[:-12]
DAMAGED = "its data is damaged or ends too early"
NO_CSV = "its first line cannot be read as a CSV header in its encoding"
OTHER_LAYOUT = (
    "(the delimiter is ','); if its partner has another layout, describe it in "
    "include/partners (docs/RECIPES.md)"
)
NOT_REGULAR = "it is no regular file of the folder"
BROKEN = [
    (
        "bomb_2026-03-10.csv.gz",
        HEADER.encode() + b"\n" * 1_002,
        "file_too_large",
        "it has more than 1,000 lines",
    ),
    (
        "broad_2026-03-10.csv.gz",
        f"{HEADER}\n{line('B', name='x' * 300_000)}\n".encode(),
        "file_too_large",
        "it has more than 200,000 bytes, decompressed",
    ),
    ("cut_2026-03-10.csv.gz", CUT, "file_unreadable", DAMAGED),
    (
        "delimiter_2026-03-10.csv",
        HEADER.replace(",", ";").encode(),
        "missing_column",
        f"its header lacks {', '.join(COLUMNS)} {OTHER_LAYOUT}",
    ),
    (
        "empty_2026-03-10.csv",
        b"",
        "file_unreadable",
        "it is empty, without even a header",
    ),
    ("header_2026-03-10.csv", b"\xff\xfe", "file_unreadable", NO_CSV),
    (
        "lacking_2026-03-10.csv",
        HEADER.replace(",sku,", ",").replace("updated_at", "changed").encode(),
        "missing_column",
        f"its header lacks updated_at, sku {OTHER_LAYOUT}",
    ),
    ("large_2026-03-10.csv", b"x" * 200_001, "file_too_large", "it has 200,001 bytes"),
    (
        "long_2026-03-10.csv",
        f"{HEADER}{',c' * 40_000}".encode(),
        "file_unreadable",
        "its first line is longer than 65536 bytes",
    ),
    (
        "plain_2026-03-10.csv.gz",
        file_of(line("A")).encode(),
        "file_unreadable",
        DAMAGED,
    ),
    (
        "twice_2026-03-10.csv",
        f"{HEADER},sku".encode(),
        "file_unreadable",
        "its header has sku more than once",
    ),
]
"""Name, content, reason, detail."""
ENTRIES = {
    "dangling_2026-03-10.csv": "it cannot be opened: it does not exist",
    "device_2026-03-10.csv": NOT_REGULAR,
    "folder_2026-03-10.csv": NOT_REGULAR,
    "itself_2026-03-10.csv": "it cannot be opened: Too many levels of symbolic links",
    "out_2026-03-10.csv": NOT_REGULAR,
    "pipe_2026-03-10.csv": NOT_REGULAR,
    "within_2026-03-10.csv": NOT_REGULAR,
}


@pytest.fixture
def broken(drop, monkeypatch):
    """Every kind of broken file, and two good ones."""
    monkeypatch.setenv("PARTNER_FILE_MAX_LINES", "1000")
    monkeypatch.setenv("PARTNER_FILE_MAX_BYTES", "200000")
    for name, content, _, _ in BROKEN:
        is_text = name.startswith(("bomb", "broad"))
        drop.put(name, content.decode() if is_text else content)
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.put("zeta_2026-03-10.csv", file_of(line("Z")))
    return drop


def test_a_broken_file_is_rejected_whole_and_tried_again(broken, snapshot):
    expected = [(name, 0, reason, detail, None) for name, _, reason, detail in BROKEN]
    columns = "file, row_number, reason, detail, raw"
    manifest = broken.extract()
    assert rows(manifest, "lines", "order_id") == [("A",), ("Z",)]
    assert rows(manifest, "rejects", columns) == expected
    assert rows(manifest, "files", "partner") == [("acme",), ("zeta",)]
    assert manifest.control_totals["missing_deliveries"] == [], "none of them was due"
    assert warning_texts(manifest) == snapshot(name="first")
    broken.load(manifest)
    again = broken.extract()
    assert rows(again, "rejects", columns) == expected
    assert rows(again, "lines") == []

    for name, *_ in BROKEN:
        broken.put(name, file_of(line(f"of {name}")))
    fixed = broken.extract()
    assert len(rows(fixed, "lines")) == len(BROKEN)
    assert rows(fixed, "rejects") == []
    broken.load(fixed)
    broken.put("empty_2026-03-10.csv", b"")
    later = broken.extract()
    assert later.control_totals["missing_deliveries"] == [], "the loaded one stays"
    assert rows(later, "removed_orders") == []
    assert warning_texts(later) == snapshot(name="after a valid version was loaded")


def test_only_regular_files_of_the_folder_are_read(drop, tmp_path):
    (tmp_path / "elsewhere.csv").write_text(file_of(line("secret")))
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.put("original.txt", file_of(line("B")))
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


def test_a_file_that_the_disk_cannot_read_keeps_no_other_out(drop, monkeypatch):
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.put("broken_2026-03-10.csv", file_of(line("B")))
    digest = hashlib.file_digest

    def read(stream, name):
        if b"B," in stream.read():
            raise OSError(errno.EIO, "Input/output error")
        stream.seek(0)
        return digest(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", read)
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "file, detail") == [
        ("broken_2026-03-10.csv", "the disk cannot read it (input/output error)")
    ]


def test_a_file_that_is_still_being_delivered_is_left_for_the_retry(drop, monkeypatch):
    path = drop.put("acme_2026-03-10.csv", file_of(line("A")))
    read = delivered_files.read_csv

    def read_while_more_arrives(*args, **options):
        with path.open("a") as stream:
            stream.write(line("B") + "\n")
        return read(*args, **options)

    monkeypatch.setattr(delivered_files, "read_csv", read_while_more_arrives)
    sentence = "acme_2026-03-10.csv changed while it was read: it is still being"
    with pytest.raises(TransientError, match=sentence):
        drop.extract()
    assert not staging.exists(f"file://{drop.staging}/0")


def test_a_folder_that_does_not_exist(drop, monkeypatch):
    monkeypatch.setenv("PARTNER_DROP_URI", "file:///nowhere")
    with pytest.raises(ConfigurationError) as caught:
        drop.extract()
    assert str(caught.value) == (
        "the folder PARTNER_DROP_URI=file:///nowhere does not exist: make it, or name the one "
        "that partners leave their files in"
    )


def test_a_drop_folder_in_an_object_store(drop, monkeypatch):
    attach("memory", fs=MemoryFileSystem())
    store = staging.storage_path("memory://partner-drop")
    for name in ("acme_2026-03-10.csv", "acme_2026-03-09.csv.gz"):
        path = drop.put(name, file_of(line(name)))
        (store / name).write_bytes(path.read_bytes())
    monkeypatch.setenv("PARTNER_DROP_URI", "memory://partner-drop")
    assert rows(drop.extract(), "lines", "order_id, partner") == [
        ("acme_2026-03-09.csv.gz", "acme"),
        ("acme_2026-03-10.csv", "acme"),
    ]
