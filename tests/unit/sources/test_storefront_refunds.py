"""Which refunds are asked for, where, and that all of them come back."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import requests

from demo.services.storefront import (
    KEY,
    SECRET,
    Fault,
    Storefront,
    WooLine,
    WooOrder,
    WooRefund,
    WooRefundLine,
    WooStore,
)
from ecommerce.core.errors import ContractError
from ecommerce.sources.storefront.client import StorefrontClient
from ecommerce.sources.storefront.refunds import FEW, Stubs, read_refunds, split_known
from ecommerce.storage.duckdb import connect_duckdb, query

NOON = datetime(2025, 6, 3, 16, tzinfo=UTC)
NAIVE_NOON = NOON.replace(tzinfo=None)
AMOUNTS = ("merchandise_amount", "tax_amount", "shipping_amount")


def known(*rows: tuple[str, str, int, str, str, str]) -> pa.Table:
    """Rows of the warehouse's refunds: order, refund, line, then the three amounts."""
    names = ("order_id", "refund_id", "line_number", *AMOUNTS)
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    types = (pa.string(), pa.string(), pa.int64(), *[pa.decimal128(18, 4)] * 3)
    return pa.table(
        {
            name: pa.array(
                [Decimal(v) if pa.types.is_decimal(kind) else v for v in column], kind
            )
            for name, kind, column in zip(names, types, values, strict=True)
        }
    )


def stubs(**amounts: str) -> Stubs:
    return Stubs(
        NAIVE_NOON, {name[1:]: Decimal(amount) for name, amount in amounts.items()}
    )


def test_orders_are_known_when_every_refund_and_its_sum_is() -> None:
    orders = {
        "1": stubs(r5="9.72", r6="2.75"),
        "2": stubs(r7="1.00", r8="1.00"),  # one more than known
        "3": stubs(r9="1.01"),  # another amount
        "4": stubs(r10="1.00"),  # not known at all
        "5": stubs(r11="1.00"),  # one less than known
    }
    table = known(
        ("1", "5", 10, "9.00", "0.72", "0"),
        ("1", "6", 0, "1.00", "0.25", "0.50"),
        ("1", "6", 11, "1.00", "0", "0"),
        ("2", "7", 0, "1.00", "0", "0"),
        ("3", "9", 0, "1.00", "0", "0"),
        ("5", "11", 0, "1.00", "0", "0"),
        ("5", "12", 0, "1.00", "0", "0"),
    )
    rows, changed = split_known(orders, table)
    assert sorted(changed) == ["2", "3", "4", "5"]
    assert rows.column("refund_id").to_pylist() == ["5", "6", "6"]
    assert rows.column_names == table.column_names


def test_a_refund_that_an_order_lists_twice_counts_once() -> None:
    stub = "{'id': '5', 'total': '-1.00'}"
    order = f"1 AS order_id, now() AS created_at, [{stub}, {stub}] AS refunds"
    with connect_duckdb() as duck:
        duck.execute(f"CREATE TABLE orders_read AS SELECT {order}")
        query(duck, "extract/storefront/refund_stubs")
        assert duck.sql("SELECT refund_id, amount FROM refund_stubs").fetchall() == [
            ("5", Decimal("1"))
        ]


def test_a_warehouse_without_refunds_knows_none() -> None:
    rows, changed = split_known({"1": stubs(r5="1.00")}, known())
    assert (rows.num_rows, list(changed)) == (0, ["1"])
    rows, changed = split_known({}, known())
    assert (rows.num_rows, changed) == (0, {})


def test_an_amount_that_is_no_number_is_never_known() -> None:
    orders = {"1": Stubs(NAIVE_NOON, {"5": None})}
    assert list(split_known(orders, known(("1", "5", 0, "0", "0", "0")))[1]) == ["1"]


def a_shop_of(orders: Iterable[WooOrder]) -> tuple[WooStore, dict[str, Stubs]]:
    """The store and what its orders say of their refunds."""
    store = WooStore(orders)
    return store, {
        str(order.id): Stubs(
            order.created_at.replace(tzinfo=None) if order.created_at else None,
            {
                str(refund.id): refund.amount
                for refund in order.refunds
                if not refund.deleted
            },
        )
        for order in store.orders.values()
        if order.refunds
    }


def refunded(
    number: int, count: int = 1, created_at: datetime | None = NOON
) -> WooOrder:
    line = WooLine(
        number * 10, 11, "MUG", "Mug", Decimal(500), Decimal(500), Decimal(500)
    )
    part = WooRefundLine(1, number * 10, Decimal("0.25"), Decimal("1.00"))
    first = number * 1000
    refunds = [
        WooRefund(first + n, NOON + timedelta(hours=n), Decimal("1.00"), "", [part])
        for n in range(count)
    ]
    return WooOrder(number, created_at, lines=[line], refunds=refunds)


