"""From files to months: an export is one delivery, no order is torn apart, no line and no amount is lost."""

import json
import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest

from ecommerce.core.errors import (
    ConfigurationError,
    ContractError,
    StagingError,
    TransientError,
)
from ecommerce.sales.history import monthly_load, tasks
from ecommerce.sources import partner_layouts
from ecommerce.storage.plain import from_plain
from ecommerce.storage.staging import Manifest
from tests.rows import column_of
from tests.unit.sales.history.export import (
    line,
    loadable,
    text,
)
from tests.unit.sales.tables import check, records

# Order A is in two files and two months; of B there are two versions, one of them twice.
# D is still of February in the shop; H has a product number as quantity.
# `~` is a no-break space.
A_CSV = """
order_id | number | ordered_at           | quantity      | unit_price | currency | discount_amount
A        | 1      | 2024-01-31T15:00:00Z |               |            |          |
A        | 3      | 2024-02-15T15:00:00Z | 1             | 0.10       | usd      |
B        |        | 2024-02-29T15:00:00Z |               |            |          |
C        |        | 2024-02-01T15:00:00Z |               | 0.10       | EUR      |
D        |        | 2024-03-01T04:59:59Z | 1             | 5          |          |
E        |        | 2024-03-01T05:00:00Z | 1             | 7          |          | 0.5
F        |        |                      | many          |            |          |
G        |        | yesterday            |               |            |          |
' '      |        | 2024-02-10T15:00:00Z | 1             | 3          |          |
H        |        |                      | 4006381333931 | 99.50      | IDR      |
I        |        |                      | 40            | 750000000  | IDR      |
J        |        |                      | -1            |            |          |
1001     |        |                      |               |            |          |
01002    |        |                      |               |            |          |
1003~    |        |                      |               |            |          |
"""
B_CSV = """
order_id | number | ordered_at           | quantity | unit_price | status     | updated_at
A        | 2      | 2024-02-20T15:00:00Z | 1        | 4          | processing | 2024-03-07T09:00:00Z
B        |        | 2024-02-29T15:00:00Z | 5        |            | cancelled  | 2024-03-08T09:00:00Z
~1001    | 2      | 2024-04-05T15:00:00Z | 3~       |            |            |
1002.0   |        |                      |          |            |            |
1002     |        |                      |          |            |            |
"""
C_CSV = """
order_id | ordered_at           | quantity | unit_price | status    | updated_at           | currency
B        | 2024-02-29T15:00:00Z | 5        |            | cancelled | 2024-03-08T09:00:00Z |
K        | 2024-04-30T15:00:00Z | 3        | 1500       |           |                      | JPY
"""


@pytest.fixture(scope="module")
def world(shared_export):
    """An export of three files, read and transformed in a dry run."""
    a_csv = text(*records(line, A_CSV)).replace("' '", " ").replace("\nA,3", "\nA ,3")
    a_csv = a_csv.replace("~", "\u00a0")
    shared_export.put("a.csv", a_csv + "jane@example.com,1\n")
    b_csv = text(*records(line, B_CSV)).replace("~", "\u00a0")
    shared_export.put("b.csv.gz", b_csv)
    shared_export.put("c.csv.zst", text(*records(line, C_CSV)))
    totals = shared_export.totals()
    plain = shared_export.transformed(totals)
    return SimpleNamespace(
        export=shared_export,
        totals=totals,
        plain=plain,
        months=[from_plain(Manifest, month) for month in plain],
    )


def test_control_totals_by_month_and_currency(world):
    json.dumps(world.totals)
    names = ("rows", "left_out", "without_day", "rejected")
    assert [world.totals[name] for name in names] == [23, 0, 1, 1]
    check(
        world.totals["months"],
        """
month   | first_day  | last_day   | rows | orders | amounts
2024-01 | 2024-01-31 | 2024-01-31 | 3    | 1      | {'USD': '25.1'}
2024-02 | 2024-02-01 | 2024-02-29 | 6    | 3      | {'EUR': '0.2', 'USD': '134'}
2024-03 | 2024-03-01 | 2024-03-05 | 11   | 10     | {'IDR': '30000000000', 'USD': '133'}
2024-04 | 2024-04-30 | 2024-04-30 | 1    | 1      | {'JPY': '4500'}
""",
    )
    [warning] = world.totals["warnings"]
    assert warning["kind"] == "order_id_spellings"
    names = ("file", "orders", "known")
    assert [warning[name] for name in names] == ["old_shop", 1, "1002"]


