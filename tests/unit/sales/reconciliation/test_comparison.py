"""Which days of a source and of the warehouse differ, order by order."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ecommerce.sales.reconciliation.comparison import (
    Difference,
    days_to_compare,
    differing_days,
)
from ecommerce.sources import SALES_DB, STOREFRONT
from ecommerce.storage.duckdb import connect_duckdb
from ecommerce.storage.staging import Manifest
from ecommerce.warehouse import rendering
from ecommerce.warehouse.rendering import Column
from ecommerce.warehouse.schema import arrow_type

DAY, NEXT, BEFORE = date(2026, 11, 18), date(2026, 11, 19), date(2026, 8, 1)
LOADED_AT = datetime(2026, 11, 20, 11, tzinfo=UTC)
READ_AT = LOADED_AT + timedelta(hours=2)
"""When the comparison read the source."""
LAST_READ = LOADED_AT - timedelta(minutes=30)
Row = dict[str, Any]


def order(order_id: str = "A", **values: Any) -> Row:
    """An order of one line, in either table."""
    amounts = {
        "gross": "20.00",
        "discount": "1.5",
        "tax": "0",
        "shipping": "4.9",
        "fee": "0",
    }
    return {
        "order_id": order_id,
        "business_date": DAY,
        "status": "completed",
        "is_sale": True,
        "is_test": False,
        "currency": "USD",
        "country_code": "US",
        "customer_hash": "ann",
        "coupon_code": None,
        "item_count": 2,
        **{f"{name}_amount": Decimal(amount) for name, amount in amounts.items()},
        "ordered_at": datetime(2026, 11, 18, 15, 30, 0, 123456, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 18, 15, 30, tzinfo=UTC),
        "read_at": LOADED_AT,
    } | values


def refund(refund_id: str = "R", order_id: str = "A", **values: Any) -> Row:
    """A refund of a whole order, in either table."""
    return {
        "refund_id": refund_id,
        "line_number": 0,
        "business_date": NEXT,
        "order_id": order_id,
        "order_business_date": DAY,
        "category": "unallocated",
        "currency": "USD",
        "quantity": Decimal(0),
        "merchandise_amount": Decimal("2.5"),
        "tax_amount": Decimal(0),
        "shipping_amount": Decimal(0),
        "is_sale": True,
        "is_test": False,
        "refunded_at": datetime(2026, 11, 19, 9, tzinfo=UTC),
        "read_at": LOADED_AT,
    } | values


Line = tuple[int, str, str, str]
LINES: tuple[Line, ...] = ((1, "mug", "1", "10.00"), (2, "cup", "2", "5.00"))
"""(line number, SKU, pieces, price of one) of every order, unless told otherwise."""


def line_digest(lines: Iterable[Line]) -> int:
    """As the warehouse's query makes it, in plain Python."""
    found = 0
    for number, sku, quantity, price in lines:
        gross = Decimal(quantity) * Decimal(price)
        amounts = [
            int(value * 10000) for value in (Decimal(quantity), Decimal(price), gross)
        ]
        text = "|".join(map(str, [number, sku, *amounts, 0, 0]))
        found ^= int(hashlib.md5(text.encode()).hexdigest()[:15], 16)
    return found


@dataclass
class Both:
    """A source as it is now, and what is stored of it."""

    folder: Path
    duck: duckdb.DuckDBPyConnection
    monkeypatch: pytest.MonkeyPatch

    def add_column(self, name: str) -> None:
        """This deployment has added a column to the orders, as README says."""
        real, column = (
            rendering.columns,
            Column(name, "STRING", required=False, description="Added."),
        )

        def columns(table: str) -> tuple[Column, ...]:
            return (*real(table), column) if table == "orders" else real(table)

        self.monkeypatch.setattr(rendering, "columns", columns)

    def differences(
        self,
        found: Iterable[Row] = (),
        stored: Iterable[Row] = (),
        *,
        refunds: Iterable[Row] = (),
        stored_refunds: Iterable[Row] = (),
        lines: Mapping[str, Iterable[Line]] | None = None,
        stored_lines: Mapping[str, Iterable[Line]] | None = None,
        source: str = SALES_DB,
        without: Iterable[str] = (),
        forgotten: Sequence[str] = (),
    ) -> list[Difference]:
        """What differs. `lines`: by order, where they are others. `without`: columns the file lacks."""
        found = list(found)
        columns = {
            "orders.parquet": self._write("orders", found, *without),
            "refunds.parquet": self._write("refunds", refunds),
            "order_lines.parquet": self._write(
                "order_lines",
                [
                    {
                        "order_id": each["order_id"],
                        "line_number": number,
                        "sku": sku,
                        "quantity": Decimal(quantity),
                        "unit_price": Decimal(price),
                        "gross_amount": Decimal(quantity) * Decimal(price),
                        "discount_amount": Decimal(0),
                        "tax_amount": Decimal(0),
                    }
                    for each in found
                    for number, sku, quantity, price in (lines or {}).get(
                        each["order_id"], LINES
                    )
                ],
            ),
        }
        rows = [
            each
            | {
                "line_digest": line_digest(
                    (stored_lines or {}).get(each["order_id"], LINES)
                )
            }
            for each in stored
        ]
        digest = [("line_digest", pa.int64())]
        self.duck.from_arrow(_table("orders", rows, digest)).create("stored_orders")
        self.duck.from_arrow(_table("refunds", stored_refunds)).create("stored_refunds")
        hashes = pa.table({"forgotten_hash": pa.array(forgotten, pa.string())})
        self.duck.from_arrow(hashes).create("forgotten_hashes")
        loadable = Manifest(
            *(
                source,
                NEXT,
                f"file://{self.folder}",
                len(found),
                0,
                "",
                columns,
                READ_AT,
                READ_AT,
                READ_AT,
            )
        )
        return differing_days(self.duck, loadable, [DAY, NEXT], LAST_READ)

    def _write(self, table: str, rows: Iterable[Row], *without: str) -> list[str]:
        written = _table(table, rows).drop_columns(list(without))
        pq.write_table(written, self.folder / f"{table}.parquet")
        return written.column_names


