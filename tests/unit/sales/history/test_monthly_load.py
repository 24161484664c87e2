"""From files to months: an export is one delivery, no order is torn apart, no line is lost."""

import gzip
import json
import uuid
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    StagingError,
    TransientError,
)
from ecommerce.sales.history import files, tasks
from ecommerce.sources import exchange_rates
from ecommerce.sources.partner_layouts import COLUMNS
from ecommerce.storage.staging import Manifest
from tests.explained import findings
from tests.unit.sales.history.export import HEADER, Export, line, staged, text


def loadable(
    manifests: list[Manifest], table: str, columns: str
) -> list[tuple[Any, ...]]:
    """What would be loaded, of all months."""
    files = [manifest.file(f"{table}.parquet") for manifest in manifests]
    present = [
        file
        for file, each in zip(files, manifests, strict=True)
        if f"{table}.parquet" in each.columns
    ]
    if not present:
        return []
    with duckdb.connect() as duck:
        return duck.execute(
            f"SELECT {columns} FROM read_parquet(?) ORDER BY ALL", [present]
        ).fetchall()


def test_control_totals_by_month_and_currency(export: Export) -> None:
    export.put(
        "a.csv",
        text(
            line("A", ordered_at="2024-02-29T15:00:00Z"),
            line("A", 2, ordered_at="2024-02-29T15:00:00Z", quantity=1, currency="usd"),
            line(
                "B",
                ordered_at="2024-02-01T15:00:00Z",
                currency="EUR",
                unit_price="0.10",
            ),
            line("C", quantity="many"),
            line("D", ordered_at="yesterday"),
        )
        + "broken\n",
    )

    totals = export.totals()

    assert totals["months"] == [
        {
            "month": "2024-02",
            "first_day": "2024-02-01",
            "last_day": "2024-02-29",
            "rows": 3,
            "orders": 2,
            "amounts": {"EUR": "0.2", "USD": "31.5"},
        },
        {
            "month": "2024-03",
            "first_day": "2024-03-05",
            "last_day": "2024-03-05",
            "rows": 1,
            "orders": 1,
            "amounts": {"USD": "0"},
        },
    ]
    told = {
        name: totals[name] for name in ("rows", "left_out", "without_day", "rejected")
    }
    assert told == {
        "rows": 6,
        "left_out": 0,
        "without_day": 1,
        "rejected": {"malformed_line": 1},
    }
    json.dumps(totals)


def test_amounts_of_any_size_are_summed_up_and_loaded(export: Export) -> None:
    rupiah = line("A", quantity=40, unit_price="750000000", currency="IDR")
    a_barcode_as_quantity = line(
        "B", quantity="4006381333931", unit_price="99.50", currency="IDR"
    )
    export.put("a.csv", text(rupiah, a_barcode_as_quantity))

    (totals,) = export.totals()["months"]
    (month,) = export.months()

    assert totals["amounts"] == {"IDR": "30000000000"}
    assert month.control_totals["amount"] == "30000000000.0000"
    assert month.control_totals["rejected"] == {"too_many_digits": 1}


def test_lines_of_one_order_in_several_files_make_one_order(export: Export) -> None:
    export.put("a.csv", text(line("A", 2, status="processing"), line("B")))
    export.put("b.csv.gz", text(line("A", 1, updated_at="2024-03-07T09:00:00Z")))

    done = export.months()

    assert loadable(
        done,
        "orders",
        "order_id, item_count, gross_amount::VARCHAR, status, updated_at::DATE",
    ) == [
        ("A", 2, "42.0000", "completed", date(2024, 3, 7)),
        ("B", 1, "21.0000", "completed", date(2024, 3, 6)),
    ]


def test_of_two_lines_with_one_number_the_newer_counts_whatever_its_file(
    export: Export,
) -> None:
    newer = line("A", quantity=5, status="cancelled", updated_at="2024-03-08T09:00:00Z")
    for name, content in (
        ("a.csv", newer),
        ("b.csv", line("A", quantity=1)),
        ("c.csv", newer),
    ):
        export.put(name, text(content))

    (done,) = export.months()

    assert loadable([done], "order_lines", "order_id, quantity::INT, status") == [
        ("A", 5, "cancelled")
    ]
    assert done.control_totals["rows_superseded"] == 2
    assert done.control_totals["rows_rejected"] == 0


