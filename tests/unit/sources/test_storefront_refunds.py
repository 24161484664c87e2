"""Which refunds the storefront is asked for, where, and that all of them are read."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
from ecommerce.sources.storefront.refunds import Stubs, read_refunds, split_known
from tests.memory import REFUNDS

NOON = datetime(2025, 6, 3, 16, tzinfo=UTC)
NAIVE_NOON = NOON.replace(tzinfo=None)
LONG_AGO = NOON - timedelta(days=90)


def known(*rows):
    """Rows of the warehouse's refunds: order, refund, line, then the three amounts."""
    names = REFUNDS.names[3:]
    records = []
    for order_id, refund_id, line_number, *amounts in rows:
        record = {"source": "storefront", "order_id": order_id, "refund_id": refund_id}
        values = (line_number, *map(Decimal, amounts))
        records.append(record | dict(zip(names, values, strict=True)))
    return pa.Table.from_pylist(records, REFUNDS)


def stubs(**amounts):
    parsed = {}
    for name, amount in amounts.items():
        parsed[name[1:]] = None if amount is None else Decimal(amount)
    return Stubs(NAIVE_NOON, parsed)


def test_orders_are_known_when_every_refund_and_its_sum_is():
    orders = {
        "1": stubs(r5="9.72", r6="2.75"),
        "2": stubs(r7="1.00", r8="1.00"),  # one more than known
        "3": stubs(r9="1.01"),  # another amount
        "4": stubs(r10="1.00"),  # not known at all
        "5": stubs(r11="1.00"),  # one less than known
        "6": stubs(r13=None),  # no number
    }
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
    rows, changed = split_known(orders, table)
    assert sorted(changed) == ["2", "3", "4", "5", "6"]
    assert rows.column("refund_id").to_pylist() == ["5", "6", "6"]
    rows, changed = split_known({"1": stubs(r5="1.00")}, known())
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
        amounts = {str(refund.id): refund.amount for refund in order.refunds}
        created_at = order.created_at and order.created_at.replace(tzinfo=None)
        wanted[str(order.id)] = Stubs(created_at, amounts)
    return wanted


class Reading:
    """Refunds read from a shop, and how."""

    def __init__(self, shop):
        self.shop = shop

    def read(self, wanted):
        """The refunds of orders, from the global list where they are recent."""
        with requests.Session() as session, ThreadPoolExecutor(8) as pool:
            session.auth = (KEY, SECRET)
            client = StorefrontClient(session, f"{self.shop.url}/wp-json/wc/v3")
            return read_refunds(client, pool, wanted, NAIVE_NOON)

    @property
    def paths(self):
        """The paths of the requests."""
        paths = []
        for request in self.shop.requests:
            path = request.split("?")[0]
            paths.append(path.removeprefix("GET /wp-json/wc/v3"))
        return paths


@contextmanager
def serving(store, mode):
    with Storefront(store, mode) as shop:
        yield Reading(shop)


def assert_complete(refunds, wanted):
    """All refunds of the orders are there, and no other."""
    assert refunds.keys() == wanted.keys()
    for order_id, of_order in refunds.items():
        assert {each["order_id"] for each in of_order} == {order_id}
        ids = sorted(str(each["id"]) for each in of_order)
        assert ids == sorted(wanted[order_id].amounts)


@pytest.mark.parametrize(("mode", "requests"), [("66", 202), ("11", 6), ("11c", 6)])
def test_many_orders_are_looked_up_in_the_global_list_where_there_is_one(
    mode, requests
):
    recent = [refunded(number, count=2) for number in range(1, 201)]
    store = WooStore([*recent, refunded(900, created_at=LONG_AGO)])
    wanted = stubs_of(store)
    with serving(store, mode) as reading:
        refunds = reading.read(wanted)
    assert_complete(refunds, wanted)
    quantity = refunds["1"][0]["line_items"][0]["quantity"]
    assert quantity == "-0.25", "as text: no digit is lost"
    assert len(reading.paths) == requests
    assert {"/refunds", "/orders/900/refunds"} <= set(reading.paths)


def test_what_the_global_list_lacks_is_asked_for_order_by_order():
    store = WooStore(refunded(number) for number in range(1, 6))
    wanted = stubs_of(store)
    # Dated a month before its order: an import may do that.
    store.orders[3].refunds[0].created_at = NOON - timedelta(days=30)
    with serving(store, "11") as reading:
        assert_complete(reading.read(wanted), wanted)
    assert set(reading.paths) == {"/refunds", "/orders/3/refunds"}
    del wanted["5"]
    with serving(store, "11") as reading:
        reading.read(wanted)
    assert "/refunds" not in reading.paths, "four orders are not worth a look"
