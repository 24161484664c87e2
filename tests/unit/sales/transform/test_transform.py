"""What the transform leaves behind, and what it does when it runs again, elsewhere or on broken files."""

import gc
import logging
import re
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.errors import ContractError, StagingError
from ecommerce.sales.transform import ORDERS, transform
from ecommerce.sources import SOURCES
from ecommerce.storage import staging
from ecommerce.storage.transform import FOLDER
from ecommerce.storage.xcom import from_xcom, to_xcom
from tests.unit.sales.transform.raw_folders import (
    KEY,
    RUN_ID,
    SALES_DB,
    RawFolders,
    columns,
    csv_line,
    item,
    order,
    page_order,
    page_refund,
    read,
    refund,
    write,
    write_json,
)

PARQUET_TYPES = {
    "STRING": "string",
    "BOOL": "bool",
    "INT64": "int64",
    "DATE": "date32[day]",
    "TIMESTAMP": "timestamp[us, tz=UTC]",
    "NUMERIC(18, 4)": "decimal128(18, 4)",
    "NUMERIC(18, 8)": "decimal128(18, 8)",
    "ARRAY<STRING>": "list<element: string>",
}
NOT_OURS = {"picture_uri", "thumbnail_uri", "first_ordered_at"}
CUSTOMER = {"customer_id": "C1", "email": "ann@example.com"}


def fill_sales_db(folder: Path, **tables):
    for table, types in SALES_DB.items():
        write(folder / f"{table}.parquet", columns(**types), tables.get(table, []))


def one_order(folder: Path):
    fill_sales_db(
        folder,
        orders=[order(customer_id="C1")],
        order_items=[item(), item(line_number=2, quantity=0)],
        refunds=[refund()],
        products=[{"sku": "MUG-01"}],
        customers=[CUSTOMER],
    )


def test_files_have_the_warehouses_columns_and_types(raw, repository):
    stated = raw.publish(
        "sales_db", one_order, source_amounts=[{"currency": "EUR", "amount": "20.00"}]
    )
    done = [
        read(transform(stated, run_id=RUN_ID)),
        raw.exchange_rates(
            {"rate_date": "2026-11-19", "currency": "USD", "rate": "1.1"}
        ),
        raw.partner_files({"name": "acme_2026-11-19.csv", "lines": [csv_line()]}),
    ]
    seen = set()
    for manifest in (one.manifest for one in done):
        for file, names in manifest.columns.items():
            table = file.removesuffix(".parquet")
            schema = pq.read_schema(manifest.file(file))
            assert schema.names == names
            if (
                table != "order_versions"
            ):  # a staging table: the load's own, not the warehouse's
                text = (
                    repository / f"include/sql/warehouse/tables/{table}/table.sql"
                ).read_text()
                declared = re.findall(
                    r"^    (\w+) ([A-Z0-9<>]+(?:\([0-9, ]+\))?)", text, re.M
                )
                expected = [
                    (name, PARQUET_TYPES[kind])
                    for name, kind in declared
                    if name not in NOT_OURS
                ]
                assert [(field.name, str(field.type)) for field in schema] == expected
            seen.add(table)
    assert seen == {*ORDERS.always_there, *ORDERS.when_they_have_rows}


def test_order_versions_say_what_is_replaced(raw):
    manifest = raw.run("sales_db", one_order).manifest
    schema = pq.read_schema(manifest.file("order_versions.parquet"))
    assert [(field.name, str(field.type)) for field in schema] == [
        ("source", "string"),
        ("order_id", "string"),
        ("version_updated_at", "timestamp[us, tz=UTC]"),
        ("read_at", "timestamp[us, tz=UTC]"),
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_a_day_without_anything_is_a_valid_day(raw, source):
    done = getattr(raw, source)()
    assert set(done.manifest.columns) == {
        f"{table}.parquet" for table in ORDERS.always_there
    }
    assert (done.totals["rows_read"], done.totals["amount"], done.manifest.rows) == (
        0,
        "0.0000",
        0,
    )


def test_manifest_carries_what_source_and_extract_said(raw):
    totals = {
        "source_orders": 1,
        "source_amount": "20.00",
        "warnings": ["extra column ignored"],
    }
    manifest = raw.publish("sales_db", one_order, **totals)
    done = transform(manifest, run_id=RUN_ID)
    assert (done.read_at, done.window_start, done.window_end) == (
        manifest.read_at,
        manifest.window_start,
        manifest.window_end,
    )
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
    assert from_xcom(staging.Manifest, to_xcom(done)) == done


def test_raw_folder_is_gone_afterwards_and_no_address_is_left(raw, tmp_path):
    raw.run("sales_db", one_order)
    assert not (tmp_path / "run" / "sales_db").exists()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if b"example.com" in path.read_bytes()]


def test_nothing_is_left_in_the_temporary_folder(raw, tmp_path, monkeypatch):
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spill))
    raw.run("sales_db", one_order)
    gc.collect()
    assert list(spill.iterdir()) == []


def test_running_again_after_the_raw_files_are_gone_returns_the_first_result(raw):
    manifest = raw.publish("sales_db", one_order)
    first = transform(manifest, run_id=RUN_ID)
    assert transform(manifest, run_id="a later try") == first


