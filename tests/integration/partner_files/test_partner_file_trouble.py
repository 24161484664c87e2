"""What is wrong with one partner file, or with the folder, keeps no other file out."""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.check_result import OK
from ecommerce.core.data_warnings import HARMLESS, wording
from ecommerce.core.errors import ConfigurationError, TransientError
from ecommerce.sales.transform import transform
from ecommerce.sources import delivered_files, partner_files
from ecommerce.storage import staging
from tests.explained import findings
from tests.integration.partner_files.drop import HEADER, Drop, file_of, line, rows
from tests.memory import Remembered


def test_a_file_that_is_still_being_delivered_is_left_for_the_retry(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop.put("acme_2026-03-10.csv", file_of(line("A")))
    read = delivered_files.read_csv

    def read_while_more_arrives(*args: Any, **options: Any) -> Any:
        with path.open("a") as stream:
            stream.write(line("B") + "\n")
        return read(*args, **options)

    monkeypatch.setattr(delivered_files, "read_csv", read_while_more_arrives)
    with pytest.raises(
        TransientError,
        match=r"^acme_2026-03-10.csv changed while it was read: it is still being",
    ):
        drop.extract()
    assert not staging.exists(f"file://{drop.staging}/0")
    monkeypatch.undo()


def test_a_file_that_may_not_be_read_keeps_no_other_out(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("locked_2026-03-10.csv", file_of(line("L")))
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    original = os.open

    def refuse(
        path: Any, *args: Any, **kwargs: Any
    ) -> int:  # root, as whom tests may run, has every right
        if "locked" in str(path):
            raise PermissionError(path)
        return original(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "reason, detail, file") == [
        (
            "file_unreadable",
            "it cannot be opened: permission denied",
            "locked_2026-03-10.csv",
        )
    ]


def test_only_regular_files_of_the_folder_are_read(drop: Drop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text(file_of(line("secret")))
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
    os.mkfifo(drop.drop / "pipe_2026-02-20.csv")  # of a day before those that are read
    (drop.drop / "dangling_2026-02-20.csv").symlink_to("nowhere")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, file") == [("A", "acme_2026-03-10.csv")]
    refused = dict.fromkeys(
        ["dangling", "device", "folder", "out", "pipe", "within"],
        "it is no regular file of the folder",
    )
    refused["dangling"] = "it cannot be opened: No such file or directory"
    assert rows(manifest, "rejects", "file, row_number, reason, detail") == [
        (f"{partner}_2026-03-10.csv", 0, "file_unreadable", detail)
        for partner, detail in refused.items()
    ]
    warnings = findings(manifest.control_totals["warnings"])
    for partner, detail in refused.items():
        assert f"{partner}_2026-03-10.csv was not loaded: {detail}" in warnings
    assert manifest.control_totals["missing_deliveries"] == [], "none of them is due"


def test_lines_that_need_too_much_memory_keep_no_other_out(drop: Drop) -> None:
    for name, count in (("longer", 40), ("long", 20)):
        lines = (line(f"L{each}", name="x" * 900_000) for each in range(count))
        drop.put(f"{name}_2026-03-10.csv", file_of(*lines))
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.put("zeta_2026-03-10.csv", file_of(line("Z")))
    manifest = drop.extract()
    assert sorted(rows(manifest, "lines", "order_id, length(product_name)")) == sorted(
        [("A", 3), *((f"L{each}", 900_000) for each in range(20)), ("Z", 3)]
    )
    assert rows(manifest, "rejects", "row_number, reason, detail, file") == [
        (
            *(
                0,
                "file_too_large",
                "its lines are too long to be read in the memory that there is",
            ),
            "longer_2026-03-10.csv",
        )
    ]


def test_names_that_are_long_or_not_utf_8_keep_no_other_out(drop: Drop) -> None:
    long = f"{'a' * 240}_2026-03-10.csv"
    drop.put(long, file_of(line("A")))
    for name in (b"M\xe4rz.csv", b"\xe4.txt"):
        Path(os.fsdecode(os.fsencode(drop.drop) + b"/" + name)).write_text("")
    manifest = transform(drop.extract(), run_id="run")
    assert rows(manifest, "loaded_files", "file") == [(long,)]
    assert findings(manifest.control_totals["warnings"]) == [
        "M\ufffdrz.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
        "1 other entry of the partner folder was not read: \ufffd.txt",
    ]


def test_a_file_that_vanishes_meanwhile_keeps_no_other_out(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    gone = drop.put("gone_2026-03-10.csv", file_of(line("B")))

    def look_up(*names: Any) -> Mapping[str, dict[str, Any]]:
        gone.unlink(missing_ok=True)
        return drop.look_up(*names)

    drop.memory = Remembered(loaded_files=look_up)
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "file, detail") == [
        ("gone_2026-03-10.csv", "it cannot be opened: No such file or directory")
    ]


@pytest.mark.parametrize(
    ("name", "content", "setting", "why"),
    [
        (
            "bomb_2026-03-10.csv.gz",
            HEADER + "\n" * 30_000,
            "PARTNER_FILE_MAX_LINES=20000",
            "it has more than 20,000 lines",
        ),
        (
            "bomb_2026-03-10.csv.gz",
            file_of(line("B", name="x" * 100_000)),
            "PARTNER_FILE_MAX_BYTES=50000",
            "it has more than 50,000 bytes, decompressed",
        ),
        (
            "large_2026-03-10.csv",
            file_of("x" * 60_000),
            "PARTNER_FILE_MAX_BYTES=50000",
            f"it has {len(HEADER) + 60_002:,} bytes",
        ),
    ],
)
def test_a_file_beyond_its_bounds_is_rejected_whole(
    drop: Drop, name: str, content: str, setting: str, why: str
) -> None:
    drop.put(name, content)
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(*setting.split("="))
        manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "file, reason, detail") == [
        (name, "file_too_large", why)
    ]


def test_what_lies_in_the_folder_and_is_not_read_is_listed_once_and_briefly(
    drop: Drop,
) -> None:
    for number in range(7):
        drop.put(f".upload{number}.csv.part", "x")
    drop.put("acme_2027-03-10.csv", file_of(line("A")))
    drop.put("acme_2026-03-11.csv", file_of(line("B")))  # the next run's
    (warning,) = drop.extract().control_totals["warnings"]
    (found,) = findings([warning])
    assert found.startswith(
        "8 other entries of the partner folder were not read: .upload0.csv.part, "
    )
    assert found.endswith(" and 3 more")
    assert wording(warning).weight == HARMLESS
    hints = [text for verdict, text in partner_files.check() if verdict != OK]
    assert len(hints) == 1
    # The next day's report lists what is new alone.
    assert drop.extract(date(2026, 3, 12)).control_totals["warnings"] == []


def test_a_folder_that_does_not_exist(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER_DROP_URI", f"file://{drop.drop}/nowhere")
    with pytest.raises(ConfigurationError) as caught:
        drop.extract()
    assert str(caught.value) == (
        f"the folder PARTNER_DROP_URI=file://{drop.drop}/nowhere does not exist: make it, or name the one "
        "that partners leave their files in"
    )


def test_a_drop_folder_in_an_object_store(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach("memory", fs=MemoryFileSystem())
    store = staging.storage_path("memory://partner-drop")
    for name in ("acme_2026-03-10.csv", "acme_2026-03-09.csv.gz"):
        path = drop.put(name, file_of(line(name)))
        (store / name).write_bytes(path.read_bytes())
    monkeypatch.setenv("PARTNER_DROP_URI", "memory://partner-drop")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, partner") == [
        ("acme_2026-03-09.csv.gz", "acme"),
        ("acme_2026-03-10.csv", "acme"),
    ]
    assert all(
        received.year >= 2026 for (received,) in rows(manifest, "files", "received_at")
    )
