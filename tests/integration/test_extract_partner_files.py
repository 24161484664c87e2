"""Partner files: which are read, that none of their lines is lost, what a second delivery changes."""

import gzip
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from airflow.sdk.io import attach
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.business_day import day_window
from ecommerce.core.check_result import OK
from ecommerce.core.data_warnings import HARMLESS, wording
from ecommerce.core.email_masking import safe_id
from ecommerce.core.errors import ConfigurationError, TransientError
from ecommerce.core.read_window import ReadWindow
from ecommerce.sales.transform import transform
from ecommerce.sources import delivered_files, partner_files
from ecommerce.sources.partner_files import extraction
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.storage import staging
from ecommerce.storage.staging import Manifest
from tests.explained import findings, unexplained
from tests.memory import Remembered

DAY = date(2026, 3, 10)
HEADER = ",".join(COLUMNS)
RECEIVED = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)
HASH_KEY = "a hash key that only tests use"


class Drop:
    """A drop folder and what the warehouse knows of its files."""

    def __init__(self, folder: Path) -> None:
        self.drop, self.staging = folder / "drop", folder / "staging"
        self.drop.mkdir()
        self.loaded: dict[str, dict[str, Any]] = {}
        self.asked: list[list[str]] = []
        self.memory = Remembered(loaded_files=self.look_up)

    def put(self, name: str, content: str | bytes, received: datetime = RECEIVED) -> Path:
        """Deliver a file; text is compressed when the name says so."""
        data = content.encode() if isinstance(content, str) else content
        if name.endswith(".gz") and isinstance(content, str):
            data = gzip.compress(data)
        path = self.drop / name
        path.write_bytes(data)
        os.utime(path, (received.timestamp(), received.timestamp()))
        return path

    def extract(self, day: date = DAY) -> Manifest:
        """One run; what it read counts as loaded for the next one."""
        window = day_window(day, "UTC")
        folder = f"file://{self.staging}/{len(self.asked)}"
        return partner_files.extract(
            ReadWindow("partner_files", window, window.start, None, folder, memory=self.memory)
        )

    def look_up(self, names: Sequence[str], order_ids: Sequence[str] = ()) -> Mapping[str, dict[str, Any]]:
        """The answer of the warehouse."""
        if names:
            self.asked.append(list(names))
        return {
            name: file
            for name, file in self.loaded.items()
            if name in names or set(file["order_ids"]) & set(order_ids)
        }

    def load(self, manifest: Manifest) -> None:
        """As the load does with `files.parquet`."""
        for name, sha256, received_at, order_ids in rows(
            manifest, "files", "file, sha256, received_at, order_ids"
        ):
            self.loaded[name] = {
                "sha256": sha256,
                "received_at": received_at,
                "order_ids": order_ids,
                "was_refused": False,
            }


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drop:
    drop = Drop(tmp_path)
    monkeypatch.setenv("PARTNER_DROP_URI", f"file://{drop.drop}")
    monkeypatch.setenv("CUSTOMER_HASH_KEY", HASH_KEY)
    return drop


