"""Which partner files are read, and what a second delivery changes."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from ecommerce.core.email_masking import safe_id
from tests.integration.partner_files.drop import (
    DAY,
    HASH_KEY,
    RECEIVED,
    file_of,
    line,
    rows,
    warning_texts,
)
from tests.memory import Remembered

LATER = datetime(2026, 3, 12, 5, tzinfo=UTC)


def test_the_files_of_eight_days_and_no_others(drop, snapshot):
    nothing = drop.extract()
    assert (nothing.rows, rows(nothing, "lines")) == (0, [])
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
        drop.put(name, file_of(line("A")))
    (drop.drop / "archive").mkdir()
    manifest = drop.extract()
    assert rows(manifest, "files", "file, partner, received_at, lines") == [
        ("acme_2026-03-03.csv", "acme", RECEIVED, 1),
        ("acme_2026-03-10.csv", "acme", RECEIVED, 1),
        ("big-shop_eu_2026-03-09.csv.gz", "big-shop_eu", RECEIVED, 1),
    ]
    assert warning_texts(manifest) == snapshot
    # Other entries are a warning on the day they arrive, a misnamed file in every run.
    later = warning_texts(drop.extract(DAY + timedelta(days=2)))
    assert "acme-2026-03-10.CSV was not read" in later
    assert "other entries" not in later


def test_a_run_of_several_days_reads_the_files_of_all_and_lacks_those_of_each(
    drop, monkeypatch
):
    monkeypatch.setenv("EXPECTED_PARTNERS", "acme")
    for day in ("02-20", "03-03", "03-09", "03-10", "03-12", "03-13"):
        drop.put(f"acme_2026-{day}.csv", file_of(line(day)))
    manifest = drop.extract(date(2026, 3, 9), last=date(2026, 3, 12))
    files = [name for (name,) in rows(manifest, "files", "file")]
    assert files == [f"acme_2026-03-{day}.csv" for day in ("03", "09", "10", "12")]
    assert manifest.control_totals["missing_deliveries"] == ["acme_2026-03-11"]
    assert "misnamed" not in str(manifest.control_totals["warnings"])


def test_only_files_that_came_lately_and_were_never_loaded_are_called_late(
    drop, snapshot
):
    recently = datetime(2026, 3, 8, 12, tzinfo=UTC)
    before = datetime(2026, 3, 2, 12, tzinfo=UTC)
    drop.put("acme_2026-02-01.csv", file_of(line("A")), before)
    drop.put("acme_2026-02-15.csv", file_of(line("B")), recently)
    drop.put("acme_2026-02-20.csv", file_of(line("C")), recently)
    assert warning_texts(drop.extract()) == snapshot(name="two files")
    for day in (15, 20):
        drop.load(drop.extract(date(2026, 2, day)))
    assert drop.extract().control_totals["warnings"] == []
    # Delivered again: only another content counts.
    drop.put("acme_2026-02-20.csv", file_of(line("C")), recently + timedelta(days=1))
    assert drop.extract().control_totals["warnings"] == []
    drop.put("acme_2026-02-20.csv", file_of(line("C"), line("D")), recently)
    assert warning_texts(drop.extract()) == snapshot(name="another version")


def test_a_file_is_read_once_until_its_content_changes(drop):
    name = "acme_2026-03-05.csv"
    path = drop.put(name, file_of(line("A"), line("B")))
    first = drop.extract()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert rows(first, "files") == [
        (name, "acme", digest, RECEIVED, 2, ["A", "B"], [], {})
    ]
    drop.load(first)
    drop.put(name, file_of(line("A"), line("B")), received=LATER)
    assert drop.extract().rows == 0
    # Another delivery was loaded meanwhile.
    loaded = replace(drop.loaded[name], sha256=f"read again {digest}")
    drop.loaded[name] = loaded
    again = drop.extract()
    assert rows(again, "files", "sha256, received_at") == [(digest, RECEIVED)]
    assert again.control_totals["known_deliveries"] == [loaded.sha256]

    # A copy kept an older time, and is the newest delivery all the same.
    older = RECEIVED - timedelta(days=3)
    drop.put(name, file_of(line("B", name="Cup")), received=older)
    changed = drop.extract()
    assert rows(changed, "lines", "order_id, product_name") == [("B", "Cup")]
    ((received,),) = rows(changed, "files", "received_at")
    assert received > RECEIVED
    # So is the loaded version, where a later one was refused.
    drop.put(name, file_of(line("A"), line("B")))
    drop.loaded[name] = replace(loaded, sha256=digest, was_refused=True)
    ((received,),) = rows(drop.extract(), "files", "received_at")
    assert received > RECEIVED


def test_orders_that_a_second_delivery_lacks_are_removed(drop, snapshot):
    first = ["stays", "goes", "moves", "breaks", " blank "]
    drop.put("acme_2026-03-09.csv", file_of(*map(line, first)))
    drop.put("acme_2026-03-08.csv", file_of(line("elsewhere")))
    drop.put("acme_2026-03-07.csv", file_of(line("kept-by-old"), line("elsewhere")))
    manifest = drop.extract()
    assert rows(manifest, "removed_orders") == []
    drop.load(manifest)
    known = [drop.loaded[f"acme_2026-03-{day}.csv"].sha256 for day in ("08", "09")]
    second = [line("stays"), line("breaks") + ",more", line("blank")]
    drop.put("acme_2026-03-09.csv", file_of(*second), LATER)
    drop.put("acme_2026-03-10.csv", file_of(line("moves")))
    drop.put("acme_2026-03-08.csv", file_of())
    # That partner's own order of this number.
    drop.put("zeta_2026-03-10.csv", file_of(line("goes")))
    manifest = drop.extract()
    removed = ("goes", "acme_2026-03-09.csv", LATER)
    assert rows(manifest, "removed_orders") == [removed]
    assert manifest.control_totals["known_deliveries"] == known, "of the files read"
    assert warning_texts(manifest) == snapshot
    stored = {
        file: more
        for file, *more in rows(manifest, "files", "file, order_ids, warnings")
    }
    order_ids, warnings = stored["acme_2026-03-09.csv"]
    assert order_ids == ["blank", "breaks", "stays"]
    assert [json.loads(text)["kind"] for text in warnings] == ["orders_removed"]


def test_an_order_that_a_file_of_any_other_day_holds_is_not_removed(drop):
    for day, orders in ((1, ["old"]), (8, ["old", "newer", "gone"]), (10, ["newer"])):
        drop.put(f"acme_2026-03-{day:02}.csv", file_of(*map(line, orders)))
        drop.load(drop.extract(DAY.replace(day=day)))
    drop.put("acme_2026-03-08.csv", file_of(line("stays")))
    manifest = drop.extract(DAY.replace(day=8))
    assert rows(manifest, "removed_orders", "order_id") == [("gone",)]


def test_orders_of_another_partner_are_named_however_old_their_file_is(drop):
    drop.put("acme_2025-01-09.csv", file_of(line("1001")))
    drop.load(drop.extract(date(2025, 1, 9)))
    drop.put("acme_2026-03-09.csv", file_of(line("A1"), line("A2")))
    drop.load(drop.extract())
    drop.put("acme_2026-03-10.csv", file_of(line("A2")))
    orders = [line("1001"), line("A1"), line("Z1")]
    drop.put("zeta_2026-03-10.csv", file_of(*orders))
    assert rows(drop.extract(), "known_orders") == [
        ("1001", "acme", "acme_2025-01-09.csv", RECEIVED),
        ("A1", "acme", "acme_2026-03-09.csv", RECEIVED),
    ]


def test_orders_whose_ids_are_addresses_are_known_again(drop):
    ann, bob = "ann@example.com", "bob%40example.com"
    drop.put("acme_2026-03-09.csv", file_of(line(ann), line(bob)))
    first = drop.extract()
    lines = rows(first, "lines", "order_id")
    assert lines == [(ann,), (bob,)], "the transform hashes them"
    drop.load(first)
    drop.put("acme_2026-03-09.csv", file_of(line(ann)), LATER)
    drop.put("zeta_2026-03-10.csv", file_of(line(ann)))
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
    drop.put("zeta_2026-03-10.csv.gz", file_of(line("Z")))
    path = drop.put("acme_2026-03-10.csv", "no header of ours")
    assert missing() == ["acme_2026-03-10"]
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    manifest = drop.extract()
    assert manifest.control_totals["missing_deliveries"] == []
    drop.load(manifest)
    path.unlink()
    drop.earlier_reads = Remembered(
        loaded_files=drop.look_up, delivered_files=lambda source, oldest: [*drop.loaded]
    )
    assert missing() == [], "it was loaded, and taken away"
