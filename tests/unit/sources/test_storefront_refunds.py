"""Which refunds the storefront is asked for, and that all of them are read."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
import requests

from demo.services.storefront import (
    KEY,
    SECRET,
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


def known(*rows):
    """Rows of the warehouse's refunds: order, refund, line, then the three amounts."""
    names = REFUNDS.names[3:]
    records = []
    for order_id, refund_id, line_number, *amounts in rows:
        record = {"source": "storefront", "order_id": order_id, "refund_id": refund_id}
        values = (line_number, *map(Decimal, amounts))
        records.append(record | dict(zip(names, values, strict=True)))
    return pa.Table.from_pylist(records, REFUNDS)


def split(known_rows, *stubs):
    """Split known rows by stubs of order, refund and amount."""
    with connect_duckdb() as duck:
        duck.execute(
            "CREATE TABLE refund_stubs "
            "(order_id VARCHAR, refund_id VARCHAR, amount DECIMAL(18, 4))"
        )
        duck.executemany("INSERT INTO refund_stubs VALUES (?, ?, ?)", stubs)
        return split_known(duck, known_rows)


def test_orders_are_known_when_every_refund_and_its_sum_is():
    stubs = [
        ("1", "5", "9.72"),
        ("1", "6", "2.75"),
        ("2", "7", "1.00"),
        ("2", "8", "1.00"),  # one more than known
        ("3", "9", "1.01"),  # another amount
        ("4", "10", "1.00"),  # not known at all
        ("5", "11", "1.00"),  # one less than known
        ("6", "13", None),  # no number
        ("7", "14", None),  # no number, and not known
    ]
    table = known(
        ("1", "5", 10, "9.00", "0.72", "0"),
        ("1", "6", 0, "1.00", "0.25", "0.50"),
        ("1", "6", 11, "1.00", "0", "0"),
        ("2", "7", 0, "1.00", "0", "0"),
        ("3", "9", 0, "1.00", "0", "0"),
        ("5", "11", 0, "1.00", "0", "0"),
        ("5", "12", 0, "1.00", "0", "0"),
        ("6", "13", 0, "0", "0", "0"),
    )
    rows, changed = split(table, *stubs)
    assert sorted(changed) == ["2", "3", "4", "5", "6", "7"]
    assert sorted(changed["2"]) == ["7", "8"]
    assert changed["5"] == ["11"]
    assert sorted(rows.column("refund_id").to_pylist()) == ["5", "6", "6"]
    rows, changed = split(known(), ("1", "5", "1.00"))
    assert (rows.num_rows, list(changed)) == (0, ["1"])


def refunded(number, count=1, created_at=NOON):
    """An order with so many refunds of 1.00."""
    price = Decimal(500)
    line = WooLine(number * 10, 11, "MUG", "Mug", price, price, price)
    part = WooRefundLine(1, number * 10, Decimal("0.25"), Decimal("1.00"))
    refunds = []
    for place in range(count):
        refunds.append(
            WooRefund(
                number * 1000 + place,
                NOON + timedelta(hours=place),
                Decimal("1.00"),
                "",
                [part],
            )
        )
    return WooOrder(number, created_at, lines=[line], refunds=refunds)


def stubs_of(store):
    """What the orders of a store tell of their refunds."""
    wanted = {}
    for order in store.orders.values():
        wanted[str(order.id)] = {str(each.id): each.amount for each in order.refunds}
    return wanted


def read(shop, wanted):
    with requests.Session() as session, ThreadPoolExecutor(8) as pool:
        session.auth = (KEY, SECRET)
        client = StorefrontClient(session, f"{shop.url}/wp-json/wc/v3")
        return read_refunds(client, pool, wanted)


@pytest.mark.parametrize("mode", ["66", "11", "11c"])
def test_all_refunds_of_an_order_are_read(mode):
    store = WooStore(refunded(number, count=2) for number in range(1, 21))
    store.orders[20] = refunded(20, count=120)
    wanted = stubs_of(store)
    # An order that lists a refund which the shop does not return.
    wanted["3"]["99"] = Decimal(1)
    with Storefront(store, mode) as shop:
        refunds, incomplete = read(shop, wanted)
        asked = len(shop.requests)
    assert incomplete == 1
    del wanted["3"]["99"]
    ids = {}
    for refund in refunds:
        ids.setdefault(refund["order_id"], set()).add(str(refund["id"]))
    assert ids == {order_id: set(stubs) for order_id, stubs in wanted.items()}
    assert len(refunds) == 19 * 2 + 120
    quantity = refunds[0]["line_items"][0]["quantity"]
    assert quantity == "-0.25", "as text: no digit is lost"
    # A second page for the order with many refunds, and one to be sure for the incomplete order.
    assert asked == 20 + 2