def test_an_order_is_loaded_whole_with_the_earliest_of_its_months(world):
    check(
        loadable(world.months, "orders"),
        """
month   | order_id | business   | status    | channel  | item_count | gross       | tax | currency | discount
2024-01 | A        | 2024-01-31 | completed | old_shop | 3          | 25.1        | 4.8 | USD      | 0
2024-02 | B        | 2024-02-29 | cancelled | old_shop | 1          | 52.5        | 1.6 | USD      | 0
2024-02 | C        | 2024-02-01 | completed | old_shop | 1          | 0.2         | 1.6 | EUR      | 0
2024-02 | D        | 2024-02-29 | completed | old_shop | 1          | 5           | 1.6 | USD      | 0
2024-03 | E        | 2024-03-01 | completed | old_shop | 1          | 7           | 1.6 | USD      | 0.5
2024-03 | I        | 2024-03-05 | completed | old_shop | 1          | 30000000000 | 1.6 | IDR      | 0
2024-03 | 1001     | 2024-03-05 | completed | old_shop | 2          | 52.5        | 3.2 | USD      | 0
2024-03 | 01002    | 2024-03-05 | completed | old_shop | 1          | 21          | 1.6 | USD      | 0
2024-03 | 1002.0   | 2024-03-05 | completed | old_shop | 1          | 21          | 1.6 | USD      | 0
2024-03 | 1002     | 2024-03-05 | completed | old_shop | 1          | 21          | 1.6 | USD      | 0
2024-03 | 1003     | 2024-03-05 | completed | old_shop | 1          | 21          | 1.6 | USD      | 0
2024-04 | K        | 2024-04-30 | completed | old_shop | 1          | 4500        | 1.6 | JPY      | 0
""",
    )


def test_amounts_of_each_month_are_loaded_superseded_or_rejected(world):
    check(
        loadable(world.months, "control_totals"),
        """
month   | currency | source_amount | loaded      | superseded | rejected | file
2024-01 | USD      | 46.1          | 25.1        | 0          | 21       | NULL
2024-02 | EUR      | 0.2           | 0.2         | 0          | 0        | NULL
2024-02 | USD      | 134           | 57.5        | 73.5       | 3        | NULL
2024-03 | IDR      | 30000000000   | 30000000000 | 0          | 0        | NULL
2024-03 | USD      | 133           | 143.5       | 0          | -10.5    | NULL
2024-04 | JPY      | 4500          | 4500        | 0          | 0        | NULL
""",
    )
    amounts = [month.control_totals["amount"] for month in world.months]
    assert amounts == ["25.1000", "57.7000", "30000000143.5000", "4500.0000"]
    assert loadable(world.months, "loaded_files") == []


def test_rejected_rows_keep_their_file_and_line_and_no_address(world):
    """What has no day goes with the first month."""
    rejected = loadable(world.months, "rejected_rows")
    check(
        rejected,
        """
month   | file  | row_number | reason            | detail
2024-01 | a.csv | 9          | invalid_timestamp | ordered_at = yesterday
2024-01 | a.csv | 17         | malformed_line    | too few fields
2024-02 | a.csv | 10         | missing_value     | order_id is empty
2024-03 | a.csv | 8          | invalid_number    | quantity = many
2024-03 | a.csv | 11         | too_many_digits   | quantity = 4006381333931
2024-03 | a.csv | 13         | invalid_quantity  | quantity = -1
""",
    )
    assert "example.com" not in repr(rejected)


def test_the_summary_is_what_was_transformed(world, caplog, snapshot):
    """A load fails where more is rejected than the form allows."""
    # Airflow gives the value of a mapped group with one instance itself.
    [january, *_] = world.plain
    complaint = r"2 of 5 rows \(40\.0%\) rejected, more than 39\.9 %"
    with pytest.raises(ContractError, match=complaint):
        tasks.summary.function(january, **world.export.context(most_rejected=39.9))
    tasks.summary.function(january, **world.export.context(most_rejected=40))
    caplog.clear()
    caplog.set_level(logging.INFO)
    context = world.export.context(dry_run=True)
    summaries = tasks.summary.function(world.plain, **context)
    check(
        summaries,
        """
month   | rows_read | rows_accepted | rows_rejected | rows_superseded | orders
2024-01 | 5         | 3             | 2             | 0               | 1
2024-02 | 6         | 3             | 1             | 2               | 3
2024-03 | 11        | 8             | 3             | 0               | 7
2024-04 | 1         | 1             | 0             | 0               | 1
""",
    )
    assert "\n".join(record.message for record in caplog.records) == snapshot
    # An attempt after one that was killed.
    assert tasks.summary.function(world.plain, **context) == summaries