def rows(manifest: Manifest, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        path = manifest.file(f"{name}.parquet")
        return duck.execute(f"SELECT {columns} FROM '{path}' ORDER BY ALL").fetchall()


def line(order_id: str, number: int = 1, name: str = "Mug", quantity: str = "2") -> str:
    return (
        f"{order_id},{number},2026-03-10T08:00:00+01:00,2026-03-10T09:00:00Z,completed,SKU-1,{name},Cups,"
        f"{quantity},10.50,0,1.60,EUR,jane@example.com,DE"
    )


def file_of(*lines: str, end: str = "\n") -> str:
    return end.join((HEADER, *lines)) + end


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
    assert drop.asked[0] == ["acme_2026-03-03.csv", "acme_2026-03-10.csv", "big-shop_eu_2026-03-09.csv.gz"]
    assert findings(manifest.control_totals["warnings"]) == [
        "acme-2026-03-10.CSV was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
        "acme_2026-02-30.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
        "1 file arrived more than 7 days late and was not read, the first is acme_2026-03-02.csv",
        "4 other entries of the partner folder were not read: .acme_2026-03-10.csv.partial, README, "
        "acme_2026-03-10.csv.filepart and archive",
    ]
    assert unexplained(manifest.control_totals["warnings"]) == []


def test_only_files_that_came_lately_and_were_never_loaded_are_called_late(drop: Drop) -> None:
    drop.put("acme_2026-02-01.csv", file_of(line("A")), datetime(2026, 3, 2, 12, tzinfo=UTC))
    drop.put("acme_2026-02-15.csv", file_of(line("B")), datetime(2026, 3, 8, 12, tzinfo=UTC))
    drop.put("acme_2026-02-20.csv", file_of(line("C")), datetime(2026, 3, 8, 12, tzinfo=UTC))
    (warning,) = drop.extract().control_totals["warnings"]
    assert wording(warning).found.endswith("acme_2026-02-15.csv")
    assert wording(warning).action == "make backfill FROM=2026-02-15 TO=2026-02-20 AGAIN=1"
    assert wording(warning).found.startswith("2 files arrived more than 7 days late and were not read")
    for day in (15, 20):
        drop.load(drop.extract(date(2026, 2, day)))
    assert drop.extract().control_totals["warnings"] == []
    later = datetime(2026, 3, 9, 12, tzinfo=UTC)
    drop.put("acme_2026-02-20.csv", file_of(line("C"), line("D")), later)
    (warning,) = drop.extract().control_totals["warnings"]
    assert wording(warning).found.startswith("1 file arrived more than 7 days late")


def test_every_field_comes_as_delivered(drop: Drop) -> None:
    columns = list(reversed(COLUMNS))
    values = {name: f" {name}!" for name in COLUMNS} | {"sku": "", "product_name": 'a "big"\nmug, red'}
    quoted = {"product_name": '"a ""big""\nmug, red"', "category": '""', "country_code": '" X "'}
    text = ",".join(quoted.get(name, values[name]) for name in columns)
    drop.put("acme_2026-03-10.csv", f"\ufeff{','.join(columns)}\r\n\r\n{text}\r\n".encode())
    manifest = drop.extract()
    expected = values | {"sku": None, "category": "", "country_code": " X "}
    file = ("acme_2026-03-10.csv", "acme", 3, RECEIVED)
    assert rows(manifest, "lines") == [(*(expected[name] for name in COLUMNS), *file)]
    assert manifest.columns["lines.parquet"] == [*COLUMNS, "file", "partner", "row_number", "received_at"]
    assert rows(manifest, "rejects") == []


def test_each_bad_line_is_rejected_with_its_number_and_text_and_no_other(drop: Drop) -> None:
    bad = {
        3: (line("S") + ",one,more", "malformed_line", "too many fields"),
        4: ("short,1,2", "malformed_line", "too few fields"),
        6: (line("Q", name='"Mug'), "malformed_line", "a quote that is not closed"),
        8: (line("T", name='"Mug"s'), "malformed_line", "text after a closing quote"),
        9: (line("Ünï").encode("latin-1"), "bad_encoding", "not UTF-8"),
    }
    content = []
    for number in range(2, 12):
        text = bad[number][0] if number in bad else line(f"G{number}")
        content.append(text if isinstance(text, bytes) else text.encode())
    drop.put("acme_2026-03-10.csv", HEADER.encode() + b"\n" + b"\n".join(content))
    manifest = drop.extract()
    assert rows(manifest, "lines", "row_number, order_id") == [
        (number, f"G{number}") for number in (2, 5, 7, 10, 11)
    ]
    found = {number: row for number, *row in rows(manifest, "rejects", "row_number, reason, detail, raw")}
    assert set(found) == set(bad)
    for number, (text, reason, detail) in bad.items():
        raw = text if isinstance(text, str) else text.decode("utf-8", "replace")
        assert found[number] == [reason, detail, raw]
    assert manifest.rows == 10
    assert rows(manifest, "files", "lines, order_ids")[0][0] == 10


CUT = gzip.compress(file_of(*map(line, "ABC")).encode())[:-12]
DAMAGED = "its gzip data is damaged or ends too early"


@pytest.mark.parametrize(
    ("name", "content", "reason", "detail"),
    [
        ("bad_2026-03-10.csv", b"", "file_unreadable", "it is empty, without even a header"),
        (
            "bad_2026-03-10.csv",
            b"\xff\xfe",
            "file_unreadable",
            "its first line cannot be read as a CSV header in UTF-8",
        ),
        (
            *("bad_2026-03-10.csv", HEADER.replace(",sku,", ",").replace("updated_at", "changed").encode()),
            *("missing_column", "its header lacks updated_at, sku"),
        ),
        (
            *("bad_2026-03-10.csv", HEADER.replace(",", ";").encode()),
            "missing_column",
            "its header is separated by the delimiter semicolon; the delimiter has to be a comma",
        ),
        (
            *("bad_2026-03-10.csv", f"{HEADER},sku".encode()),
            *("file_unreadable", "its header has sku more than once"),
        ),
        (
            *("bad_2026-03-10.csv", f"{HEADER}{',c' * 40_000}".encode(), "file_unreadable"),
            "its first line is longer than 65536 bytes",
        ),
        ("bad_2026-03-10.csv.gz", CUT, "file_unreadable", DAMAGED),
        ("bad_2026-03-10.csv.gz", file_of(line("A")).encode(), "file_unreadable", DAMAGED),
    ],
)
def test_a_broken_file_is_rejected_whole_and_tried_again(
    drop: Drop, name: str, content: bytes, reason: str, detail: str
) -> None:
    drop.put(name, content)
    drop.put("good_2026-03-10.csv", file_of(line("G")))
    recipe = "docs/RECIPES.md, A partner with another layout"
    layout = f"; include/partners/bad.yaml describes another layout ({recipe})"
    shown = f"{detail}{layout if reason == 'missing_column' else ''}"
    for _ in range(2):
        manifest = drop.extract()
        assert rows(manifest, "rejects") == [(0, reason, detail, name, None)]
        assert findings(manifest.control_totals["warnings"]) == [f"{name} was not loaded: {shown}"]
        assert unexplained(manifest.control_totals["warnings"]) == []
        assert "bad" not in {partner for _, partner in rows(manifest, "files", "file, partner")}
        assert manifest.control_totals["missing_deliveries"] == ["bad"], "also when it is its first"
        drop.load(manifest)
    assert [name for (name,) in rows(manifest, "files", "file")] == []
    drop.put(name, file_of(line("B")))
    loaded = drop.extract()
    assert rows(loaded, "lines", "order_id") == [("B",)]

    drop.load(loaded)
    drop.put(name, content)
    again = drop.extract().control_totals
    assert again["missing_deliveries"] == [], "what was loaded before stands"
    (warning,) = again["warnings"]
    assert wording(warning).found == f"a new version of {name} was not loaded: {shown}"
    assert wording(warning).meaning == "the figures are those of the version loaded before"


def test_a_header_alone_is_a_day_without_orders(drop: Drop) -> None:
    drop.put("acme_2026-03-10.csv", HEADER)
    manifest = drop.extract()
    assert rows(manifest, "files", "file, lines, order_ids") == [("acme_2026-03-10.csv", 0, [])]
    assert (manifest.rows, Decimal(manifest.control_totals["source_amount"])) == (0, 0)


def test_no_files_at_all(drop: Drop) -> None:
    manifest = drop.extract()
    assert (manifest.rows, rows(manifest, "lines"), drop.asked) == (0, [], [])
    assert manifest.control_totals["warnings"] == []


def test_more_columns_are_said_and_not_read(drop: Drop) -> None:
    drop.put("acme_2026-03-10.csv", f"note,{HEADER},record_number\nhello,{line('A')},77\n")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, row_number") == [("A", 2)]
    assert findings(manifest.control_totals["warnings"]) == [
        "acme_2026-03-10.csv has columns that are not read: note, record_number"
    ]
    assert unexplained(manifest.control_totals["warnings"]) == []


def test_blanks_before_quotes_swallow_nothing(drop: Drop) -> None:
    padded = [line("A", name='  "Mug, blue"'), line("B", name='   ","'), "   " + line('"C"')]
    drop.put("acme_2026-03-10.csv", file_of(*padded, line("D")))
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, product_name") == [
        ("A", "Mug, blue"),
        ("B", ","),
        ("C", "Mug"),
        ("D", "Mug"),
    ]
    assert rows(manifest, "rejects") == []


