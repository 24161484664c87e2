"""What the transform leaves behind, and what it does when it runs again, elsewhere or on broken files."""

import gc
import hashlib
import hmac
import logging
import shutil

import duckdb
import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.errors import ContractError, StagingError
from ecommerce.sales.transform import ORDERS, transform
from ecommerce.sources import live_sources
from ecommerce.storage import staging
from ecommerce.transform import run as transform_module
from ecommerce.transform.database import padded_keys
from tests.rows import column_of
from tests.unit.sales.transform.raw_folders import (
    KEY,
    RUN_ID,
    RawFolders,
    csv_line,
    fill_sales_db,
    item,
    order,
    page_order,
    page_refund,
    read,
    refund,
    write,
    write_json,
)


def one_order(folder):
    fill_sales_db(
        folder,
        orders=[order(customer_id="C1")],
        order_items=[item(), item(line_number=2, quantity=0)],
        refunds=[refund()],
        products=[{"sku": "MUG-01"}],
        customers=[{"customer_id": "C1", "email": "ann@example.com"}],
    )


@pytest.mark.parametrize("source", live_sources())
def test_a_day_without_anything_is_a_valid_day(raw, source):
    done = getattr(raw, source)()
    always = {f"{table}.parquet" for table in ORDERS.required_tables}
    assert set(done.manifest.columns) == always
    assert (*done.counts, done.manifest.rows) == (0, 0, 0, 0, 0)
    assert done.totals["amount"] == "0.0000"


def test_a_second_run_returns_the_result_of_the_first(raw, tmp_path):
    """The raw folder is gone then, and with it every address."""
    totals = {"source_orders": 1, "source_amount": "20.00", "warnings": ["extra"]}
    manifest = raw.publish("sales_db", one_order, **totals)
    done = transform(manifest, run_id=RUN_ID)

    assert transform(manifest, run_id="a later try") == done
    for name in ("source", "business_date", "read_at", "window_start", "window_end"):
        assert getattr(done, name) == getattr(manifest, name)
    assert done.control_totals == {
        **totals,
        "rows_read": 4,
        "rows_accepted": 3,
        "rows_rejected": 1,
        "rows_superseded": 0,
        "orders": 1,
        "amount": "20.0000",
        "rejected": {"invalid_quantity": 1},
        "raw_sha256": manifest.sha256,
        "run_id": RUN_ID,
    }
    assert not (tmp_path / "run" / "sales_db").exists()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if b"example.com" in path.read_bytes()]


def test_a_second_run_of_the_same_raw_files_gives_the_same_rows(
    raw, tmp_path, temporary_folder
):
    """As if the first had been killed before it removed them. Neither leaves temporary files."""
    manifest = raw.publish("sales_db", one_order)
    shutil.copytree(tmp_path / "run" / "sales_db", tmp_path / "kept")
    first = read(transform(manifest, run_id=RUN_ID))
    shutil.move(tmp_path / "kept", tmp_path / "run" / "sales_db")
    again = read(transform(manifest, run_id=RUN_ID))
    assert again.tables == first.tables
    gc.collect()
    assert list(temporary_folder.iterdir()) == []


def test_raw_files_that_are_not_this_runs_are_not_transformed(raw):
    gone = raw.publish("sales_db", one_order)
    staging.discard(gone.uri)
    with pytest.raises(StagingError, match="clear the extract task with downstream"):
        transform(gone, run_id=RUN_ID)

    transform(raw.publish("sales_db", one_order), run_id=RUN_ID)
    other = raw.publish("sales_db", fill_sales_db)
    staging.discard(other.uri)
    with pytest.raises(StagingError, match="no staged files"):
        transform(other, run_id=RUN_ID)

    replaced = raw.publish("sales_db", one_order)
    raw.publish("sales_db", fill_sales_db)
    with pytest.raises(StagingError, match="have been read again"):
        transform(replaced, run_id=RUN_ID)


