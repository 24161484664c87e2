"""Which columns of a delivered CSV file are read: the contract's and those that ORDER_ATTRIBUTES names."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractBufferedFile
from upath import UPath

from ecommerce.core.paths import read_sql
from ecommerce.sources.delivered_files import (
    UnusableFileError,
    column_names,
    extra_columns,
    read_csv,
    unread_columns,
)
from ecommerce.sources.partner_files.folder import DroppedFile
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD
from ecommerce.storage.duckdb import connect_duckdb

ATTRIBUTES = ("Payment", "group", "partner", "sales_channel")


def read(tmp_path, header, *records, attributes=ATTRIBUTES):
    """The lines of a file whose records begin with the contract's columns."""
    text = "\n".join(
        [
            ",".join([*COLUMNS, *header]),
            *(",".join([*COLUMNS, *record]) for record in records),
        ]
    )
    target = f"{tmp_path}/lines.parquet"
    facts = {
        "file": "acme.csv",
        "partner": "acme",
        "received_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    with connect_duckdb() as duck:
        duck.execute(read_sql("extract/create_rejects.sql"))
        names = read_csv(
            duck,
            io.BytesIO(text.encode()),
            facts | {"lines": target},
            attributes=attributes,
        )
        assert duck.table("rejects").fetchall() == []
        lines = duck.from_parquet(target)
        return names, [
            dict(zip(lines.columns, row, strict=True)) for row in lines.fetchall()
        ]


def test_named_columns_are_kept_wherever_they_stand(tmp_path):
    names, (line,) = read(
        tmp_path, ["colour", "group", "sales_channel"], ["red", "b", "app"]
    )
    assert (line["sales_channel"], line["group"], line["Payment"]) == ("app", "b", None)
    assert line["country_code"] == "country_code"
    assert "colour" not in line
    assert unread_columns(names, STANDARD, ATTRIBUTES) == ["colour"]


WITHOUT_PANDAS = """
import datetime, io, sys
from ecommerce.core.paths import read_sql
from ecommerce.sources.delivered_files import COLUMNS, read_csv
from ecommerce.storage.duckdb import connect_duckdb
header = ",".join(COLUMNS)
text = f"{header}\\n{header}\\nbroken\\n" + header.replace("sku", '"two\\nlines"')
facts = {"file": "", "partner": "", "received_at": datetime.datetime.now(datetime.UTC), "lines": sys.argv[1]}
duck = connect_duckdb()
duck.execute(read_sql("extract/create_rejects.sql"))
read_csv(duck, io.BytesIO(text.encode()), facts)
print(duck.execute("SELECT count(*) FROM read_parquet(?)", [sys.argv[1]]).fetchall(), "pandas" in sys.modules)
"""


def test_reading_does_not_import_pandas(tmp_path):
    """pyarrow does for most conversions, which takes longer than reading 500,000 lines."""
    command = [sys.executable, "-c", WITHOUT_PANDAS, str(tmp_path / "lines.parquet")]
    run = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": "plugins"},
        capture_output=True,
        text=True,
    )
    assert (run.stdout, run.stderr) == ("[(2,)] False\n", "")


def test_every_file_gives_the_same_columns(tmp_path):
    _, (without,) = read(tmp_path, [], [])
    _, (with_all,) = read(
        tmp_path, ["sales_channel", "group", "Payment"], ["app", "b", "card"]
    )
    assert list(without) == list(with_all)


@pytest.mark.parametrize(
    ("header", "record", "expected"),
    [
        (["sales_channel", "sales_channel"], ["first", "second"], "first"),
        (["Sales_Channel", "sales_channel"], ["other case", "exact"], "exact"),
        (["not read 15", "sales_channel"], ["odd name", "exact"], "exact"),
        (["partner", "sales_channel"], ["somebody else", "exact"], "exact"),
    ],
)
def test_names_that_collide_do_no_harm(tmp_path, header, record, expected):
    _, (line,) = read(tmp_path, header, record)
    assert (line["sales_channel"], line["partner"]) == (expected, "acme")


def test_what_every_line_has_is_no_extra_column():
    assert extra_columns(["Partner", "SKU", "sku", "utm"]) == ["utm"]


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "pipe")]
)
def test_another_delimiter_is_named(delimiter, name):
    with pytest.raises(UnusableFileError) as refused:
        column_names(io.BytesIO(delimiter.join(COLUMNS).encode()))
    assert refused.value.args == (
        "missing_column",
        f"its header is separated by the delimiter {name}; the delimiter has to be a comma",
    )


def test_a_header_that_is_quoted_whole_lacks_its_columns():
    with pytest.raises(UnusableFileError, match="its header lacks order_id"):
        column_names(io.BytesIO(f'"{",".join(COLUMNS)}"'.encode()))


class Stored(AbstractBufferedFile):
    """A file of an object store: its `readline` takes no size."""

    def _fetch_range(self, start, end):
        return self.fs.store[self.path].getvalue()[start:end]


def test_a_file_in_an_object_store_is_read(monkeypatch):
    path = UPath("memory://delivered/acme.csv")
    path.write_bytes(b"a\n")
    monkeypatch.setattr(
        MemoryFileSystem, "_open", lambda *arguments, **_: Stored(*arguments)
    )
    with DroppedFile("acme.csv", "acme", path).text() as stream:
        assert stream.readline(10) == b"a\n"