def test_a_file_of_which_not_every_record_comes_out_is_rejected_whole(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivered_files, "unpadded", lambda text, _: text)
    drop.put(
        "acme_2026-03-10.csv", file_of(line("A"), line("B", name='  ","'), line("C") + ",more", line("D"))
    )
    drop.put("good_2026-03-10.csv", file_of(line("G")))
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("G",)]
    ((number, reason, detail),) = rows(manifest, "rejects", "row_number, reason, detail")
    assert (number, reason) == (0, "file_unreadable")
    assert detail.startswith("of its 4 records, ")
    assert rows(manifest, "files", "file") == [("good_2026-03-10.csv",)]


def test_columns_without_a_name_or_with_one_twice_are_more_columns_like_others(drop: Drop) -> None:
    drop.put("acme_2026-03-10.csv", f"note,{HEADER},note,,\nhello,{line('A')},world,,\n")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, row_number") == [("A", 2)]
    assert findings(manifest.control_totals["warnings"]) == [
        "acme_2026-03-10.csv has columns that are not read: note, (no name)"
    ]


def test_what_is_remembered_of_a_broken_line_is_its_order_and_never_an_address(drop: Drop) -> None:
    drop.put(
        "acme_2026-03-10.csv",
        f"customer_email,{HEADER.replace(',customer_email', '')}\n"
        "jane@example.com,broken,1\n"
        "1,ann@example.com,2026-03-10T08:00:00Z\n"
        "1,ann%40example.com,2026-03-10T08:00:00Z\n",
    )
    addresses = (safe_id(each, HASH_KEY) for each in ("ann@example.com", "ann%40example.com"))
    assert rows(drop.extract(), "files", "lines, order_ids") == [(3, sorted(["broken", *addresses]))]