@contextmanager
def reading(
    store: WooStore, mode: str
) -> Iterator[tuple[Storefront, StorefrontClient, ThreadPoolExecutor]]:
    with (
        Storefront(store, mode) as shop,
        requests.Session() as session,
        ThreadPoolExecutor(8) as pool,
    ):
        session.auth = (KEY, SECRET)
        yield shop, StorefrontClient(session, f"{shop.url}/wp-json/wc/v3"), pool


def found(refunds: dict[str, list[dict[str, Any]]]) -> dict[str, list[int]]:
    assert all(
        r["order_id"] == order_id
        for order_id, of_order in refunds.items()
        for r in of_order
    )
    return {
        order_id: sorted(refund["id"] for refund in of_order)
        for order_id, of_order in refunds.items()
    }


def paths(shop: Storefront) -> set[str]:
    return {
        request.split("?")[0].removeprefix("GET /wp-json/wc/v3")
        for request in shop.requests
    }


@pytest.mark.parametrize("mode", ["66", "11", "11c"])
def test_every_refund_of_the_orders_asked_for_comes_back_and_no_other(
    mode: str,
) -> None:
    store, wanted = a_shop_of(
        [
            *(refunded(n, count=120) for n in (1, 2, 3, 4, 5)),
            refunded(6, created_at=NOON - timedelta(days=90)),
            refunded(7, created_at=None),
            refunded(8),
        ]
    )
    del wanted["8"]
    with reading(store, mode) as (shop, client, pool):
        refunds = read_refunds(client, pool, wanted, NAIVE_NOON - timedelta(days=14))
    assert found(refunds) == {
        key: sorted(map(int, of_order.amounts)) for key, of_order in wanted.items()
    }
    # 608 refunds are seven pages: more than five orders would need one by one.
    assert paths(shop) - {"/refunds"} == {f"/orders/{key}/refunds" for key in wanted}
    quantity = refunds["1"][0]["line_items"][0]["quantity"]
    assert quantity == "-0.25"  # as text: no digit is lost


@pytest.mark.parametrize(
    ("mode", "global_list"), [("66", False), ("11", True), ("11c", True)]
)
def test_many_orders_are_looked_up_in_the_global_list_where_there_is_one(
    mode: str, global_list: bool
) -> None:
    store, wanted = a_shop_of(
        [
            *(refunded(n, count=2) for n in range(1, 201)),
            refunded(900, created_at=NOON - timedelta(days=90)),
        ]
    )
    with reading(store, mode) as (shop, client, pool):
        refunds = read_refunds(client, pool, wanted, NAIVE_NOON)
    assert found(refunds) == {
        key: sorted(map(int, of_order.amounts)) for key, of_order in wanted.items()
    }
    assert paths(shop) == (
        {"/refunds", "/orders/900/refunds"}
        if global_list
        else {"/refunds", *(f"/orders/{key}/refunds" for key in wanted)}
    )
    assert len(shop.requests) == (6 if global_list else 202)


def test_a_few_orders_are_asked_directly() -> None:
    store, wanted = a_shop_of(refunded(n) for n in range(1, FEW))
    with reading(store, "11") as (shop, client, pool):
        read_refunds(client, pool, wanted, NAIVE_NOON)
    assert "/refunds" not in paths(shop)


def test_what_the_global_list_lacks_is_asked_for_order_by_order() -> None:
    store, wanted = a_shop_of(refunded(n) for n in range(1, 11))
    # Dated a month before its order: an import may do that.
    store.orders[3].refunds[0].created_at = NOON - timedelta(days=30)
    with reading(store, "11") as (shop, client, pool):
        refunds = read_refunds(client, pool, wanted, NAIVE_NOON)
    assert found(refunds)["3"] == [3000]
    assert paths(shop) == {"/refunds", "/orders/3/refunds"}


def test_what_the_order_itself_says_now_counts() -> None:
    store, wanted = a_shop_of([refunded(1, count=3)])
    store.delete_refund(1, 1001, NOON)
    store.orders[1].refunds.append(WooRefund(1777, NOON, Decimal("1.00")))
    with reading(store, "66") as (_, client, pool):
        assert found(read_refunds(client, pool, wanted, NAIVE_NOON)) == {
            "1": [1000, 1002, 1777]
        }


def test_a_page_that_is_no_list_of_refunds_is_named() -> None:
    store, wanted = a_shop_of([refunded(1)])
    for body in (b"[1, 2]", b'[{"id": 1,]'):
        with reading(store, "66") as (shop, client, pool):
            shop.faults.append(
                Fault("/orders/1/refunds", rewrite=lambda _, body=body: body, times=9)
            )
            with pytest.raises(
                ContractError, match=r"GET /orders/1/refunds \(page 1\)"
            ):
                read_refunds(client, pool, wanted, NAIVE_NOON)
