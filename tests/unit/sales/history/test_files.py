"""Which files an export consists of, and the form that names them."""

import os

import pytest

from ecommerce.core.errors import ConfigurationError, ContractError, TransientError
from ecommerce.sales.history import tasks
from ecommerce.sales.history.files import find_files
from tests.unit.sales.history.export import line, text


def test_all_kinds_by_name_and_what_is_no_data_left_out(export):
    names = ["b.csv.gz", "c.CSV", "a.csv.zst", "d.parquet", "_SUCCESS", ".e.csv.part"]
    for name in names:
        export.put(name, text(line("A")))
    (export.folder / "folder.csv").mkdir()

    found = find_files(f"file://{export.folder}/*")

    assert [(file.name, file.ending) for file in found] == [
        ("a.csv.zst", ".csv.zst"),
        ("b.csv.gz", ".csv.gz"),
        ("c.CSV", ".csv"),
        ("d.parquet", ".parquet"),
    ]
    assert found[2].bytes == len(text(line("A")))


def test_names_are_paths_below_the_pattern_and_no_patterns_themselves(
    export,
):
    for name in ("2019/01/orders.csv", "2020/01/orders.csv", "2020/orders #1?.csv"):
        export.put(name, text(line("A")))

    found = find_files(f"file://{export.folder}/**/*.csv")

    assert [file.name for file in found] == [
        "2019/01/orders.csv",
        "2020/01/orders.csv",
        "2020/orders #1?.csv",
    ]
    found[2].check_unchanged()


@pytest.mark.parametrize(
    ("name", "params", "complaint"),
    [
        ("a.csv", {"files": "https://example.com/a.csv"}, "file:///, gs://, s3://"),
        ("a.csv", {"files": "file://exports/*"}, "it has to begin with"),
        (
            "a.csv",
            {"files": "file:///no/such/*.csv"},
            "no file matches file:///no/such",
        ),
        ("orders.xlsx", {}, r"^orders\.xlsx ends in none of \.csv"),
        (
            "a.csv",
            {"source": "sales_db"},
            "sales_db is .* live source: .* old_sales_db",
        ),
    ],
)
def test_a_form_or_a_file_that_cannot_be(export, name, params, complaint):
    export.put(name, text(line("A")))
    with pytest.raises(ConfigurationError, match=complaint):
        tasks.list_files.function(**export.context(**params))


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_is_no_regular_file_is_named_and_not_opened(kind, export):
    export.put("orders.csv", text(line("A")))
    other = export.folder / "other.csv"
    if kind == "pipe":
        os.mkfifo(other)
    else:
        other.symlink_to("orders.csv")
    with pytest.raises(ConfigurationError, match=r"^other.csv is a link, a named pipe"):
        find_files(f"file://{export.folder}/*.csv")


@pytest.mark.parametrize("order_ids", ["AB", "B"])
def test_a_file_that_is_not_what_was_listed_is_not_read(order_ids, export):
    path = export.put("orders.csv", text(line("A")))
    (request,) = tasks.list_files.function(**export.context())
    path.write_text(text(*map(line, order_ids)))
    complaint = "^orders.csv has changed since it was listed.*clear list_files"
    with pytest.raises(ContractError, match=complaint):
        tasks.read.function(request)
    path.unlink()
    with pytest.raises(TransientError, match=r"^orders\.csv has disappeared"):
        tasks.read.function(request)
    assert not list(export.staging.rglob("manifest.json"))