def _table(
    table: str, rows: Iterable[Row], more: Iterable[tuple[str, pa.DataType]] = ()
) -> pa.Table:
    fields = [(column.name, arrow_type(column)) for column in rendering.columns(table)]
    return pa.Table.from_pylist(list(rows), schema=pa.schema([*fields, *more]))


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    with connect_duckdb() as duck:
        yield Both(tmp_path, duck, monkeypatch)


def test_equal_orders_differ_in_nothing(both):
    read_again = {
        "read_at": READ_AT,
        "gross_amount": Decimal("20.0000"),
        "updated_at": None,
    }
    assert both.differences([order(**read_again)], [order()]) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("status", "cancelled"),
        ("is_sale", False),
        ("currency", "EUR"),
        ("country_code", None),
        ("coupon_code", "SPRING"),  # none was stored
        ("gross_amount", Decimal("20.0001")),
        ("ordered_at", datetime(2026, 11, 18, 15, 30, 0, 123457, tzinfo=UTC)),
    ],
)
def test_one_value_of_an_order_makes_its_day_differ(both, column, value):
    (found,) = both.differences([order(**{column: value})], [order()])
    assert (found["business_date"], found["source"], found["what"]) == (
        str(DAY),
        SALES_DB,
        "orders: 1 changed",
    )


def test_an_edit_that_leaves_every_sum_of_the_day_equal_is_found(both):
    swapped = [order("A", status="cancelled"), order("B", status="completed")]
    stored = [order("A", status="completed"), order("B", status="cancelled")]
    (found,) = both.differences(swapped, stored)
    assert found["what"] == "orders: 2 changed"
    assert found["figures"] == []


def test_lines_that_swapped_their_articles_are_found(both):
    swapped = [(1, "cup", "1", "10.00"), (2, "mug", "2", "5.00")]
    (found,) = both.differences([order()], [order()], lines={"A": swapped})
    assert found["what"] == "orders: 1 changed"


def test_orders_that_agree_in_number_and_amount_may_still_differ(both):
    (found,) = both.differences([order("new")], [order("old")])
    assert found["what"] == "orders: 1 not in the warehouse, 1 gone from the source"
    assert found["figures"] == []


def test_an_order_moved_to_another_day_has_changed_on_the_day_it_is_stored_under(both):
    (found,) = both.differences([order(business_date=NEXT)], [order(business_date=DAY)])
    assert (found["business_date"], found["what"]) == (str(DAY), "orders: 1 changed")