def test_an_order_whose_lines_disagree_about_the_month_stays_whole(
    export: Export,
) -> None:
    export.put(
        "a.csv",
        text(
            line("A", 1, ordered_at="2024-03-31T15:00:00Z"),
            line("B", ordered_at="2024-04-02T15:00:00Z"),
            line("", ordered_at="2024-03-02T15:00:00Z"),
        ),
    )
    export.put(
        "b.csv", text(line(" A ", 2, ordered_at="2024-04-30T15:00:00Z"), line("", 1))
    )

    totals = export.totals()
    done = export.months(run_id="again")

    assert [
        (each["month"], each["rows"], each["orders"]) for each in totals["months"]
    ] == [
        ("2024-03", 4, 1),
        ("2024-04", 1, 1),
    ]
    assert loadable(done, "orders", "order_id, item_count, business_date::VARCHAR") == [
        ("A", 2, "2024-03-31"),
        ("B", 1, "2024-04-02"),
    ]
    assert sum(each.control_totals["rows_read"] for each in done) == 5


def test_a_range_takes_whole_orders_and_tells_what_it_leaves_out(
    export: Export,
) -> None:
    export.put(
        "a.csv",
        text(
            line("A", 1, ordered_at="2024-03-10T15:00:00Z"),
            line("A", 2, ordered_at="2024-03-12T15:00:00Z"),
            line("B", ordered_at="2024-03-12T03:59:59Z"),
            line("C", ordered_at="2024-03-12T04:00:00Z"),
            line("D", ordered_at="2024-03-14T03:59:59Z"),
            line("E", ordered_at="2024-03-14T04:00:00Z"),
            line("F", ordered_at="some day"),
        ),
    )
    chosen = {"first_day": "2024-03-12", "last_day": "2024-03-13"}

    totals = export.totals(**chosen)
    done = export.months(run_id="again", **chosen)

    assert (totals["left_out"], totals["without_day"]) == (4, 1)
    assert [row[0] for row in loadable(done, "orders", "order_id")] == ["C", "D"]
    assert loadable(done, "rejected_rows", "reason, file, row_number") == [
        ("invalid_timestamp", "a.csv", 8)
    ]


def test_no_order_in_the_range_is_said(export: Export) -> None:
    export.put("a.csv", text(line("A")))

    with pytest.raises(
        ConfigurationError, match=r"records \(1\) belongs to a day from 2025-01-01"
    ):
        export.totals(first_day="2025-01-01")


def test_what_cannot_be_read_goes_with_the_first_month_and_keeps_no_address(
    export: Export,
) -> None:
    export.put("a.csv", text(line("A", ordered_at="2024-01-05T15:00:00Z"), line("B")))
    export.put(
        "b.csv",
        text("jane@example.com,1", line("C", ordered_at="x"), line("D", quantity=0)),
    )

    first, second = export.months()

    rejected = loadable([first], "rejected_rows", "reason, file, row_number, raw")
    assert [row[:3] for row in rejected] == [
        ("invalid_timestamp", "b.csv", 3),
        ("malformed_line", "b.csv", 2),
    ]
    assert not [row for row in rejected if "@" in row[3]]
    assert [row[0] for row in loadable([second], "rejected_rows", "reason")] == [
        "invalid_quantity"
    ]


def test_an_export_of_which_a_fifth_is_unusable_is_not_loaded(export: Export) -> None:
    instants = ["x", *["2024-03-05T15:00:00Z"] * 3] * 75
    export.put(
        "a.csv", text(*[line(f"O{n}", ordered_at=at) for n, at in enumerate(instants)])
    )

    with pytest.raises(
        ContractError,
        match=r"75 of 300 records cannot be used \(without a readable ordered_at: 75",
    ):
        export.totals()


def test_a_month_of_which_a_fifth_is_unusable_is_not_loaded_even_when_tried_again(
    export: Export, caplog: pytest.LogCaptureFixture
) -> None:
    export.put("a.csv", text(*[line(f"O{n}", quantity=n % 4) for n in range(300)]))
    (month,) = tasks.months.function(export.totals(), **export.context())

    for _ in range(2):
        with pytest.raises(
            ContractError,
            match=r"2024-03: 75 of 300 lines rejected .*'invalid_quantity': 75",
        ):
            tasks.transform.function(month, **export.context())

    tasks.transform.function(month, **export.context(dry_run=True))
    assert "75 of 300 lines rejected" in caplog.text


