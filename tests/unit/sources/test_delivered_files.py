"""Which columns of a delivered CSV file are read: the contract's and those that ORDER_ATTRIBUTES names."""

import io
from datetime import UTC, datetime

from ecommerce.core.paths import read_sql
from ecommerce.sources.delivered_files import extra_columns, read_csv
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.storage.duckdb import connect_duckdb, define_values

ATTRIBUTES = ("Payment", "group", "partner", "sales_channel")
SETTINGS = {
    "CUSTOMER_HASH_KEY": "a hash key that only tests use",
    "ORDER_ATTRIBUTES": ",".join(ATTRIBUTES),
}
RECEIVED = datetime(2026, 11, 20, tzinfo=UTC)
FILES = [
    ([], [], None),
    (["colour", "group", "sales_channel"], ["red", "b", "app"], "app"),
    (["sales_channel", "sales_channel"], ["first", "second"], "first"),
    (["partner", "sales_channel"], ["somebody else", "exact"], "exact"),
]
"""Further columns, their values, and what `sales_channel` is."""


def test_named_columns_are_kept_wherever_they_stand_and_whatever_they_collide_with(
    tmp_path, monkeypatch
):
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    facts = {"file": "acme.csv", "partner": "acme", "received_at": RECEIVED}
    target = tmp_path / "lines.parquet"
    columns = set()
    for further, values, channel in FILES:
        text = f"{','.join([*COLUMNS, *further])}\n{','.join([*COLUMNS, *values])}\n"
        with connect_duckdb() as duck:
            define_values(duck, SETTINGS["CUSTOMER_HASH_KEY"])
            duck.execute(read_sql("extract/create_rejects.sql"))
            stream = io.BytesIO(text.encode())
            warnings = read_csv(duck, stream, target, facts)
            lines = duck.from_parquet(str(target))
            read = lines.to_arrow_table().to_pylist()[0]
        columns.add(tuple(read))
        assert (read["sales_channel"], read["partner"]) == (channel, "acme")
        assert (read["Payment"], read["country_code"]) == (None, "country_code")
        unread = [name for name in further if name not in ATTRIBUTES]
        assert [warning["columns"] for warning in warnings] == unread
    assert len(columns) == 1, "every file gives the same columns"


def test_what_every_line_has_is_no_extra_column():
    assert extra_columns(["Partner", "SKU", "sku", "utm"]) == ["unit_cost", "utm"]
