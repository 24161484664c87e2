"""Which partner files are read, and what a second delivery changes."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from ecommerce.core.data_warnings import wording
from ecommerce.core.email_masking import safe_id
from tests.explained import findings, unexplained
from tests.integration.partner_files.drop import (
    DAY,
    HASH_KEY,
    RECEIVED,
    Drop,
    file_of,
    line,
    rows,
)
from tests.memory import Remembered


def test_the_files_of_eight_days_and_no_others(drop: Drop) -> None:
    for number, name in enumerate(
        [
            "acme_2026-03-10.csv",
            "acme_2026-03-03.csv",
            "acme_2026-03-02.csv",
            "acme_2026-03-11.csv",
            "big-shop_eu_2026-03-09.csv.gz",
            ".acme_2026-03-10.csv.partial",
            "acme_2026-03-10.csv.filepart",
            "acme_2026-02-30.csv",
            "acme-2026-03-10.CSV",
            "README",
        ]
    ):
        drop.put(name, file_of(line(f"O{number}")))
    (drop.drop / "archive").mkdir()
    manifest = drop.extract()
    assert rows(manifest, "files", "file, partner, received_at, lines") == [
        ("acme_2026-03-03.csv", "acme", RECEIVED, 1),
        ("acme_2026-03-10.csv", "acme", RECEIVED, 1),
        ("big-shop_eu_2026-03-09.csv.gz", "big-shop_eu", RECEIVED, 1),
    ]
    assert drop.asked[0] == [
        "acme_2026-03-03.csv",
        "acme_2026-03-10.csv",
        "big-shop_eu_2026-03-09.csv.gz",
    ]
    assert findings(manifest.control_totals["warnings"]) == [
        "acme-2026-03-10.CSV was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
        "acme_2026-02-30.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
        "1 file arrived more than 7 days late and was not read, the first is acme_2026-03-02.csv",
        "4 other entries of the partner folder were not read: .acme_2026-03-10.csv.partial, README, "
        "acme_2026-03-10.csv.filepart and archive",
    ]
    assert unexplained(manifest.control_totals["warnings"]) == []


def test_only_files_that_came_lately_and_were_never_loaded_are_called_late(
    drop: Drop,
) -> None:
    drop.put(
        "acme_2026-02-01.csv", file_of(line("A")), datetime(2026, 3, 2, 12, tzinfo=UTC)
    )
    drop.put(
        "acme_2026-02-15.csv", file_of(line("B")), datetime(2026, 3, 8, 12, tzinfo=UTC)
    )
    drop.put(
        "acme_2026-02-20.csv", file_of(line("C")), datetime(2026, 3, 8, 12, tzinfo=UTC)
    )
    (warning,) = drop.extract().control_totals["warnings"]
    assert wording(warning).found.endswith("acme_2026-02-15.csv")
    assert (
        wording(warning).action == "make backfill FROM=2026-02-15 TO=2026-02-20 AGAIN=1"
    )
    assert wording(warning).found.startswith(
        "2 files arrived more than 7 days late and were not read"
    )
    for day in (15, 20):
        drop.load(drop.extract(date(2026, 2, day)))
    assert drop.extract().control_totals["warnings"] == []
    for received in (
        datetime(2026, 3, 9, 12, tzinfo=UTC),
        datetime(2026, 3, 7, 12, tzinfo=UTC),
    ):
        drop.put("acme_2026-02-20.csv", file_of(line("C")), received)
        assert drop.extract().control_totals["warnings"] == []
        drop.put("acme_2026-02-20.csv", file_of(line("C"), line("D")), received)
        (warning,) = drop.extract().control_totals["warnings"]
        assert wording(warning).found.startswith("1 file arrived more than 7 days late")


def test_no_files_at_all(drop: Drop) -> None:
    manifest = drop.extract()
    assert (manifest.rows, rows(manifest, "lines"), drop.asked) == (0, [], [])
    assert manifest.control_totals["warnings"] == []


def test_orders_whose_ids_are_addresses_are_known_again(drop: Drop) -> None:
    ann, bob = "ann@example.com", "bob%40example.com"
    drop.put("acme_2026-03-09.csv", file_of(line(ann), line(bob)))
    first = drop.extract()
    assert rows(first, "lines", "order_id") == [(ann,), (bob,)], (
        "the transform hashes them"
    )
    drop.load(first)
    later = datetime(2026, 3, 12, 5, tzinfo=UTC)
    drop.put("acme_2026-03-09.csv", file_of(line(ann)), later)
    drop.put("zeta_2026-03-10.csv", file_of(line(ann)))
    second = drop.extract()
    assert rows(second, "removed_orders", "order_id") == [(safe_id(bob, HASH_KEY),)]
    assert rows(second, "known_orders", "order_id, partner") == [
        (safe_id(ann, HASH_KEY), "acme")
    ]


def test_a_file_is_read_once_until_its_content_changes(drop: Drop) -> None:
    path = drop.put("acme_2026-03-05.csv", file_of(line("A"), line("B")))
    first = drop.extract()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert rows(first, "files") == [
        ("acme_2026-03-05.csv", "acme", digest, RECEIVED, 2, ["A", "B"], [], {})
    ]
    drop.load(first)
    drop.put(
        "acme_2026-03-05.csv",
        file_of(line("A"), line("B")),
        received=datetime(2026, 3, 12, tzinfo=UTC),
    )
    assert drop.extract().rows == 0
    loaded = drop.loaded["acme_2026-03-05.csv"]
    loaded["sha256"] = f"read again {digest}"  # another delivery was loaded meanwhile
    again = drop.extract()
    assert rows(again, "files", "sha256, received_at") == [(digest, RECEIVED)]
    assert again.control_totals["known_deliveries"] == [loaded["sha256"]]
    drop.put("acme_2026-03-05.csv", file_of(line("B", name="Cup")))
    assert rows(drop.extract(), "lines", "order_id, product_name") == [("B", "Cup")]


def test_orders_that_a_second_delivery_lacks_are_removed(drop: Drop) -> None:
    drop.put(
        "acme_2026-03-09.csv",
        file_of(*map(line, ["stays", "goes", "moves", "breaks", " blank "])),
    )
    drop.put("acme_2026-03-08.csv", file_of(line("elsewhere")))
    drop.put("acme_2026-03-07.csv", file_of(line("kept-by-old"), line("elsewhere")))
    first = drop.extract()
    assert rows(first, "removed_orders") == []
    drop.load(first)
    known = [drop.loaded[f"acme_2026-03-{day}.csv"]["sha256"] for day in ("08", "09")]
    later = datetime(2026, 3, 12, 5, tzinfo=UTC)
    drop.put(
        "acme_2026-03-09.csv",
        file_of(line("stays"), line("breaks") + ",more", line("blank")),
        later,
    )
    drop.put("acme_2026-03-10.csv", file_of(line("moves")))
    drop.put("acme_2026-03-08.csv", file_of())
    drop.put(
        "zeta_2026-03-10.csv", file_of(line("goes"))
    )  # that partner's own order of this number
    second = drop.extract()
    assert rows(second, "removed_orders") == [("goes", "acme_2026-03-09.csv", later)]
    assert second.control_totals["known_deliveries"] == known, "of the files read"
    (shrunk,) = (
        each
        for each in second.control_totals["warnings"]
        if each["kind"] == "orders_removed"
    )
    assert (
        wording(shrunk).found
        == "acme_2026-03-09.csv was delivered again without 1 of its 5 orders"
    )
    stored = {
        file: list(map(json.loads, each))
        for file, each in rows(second, "files", "file, warnings")
    }
    assert stored["acme_2026-03-09.csv"] == [shrunk]
    assert unexplained([shrunk]) == []
    assert ("acme_2026-03-09.csv", ["blank", "breaks", "stays"]) in rows(
        second, "files", "file, order_ids"
    )


def test_a_delivery_that_kept_an_older_time_is_newer_than_the_one_that_was_loaded(
    drop: Drop,
) -> None:
    drop.put("acme_2026-03-09.csv", file_of(line("A")))
    drop.load(drop.extract())
    drop.put(
        "acme_2026-03-09.csv",
        file_of(line("A", name="Cup")),
        received=RECEIVED - timedelta(days=3),
    )
    ((received,),) = rows(drop.extract(), "files", "received_at")
    assert received > RECEIVED


def test_an_order_that_a_file_of_any_other_day_holds_is_not_removed(drop: Drop) -> None:
    for day, orders in ((1, ["old"]), (8, ["old", "newer", "gone"]), (10, ["newer"])):
        drop.put(f"acme_2026-03-{day:02}.csv", file_of(*map(line, orders)))
        drop.load(drop.extract(DAY.replace(day=day)))
    drop.put("acme_2026-03-08.csv", file_of(line("stays")))
    repaired = drop.extract(DAY.replace(day=8))
    assert rows(repaired, "removed_orders", "order_id") == [("gone",)]


def test_an_order_of_another_partner_is_known_however_old_its_file_is(
    drop: Drop,
) -> None:
    drop.put("acme_2025-01-09.csv", file_of(line("1001")))
    drop.load(drop.extract(date(2025, 1, 9)))
    drop.put("zeta_2026-03-10.csv", file_of(line("1001"), line("1002")))
    assert rows(drop.extract(), "known_orders", "order_id, partner") == [
        ("1001", "acme")
    ]


def test_an_unreadable_second_delivery_removes_nothing(drop: Drop) -> None:
    drop.put("acme_2026-03-09.csv", file_of(line("A")))
    drop.load(drop.extract())
    drop.put("acme_2026-03-09.csv", "")
    assert rows(drop.extract(), "removed_orders") == []


def test_orders_of_another_partner_are_named(drop: Drop) -> None:
    drop.put("acme_2026-03-09.csv", file_of(line("A1"), line("A2")))
    drop.load(drop.extract())
    drop.put("zeta_2026-03-10.csv", file_of(line("A1"), line("Z1")))
    drop.put("acme_2026-03-10.csv", file_of(line("A2")))
    assert rows(drop.extract(), "known_orders") == [
        ("A1", "acme", "acme_2026-03-09.csv", RECEIVED)
    ]


def test_a_file_that_was_loaded_and_taken_away_is_not_missing(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPECTED_PARTNERS", "acme")
    drop.memory = Remembered(
        loaded_files=drop.look_up, delivered_files=lambda source, oldest: [*drop.loaded]
    )
    path = drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.load(drop.extract())
    path.unlink()
    totals = drop.extract().control_totals
    assert (totals["missing_deliveries"], totals["warnings"]) == ([], [])


@pytest.mark.parametrize("expected", ["acme", ""])
def test_a_refused_file_of_a_partner_that_is_not_due_leaves_the_day_complete(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, expected: str
) -> None:
    monkeypatch.setenv("EXPECTED_PARTNERS", expected)
    if expected:
        drop.put("acme_2026-03-10.csv", "no header of ours")
    drop.put("evil_2026-03-10.csv", "no header of ours")
    totals = drop.extract().control_totals
    assert totals["missing_deliveries"] == ([expected] if expected else [])
    refused = [
        warning["file"]
        for warning in totals["warnings"]
        if warning["kind"] == "file_refused"
    ]
    assert refused[-1] == "evil_2026-03-10.csv"


def test_the_version_that_is_loaded_ends_the_refusal_of_a_later_one(drop: Drop) -> None:
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.load(drop.extract())
    assert drop.extract().rows == 0
    [(name, known)] = drop.loaded.items()
    drop.loaded[name] = known | {"was_refused": True}
    ((received,),) = rows(drop.extract(), "files", "received_at")
    assert received > RECEIVED, "the load takes it for the newest delivery"