def test_orders_whose_ids_are_addresses_are_known_again(drop: Drop) -> None:
    ann, bob = "ann@example.com", "bob%40example.com"
    drop.put("acme_2026-03-09.csv", file_of(line(ann), line(bob)))
    first = drop.extract()
    assert rows(first, "lines", "order_id") == [(ann,), (bob,)], "the transform hashes them"
    drop.load(first)
    later = datetime(2026, 3, 12, 5, tzinfo=UTC)
    drop.put("acme_2026-03-09.csv", file_of(line(ann)), later)
    drop.put("zeta_2026-03-10.csv", file_of(line(ann)))
    second = drop.extract()
    assert rows(second, "removed_orders", "order_id") == [(safe_id(bob, HASH_KEY),)]
    assert rows(second, "known_orders", "order_id, partner") == [(safe_id(ann, HASH_KEY), "acme")]


def test_a_file_is_read_once_until_its_content_changes(drop: Drop) -> None:
    path = drop.put("acme_2026-03-05.csv", file_of(line("A"), line("B")))
    first = drop.extract()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert rows(first, "files") == [("acme_2026-03-05.csv", "acme", digest, RECEIVED, 2, ["A", "B"], [], {})]
    drop.load(first)
    drop.put("acme_2026-03-05.csv", file_of(line("A"), line("B")), received=datetime(2026, 3, 12, tzinfo=UTC))
    assert drop.extract().rows == 0
    drop.put("acme_2026-03-05.csv", file_of(line("B", name="Cup")))
    assert rows(drop.extract(), "lines", "order_id, product_name") == [("B", "Cup")]