def test_rows_without_a_day_are_not_counted_against_the_first_month(
    export: Export,
) -> None:
    broken = [{"ordered_at": "x"}] * 55 + [{"quantity": 0}] * 30 + [{}] * 215
    export.put(
        "a.csv", text(*[line(f"O{n}", **values) for n, values in enumerate(broken)])
    )

    (march,) = export.months()

    assert (
        march.control_totals["rows_rejected"],
        march.control_totals["rows_read"],
    ) == (85, 300)


def test_nothing_raw_is_left_when_all_months_are_transformed(export: Export) -> None:
    export.put(
        "a.csv", text(line("A", ordered_at="2024-01-05T15:00:00Z"), line("B", 1))
    )
    context, reads = export.context(), export.read()
    totals = tasks.control_totals.function(reads, **context)
    listed = tasks.months.function(totals, **context)
    for month in listed:
        tasks.transform.function(month, **context)

    tasks.clean_up.function(reads, totals)
    tasks.clean_up.function(reads, totals)

    left = {path for path in export.staging.rglob("*") if path.is_file()}
    assert left
    assert {"transformed"} <= {part for path in left for part in path.parts}
    assert not [path for path in left if "transformed" not in path.parts]
    assert not [path for path in left if b"jane." in path.read_bytes()]
    with pytest.raises(StagingError, match="no staged files"):
        tasks.control_totals.function(reads, **context)


def test_export_and_staging_in_an_object_store(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryFileSystem()
    attach("memory", fs=store)
    monkeypatch.setattr(files, "SCHEMES", ("memory",))
    monkeypatch.setenv("STAGING_URI", f"memory://staging-{uuid.uuid4().hex}")
    place = f"/export-{uuid.uuid4().hex}"
    lines = [
        line("A", ordered_at="2024-01-05T15:00:00Z"),
        line("B"),
        line("A", 2, ordered_at="2024-02-05T15:00:00Z"),
    ]
    store.pipe(f"{place}/a.csv", text(*lines).encode())
    store.pipe(f"{place}/b.csv.gz", gzip.compress(text(line("C")).encode()))
    context = export.context(files=f"memory:/{place}/*")

    reads = [tasks.read.function(each) for each in tasks.list_files.function(**context)]
    totals = tasks.control_totals.function(reads, **context)
    done = [
        tasks.transform.function(month, **context)
        for month in tasks.months.function(totals, **context)
    ]
    tasks.clean_up.function(reads, totals)

    assert [
        (month["month"], month["rows"], month["orders"]) for month in totals["months"]
    ] == [
        ("2024-01", 2, 1),
        ("2024-03", 2, 2),
    ]
    assert [each["control_totals"]["orders"] for each in done] == [1, 2]
    with pytest.raises(StagingError, match="no staged files"):
        tasks.control_totals.function(reads, **context)


@pytest.mark.parametrize(
    ("how_much", "is_raised"), [("required", True), ("optional", False), ("off", False)]
)
def test_rates_are_asked_for_only_where_an_amount_needs_them(
    how_much: str, is_raised: bool, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AIRFLOW_VAR_SOURCE_POLICY", json.dumps({"exchange_rates": how_much})
    )
    monkeypatch.setattr(exchange_rates, "extract", fails)
    export.put("a.csv", text(line("A")))
    dollars = export.totals()
    export.put("a.csv", text(line("A", currency="EUR")))
    euros = export.totals(run_id="euros")

    assert tasks.exchange_rates.function(dollars, **export.context()) is None
    if is_raised:
        with pytest.raises(TransientError, match="the bank is closed"):
            tasks.exchange_rates.function(euros, **export.context())
    else:
        assert tasks.exchange_rates.function(euros, **export.context()) is None


def fails(_: Any) -> None:
    raise TransientError("the bank is closed")


def test_columns_of_ones_own_pass_through_from_csv_and_parquet(
    export: Export, monkeypatch
) -> None:
    monkeypatch.setenv("ORDER_ATTRIBUTES", "sales_channel,payment_method")
    export.put("a.csv", f"{HEADER},sales_channel,other\n{line('1')},app,x\n")
    values = dict(zip(COLUMNS, line("2").split(","), strict=True)) | {
        "sales_channel": 7
    }
    pq.write_table(
        pa.table({name: [value] for name, value in values.items()}),
        export.folder / "b.parquet",
    )

    (month,) = export.months()

    found = dict(staged(month.uri, "orders", "order_id, attributes"))
    assert found == {"1": '{"sales_channel":"app"}', "2": '{"sales_channel":"7"}'}
    assert findings(month.control_totals["warnings"]) == [
        "a.csv has columns that are not read: other"
    ]
