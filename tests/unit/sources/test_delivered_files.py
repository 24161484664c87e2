"""Which columns of a delivered CSV file are read: the contract's and those that ORDER_ATTRIBUTES names."""

import io
from datetime import UTC, datetime

import pytest

from ecommerce.core.paths import read_sql
from ecommerce.sources.delivered_files import (
    extra_columns,
    read_csv,
    unread_columns,
)
from ecommerce.sources.partner_layouts import COLUMNS, STANDARD
from ecommerce.storage.duckdb import connect_duckdb

ATTRIBUTES = ("Payment", "group", "partner", "sales_channel")


def read(tmp_path, header, *records, attributes=ATTRIBUTES):
    """The lines of a file whose records begin with the contract's columns."""
    lines = [",".join([*COLUMNS, *cells]) for cells in (header, *records)]
    text = "\n".join(lines)
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
    _, (without,) = read(tmp_path, [], [])
    assert list(line) == list(without), "every file gives the same columns"
    assert (line["sales_channel"], line["partner"]) == (expected, "acme")


def test_what_every_line_has_is_no_extra_column():
    assert extra_columns(["Partner", "SKU", "sku", "utm"]) == ["utm"]
