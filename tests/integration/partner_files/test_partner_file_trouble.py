"""What is wrong with one partner file, or with the folder, keeps no other file out."""

import gzip
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractBufferedFile

from ecommerce.core.check_result import OK
from ecommerce.core.errors import ConfigurationError, TransientError
from ecommerce.sources import csv_records, delivered_files, partner_files
from ecommerce.storage import staging
from tests.integration.partner_files.drop import (
    HEADER,
    file_of,
    line,
    rows,
    warning_texts,
)
from tests.memory import Remembered

CUT = gzip.compress(file_of(*map(line, "ABC")).encode())[:-12]
DAMAGED = "its gzip data is damaged or ends too early"
NO_CSV = "its first line cannot be read as a CSV header in UTF-8"
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
        "its header is separated by the delimiter semicolon; the delimiter has to be a comma",
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
        "its header lacks updated_at, sku",
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
    "dangling_2026-03-10.csv": "it cannot be opened: No such file or directory",
    "device_2026-03-10.csv": NOT_REGULAR,
    "folder_2026-03-10.csv": NOT_REGULAR,
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
        "out": "../elsewhere.csv",
        "within": "original.txt",
    }
    for name, target in targets.items():
        (drop.drop / f"{name}_2026-03-10.csv").symlink_to(target)
    # Of a day before those that are read.
    os.mkfifo(drop.drop / "pipe_2026-02-20.csv")
    (drop.drop / "dangling_2026-02-20.csv").symlink_to("nowhere")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "file, reason, detail") == [
        (name, "file_unreadable", detail) for name, detail in ENTRIES.items()
    ]
    assert manifest.control_totals["missing_deliveries"] == [], "none of them is due"


def test_files_that_vanish_or_may_not_be_read_keep_no_other_out(drop, monkeypatch):
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.put("locked_2026-03-10.csv", file_of(line("L")))
    gone = drop.put("gone_2026-03-10.csv", file_of(line("B")))
    original = os.open

    def look_up(*names):
        gone.unlink(missing_ok=True)
        return drop.look_up(*names)

    def refuse(path, *args, **kwargs):
        """Root, as whom tests may run, has every right."""
        if "locked" in str(path):
            raise PermissionError(path)
        return original(path, *args, **kwargs)

    drop.memory = Remembered(loaded_files=look_up)
    monkeypatch.setattr(os, "open", refuse)
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    missing = "it cannot be opened: No such file or directory"
    assert rows(manifest, "rejects", "file, detail") == [
        ("gone_2026-03-10.csv", missing),
        ("locked_2026-03-10.csv", "it cannot be opened: permission denied"),
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


def test_lines_that_need_too_much_memory_keep_no_other_out(drop, monkeypatch):
    monkeypatch.setattr(delivered_files, "_MOST_LONG_LINES", 3 << 20)
    for partner, count in (("longer", 5), ("long", 2)):
        lines = [line(f"L{number}", name="x" * 900_000) for number in range(count)]
        drop.put(f"{partner}_2026-03-10.csv", file_of(*lines))
    drop.put("zeta_2026-03-10.csv", file_of(line("Z")))
    manifest = drop.extract()
    found = rows(manifest, "lines", "order_id, length(product_name)")
    assert found == [("L0", 900_000), ("L1", 900_000), ("Z", 3)]
    detail = "its lines are too long to be read in the memory that there is"
    assert rows(manifest, "rejects", "row_number, reason, detail, file") == [
        (0, "file_too_large", detail, "longer_2026-03-10.csv")
    ]


def test_many_malformed_lines_are_rejected_or_the_file_is(drop, monkeypatch):
    drop.put("acme_2026-03-10.csv", file_of('A,1,"' + "text\n" * 1_000))
    manifest = drop.extract()
    assert rows(manifest, "files", "lines") == [(1_000,)]
    details = [detail for (detail,) in rows(manifest, "rejects", "detail")]
    assert details == ["a quote that is not closed", *["too few fields"] * 999]
    monkeypatch.setattr(delivered_files, "MOST_MALFORMED", 999)
    assert rows(drop.extract(), "rejects", "reason, detail") == [
        ("file_unreadable", "more than 999 of its lines are malformed")
    ]


def test_a_file_of_which_not_every_record_comes_out_is_rejected_whole(
    drop, monkeypatch
):
    def all_usual(text, starts, *_):
        return np.ones(len(starts) - 1, bool)

    monkeypatch.setattr(csv_records, "_is_usual", all_usual)
    broken = [line("A"), line("B", name='"Mug'), line("C"), line("D")]
    drop.put("acme_2026-03-10.csv", file_of(*broken))
    drop.put("good_2026-03-10.csv", file_of(line("G")))
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("G",)]
    assert rows(manifest, "rejects", "row_number, reason, detail") == [
        (0, "file_unreadable", "some of its records were lost")
    ]


def test_names_that_are_long_or_not_utf_8_keep_no_other_out(drop, snapshot):
    long = f"{'a' * 240}_2026-03-10.csv"
    drop.put(long, file_of(line("A")))
    for name in (b"M\xe4rz.csv", b"\xe4.txt"):
        Path(os.fsdecode(os.fsencode(drop.drop) + b"/" + name)).write_text("")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, file") == [("A", long)]
    assert warning_texts(manifest) == snapshot


def test_what_lies_in_the_folder_and_is_not_read_is_listed_once_and_briefly(
    drop, snapshot
):
    for number in range(7):
        drop.put(f".upload{number}.csv.part", "x")
    drop.put("acme_2027-03-10.csv", file_of(line("A")))
    drop.put("acme_2026-03-11.csv", file_of(line("B")))  # the next run's
    assert warning_texts(drop.extract()) == snapshot
    hints = [text for verdict, text in partner_files.check() if verdict != OK]
    assert len(hints) == 1
    # The next day's report lists what is new alone.
    assert drop.extract(date(2026, 3, 12)).control_totals["warnings"] == []


def test_a_folder_that_does_not_exist(drop, monkeypatch):
    monkeypatch.setenv("PARTNER_DROP_URI", "file:///nowhere")
    with pytest.raises(ConfigurationError) as caught:
        drop.extract()
    assert str(caught.value) == (
        "the folder PARTNER_DROP_URI=file:///nowhere does not exist: make it, or name the one "
        "that partners leave their files in"
    )


class Stored(AbstractBufferedFile):
    """A file of an object store: its `readline` takes no size."""

    def _fetch_range(self, start, end):
        content = self.fs.store[self.path].getvalue()
        return content[start:end]


def test_a_drop_folder_in_an_object_store(drop, monkeypatch):
    attach("memory", fs=MemoryFileSystem())
    store = staging.storage_path("memory://partner-drop")
    for name in ("acme_2026-03-10.csv", "acme_2026-03-09.csv.gz"):
        path = drop.put(name, file_of(line(name)))
        (store / name).write_bytes(path.read_bytes())
    monkeypatch.setattr(MemoryFileSystem, "_open", lambda *given, **_: Stored(*given))
    monkeypatch.setenv("PARTNER_DROP_URI", "memory://partner-drop")
    assert rows(drop.extract(), "lines", "order_id, partner") == [
        ("acme_2026-03-09.csv.gz", "acme"),
        ("acme_2026-03-10.csv", "acme"),
    ]