class TestAddedColumns:
    """README's *Change an extract*: a column that came later must not make every order differ."""

    def test_rows_stored_before_do_not_differ_and_later_ones_do(self, both):
        both.add_column("sales_channel")
        now = [order(name, sales_channel="app") for name in ("before", "same", "other")]
        stored = [
            order("before"),
            order("same", sales_channel="app"),
            order("other", sales_channel="web"),
        ]
        (found,) = both.differences(now, stored)
        assert found["what"] == "orders: 1 changed"

    def test_a_value_that_is_gone_differs(self, both):
        both.add_column("sales_channel")
        (found,) = both.differences([order()], [order(sales_channel="web")])
        assert found["what"] == "orders: 1 changed"

    def test_a_column_that_only_one_side_has_is_not_compared(self, both):
        both.add_column("sales_channel")
        stored = [order(sales_channel="web")]
        assert both.differences([order()], stored, without=["sales_channel"]) == []

    def test_attributes_are_compared_name_by_name(self, both):
        if "attributes" not in {column.name for column in rendering.columns("orders")}:
            both.add_column("attributes")
        now = {
            "asked for later": '{"sales_channel":"app","payment_method":"card"}',
            "no longer asked for": '{"sales_channel":"app"}',
            "never asked for": '{"sales_channel":"app"}',
            "another": '{"sales_channel":"app"}',
            "none": None,
        }
        stored = {
            "asked for later": '{"sales_channel":"app"}',
            "no longer asked for": '{"payment_method":"card","sales_channel":"app"}',
            "never asked for": None,
            "another": '{"sales_channel":"web"}',
            "none": None,
        }
        (found,) = both.differences(
            [order(name, attributes=text) for name, text in now.items()],
            [order(name, attributes=text) for name, text in stored.items()],
        )
        assert found["what"] == "orders: 1 changed"


class TestWhatIsLeftOut:
    def test_orders_changed_since_the_last_read(self, both):
        changed = order(status="cancelled", updated_at=LAST_READ)
        assert both.differences([changed], [order()]) == []

    def test_orders_refunded_since_the_last_read(self, both):
        assert (
            both.differences(
                [order()], [order()], refunds=[refund(refunded_at=LAST_READ)]
            )
            == []
        )

    def test_orders_that_a_run_has_read_since_the_comparison_did(self, both):
        later = order(status="cancelled", read_at=READ_AT + timedelta(seconds=1))
        assert both.differences([order()], [later]) == []

    def test_orders_of_days_that_are_not_compared(self, both):
        assert both.differences([order(business_date=BEFORE)], []) == []


class TestRefunds:
    def test_of_an_order_of_these_days_whenever_made(self, both):
        made_later = refund(business_date=date(2026, 11, 20))
        (found,) = both.differences([order()], [order()], stored_refunds=[made_later])
        assert (found["business_date"], found["what"]) == (
            str(DAY),
            "orders: 1 with other refunds",
        )
        assert found["figures"] == [
            ["refunds", "0", "1"],
            ["refunded amount", "0.00", "2.50"],
        ]

    @pytest.mark.parametrize("of_day", [BEFORE, None])
    def test_made_on_these_days_of_an_older_or_unknown_order(self, both, of_day):
        old = refund(order_business_date=of_day)
        (found,) = both.differences(
            refunds=[old | {"merchandise_amount": Decimal(3)}], stored_refunds=[old]
        )
        assert (found["business_date"], found["what"]) == (
            str(NEXT),
            "orders: 1 with other refunds",
        )

    def test_what_the_product_says_now_is_no_difference(self, both):
        now = refund(line_number=1, category="Kitchen")
        stored = refund(line_number=1, category="Toys")
        assert (
            both.differences(
                [order()], [order()], refunds=[now], stored_refunds=[stored]
            )
            == []
        )

    def test_a_refund_that_got_its_reason_later_differs(self, both):
        (found,) = both.differences(
            [order()],
            [order()],
            refunds=[refund(reason="broken")],
            stored_refunds=[refund()],
        )
        assert found["what"] == "orders: 1 with other refunds"


@pytest.mark.parametrize("is_forgotten", [True, False])
def test_what_the_warehouse_has_forgotten_is_no_difference(both, is_forgotten):
    stored = order(customer_hash=None)
    written = refund(source=STOREFRONT, reason="Ann says it is broken")
    hashes = ["ann", hashlib.sha256(b"storefront A").hexdigest()]
    found = both.differences(
        [order()],
        [stored],
        refunds=[written],
        stored_refunds=[refund()],
        source=STOREFRONT,
        forgotten=hashes if is_forgotten else [],
    )
    assert bool(found) != is_forgotten


def test_a_customers_new_address_changes_no_order_of_the_sales_database(both):
    assert both.differences([order(customer_hash="bob")], [order()]) == []


def test_another_address_of_a_storefront_order_does(both):
    (found,) = both.differences(
        [order(customer_hash="bob")], [order()], source=STOREFRONT
    )
    assert found["what"] == "orders: 1 changed"


def test_compares_the_closed_days_up_to_yesterday_in_the_shop(monkeypatch):
    monkeypatch.setenv("CUSTOMER_HASH_KEY", "0123456789abcdef")
    monkeypatch.setenv("RECONCILE_DAYS", "5")
    days = days_to_compare(
        datetime(2026, 11, 20, 3, tzinfo=UTC)
    )  # still the 19th there
    assert (str(days[0]), str(days[-1]), len(days)) == ("2026-11-14", "2026-11-18", 5)
