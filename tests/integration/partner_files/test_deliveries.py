"""Which partner files are read, and what a second delivery changes."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from ecommerce.core.email_masking import safe_id
from tests.integration.partner_files.drop import (
    DAY,
    HASH_KEY,
    RECEIVED,
    file_of,
    found,
    line,
    rows,
)
from tests.memory import REFUNDS, Remembered, empty

LATER = datetime(2026, 3, 12, 5, tzinfo=UTC)


def test_the_files_of_eight_days_and_no_others(drop):
    nothing = drop.extract()
    assert nothing.rows == 0
    assert rows(nothing, "lines") == []
    assert nothing.control_totals["warnings"] == []
    for name in (
        "acme_2026-03-10.csv",
        "acme_2026-03-03.csv",
        "acme_2026-03-02.csv",
        "acme_2026-03-11.csv",
        "big-shop_eu_2026-03-09.csv.gz",
        ".acme_2026-03-10.csv.partial",
        "acme_2026-03-10.csv.filepart",
        "acme_2026-02-30.csv",
        "acme_2062-03-10.csv",
        "acme-2026-03-10.CSV",
        "acme_2026-03-10.csv.sha256",
        "acme_2026-03-10.zip",
    ):
        drop.deliver(name, "A")
    (drop.drop / "archive").mkdir()
    manifest = drop.extract()
    assert rows(manifest, "files", "file, partner, received_at, lines") == [
        ("acme_2026-03-03.csv", "acme", RECEIVED, 1),
        ("acme_2026-03-10.csv", "acme", RECEIVED, 1),
        ("big-shop_eu_2026-03-09.csv.gz", "big-shop_eu", RECEIVED, 1),
    ]
    *misnamed, others, late = found(manifest)
    names = [text.partition(" was not read")[0] for text in misnamed]
    assert names == [
        "acme-2026-03-10.CSV",
        "acme_2026-02-30.csv",
        "acme_2062-03-10.csv",
    ]
    assert others == (
        "5 other entries of the partner folder were not read: .acme_2026-03-10.csv.partial, "
        "acme_2026-03-10.csv.filepart, acme_2026-03-10.csv.sha256, acme_2026-03-10.zip and archive"
    )
    assert late.endswith("the first is acme_2026-03-02.csv")
    # Other entries are a warning on the day they arrive, a misnamed file in every run.
    later = str(found(drop.extract(DAY + timedelta(days=2))))
    assert "acme-2026-03-10.CSV was not read" in later
    assert "other entries" not in later


def test_a_run_of_several_days_reads_the_files_of_all_and_lacks_those_of_each(
    drop, monkeypatch
):
    monkeypatch.setenv("EXPECTED_PARTNERS", "acme")
    for day in ("02-20", "03-03", "03-09", "03-10", "03-12", "03-13"):
        drop.deliver(f"acme_2026-{day}.csv", day)
    manifest = drop.extract(
        date(2026, 3, 9),
        last=date(2026, 3, 12),
    )
    files = [name for (name,) in rows(manifest, "files", "file")]
    assert files == [f"acme_2026-03-{day}.csv" for day in ("03", "09", "10", "12")]
    assert manifest.control_totals["missing_deliveries"] == ["acme_2026-03-11"]
    assert "misnamed" not in str(manifest.control_totals["warnings"])


def test_only_files_that_came_lately_and_were_never_loaded_are_called_late(drop):
    recently = datetime(2026, 3, 8, 12, tzinfo=UTC)
    before = datetime(2026, 3, 2, 12, tzinfo=UTC)
    drop.deliver("acme_2026-02-01.csv", "A", received=before)
    drop.deliver("acme_2026-02-15.csv", "B", received=recently)
    drop.deliver("acme_2026-02-20.csv", "C", received=recently)
    [late] = drop.extract().control_totals["warnings"]
    assert late["kind"] == "late_files"
    assert late["files"] == 2
    assert late["first_day"] == "2026-02-15"
    assert late["last_day"] == "2026-02-20"
    assert found(drop.extract(is_newest=False)) == []
    for day in (15, 20):
        drop.extract_and_load(date(2026, 2, day))
    assert found(drop.extract()) == []
    # Delivered again: only another content counts.
    drop.deliver(
        "acme_2026-02-20.csv",
        "C",
        received=recently + timedelta(days=1),
    )
    assert found(drop.extract()) == []
    drop.deliver("acme_2026-02-20.csv", "C", "D", received=recently)
    [late] = found(drop.extract())
    assert late.startswith("1 file arrived more than 7 days late")


def test_a_file_is_read_once_until_its_content_changes(drop):
    name = "acme_2026-03-05.csv"
    path = drop.deliver(name, "A", "B")
    first = drop.extract()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert rows(first, "files") == [
        (name, "acme", digest, RECEIVED, 2, ["A", "B"], [], {})
    ]
    drop.load(first)
    drop.deliver(
        name,
        "A",
        "B",
        received=LATER,
    )
    assert drop.extract().rows == 0
    # Another delivery was loaded meanwhile.
    loaded = replace(
        drop.loaded[name],
        sha256=f"read again {digest}",
    )
    drop.loaded[name] = loaded
    again = drop.extract()
    assert rows(again, "files", "sha256, received_at") == [(digest, RECEIVED)]
    assert again.control_totals["known_deliveries"] == [loaded.sha256]

    # A copy kept an older time, and is the newest delivery all the same.
    older = RECEIVED - timedelta(days=3)
    drop.put(
        name,
        file_of(line("B", name="Cup")),
        received=older,
    )
    changed = drop.extract()
    assert rows(changed, "lines", "order_id, product_name") == [("B", "Cup")]
    ((received,),) = rows(changed, "files", "received_at")
    assert received > RECEIVED
    # So is the loaded version, where a later one was refused.
    drop.deliver(name, "A", "B")
    drop.loaded[name] = replace(loaded, sha256=digest, was_refused=True)
    ((received,),) = rows(drop.extract(), "files", "received_at")
    assert received > RECEIVED


def test_orders_that_a_second_delivery_lacks_are_removed(drop):
    first = ["stays", "goes", "moves", "breaks", " blank "]
    drop.deliver("acme_2026-03-09.csv", *first)
    drop.deliver("acme_2026-03-08.csv", "elsewhere")
    drop.deliver("acme_2026-03-07.csv", "kept-by-old", "elsewhere")
    drop.extract_and_load()
    known = [drop.loaded[f"acme_2026-03-{day}.csv"].sha256 for day in ("08", "09")]
    second = [
        line("stays"),
        line("breaks") + ",more",
        line("blank"),
    ]
    drop.put(
        "acme_2026-03-09.csv",
        file_of(*second),
        LATER,
    )
    drop.deliver("acme_2026-03-10.csv", "moves")
    drop.put("acme_2026-03-08.csv", file_of())
    # That partner's own order of this number.
    drop.deliver("zeta_2026-03-10.csv", "goes")
    manifest = drop.extract()
    removed = ("goes", "acme_2026-03-09.csv", LATER)
    assert rows(manifest, "removed_orders") == [removed]
    assert manifest.control_totals["known_deliveries"] == known, "of the files read"
    [warning] = found(manifest)
    assert (
        warning == "acme_2026-03-09.csv was delivered again without 1 of its 5 orders"
    )
    [stored] = [row for row in rows(manifest, "files") if row[0] == warning[:19]]
    *_, order_ids, warnings, _ = stored
    assert order_ids == ["blank", "breaks", "stays"]
    assert [json.loads(text)["kind"] for text in warnings] == ["orders_removed"]


def test_an_order_that_a_file_of_any_other_day_holds_is_not_removed(drop):
    for day, orders in ((1, ["old"]), (8, ["old", "newer", "gone"]), (10, ["newer"])):
        drop.deliver(f"acme_2026-03-{day:02}.csv", *orders)
        drop.extract_and_load(DAY.replace(day=day))
    # That partner's own order of this number.
    drop.deliver("zeta_2026-03-01.csv", "gone")
    drop.extract_and_load(DAY.replace(day=1))
    drop.deliver("acme_2026-03-08.csv", "stays")
    manifest = drop.extract(DAY.replace(day=8))
    assert rows(manifest, "removed_orders", "order_id") == [("gone",)]


def test_orders_of_another_partner_are_named_however_old_their_file_is(drop):
    drop.deliver("big_shop_2025-01-09.csv", "1001")
    drop.extract_and_load(date(2025, 1, 9))
    drop.deliver("big_shop_2026-03-09.csv", "A1", "A2")
    drop.extract_and_load()
    drop.deliver("big_shop_2026-03-10.csv", "A2")
    orders = [
        line("1001"),
        line("A1"),
        line("Z1"),
    ]
    drop.put("zeta_2026-03-10.csv", file_of(*orders))
    assert rows(drop.extract(), "known_orders") == [
        ("1001", "big_shop", "big_shop_2025-01-09.csv", RECEIVED),
        ("A1", "big_shop", "big_shop_2026-03-09.csv", RECEIVED),
    ]


def test_orders_whose_ids_are_addresses_are_known_again(drop):
    ann = "ann@example.com"
    bob = "bob%40example.com"
    drop.deliver("acme_2026-03-09.csv", ann, bob)
    first = drop.extract()
    lines = rows(first, "lines", "order_id")
    assert lines == [(ann,), (bob,)], "the transform hashes them"
    drop.load(first)
    drop.deliver("acme_2026-03-09.csv", ann, received=LATER)
    drop.deliver("zeta_2026-03-10.csv", ann)
    second = drop.extract()
    assert rows(second, "removed_orders", "order_id") == [(safe_id(bob, HASH_KEY),)]
    known = (safe_id(ann, HASH_KEY), "acme")
    assert rows(second, "known_orders", "order_id, partner") == [known]


def test_a_file_is_missing_where_it_is_due_and_neither_loaded_nor_usable(
    drop, monkeypatch
):
    def missing():
        return drop.extract().control_totals["missing_deliveries"]

    assert missing() == []
    monkeypatch.setenv("EXPECTED_PARTNERS", "acme,zeta")
    assert missing() == ["acme_2026-03-10", "zeta_2026-03-10"]
    drop.put("evil_2026-03-10.csv", "no header of ours")  # not due
    drop.deliver("zeta_2026-03-10.csv.gz", "Z")
    path = drop.put("acme_2026-03-10.csv", "no header of ours")
    assert missing() == ["acme_2026-03-10"]
    drop.deliver("acme_2026-03-10.csv", "A")
    manifest = drop.extract()
    assert manifest.control_totals["missing_deliveries"] == []
    drop.load(manifest)
    path.unlink()
    drop.earlier_reads = Remembered(
        loaded_files=drop.look_up, delivered_files=lambda source, oldest: [*drop.loaded]
    )
    assert missing() == [], "it was loaded, and taken away"


def test_stored_refunds_of_partners_that_have_some_are_known_but_of_files_just_read(
    drop,
):
    stored = []
    for channel, day in (("acme", 8), ("acme", 9), ("acme", 10), ("zeta", 8)):
        refund_id = f"{channel}-202603{day:02}"
        stored.append({"channel": channel, "order_id": "A1", "refund_id": refund_id})
    refunds = pa.Table.from_pylist(stored, REFUNDS)
    looked_up = []

    def refunded_channels(source):
        looked_up.append(source)
        return ["acme"]

    def stored_rows(table, source, order_ids):
        if table != "refunds":
            return empty(table)
        looked_up.append(order_ids)
        return refunds

    drop.earlier_reads = Remembered(
        loaded_files=drop.look_up,
        refunded_channels=refunded_channels,
        stored_rows=stored_rows,
    )
    drop.deliver("acme_2026-03-09.csv", "A1", "A2")
    drop.deliver("zeta_2026-03-10.csv", "Z1")
    manifest = drop.extract()
    kept = rows(manifest, "known_refunds", "refund_id")
    assert kept == [("acme-20260308",), ("acme-20260310",)]
    assert looked_up == ["partner_files", ["A1", "A2"]]
    drop.load(manifest)
    looked_up.clear()
    drop.extract()
    assert looked_up == [[]], "no file was read"