def test_running_again_while_the_raw_files_are_there_gives_the_same_rows(raw, tmp_path):
    manifest = raw.publish("sales_db", one_order)
    shutil.copytree(tmp_path / "run" / "sales_db", tmp_path / "kept")
    first = read(transform(manifest, run_id=RUN_ID))
    shutil.move(
        tmp_path / "kept", tmp_path / "run" / "sales_db"
    )  # as if killed before the raw files went
    again = read(transform(manifest, run_id=RUN_ID))
    assert again.tables == first.tables


def test_raw_files_that_are_gone_are_asked_for_in_one_sentence(raw, tmp_path):
    manifest = raw.publish("sales_db", one_order)
    staging.discard(manifest.uri)
    with pytest.raises(StagingError, match="clear the extract task with downstream"):
        transform(manifest, run_id=RUN_ID)


def test_result_of_other_raw_files_is_not_taken_for_this_runs(raw):
    transform(raw.publish("sales_db", one_order), run_id=RUN_ID)
    other = raw.publish("sales_db", fill_sales_db)
    staging.discard(other.uri)
    with pytest.raises(StagingError, match="no staged files"):
        transform(other, run_id=RUN_ID)


def test_raw_files_that_were_extracted_again_are_not_taken_for_this_runs(raw):
    manifest = raw.publish("sales_db", one_order)
    raw.publish("sales_db", fill_sales_db)
    with pytest.raises(StagingError, match="have been read again"):
        transform(manifest, run_id=RUN_ID)


def test_record_that_gets_lost_fails_the_source_and_keeps_the_raw_files(raw, tmp_path):
    def one_file_listed_twice(folder):
        helper = RawFolders(f"file://{tmp_path}/other")
        lines = {"name": "acme_2026-11-19.csv", "lines": [csv_line()]}
        helper_manifest = helper.partner_files_manifest(lines, lines | {"lines": []})
        shutil.copytree(
            staging.local_or_uri(helper_manifest.uri), folder, dirs_exist_ok=True
        )

    manifest = raw.publish("partner_files", one_file_listed_twice)
    with pytest.raises(ContractError, match="1 records were read, but 1 accepted"):
        transform(manifest, run_id=RUN_ID)
    assert staging.exists(manifest.uri)
    assert not staging.exists(f"{raw.root}/transformed/partner_files")


def test_broken_raw_files_are_named_and_nothing_private_is_quoted(raw, tmp_path):
    def missing_column(folder):
        one_order(folder)
        write(
            folder / "orders.parquet",
            "order_id VARCHAR, customer_id VARCHAR",
            [{"order_id": "ann@example.com"}],
        )

    def error_page(folder):
        raw_page = {
            "code": "woocommerce_rest_cannot_view",
            "message": "no, ann@example.com",
        }
        write_json(folder / "orders" / "1.json", raw_page)

    with pytest.raises(
        ContractError, match=r"sales_db: .*sales_db.sql: .*status"
    ) as missing:
        raw.run("sales_db", missing_column)
    with pytest.raises(ContractError, match=r"storefront: storefront.sql: ") as page:
        raw.run("storefront", error_page)
    for failure in (missing, page):
        assert "@example" not in str(failure.value)
        assert failure.value.__cause__ is None
        assert failure.value.__suppress_context__


def test_missing_raw_file_is_a_staging_error(raw):
    with pytest.raises(StagingError, match=r"orders\.parquet"):
        raw.run("sales_db", lambda folder: None)


def test_the_hash_key_is_in_no_log_and_no_error(raw, caplog):
    caplog.set_level(logging.DEBUG)
    raw.run("sales_db", one_order)
    with pytest.raises(StagingError) as failure:
        raw.run("sales_db", lambda folder: None)
    assert KEY not in caplog.text + repr(failure.value)
    assert "records read" in caplog.text


def test_object_stores_work_like_disks(tmp_path):
    attach("memory", fs=MemoryFileSystem())
    away = RawFolders(f"memory://bucket/{tmp_path.name}")
    done = away.storefront([page_order()], [page_order(101)], refunds=[page_refund()])
    assert {row["order_id"] for row in done.orders} == {"100", "101"}
    assert len(done.refunds) == 1
    bad = away.storefront([page_order(currency=None)])
    assert {row["file"].split("#")[0] for row in bad.rejected_rows} == {
        "orders/0000-00-0001.json"
    }
    assert not staging.exists(f"{away.root}/storefront")


def test_no_step_after_the_first_names_a_source():
    shared = [
        step
        for step in (FOLDER / ORDERS.folder).glob("*.sql")
        if step.stem not in SOURCES
    ]
    assert len(shared) > 10
    for step in shared:
        assert not [source for source in SOURCES if f"'{source}" in step.read_text()], (
            step.name
        )


def test_every_step_is_documented():
    documented = (FOLDER / ORDERS.folder / "staged_columns.md").read_text()
    text = (FOLDER / ORDERS.folder / "staged.sql").read_text()
    for view, body in re.findall(
        r"CREATE VIEW (\w+) AS\nSELECT(.*?)WHERE FALSE", text, re.S
    ):
        assert view in documented
        for column in re.findall(r"AS (\w+)", body):
            assert re.search(rf"\b{column}\b", documented), f"{view}.{column}"