def test_orders_that_a_second_delivery_lacks_are_removed(drop: Drop) -> None:
    drop.put("acme_2026-03-09.csv", file_of(*map(line, ["stays", "goes", "moves", "breaks", " blank "])))
    drop.put("acme_2026-03-08.csv", file_of(line("elsewhere")))
    drop.put("acme_2026-03-07.csv", file_of(line("kept-by-old"), line("elsewhere")))
    first = drop.extract()
    assert rows(first, "removed_orders") == []
    drop.load(first)
    later = datetime(2026, 3, 12, 5, tzinfo=UTC)
    drop.put("acme_2026-03-09.csv", file_of(line("stays"), line("breaks") + ",more", line("blank")), later)
    drop.put("acme_2026-03-10.csv", file_of(line("moves")))
    drop.put("acme_2026-03-08.csv", file_of())
    drop.put("zeta_2026-03-10.csv", file_of(line("goes")))  # that partner's own order of this number
    second = drop.extract()
    assert rows(second, "removed_orders") == [("goes", "acme_2026-03-09.csv", later)]
    (shrunk,) = (each for each in second.control_totals["warnings"] if each["kind"] == "orders_removed")
    assert wording(shrunk).found == "acme_2026-03-09.csv was delivered again without 1 of its 5 orders"
    stored = {file: list(map(json.loads, each)) for file, each in rows(second, "files", "file, warnings")}
    assert stored["acme_2026-03-09.csv"] == [shrunk]
    assert unexplained([shrunk]) == []
    assert ("acme_2026-03-09.csv", ["blank", "breaks", "stays"]) in rows(second, "files", "file, order_ids")


def test_a_delivery_that_kept_an_older_time_is_newer_than_the_one_that_was_loaded(drop: Drop) -> None:
    drop.put("acme_2026-03-09.csv", file_of(line("A")))
    drop.load(drop.extract())
    drop.put("acme_2026-03-09.csv", file_of(line("A", name="Cup")), received=RECEIVED - timedelta(days=3))
    ((received,),) = rows(drop.extract(), "files", "received_at")
    assert received > RECEIVED


def test_an_order_that_a_file_of_any_other_day_holds_is_not_removed(drop: Drop) -> None:
    for day, orders in ((1, ["old"]), (8, ["old", "newer", "gone"]), (10, ["newer"])):
        drop.put(f"acme_2026-03-{day:02}.csv", file_of(*map(line, orders)))
        drop.load(drop.extract(DAY.replace(day=day)))
    drop.put("acme_2026-03-08.csv", file_of(line("stays")))
    repaired = drop.extract(DAY.replace(day=8))
    assert rows(repaired, "removed_orders", "order_id") == [("gone",)]


def test_an_order_of_another_partner_is_known_however_old_its_file_is(drop: Drop) -> None:
    drop.put("acme_2025-01-09.csv", file_of(line("1001")))
    drop.load(drop.extract(date(2025, 1, 9)))
    drop.put("zeta_2026-03-10.csv", file_of(line("1001"), line("1002")))
    assert rows(drop.extract(), "known_orders", "order_id, partner") == [("1001", "acme")]


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
    assert rows(drop.extract(), "known_orders") == [("A1", "acme", "acme_2026-03-09.csv", RECEIVED)]


def test_control_totals_are_the_files_own(drop: Drop) -> None:
    drop.put(
        "acme_2026-03-10.csv",
        file_of(line("A"), line("A", 2, quantity="3"), line("B", quantity="many"), line("C") + ",broken"),
    )
    totals = drop.extract().control_totals
    assert totals == {
        "source_orders": 2,
        "source_lines": 3,
        "source_amount": "52.5000",
        "source_amounts": [{"file": "acme_2026-03-10.csv", "currency": "EUR", "amount": "52.5000"}],
        "warnings": [],
        "missing_deliveries": [],
    }