def test_a_range_takes_whole_orders_and_counts_what_it_leaves_out(world):
    days = {"first_day": "2024-02-01", "last_day": "2024-02-29", "run_id": "range"}
    totals = world.export.totals(**days)
    # All lines of A, which begins in January, and those of March and April.
    assert (totals["left_out"], totals["without_day"]) == (15, 1)
    months = world.export.months(totals, **days)
    orders = column_of(loadable(months, "orders"), "order_id")
    assert sorted(orders) == ["B", "C", "D"]
    rejected = column_of(loadable(months, "rejected_rows"), "reason")
    assert sorted(rejected) == ["invalid_timestamp", "malformed_line", "missing_value"]

    complaint = r"records \(23\) belongs to a day from 2025-01-01"
    with pytest.raises(ConfigurationError, match=complaint):
        world.export.totals(
            first_day="2025-01-01", last_day="2025-01-01", run_id="later"
        )


@pytest.mark.parametrize(
    ("column", "broken", "sound", "complaint"),
    [
        ("ordered_at", 51, 203, "51 of 254 records cannot be used .*ordered_at: 51"),
        ("quantity", 51, 203, "2024-03: 51 of 254 lines rejected, .*'invalid_number'"),
        ("quantity", 51, 204, ""),
        # Those without a day belong to no month.
        ("ordered_at", 50, 50, ""),
    ],
)
def test_an_export_or_month_of_which_more_than_a_fifth_is_unusable_is_not_loaded(
    export, column, broken, sound, complaint
):
    lines = [line(f"O{number}", **{column: "x"}) for number in range(broken)]
    lines += [line(f"S{number}") for number in range(sound)]
    export.put("a.csv", text(*lines))
    if not complaint:
        assert len(export.months(export.totals())) == 1
        return
    # A second attempt must not take the first one's result.
    for _ in range(2):
        with pytest.raises(ContractError, match=complaint):
            export.months(export.totals())


def test_nothing_raw_is_left_when_all_months_are_transformed(export):
    january = line("A", ordered_at="2024-01-05T15:00:00Z")
    export.put("a.csv", text(january, line("B")))
    reads = export.read()
    totals = tasks.control_totals.function(reads, **export.context())
    export.transformed(totals)

    tasks.clean_up.function(reads, totals)
    tasks.clean_up.function(reads, totals)

    left = [path for path in export.staging.rglob("*") if path.is_file()]
    assert left
    assert all("transformed" in path.parts for path in left)
    assert not any(b"jane." in path.read_bytes() for path in left)
    with pytest.raises(StagingError, match="no staged files"):
        tasks.control_totals.function(reads, **export.context())


@pytest.mark.parametrize("policy", ["required", "optional", "off"])
def test_rates_stop_a_load_only_where_they_are_required(policy, world, monkeypatch):
    policies = json.dumps({"exchange_rates": policy})
    monkeypatch.setenv("AIRFLOW_VAR_SOURCE_POLICY", policies)
    days = []

    def extract_into(_, window, folder):
        days.append(str(window.day))
        raise TransientError("the bank is closed")

    source = replace(monthly_load.EXCHANGE_RATES, extract_into=extract_into)
    monkeypatch.setattr(monthly_load, "EXCHANGE_RATES", source)
    context = world.export.context()
    if policy == "required":
        with pytest.raises(TransientError, match="the bank is closed"):
            tasks.exchange_rates.function(world.totals, **context)
    else:
        assert tasks.exchange_rates.function(world.totals, **context) is None
    # From the day before the export: the first month is loaded under its first day.
    assert days == ([] if policy == "off" else ["2024-01-30"])


LAYOUT = "columns: {unit_price: line_amount}\nrefund_when: {quantity: [negative]}"


def test_refunds_of_an_export_are_in_no_amount_of_a_month(
    export, monkeypatch, tmp_path
):
    """A refund goes with its order, also from a later month; alone it is of an order that was not sold."""
    monkeypatch.setattr(partner_layouts, "FOLDER", tmp_path)
    (tmp_path / "old_shop.yaml").write_text(LAYOUT)
    lines = [
        line("A", 1, quantity=3, unit_price=" 6.66 "),
        line("A", 2, quantity=1),
        line("A", 2, quantity=-1, ordered_at="2024-04-05T15:00:00Z"),
        line("B", 1, quantity=-1),
    ]
    export.put("a.csv", text(*lines))
    totals = export.totals()
    [march] = totals["months"]
    assert (march["rows"], march["orders"]) == (4, 1)
    assert march["amounts"] == {"USD": "17.16"}
    [manifest] = export.months(totals)
    assert manifest.control_totals["source_orders"] == 1
    assert manifest.control_totals["source_amount"] == "17.1600"
    assert manifest.control_totals["amount"] == "17.1600"
    check(
        loadable([manifest], "refunds"),
        """
order_id | line | merchandise | business_date | channel  | refund_id
A        | 2    | 10.5        | 2024-04-05    | old_shop | A-20240405150000-SKU-1-1-0
B        | 0    | 10.5        | 2024-03-05    | old_shop | B-20240305150000-SKU-1-1-0
""",
    )