def test_record_that_gets_lost_fails_the_source_and_keeps_the_raw_files(raw):
    file = {"name": "acme_2026-11-19.csv", "lines": [csv_line()]}
    listed_twice = raw.partner_files_manifest(file, file | {"lines": []})
    with pytest.raises(ContractError, match="1 records were read, but 1 accepted"):
        transform(listed_twice, run_id=RUN_ID)
    assert staging.exists(listed_twice.uri)
    assert not staging.exists(f"{raw.root}/transformed/partner_files")


def without_files(folder):
    """Nothing at all."""


def without_status(folder):
    one_order(folder)
    declared = "order_id VARCHAR, customer_id VARCHAR"
    write(folder / "orders.parquet", declared, [{"order_id": "ann@example.com"}])


def error_page(folder):
    page = {"code": "woocommerce_rest_cannot_view", "message": "no, ann@example.com"}
    write_json(folder / "orders" / "1.json", page)


@pytest.mark.parametrize(
    ("fill", "kind", "place"),
    [
        (without_status, ContractError, r"sales_db: .*sales_db\.sql: .*status"),
        (error_page, ContractError, r"storefront: storefront\.sql: "),
        (without_files, StagingError, r"sales_db: .*orders\.parquet"),
    ],
)
def test_broken_raw_files_are_named_and_nothing_private_is_quoted(
    raw, caplog, fill, kind, place
):
    caplog.set_level(logging.DEBUG)
    source = "storefront" if fill is error_page else "sales_db"
    with pytest.raises(kind, match=place) as failure:
        raw.run(source, fill)
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__
    logged = caplog.text + str(failure.value)
    assert "@example" not in logged
    assert KEY not in logged


@pytest.mark.parametrize("length", [64, 65])
def test_a_key_of_any_length_is_that_of_an_hmac(length):
    """A key is used as it is up to 64 bytes, and hashed first if it is longer."""
    key = length * b"k"
    inner_key, outer_key = padded_keys(key)
    inner = hashlib.sha256(inner_key + b"ann@example.com")
    outer = hashlib.sha256(outer_key + inner.digest())
    assert outer.digest() == hmac.digest(key, b"ann@example.com", "sha256")


def test_object_stores_work_like_disks(tmp_path):
    attach("memory", fs=MemoryFileSystem())
    away = RawFolders(f"memory://bucket/{tmp_path.name}")
    pages = [[page_order(number)] for number in (100, 101)]
    broken = page_order(102, currency=None, line_items=[])
    done = away.storefront(*pages, [broken], refunds=[page_refund()])
    assert set(column_of(done.orders, "order_id")) == {"100", "101"}
    assert len(done.refunds) == 1
    (rejected,) = done.rejected_rows
    assert rejected["file"] == "orders/0000-02-0001.json"
    assert not staging.exists(f"{away.root}/storefront")


@pytest.mark.parametrize(
    "create",
    [
        "CREATE OR REPLACE VIEW",
        "create or replace\n  view",
        "Create Or Replace Temp View",
    ],
)
@pytest.mark.parametrize("is_small", [True, False])
def test_a_source_may_spell_its_views_in_any_way(create, is_small, tmp_path):
    """Where the empty views of staged.sql are tables, a view that stays one could not replace them."""
    texts = [
        "CREATE VIEW staged_orders AS SELECT NULL::VARCHAR AS order_id WHERE FALSE",
        f"-- Receipts.\n{create} staged_orders AS SELECT 'A1' AS order_id",
        "ALTER VIEW staged_orders RENAME TO mapped_orders",
    ]
    step = tmp_path / "till_system.sql"
    with duckdb.connect() as connection:
        for text in texts:
            step.write_text(text)
            sql = transform_module._read_step(step, is_small)
            connection.execute(sql)
        assert connection.execute("FROM mapped_orders").fetchall() == [("A1",)]