def test_control_totals_by_currency_leave_nothing_unexplained(drop: Drop) -> None:
    """Yen and euros, an order that another file has in a newer version, and lines that are rejected."""
    newer = line("A", quantity="5").replace("09:00:00Z", "10:00:00Z")
    drop.put("acme_2026-03-09.csv", file_of(line("A"), line("B"), line("Y").replace("EUR", "jpy")))
    drop.put(
        "acme_2026-03-10.csv",
        file_of(
            *(newer, line("C", quantity="0"), line("D", 1, quantity="-3"), line("E", quantity="many")),
            *(line("F").replace("EUR", "jane@example.com"), line("G") + ",broken"),
            *(line("H"), line("H").replace(",0,", ",1,"), line("Y2", quantity="1").replace("EUR", "JPY")),
        ),
    )
    manifest = transform(drop.extract(), run_id="run")
    names = "currency, source_amount, loaded_amount, superseded_amount, rejected_amount"
    assert rows(manifest, "control_totals", f"file, {names}") == [
        ("acme_2026-03-09.csv", "EUR", Decimal(42), Decimal(21), Decimal(21), Decimal(0)),
        ("acme_2026-03-09.csv", "JPY", Decimal(21), Decimal(21), Decimal(0), Decimal(0)),
        ("acme_2026-03-10.csv", "", Decimal(21), Decimal(0), Decimal(0), Decimal(21)),
        # 52.50 of A, -31.50 of D, and 21.00 twice of H, whose line contradicts itself.
        ("acme_2026-03-10.csv", "EUR", Decimal(63), Decimal("73.5"), Decimal(0), Decimal("-10.5")),
        ("acme_2026-03-10.csv", "JPY", Decimal("10.5"), Decimal("10.5"), Decimal(0), Decimal(0)),
    ]


def test_large_amounts_are_summed_up_and_those_beyond_all_reason_left_out(drop: Drop) -> None:
    rupiah = line("A").replace("10.50", "5000000000")
    absurd = line("A\t", 2, quantity="99999999999999")
    drop.put("acme_2026-03-10.csv", file_of(rupiah, absurd))
    totals = drop.extract().control_totals
    assert (totals["source_orders"], Decimal(totals["source_amount"])) == (1, 10_000_000_000)


