"""Which refunds the storefront is asked for, and that all of them are read."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
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
from ecommerce.sources.storefront.client import StorefrontClient
from ecommerce.sources.storefront.refunds import read_refunds, split_known
from ecommerce.storage.duckdb import connect_duckdb
from tests.memory import REFUNDS

NOON = datetime(2025, 6, 3, 16, tzinfo=UTC)


@dataclass
class Stub:
    """What an order lists of a refund, and what the warehouse has of it: the amounts of each row."""

    order_id: str
    refund_id: str
    amount: str | None
    known: Sequence[tuple[str, str, str]] = ()
    is_listed: bool = True


def split(*cases):
    """Split the rows of the warehouse by what the orders list."""
    records = []
    stubs = []
    for case in cases:
        for line_number, amounts in enumerate(case.known):
            merchandise, tax, shipping = map(Decimal, amounts)
            records.append(
                {
                    "source": "storefront",
                    "refund_id": case.refund_id,
                    "order_id": case.order_id,
                    "line_number": line_number,
                    "merchandise_amount": merchandise,
                    "tax_amount": tax,
                    "shipping_amount": shipping,
                }
            )
        if case.is_listed:
            stubs.append((case.order_id, case.refund_id, case.amount))
    with connect_duckdb() as duck:
        duck.execute(
            "CREATE TABLE refund_stubs "
            "(order_id VARCHAR, refund_id VARCHAR, amount DECIMAL(18, 4))"
        )
        duck.executemany("INSERT INTO refund_stubs VALUES (?, ?, ?)", stubs)
        return split_known(duck, pa.Table.from_pylist(records, REFUNDS))


ONE = [("1.00", "0", "0")]


def test_orders_are_known_when_every_refund_and_its_sum_is():
    rows, changed = split(
        Stub("1", "5", "9.72", [("9.00", "0.72", "0")]),
        Stub("1", "6", "2.75", [("1.00", "0.25", "0.50"), ("1.00", "0", "0")]),
        Stub("2", "7", "1.00", ONE),
        Stub("2", "8", "1.00"),  # one more than known
        Stub("3", "9", "1.01", ONE),  # another amount
        Stub("4", "10", "1.00"),  # not known at all
        Stub("5", "11", "1.00", ONE),
        Stub("5", "12", "1.00", ONE, is_listed=False),  # one less than known
        Stub("6", "13", None, [("0", "0", "0")]),  # no number
        Stub("7", "14", None),  # no number, and not known
    )
    assert sorted(changed) == ["2", "3", "4", "5", "6", "7"]
    assert sorted(changed["2"]) == ["7", "8"]
    assert changed["5"] == ["11"]
    assert sorted(rows.column("refund_id").to_pylist()) == ["5", "6", "6"]


def refunded(number, count):
    """An order with so many refunds of 1.00."""
    price = Decimal(500)
    line = WooLine(number * 10, 11, "MUG", "Mug", price, price, price)
    part = WooRefundLine(1, number * 10, Decimal("0.25"), Decimal("1.00"))
    refunds = []
    for place in range(count):
        made_at = NOON + timedelta(hours=place)
        refund_id = number * 1000 + place
        refunds.append(WooRefund(refund_id, made_at, Decimal("1.00"), "", [part]))
    return WooOrder(number, NOON, lines=[line], refunds=refunds)


def test_all_refunds_of_an_order_are_read():
    orders = [refunded(1, 120), refunded(2, 2)]
    listed = {}
    for order in orders:
        listed[str(order.id)] = {str(refund.id) for refund in order.refunds}
    # The second one lists a refund that the shop does not return.
    wanted = listed | {"2": listed["2"] | {"99"}}
    with (
        Storefront(WooStore(orders), "11") as shop,
        requests.Session() as session,
        ThreadPoolExecutor(2) as pool,
    ):
        session.auth = (KEY, SECRET)
        root = f"{shop.url}/wp-json/wc/v3"
        client = StorefrontClient("storefront_api", session, root)
        refunds, incomplete = read_refunds(client, pool, wanted)
        # Two pages of the first order, and one to be sure of the other.
        assert len(shop.requests) == 4
        # A cache that ignores the page.
        same = Fault("/orders/2/refunds", status=200, body=b'[{"id": 5}]', times=9)
        shop.faults.append(same)
        assert read_refunds(client, pool, {"2": ["5", "6"]})[1] == 1
        assert same.times == 7
    assert incomplete == 1
    read = {}
    for refund in refunds:
        read.setdefault(refund["order_id"], set()).add(str(refund["id"]))
    assert read == listed
    assert len(refunds) == 122
    quantity = refunds[0]["line_items"][0]["quantity"]
    assert quantity == "-0.25", "as text: no digit is lost"
