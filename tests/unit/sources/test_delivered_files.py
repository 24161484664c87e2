"""Which columns of a delivered CSV file are read: the contract's and those that ORDER_ATTRIBUTES names."""

from dataclasses import replace

import pytest

from ecommerce.sources.csv_records import UNBOUNDED, UnusableFileError
from ecommerce.sources.delivered_files import extra_columns
from ecommerce.sources.partner_layouts import COLUMNS

ATTRIBUTES = {"Payment", "group", "partner", "sales_channel"}


@pytest.fixture(autouse=True)
def _attributes(monkeypatch):
    monkeypatch.setenv("ORDER_ATTRIBUTES", ",".join(ATTRIBUTES))


@pytest.mark.parametrize(
    ("further", "values", "channel"),
    [
        ([], [], None),
        (["colour", "group", "sales_channel"], ["red", "b", "app"], "app"),
        (["sales_channel", "sales_channel"], ["first", "second"], "first"),
        (["partner", "sales_channel"], ["somebody else", "exact"], "exact"),
    ],
)
def test_named_columns_are_kept_wherever_they_stand_and_whatever_they_collide_with(
    read_file, further, values, channel
):
    header = ",".join([*COLUMNS, *further])
    record = ",".join([*COLUMNS, *values])
    [line], _, warnings = read_file(f"{header}\n{record}\n".encode())
    assert line["sales_channel"] == channel
    assert line["partner"] == "acme"
    assert line["Payment"] is None
    assert line["country_code"] == "country_code"
    assert line.keys() > ATTRIBUTES, "every file gives the same columns"
    unread = [name for name in further if name not in ATTRIBUTES]
    assert [warning["columns"] for warning in warnings] == unread


def test_what_every_line_has_is_no_extra_column(monkeypatch):
    monkeypatch.setenv("ORDER_ATTRIBUTES", "Partner,SKU,utm")
    assert extra_columns() == ["unit_cost", "utm"]


def test_a_file_may_have_as_many_malformed_lines_as_its_bound(read_file):
    bounds = replace(UNBOUNDED, malformed=2)
    content = ",".join(COLUMNS) + "\nx\ny\n"
    _, rejects, _ = read_file(content.encode(), bounds=bounds)
    assert rejects == [(2, "malformed_line"), (3, "malformed_line")]
    with pytest.raises(UnusableFileError, match="more than 2 of its lines are malf"):
        read_file(f"{content}z\n".encode(), bounds=bounds)