def test_a_file_that_is_still_being_delivered_is_left_for_the_retry(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop.put("acme_2026-03-10.csv", file_of(line("A")))
    split = delivered_files.split_records

    def split_while_more_arrives(*args: Any) -> Any:
        with path.open("a") as stream:
            stream.write(line("B") + "\n")
        return split(*args)

    monkeypatch.setattr(delivered_files, "split_records", split_while_more_arrives)
    with pytest.raises(
        TransientError, match=r"^acme_2026-03-10.csv changed while it was read: it is still being"
    ):
        drop.extract()
    assert not staging.exists(f"file://{drop.staging}/0")
    monkeypatch.undo()


def test_a_file_that_may_not_be_read_keeps_no_other_out(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    drop.put("locked_2026-03-10.csv", file_of(line("L")))
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    original = LocalFileSystem.open

    def refuse(self: Any, path: str, *args: Any, **kwargs: Any) -> Any:
        if "locked" in path:
            raise PermissionError(path)
        return original(self, path, *args, **kwargs)

    monkeypatch.setattr(LocalFileSystem, "open", refuse)
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "reason, detail, file") == [
        ("file_unreadable", "it cannot be opened: permission denied", "locked_2026-03-10.csv")
    ]


def test_only_regular_files_of_the_folder_are_read(drop: Drop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text(file_of(line("secret")))
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.put("original.txt", file_of(line("B")))
    (drop.drop / "folder_2026-03-10.csv").mkdir()
    os.mkfifo(drop.drop / "pipe_2026-03-10.csv")
    for name, target in (
        ("dangling", "nowhere"),
        ("device", "/dev/zero"),
        ("looping", "looping_2026-03-10.csv"),
        ("out", "../elsewhere.csv"),
        ("within", "original.txt"),
        ("folder_of_old", "folder_2026-03-10.csv"),
    ):
        (drop.drop / f"{name}_2026-03-10.csv").symlink_to(target)
    os.mkfifo(drop.drop / "pipe_2026-02-20.csv")  # of a day before those that are read
    (drop.drop / "dangling_2026-02-20.csv").symlink_to("nowhere")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, file") == [
        ("A", "acme_2026-03-10.csv"),
        ("B", "within_2026-03-10.csv"),
    ]
    names = ("dangling", "device", "folder", "folder_of_old", "looping", "out", "pipe")
    refused = dict.fromkeys(names, "it is no regular file of the folder that can be read")
    assert rows(manifest, "rejects", "file, row_number, reason, detail") == [
        (f"{partner}_2026-03-10.csv", 0, "file_unreadable", detail) for partner, detail in refused.items()
    ]
    warnings = findings(manifest.control_totals["warnings"])
    for partner, detail in refused.items():
        assert f"{partner}_2026-03-10.csv was not loaded: {detail}" in warnings
    assert manifest.control_totals["missing_deliveries"] == list(refused)


def test_lines_that_need_too_much_memory_keep_no_other_out(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = extraction.connect_duckdb
    monkeypatch.setattr(extraction, "connect_duckdb", lambda memory_limit: connect(memory_limit="24MB"))
    drop.put("long_2026-03-10.csv", file_of(*(line(f"L{each}", name="x" * 900_000) for each in range(20))))
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.put("zeta_2026-03-10.csv", file_of(line("Z")))
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",), ("Z",)]
    assert rows(manifest, "rejects", "row_number, reason, detail, file") == [
        (
            *(0, "file_too_large", "its lines are too long to be read in the memory that there is"),
            "long_2026-03-10.csv",
        )
    ]


def test_a_link_to_where_this_worker_may_not_read_keeps_no_other_out(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    (drop.drop / "link_2026-03-10.csv").symlink_to("/secret/link.csv")
    original = os.path.realpath

    def refuse(path: Any, **options: Any) -> Any:  # root, as whom tests may run, has every right
        if Path(path).name.startswith("link_"):
            raise PermissionError(path)
        return original(path, **options)

    monkeypatch.setattr(os.path, "realpath", refuse)
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "detail, file") == [
        ("it is no regular file of the folder that can be read", "link_2026-03-10.csv")
    ]


def test_names_that_are_long_or_not_utf_8_keep_no_other_out(drop: Drop) -> None:
    long = f"{'a' * 240}_2026-03-10.csv"
    drop.put(long, file_of(line("A")))
    for name in (b"M\xe4rz.csv", b"\xe4.txt"):
        Path(os.fsdecode(os.fsencode(drop.drop) + b"/" + name)).write_text("")
    manifest = transform(drop.extract(), run_id="run")
    assert rows(manifest, "loaded_files", "file") == [(long,)]
    assert findings(manifest.control_totals["warnings"]) == [
        "M\ufffdrz.csv was not read: its name is not <partner>_<YYYY-MM-DD>.csv or .csv.gz",
        "1 other entry of the partner folder was not read: \ufffd.txt",
    ]


def test_a_file_that_was_loaded_and_taken_away_is_not_missing(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPECTED_PARTNERS", "acme")
    drop.memory = Remembered(loaded_files=drop.look_up, delivered_files=lambda oldest: [*drop.loaded])
    path = drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.load(drop.extract())
    path.unlink()
    totals = drop.extract().control_totals
    assert (totals["missing_deliveries"], totals["warnings"]) == ([], [])


def test_the_version_that_is_loaded_ends_the_refusal_of_a_later_one(drop: Drop) -> None:
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    drop.load(drop.extract())
    assert drop.extract().rows == 0
    [(name, known)] = drop.loaded.items()
    drop.loaded[name] = known | {"was_refused": True}
    ((received,),) = rows(drop.extract(), "files", "received_at")
    assert received > RECEIVED, "the load takes it for the newest delivery"


def test_a_file_that_vanishes_meanwhile_keeps_no_other_out(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    gone = drop.put("gone_2026-03-10.csv", file_of(line("B")))

    def look_up(*names: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        gone.unlink(missing_ok=True)
        return drop.look_up(*names)

    drop.memory = Remembered(loaded_files=look_up)
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "file, detail") == [
        ("gone_2026-03-10.csv", "it is no regular file of the folder that can be read")
    ]


@pytest.mark.parametrize(
    ("name", "content", "setting", "why"),
    [
        (
            "bomb_2026-03-10.csv.gz",
            HEADER + "\n" * 30_000,
            "PARTNER_FILE_MAX_LINES=20000",
            "it has more than 20,000 lines",
        ),
        (
            "bomb_2026-03-10.csv.gz",
            file_of(line("B", name="x" * 100_000)),
            "PARTNER_FILE_MAX_BYTES=50000",
            "it has more than 50,000 bytes, decompressed",
        ),
        (
            "large_2026-03-10.csv",
            file_of("x" * 60_000),
            "PARTNER_FILE_MAX_BYTES=50000",
            f"it has {len(HEADER) + 60_002:,} bytes",
        ),
    ],
)
def test_a_file_beyond_its_bounds_is_rejected_whole(
    drop: Drop, name: str, content: str, setting: str, why: str
) -> None:
    drop.put(name, content)
    drop.put("acme_2026-03-10.csv", file_of(line("A")))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(*setting.split("="))
        manifest = drop.extract()
    assert rows(manifest, "lines", "order_id") == [("A",)]
    assert rows(manifest, "rejects", "file, reason, detail") == [(name, "file_too_large", why)]


def test_many_lines_inside_an_open_quote_are_rejected_or_the_file_is(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("acme_2026-03-10.csv", file_of('A,1,"' + "text\n" * 20_000))
    manifest = drop.extract()
    assert rows(manifest, "files", "lines") == [(20_000,)]
    details = [detail for (detail,) in rows(manifest, "rejects", "detail")]
    assert sorted(details) == ["a quote that is not closed", *["too few fields"] * 19_999]
    monkeypatch.setattr(delivered_files, "MOST_MALFORMED", 19_999)
    assert rows(drop.extract(), "rejects", "reason, detail") == [
        ("file_unreadable", "more than 19,999 of its lines are malformed")
    ]


def test_what_lies_in_the_folder_and_is_not_read_is_listed_once_and_briefly(drop: Drop) -> None:
    for number in range(7):
        drop.put(f".upload{number}.csv.part", "x")
    drop.put("acme_2027-03-10.csv", file_of(line("A")))
    drop.put("acme_2026-03-11.csv", file_of(line("B")))  # the next run's
    (warning,) = drop.extract().control_totals["warnings"]
    (found,) = findings([warning])
    assert found.startswith("8 other entries of the partner folder were not read: .upload0.csv.part, ")
    assert found.endswith(" and 3 more")
    assert wording(warning).weight == HARMLESS
    hints = [text for verdict, text in partner_files.check() if verdict != OK]
    assert len(hints) == 1
    # The next day's report lists what is new alone.
    assert drop.extract(date(2026, 3, 12)).control_totals["warnings"] == []


def test_a_folder_that_does_not_exist(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNER_DROP_URI", f"file://{drop.drop}/nowhere")
    with pytest.raises(ConfigurationError) as caught:
        drop.extract()
    assert str(caught.value) == (
        f"the folder PARTNER_DROP_URI=file://{drop.drop}/nowhere does not exist: make it, or name the one "
        "that partners leave their files in"
    )


def test_a_drop_folder_in_an_object_store(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    attach("memory", fs=MemoryFileSystem())
    store = staging.storage_path("memory://partner-drop")
    for name in ("acme_2026-03-10.csv", "acme_2026-03-09.csv.gz"):
        path = drop.put(name, file_of(line(name)))
        (store / name).write_bytes(path.read_bytes())
    monkeypatch.setenv("PARTNER_DROP_URI", "memory://partner-drop")
    manifest = drop.extract()
    assert rows(manifest, "lines", "order_id, partner") == [
        ("acme_2026-03-09.csv.gz", "acme"),
        ("acme_2026-03-10.csv", "acme"),
    ]
    assert all(received.year >= 2026 for (received,) in rows(manifest, "files", "received_at"))
