"""Which files an export consists of."""

import os
from pathlib import Path

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.errors import ConfigurationError, ContractError
from ecommerce.sales.history import files, tasks
from ecommerce.sales.history.files import find_files
from ecommerce.sources import LIVE
from tests.unit.sales.history.export import Export, line, text


def test_all_kinds_by_name_and_what_is_no_data_left_out(export: Export) -> None:
    for name in (
        "b.csv.gz",
        "c.CSV",
        "a.csv.zst",
        "d.parquet",
        "_SUCCESS",
        ".e.csv.part",
    ):
        export.put(name, text(line("A")))
    (export.folder / "folder.csv").mkdir()

    found = find_files(f"file://{export.folder}/*")

    assert [file.name for file in found] == [
        "a.csv.zst",
        "b.csv.gz",
        "c.CSV",
        "d.parquet",
    ]
    assert [file.compression for file in found] == ["zstd", "gzip", None, None]
    assert [file.is_parquet for file in found] == [False, False, False, True]
    assert found[2].bytes == len(text(line("A")))


def test_files_of_one_name_in_several_folders_are_told_apart(export: Export) -> None:
    for year in (2019, 2020):
        export.put(f"{year}/01/orders.csv", text(line("A")))

    found = find_files(f"file://{export.folder}/**/*.csv")

    assert [file.name for file in found] == ["2019/01/orders.csv", "2020/01/orders.csv"]


def test_special_characters_in_names_are_no_wildcards_or_parts_of_an_address(
    export: Export,
) -> None:
    export.put("orders #1?.csv", text(line("A")))

    (found,) = find_files(f"file://{export.folder}/orders*")

    assert found.name == "orders #1?.csv"
    found.check_unchanged()


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        (
            "https://example.com/orders.csv",
            "it has to begin with file://, gs://, s3://",
        ),
        ("/data/orders.csv", "it has to begin with"),
        ("file://", "it has to begin with"),
        ("file:///no/such/folder/*.csv", "no file matches file:///no/such/folder"),
    ],
)
def test_patterns_that_cannot_be(pattern: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        find_files(pattern)


def test_a_file_of_another_kind_is_named(export: Export) -> None:
    export.put("orders.csv", text(line("A")))
    export.put("orders.xlsx", "PK")

    with pytest.raises(ConfigurationError, match=r"^orders.xlsx ends in none of .csv"):
        find_files(f"file://{export.folder}/*")


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_is_no_regular_file_is_named_and_not_opened(
    kind: str, export: Export
) -> None:
    export.put("orders.csv", text(line("A")))
    other = Path(export.folder) / "other.csv"
    os.mkfifo(other) if kind == "pipe" else other.symlink_to("orders.csv")

    with pytest.raises(ConfigurationError, match=r"^other.csv is a link, a named pipe"):
        find_files(f"file://{export.folder}/*.csv")


def test_object_stores_are_listed_like_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryFileSystem()
    attach("memory", fs=store)
    monkeypatch.setattr(files, "SCHEMES", ("memory",))
    store.pipe("/exports/2024/a.csv", text(line("A")).encode())
    store.pipe("/exports/2024/b.csv", text(line("B")).encode())

    found = find_files("memory:///exports/*/*.csv")

    assert [file.name for file in found] == ["2024/a.csv", "2024/b.csv"]
    assert all(file.modified_at.tzinfo for file in found)


@pytest.mark.parametrize("what", ["changed", "disappeared"])
def test_a_file_that_is_not_what_was_listed_is_not_read(
    what: str, export: Export
) -> None:
    path: Path = export.put("orders.csv", text(line("A")))
    (request,) = tasks.list_files.function(**export.context())
    path.write_text(text(line("A"), line("B"))) if what == "changed" else path.unlink()

    with pytest.raises(
        ContractError,
        match=rf"^orders.csv has {what} since it was listed.*clear list_files",
    ):
        tasks.read.function(request)


@pytest.mark.parametrize("name", LIVE)
def test_the_name_of_a_source_that_is_read_live_is_refused(
    name: str, export: Export
) -> None:
    export.put("orders.csv", text(line("A")))

    with pytest.raises(
        ConfigurationError, match=f"{name} is .* live source: give the export a name of"
    ):
        tasks.list_files.function(**export.context(source=name))


def test_a_range_that_ends_before_it_begins(export: Export) -> None:
    export.put("orders.csv", text(line("A")))

    with pytest.raises(
        ConfigurationError, match="last_day 2024-01-01 is before first_day 2024-01-02"
    ):
        tasks.list_files.function(
            **export.context(first_day="2024-01-02", last_day="2024-01-01")
        )
